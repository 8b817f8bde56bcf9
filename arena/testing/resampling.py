"""What `resample` draws, in games whose every state is known: only what could be, and all of that.

A state that cannot be, such as one in which a card was dealt twice, looks right to the seat that asks, so its view
gives nothing away; and search over a part of what could be is sure of what it cannot know.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log
from typing import Any

from arena.game import Game
from arena.seeds import generator
from arena.testing.findings import short
from arena.testing.states import States
from arena.testing.walks import Whole

_SETS, _DRAWS = 300, 8
"""Information sets that are drawn from, and how often each, to see what cannot be."""

_COVERED, _LARGEST = 30, 12
"""Information sets of which every state must come up, and how many states they have at most."""

_FALSE_ALARM = 1e-6
"""The probability of calling a fair `resample` unfair."""

_UNEVEN = 4
"""A law is fair if it gives every state a quarter of its probability under random play, or more."""

_LONGEST = 3_000
"""Draws from one set; where this is not enough, a state is too rare to be missed."""


def check_resample(states: States, whole: Whole, seed: int) -> None:
    """Draw states for every seat that decides, and hold them against all states that there are."""
    game, findings = states.game, states.findings
    if not game.hidden or type(game).resample is Game.resample or "forgets" in findings:
        return  # where a view forgets, equal views are no information set
    check = _Draws(states, whole, seed)
    for seat, view in _some(list(whole.sets), _SETS):
        check.impossible(seat, view)
    if not any(code in findings for code in ("resample", "resample_impossible", "resample_peeks")):
        small = [key for key, members in whole.sets.items() if 1 < len(members) <= _LARGEST]
        check.missing(_some(small, _COVERED))


class _Draws:
    def __init__(self, states: States, whole: Whole, seed: int) -> None:
        self.asking, self.findings, self.whole = states.asking, states.findings, whole
        self.rng = generator(seed, "resampling")

    def impossible(self, seat: int, view: str) -> None:
        """Draw a few states, which must be among those in which this seat sees the same."""
        members = self.whole.sets[seat, view]
        possible = {self.whole.states[at] for at in members}
        for number in range(_DRAWS):
            at = members[number % len(members)]
            other = self._draw(at, seat)
            # Another view is found where the state is looked at.
            if other not in possible and self.asking.ask("view", other, seat) == view:
                many = f"{len(members)} states look like this to seat {seat}, but not that one"
                self.findings.moves = self.whole.path(at)
                self.findings.error(
                    "resample_impossible",
                    f"resample gives {short(other)}, to which no moves lead: {many}",
                    "draw only what can still be: no card that lies elsewhere, no move that was not open",
                )

    def missing(self, keys: Sequence[tuple[int, str]]) -> None:
        """Draw until every state of these sets has come up, or until it is as good as certain that one never will."""
        reach = _reach(self.whole)
        if reach is None:
            return
        chances = sum(len(self.whole.sets[key]) for key in keys)
        for seat, view in keys:
            members = self.whole.sets[seat, view]
            rarest = min(reach[at] for at in members) / sum(reach[at] for at in members) / _UNEVEN
            # The rarest state is missed by n fair draws with probability (1 − rarest)**n.
            draws = ceil(log(_FALSE_ALARM / chances) / log(1 - rarest))
            if draws > _LONGEST:
                continue
            left = {self.whole.states[at] for at in members}
            for _ in range(draws):
                left.discard(self._draw(members[0], seat))
                if not left:
                    break
            else:
                self.findings.moves = self.whole.path(members[0])
                self.findings.error(
                    "resample_misses",
                    f"{draws} draws of resample never gave {short(min(left, key=repr))}, which looks the same to "
                    f"seat {seat}; {len(members) - len(left)} of {len(members)} such states came up",
                    "draw from all that the seat cannot tell apart, otherwise search is sure of what it cannot know",
                )

    def _draw(self, at: int, seat: int) -> Any:
        return self.asking.ask("resample", self.whole.states[at], seat, self.rng)


def _some(keys: Sequence[tuple[int, str]], most: int) -> Sequence[tuple[int, str]]:
    """Return at most so many of them, from all over the game."""
    return keys[:: ceil(len(keys) / most)] if keys else keys


def _reach(whole: Whole) -> list[float] | None:
    """Return every state's probability under random play; None in a game with loops."""
    order = whole.order()
    if order is None:
        return None
    reach = [0.0] * len(whole.states)
    reach[0] = 1.0
    for at in order:
        for child, probability in whole.children[at]:
            reach[child] += reach[at] * probability
    return reach
