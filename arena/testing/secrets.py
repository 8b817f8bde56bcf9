"""Hidden information: what was dealt or done out of a seat's sight is changed, and the seat must not notice.

What happened in its sight is changed too, and when it is asked for the first time after that it must still know.

A game says what a seat knows by `view`, so no check can tell a leak from a card that lies open by the rules.
What is proved here is that the rest of the game keeps to it, and that something is hidden at all; who sees
which deal is written out for the author to read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from arena.game import CHANCE, OVER, Text, Uniform
from arena.testing.asking import Asking
from arena.testing.random_play import choose
from arena.testing.states import States
from arena.testing.walks import History

GAMES, CHANGES, STEPS = 40, 3, 20_000
"""Games of which deals and moves are changed, how often each, and steps that are spent on it in all."""


class Sight(NamedTuple):
    """Who sees an event at the moment it happens."""

    event: str
    """ "deal 1", or "a move of first"."""
    seat: int
    seen: int
    """How often another outcome would have looked different to this seat."""
    unseen: int


def check_secrets(states: States, histories: Sequence[History]) -> tuple[Sight, ...]:
    """Change one thing in these games, play on as before, and see which seats notice it, and which forget it."""
    if not states.game.hidden:
        return ()
    check = _Secrets(states.asking)
    for history in histories[:GAMES]:
        check.game(history)
        if check.steps > STEPS:
            break
    states.findings.moves = None
    _conclude(states, check)
    return tuple(Sight(event, seat, *counts) for (event, seat), counts in check.sights.items())


def _conclude(states: States, check: _Secrets) -> None:
    findings, decisions = states.findings, states.decisions
    tried = any(seen + unseen for seen, unseen in check.sights.values())
    concealed = any(unseen for _, unseen in check.sights.values())
    if tried and not concealed and not states.lookalikes:
        findings.error(
            "nothing_hidden",
            "hidden = True, but nothing is hidden: every view showed every deal and every move of others",
            "leave out of view what a seat must not see; or, if all may be seen, set hidden = False",
        )
    if decisions.resampled >= 20 and not decisions.elsewhere and states.lookalikes:
        findings.error(
            "resample_peeks",
            f"resample gave the true state {decisions.resampled} times of {decisions.resampled}, "
            "though other states look the same",
            "draw what the seat cannot see from rng, otherwise search looks into the other's cards",
        )


class _Secrets:
    """Counts who saw what, and finds what shows later."""

    def __init__(self, asking: Asking) -> None:
        self.asking, self.findings, self.rules = asking, asking.findings, asking.game
        self.steps = 0
        self.sights: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])

    def game(self, history: History) -> None:
        deals = 0
        for at, (s, mover) in enumerate(zip(history.states, history.movers, strict=False)):
            deals += mover == CHANCE
            event = f"deal {deals}" if mover == CHANCE else f"a move of {self.rules.roles[mover]}"
            for other in self._others(s, mover, history.actions[at]):
                self._change(history, at, other, event)
                if self.steps > STEPS:
                    return

    def _others(self, s: Any, mover: int, action: str) -> list[str]:
        """Return a few other things that could have happened."""
        if mover != CHANCE:
            options = self.asking.ask("legal", s, mover)
            if isinstance(options, Text):
                return [other for other in [choose(options, self.asking.rng)] if other != action]
            return [other for other in self._few(options) if other != action]
        outcomes = self.asking.ask("chance", s)
        if not isinstance(outcomes, Uniform):
            outcomes = [outcome for outcome in outcomes if outcome[1] > 0]
        return [name for name, _ in self._few(outcomes) if name != action]

    def _few(self, options: Sequence[Any]) -> list[Any]:
        if len(options) <= CHANGES + 1:
            return list(options)
        chosen = self.asking.rng.integers(len(options), size=CHANGES)
        return [options[int(i)] for i in np.unique(chosen)]

    def _change(self, history: History, at: int, other: str, event: str) -> None:
        """Let something else happen at one point, and then the same as before."""
        mover, true = history.movers[at], history.states[at + 1]
        self.findings.moves = (*history.actions[:at], other)
        changed = self.asking.step(history.states[at], other)
        watching, knowing = list[int](), list[int]()
        for seat in range(self.rules.seats):
            if seat != mover:
                unseen = self._view(true, seat) == self._view(changed, seat)
                self.sights[event, seat][unseen] += 1
                (watching if unseen else knowing).append(seat)
        for number in range(at + 1, len(history.actions)):
            asked = history.movers[number]
            if not (watching or knowing) or self.asking.turn(changed) != asked:
                return
            self.steps += 1
            if asked in knowing:
                self.findings.moves = history.actions[:number]
                self._recalls(asked, history.states[number], changed, event, (history.actions[at], other))
                knowing.remove(asked)  # what it sees now is its own past, which must stay in its views anyway
            try:
                changed = self.rules.step(changed, history.actions[number])
            except Exception:  # noqa: BLE001 - this card was dealt to somebody else, or the move depends on it
                return
            true = history.states[number + 1]
            self.findings.moves = history.actions[: number + 1]
            watching = self._still(watching, true, changed, history.movers[number], event, (history.actions[at], other))

    def _recalls(self, seat: int, true: Any, changed: Any, event: str, outcomes: tuple[str, str]) -> None:
        """Check that a seat that is asked can still tell what it could tell when it happened."""
        if true != changed and self._view(true, seat) == self._view(changed, seat):
            one, two = outcomes
            self.findings.error(
                "forgets_event",
                f"the view of {self.rules.roles[seat]} tells {one!r} from {two!r} when {event} happens, but no more "
                "when this seat is asked",
                "a view must hold all that its seat has seen and done (perfect recall)",
            )

    def _still(
        self, watching: list[int], true: Any, changed: Any, mover: int, event: str, outcomes: tuple[str, str]
    ) -> list[int]:
        """Return the seats that still cannot tell; warn of those that learn it by a move of somebody else."""
        still = []
        for seat in watching:
            if self._view(true, seat) == self._view(changed, seat):
                still.append(seat)
            elif OVER not in (self.asking.turn(true), self.asking.turn(changed)) and mover != seat:
                self.findings.warning(
                    "learns",
                    f"the view of {self.rules.roles[seat]} now tells {outcomes[0]!r} from {outcomes[1]!r} in {event}, "
                    "which it did not when that happened",
                    "if the rules do not show it here, mend view",
                )
        return still

    def _view(self, s: Any, seat: int) -> Any:
        return self.asking.ask("view", s, seat)
