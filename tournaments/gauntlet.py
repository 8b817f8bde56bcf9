"""Newcomers against a pool: they meet everybody in it, and nobody else meets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from arena.config import TournamentConfig
from arena.game import Game
from arena.match import Fixture
from arena.schedule import gauntlet
from arena.tournaments.meeting import Scorer


class Gauntlet:
    """One stage, known beforehand. Who was a newcomer once may stand in the pool of the next: its matches stay."""

    def __init__(self, config: TournamentConfig, game: Game[Any]) -> None:
        self.config, self.game = config, game
        self.pool = [name for name in config.entrants if name not in config.newcomers]
        self.total = len(config.newcomers) * len(self.pool) * config.pairs * 2

    def stages(self, score: Scorer) -> Iterator[Iterable[Fixture]]:
        """Yield the whole schedule."""
        c = self.config
        yield gauntlet(self.game, c.newcomers, self.pool, c.pairs, c.seed, cast=c.cast_names)

    def words(self) -> list[str]:
        """Return nothing: the ladder says it all."""
        return []
