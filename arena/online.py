"""Ratings for a table that is looked at while matches come in: cheap, and dependent on their order.

Online Elo moves both players of a match by K · (score − expected score) and forgets the match (Elo, 1978). The
same results in another order give other numbers: with K = 16 a rating of players who never change wavers by about
30 Elo. So this is for looking on only; what counts is the ladder that is fitted to all results at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from arena.errors import RatingError
from arena.record import Result

START = 1000.0
K = 16.0
"""Elo that a match can move a player by; half of it is the greatest step of a draw between equals."""


@dataclass
class Online:
    """Running numbers of every entrant; feed it results as they end."""

    elo: dict[str, float] = field(default_factory=dict)
    matches: dict[str, int] = field(default_factory=dict)
    wins: dict[str, int] = field(default_factory=dict)
    draws: dict[str, int] = field(default_factory=dict)
    payoff: dict[str, float] = field(default_factory=dict)
    """Sum over the matches, in the game's own units, as if it had always sat first in a zero-sum game."""

    def feed(self, results: Iterable[Result]) -> None:
        """Take results in the order they came; matches of an entrant against itself change nothing."""
        elo, matches, wins, draws, payoff = self.elo, self.matches, self.wins, self.draws, self.payoff
        for result in results:
            a, b, won = result.first, result.second, result.payoff
            if a == b:
                continue
            for name in (a, b):
                if name not in elo:
                    elo[name], matches[name], wins[name], draws[name], payoff[name] = START, 0, 0, 0, 0.0
            score = 1.0 if won > 0 else 0.0 if won < 0 else 0.5
            step = K * (score - 1 / (1 + 10 ** ((elo[b] - elo[a]) / 400)))
            elo[a] += step
            elo[b] -= step
            matches[a] += 1
            matches[b] += 1
            payoff[a] += won
            payoff[b] -= won
            if score == 0.5:
                draws[a] += 1
                draws[b] += 1
            else:
                wins[a if score else b] += 1


class Skills:
    """OpenSkill's Plackett–Luce rating of every entrant (Weng & Lin, 2011), with its own uncertainty.

    Raises RatingError where the package is missing; it is the extra `live`. About 60,000 matches a second.
    """

    def __init__(self) -> None:
        try:
            models: Any = import_module("openskill.models")
        except ImportError:
            raise RatingError(
                "the live table can show OpenSkill beside Elo: pip install 'selfplay-arena[live]'"
            ) from None
        self._model = models.PlackettLuce()
        self._ratings: dict[str, Any] = {}

    def feed(self, results: Iterable[Result]) -> None:
        """Take results in the order they came."""
        for first, second, _, _, won, *_ in results:
            if first == second:
                continue
            a = self._ratings.get(first) or self._model.rating()
            b = self._ratings.get(second) or self._model.rating()
            (a,), (b,) = self._model.rate([[a], [b]], scores=[float(won > 0), float(won < 0)])
            self._ratings[first], self._ratings[second] = a, b

    def __getitem__(self, name: str) -> tuple[float, float]:
        """Return μ and σ of an entrant; strangers have those that everybody begins with."""
        rating = self._ratings.get(name) or self._model.rating()
        return float(rating.mu), float(rating.sigma)
