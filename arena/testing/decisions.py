"""What a state must keep in which a player decides: its options, its tensor, and that nothing illegal goes through."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

import numpy as np

from arena.errors import TooLarge
from arena.game import Choices, Game, IllegalAction, Text
from arena.seeds import generator
from arena.testing.asking import Asking
from arena.testing.declaration import check_action_name, same_but_for_case
from arena.testing.facts import by_value
from arena.testing.findings import Broken, short
from arena.testing.random_play import LONGEST, choose

STEPS = 12
"""Legal actions, and as many illegal ones of the vocabulary, that are tried in one state."""


_REPEATED = 100
"""States up to which resample is asked more than twice with one seed, the first of them most often."""


class Decisions:
    """Looks at the states in which a seat is to move."""

    def __init__(self, asking: Asking) -> None:
        self.asking, self.game, self.findings = asking, asking.game, asking.findings
        self.tensors: dict[tuple[int, str], bytes] = {}
        """(seat, view) at its own decisions → what encode made of it."""
        self.resampled = self.elsewhere = 0
        """How often resample was asked, and how often it gave another state than the true one."""
        self._shape: tuple[int, ...] | None = None

    def look(self, s: Any, mover: int, views: Sequence[str]) -> None:
        """Check one such state; `views` are those of all seats."""
        game = self.game
        legal: Any = None
        with self.asking.about(s, "legal"):
            legal = self._legal(s, mover)
            self.asking.same(
                ("legal", mover, views[mover]), legal, "legal_leak", "equal views have different legal moves",
                "options tell a player what is hidden: offer the same, or show in the view what differs",
            )  # fmt: skip
        if legal is None:
            return
        ready: tuple[int, ...] = (mover,)
        with self.asking.about(s, "ready"):
            ready = tuple(self.asking.ask("ready", s))
        if ready[:1] != (mover,) or len(set(ready)) != len(ready) or not set(ready) <= set(range(game.seats)):
            seen = f"turn says {mover}, but ready says {ready}"
            self.findings.error("ready", seen, "name distinct seats, the one to move first")
            ready = (mover,)
        with self.asking.about(s, "encode"):
            for seat in ready:
                self._tensor(s, seat, views[seat], mover)
        with self.asking.about(s, "resample"):
            self._resample(s, mover, views[mover], legal)
        with self.asking.about(s, "step"):
            if isinstance(legal, Text):
                self.steps(s, [choose(legal, self.asking.rng), *self.some(legal.moves)])
                self.refuses(s, ["x" * (legal.max_chars + 1)])
                if legal.moves:
                    self.refuses(s, [*self._illegal(legal.moves), f"{legal.moves[0]}\nno such action"])
            else:
                self.steps(s, self.some(legal))
                self.refuses(s, self._illegal(legal))
            self._ready(s, ready)

    def _legal(self, s: Any, seat: int) -> Any:
        """Return the legal set in a form that compares by value."""
        legal = self.asking.twice("legal", s, seat, like=by_value)
        if isinstance(legal, Text):
            return legal
        if not len(legal):
            self.asking.empty(seat)
        if isinstance(legal, Choices) or len(legal) > LONGEST:
            return legal
        if not all(isinstance(action, str) for action in legal):
            self.findings.error("legal_type", f"legal actions are no texts: {short(list(legal))}", "actions are text")
            raise Broken
        if len(set(legal)) != len(legal):
            self.findings.error(
                "legal_twice", f"legal actions are not distinct: {short(list(legal))}", "name each once"
            )
        if self.game.actions and (unknown := set(legal) - set(self.game.actions)):
            seen = f"legal but not among its actions: {sorted(unknown, key=repr)}"
            self.findings.error("unlisted", seen, "list every action that can ever be legal in actions")
        elif not self.game.actions:
            for action in legal:
                check_action_name(action, self.findings)
        if alike := same_but_for_case(legal):
            seen = f"the legal moves {alike} differ in upper and lower case only"
            self.findings.warning("legal_case", seen, "players read moves without care for it: name them apart")
        return tuple(legal)

    def _tensor(self, s: Any, seat: int, view: str, mover: int) -> None:
        if type(self.game).encode is Game.encode:
            return  # the default is computed from the views
        try:
            tensor = self.asking.twice("encode", s, seat, like=lambda found: np.asarray(found).tobytes())
        except TooLarge:
            return
        advice = "return a float32 array of one shape, all numbers finite"
        if not isinstance(tensor, np.ndarray) or tensor.dtype != np.float32:
            kind = tensor.dtype if isinstance(tensor, np.ndarray) else type(tensor).__name__
            self.findings.error("encode_type", f"encode gives {kind}, not float32", advice)
            return
        self._shape = self._shape or tensor.shape
        if tensor.shape != self._shape:
            self.findings.error("encode_shape", f"encode gives shape {tensor.shape}, and {self._shape} before", advice)
        if not np.isfinite(tensor).all():
            self.findings.error("encode_finite", "encode gives numbers that are not finite", advice)
        if seat == mover:
            self.tensors[seat, view] = tensor.tobytes()
        self.asking.same(
            ("tensor", seat, view), tensor.tobytes(), "encode_leak", "encode differs at equal views, so it knows more",
            "compute it from what the view of that seat holds",
        )  # fmt: skip

    def _ready(self, s: Any, ready: tuple[int, ...]) -> None:
        """Check that seats which are asked together learn nothing from each other."""
        asked = {seat: self._question(s, seat) for seat in ready[1:]}
        for earlier, later in pairwise(ready):
            s = self.asking.step(s, choose(self.asking.ask("legal", s, earlier), self.asking.rng))
            advice = "ask together only seats that may not know of each other's moves"
            if (turn := self.asking.turn(s)) != later:
                seen = f"ready says {ready}, but after seat {earlier} it is {turn}'s turn"
                self.findings.error("ready", seen, advice)
                return
            if self._question(s, later) != asked[later]:
                seen = f"seats {ready} are asked together, but the move of {earlier} shows to {later}"
                self.findings.error("ready_leak", seen, advice)

    def _question(self, s: Any, seat: int) -> tuple[Any, ...]:
        return self.asking.ask("view", s, seat), by_value(self.asking.ask("legal", s, seat))

    def _resample(self, s: Any, mover: int, view: str, legal: Any) -> None:
        if type(self.game).resample is Game.resample:
            return
        seed = int(self.asking.rng.integers(2**32))
        other = self.asking.ask("resample", s, mover, generator(seed, "resample"))
        # In a game of few states each is asked often: dice of its own agree with themselves by chance.
        again = (_REPEATED - self.resampled) // 8 + 1 if self.resampled < _REPEATED else 1
        self.asking.repeats -= again
        if self.asking.repeats >= 0 and any(
            self.asking.ask("resample", s, mover, generator(seed, "resample")) != other for _ in range(again)
        ):
            self.findings.error(
                "impure", "resample gives two states for one seed", "draw from the generator it is given"
            )
        self.resampled += 1
        self.elsewhere += other != s
        if self.asking.turn(other) != mover or self.asking.ask("view", other, mover) != view:
            seen = f"resample gives a state in which seat {mover} would see something else: {short(other)}"
            self.findings.error("resample", seen, "keep all that the view of that seat holds, and draw the rest")
        elif (moves := by_value(self.asking.ask("legal", other, mover))) != legal:
            seen = f"resample gives {short(other)}, in which seat {mover} could do {short(moves)}, not {short(legal)}"
            self.findings.error("resample", seen, "options belong to what a seat knows: draw a state that keeps them")

    # Steps, legal and not.

    def some(self, actions: Sequence[str], most: int = STEPS) -> list[str]:
        """Return all of a short list, and a few of one that is longer than `most`."""
        if len(actions) <= most:
            return list(actions)
        return [actions[int(i)] for i in self.asking.rng.integers(len(actions), size=STEPS)]

    def _illegal(self, legal: Sequence[str]) -> list[str]:
        first = legal[0]
        near = [first + " ", " " + first, first + "\n", first.swapcase(), first + first]
        # A vocabulary may hold thousands of actions, and the legal set may be lazy: a few of them stand for all.
        listed = self.some(self.game.actions, 4 * STEPS)
        return ["", " ", "no such action", *(text for text in [*near, *listed] if text not in legal)]

    def steps(self, s: Any, actions: Sequence[str]) -> None:
        """Check that every step is a function of a value."""
        for action in actions:
            with suppress(Broken):
                after, again = self.asking.step(s, action), self.asking.step(s, action)
                if after != again:
                    seen = f"the same step {action!r} gives two different states"
                    self.findings.error("impure", seen, "compute from the state alone; all randomness is chance(state)")

    def refuses(self, s: Any, actions: Sequence[str]) -> None:
        """Check that every one of these illegal actions gets an IllegalAction with a sentence."""
        advice = "raise IllegalAction with a sentence that the player may be shown"
        for action in actions:
            try:
                self.game.step(s, action)
            except IllegalAction as error:
                if not str(error).strip():
                    seen = f"IllegalAction for {action[:40]!r} has no sentence for the player"
                    self.findings.error("refusal_silent", seen, advice)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the wrong one
                seen = f"the illegal {action[:40]!r} raises {error!r}, not IllegalAction"
                self.findings.error("refusal_error", seen, advice)
            else:
                self.findings.error("accepted", f"the illegal {action[:40]!r} is accepted", advice)
