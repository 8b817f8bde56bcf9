"""Everybody meets everybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import comb
from typing import Any

from arena.config import TournamentConfig
from arena.game import Game
from arena.match import Fixture
from arena.schedule import round_robin
from arena.tournaments.meeting import Scorer


class RoundRobin:
    """One stage, known beforehand: every two entrants, pair by pair, so that a table is fair at any moment."""

    def __init__(self, config: TournamentConfig, game: Game[Any]) -> None:
        self.config, self.game = config, game
        self.total = comb(len(config.entrants), 2) * config.pairs * 2

    def stages(self, score: Scorer) -> Iterator[Iterable[Fixture]]:
        """Yield the whole schedule."""
        c = self.config
        yield round_robin(self.game, list(c.entrants), c.pairs, c.seed, cast=c.cast_names)

    def words(self) -> list[str]:
        """Return nothing: the ladder says it all."""
        return []
