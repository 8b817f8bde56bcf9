"""What every state of a game must keep, looked at one state at a time, and held against the states seen before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite
from numbers import Real
from typing import Any

from arena.game import CHANCE, OVER, IllegalAction, Uniform
from arena.scene import Board, Cards
from arena.testing.again import Again
from arena.testing.asking import Asking
from arena.testing.decisions import STEPS, Decisions
from arena.testing.equality import Equality
from arena.testing.findings import Broken, short
from arena.testing.random_play import LONGEST

Pasts = tuple[int, ...]
"""By seat, a hash of what it has seen and done at its own decisions so far."""


class States:
    """Looks at states of every kind."""

    def __init__(self, asking: Asking) -> None:
        self.asking, self.game, self.findings = asking, asking.game, asking.findings
        self.decisions, self.equality, self.again = Decisions(asking), Equality(asking), Again(asking)
        self.looked: set[Any] = set()
        self.lookalikes = 0
        """How often a seat to move saw what it had seen in another state."""
        self._first: dict[tuple[int, str], Any] = {}

    def remember(self, s: Any, mover: int, pasts: Pasts, action: str) -> Pasts:
        """Return the pasts after a move, after checking that the mover's view still holds its own past."""
        if mover == CHANCE:
            return pasts
        view = self.asking.ask("view", s, mover)
        if not isinstance(view, str):
            raise Broken  # the finding is written down when the state is looked at
        if self.game.hidden:
            self.asking.same(
                ("past", mover, view), pasts[mover], "forgets", "a view forgets: different own pasts look alike",
                "a view must hold all that its seat has seen and done (perfect recall)",
            )  # fmt: skip
        past = hash((pasts[mover], view, action))
        return (*pasts[:mover], past, *pasts[mover + 1 :])

    # One state.

    def look(self, s: Any) -> None:
        """Check one state with all that can be asked about it."""
        self.looked.add(s)
        self.again.note(s)
        mover = self.asking.turn(s)
        views: tuple[str, ...] = ()
        with self.asking.about(s, "view"):
            views = self._views(s, mover)
        if not views:
            return
        with self.asking.about(s, "draw or scene"):
            self._pictures(s, mover, views)
        if mover == OVER:
            with self.asking.about(s, "returns"):
                self._returns(s)
            with self.asking.about(s, "step"):
                self.decisions.refuses(s, ["", "no such action", *self.decisions.some(self.game.actions)])
        elif mover == CHANCE:
            with self.asking.about(s, "chance"):
                self._chance(s)
        else:
            self.decisions.look(s, mover, views)

    def _views(self, s: Any, mover: int) -> tuple[str, ...]:
        views = tuple(self.asking.twice("view", s, seat) for seat in range(self.game.seats))
        for seat, view in enumerate(views):
            if not isinstance(view, str):
                self.findings.error("view", f"the view of seat {seat} is no text but {view!r}", "return text")
                raise Broken
            self._readable("view", view)
            if not self.game.hidden:
                self.asking.same(
                    ("state", seat, view), s, "hides", "an open game, but two states look alike",
                    "say hidden = True, or show in the view what differs",
                )  # fmt: skip
        if mover >= 0:
            self.lookalikes += self._first.setdefault((mover, views[mover]), s) != s
        return views

    def _readable(self, method: str, text: str) -> None:
        if re.search(r"<[^<>]* at 0x[0-9a-f]+>", text):
            seen = f"{method} shows where an object lies in memory: {short(text)}"
            self.findings.error("address", seen, "it differs in every process: write out what the object means")

    def _pictures(self, s: Any, mover: int, views: Sequence[str]) -> None:
        for seat in (None, *range(self.game.seats)):
            drawing, scene = self.asking.twice("draw", s, seat), self.asking.twice("scene", s, seat)
            if not isinstance(drawing, str):
                self.findings.error("draw", f"draw gives no text but {short(drawing)}", "return text")
            else:
                self._readable("draw", drawing)
            if wrong := _wrong_scene(scene):
                self.findings.error("scene", f"scene gives {wrong}", "see arena.scene")
            if seat is None or not self.game.hidden or mover == OVER:
                continue
            # What is public need not stand in the view of a seat that is not asked, such as how far a deal has come.
            when = () if mover == seat else (mover, len(self.findings.moves or ()))
            for method, picture in (("draw", drawing), ("scene", scene)):
                self.asking.same(
                    (method, seat, views[seat], when), picture, f"{method}_leak",
                    f"{method} differs at equal views, so it knows more than the seat",
                    f"show in {method}(state, seat) only what that seat's view holds",
                )  # fmt: skip

    def _returns(self, s: Any) -> None:
        game, returns = self.game, self.asking.twice("returns", s, like=repr)  # NaN is not equal to itself
        if not isinstance(returns, tuple) or len(returns) != game.seats:
            self.findings.error(
                "returns", f"{game.seats} seats have the returns {returns!r}", "return a tuple with one per seat"
            )
            return
        if not all(r is None or isinstance(r, Real) for r in returns):
            seen = f"returns {returns!r} hold what is no number"
            self.findings.error("returns", seen, "give every seat a finite number, or None if it played no game")
            return
        least, greatest = game.payoff_range
        if not all(isfinite(r) and least <= r <= greatest for r in returns if r is not None):
            seen = f"returns {returns} lie outside payoff_range {game.payoff_range}"
            self.findings.error("outside_range", seen, "forfeits and learning rates are scaled by it: widen the range")
        total = sum(r or 0.0 for r, side in zip(returns, game.side_of, strict=True) if side >= 0)
        if game.zero_sum and not abs(total) < 1e-9 * game.scale:
            seen = f"zero sum, but returns {returns} add up to {total:g}"
            self.findings.error("zero_sum", seen, "mend returns, or say zero_sum = False")

    def _chance(self, s: Any) -> None:
        outcomes = self.asking.twice(
            "chance", s, like=lambda found: found if isinstance(found, Uniform) else list(found)
        )
        if not len(outcomes):
            self.asking.empty(CHANCE)
        advice = "give distinct names with probabilities that sum to 1"
        if not isinstance(outcomes, Uniform) and len(outcomes) <= LONGEST:
            names, probabilities = [name for name, _ in outcomes], [p for _, p in outcomes]
            if len(set(names)) != len(names) or not all(isinstance(name, str) for name in names):
                self.findings.error("chance", f"chance outcomes are no distinct texts: {short(names)}", advice)
            if not all(isfinite(p) and p >= 0 for p in probabilities):
                seen = f"a chance outcome has no probability: {short(probabilities)}"
                self.findings.error("chance", seen, advice)
            if not abs((total := sum(probabilities)) - 1) < 1e-9:
                self.findings.error("chance_sum", f"chance probabilities sum to {total:g}, not to 1", advice)
        with self.asking.about(s, "step"):
            self.decisions.steps(s, [name for name, p in outcomes[:STEPS] if p > 0])
            self._refuses_outcome(s)

    def _refuses_outcome(self, s: Any) -> None:
        try:
            self.game.step(s, "no such outcome")
        except IllegalAction:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the wrong one
            seen = f"the outcome 'no such outcome' raises {error!r}, not IllegalAction"
        else:
            seen = "the outcome 'no such outcome' is accepted"
        self.findings.warning("outcome", seen, "raise IllegalAction, so that a damaged record is refused")


def _wrong_scene(scene: object) -> str:
    """Return what is wrong with a scene; empty if nothing is."""
    if not isinstance(scene, tuple) or not all(isinstance(block, Board | Cards | str) for block in scene):
        return f"no tuple of Board, Cards and text: {short(scene)}"
    for block in scene:
        if isinstance(block, Board) and len({len(row) for row in block.cells}) > 1:
            return f"a board whose rows differ in length: {short(block.cells)}"
    return ""
