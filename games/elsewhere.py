"""Matches that were played elsewhere: results without moves, to be rated and never to be played."""

from __future__ import annotations

from typing import Literal, NoReturn

from arena.errors import ConfigError, GameError
from arena.game import Game

_LEAST, _GREATEST = 1e-12, 1e18
"""The greatest payoff of a match: ratings square it, and add up the squares of millions."""


class Elsewhere(Game[tuple[()]]):
    """Somebody played these matches somewhere else, by rules that are not known here.

    Only the results were brought along: who sat first, who sat second, and who won or how much. They can be
    rated, but no match can be played or replayed.
    """

    name = "elsewhere"
    label = "matches played elsewhere"
    """What titles call it; the spec names this class."""
    roles = ("first", "second")

    def __init__(self, scoring: Literal["outcome", "payoff"] = "outcome", most: float = 1.0) -> None:
        if scoring not in ("outcome", "payoff") or not _LEAST <= most <= _GREATEST:
            raise ConfigError(
                f"scoring={scoring!r}, most={most!r} will not do: outcome or payoff, and a number from {_LEAST:g} "
                f"to {_GREATEST:g}"
            )
        self.scoring = scoring
        self.most = most
        self.payoff_range = (-most, most)

    def start(self) -> tuple[()]:
        self._refuse()

    def turn(self, s: tuple[()]) -> int:
        self._refuse()

    def step(self, s: tuple[()], action: str) -> tuple[()]:
        self._refuse()

    def returns(self, s: tuple[()]) -> tuple[float | None, ...]:
        self._refuse()

    def view(self, s: tuple[()], seat: int) -> str:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise GameError("these matches were played elsewhere: only their results are here, no rules and no moves")
