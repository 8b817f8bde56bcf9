"""Deep CFR's way to collect: traversals by external sampling, in place of training matches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError, TooLarge
from arena.league import League
from arena.seeds import generator
from arena.trainers.collect import TABLE_LIMIT, Played
from arena.trainers.deep_cfr import DeepCFR
from arena.trainers.external_sampling import traverse
from arena.trainers.learner import Learner
from arena.trainers.trainer import Visits, Walked
from arena.tree import enumerate_game


class ByTraversals:
    """What deep CFR learns from, in place of matches."""

    def __init__(self, league: League) -> None:
        """Refuse what traversals cannot do: large games, and opponents other than the learner itself."""
        config = league.config
        for key in ("uniform", "prioritised", "meta"):
            if getattr(config.opponents, key):
                raise ConfigError(f"deep_cfr walks the game against itself: set opponents.{key} to 0")
        for name, learner in config.learners.items():
            if learner.league_role != "plain":
                raise ConfigError(
                    f"deep_cfr walks the game against itself, so {name} cannot be a {learner.league_role}"
                )
        if config.training.rollouts == "matches":
            raise ConfigError('deep_cfr plays no matches: leave training.rollouts = "matches" out')
        self.league = league
        try:
            self.tree = enumerate_game(league.game, TABLE_LIMIT)
        except TooLarge as error:
            raise ConfigError(f"deep_cfr walks exact tables: take another algorithm, since {error}") from error

    def __call__(self, learner: Learner, share: Mapping[str, float], step: int, matches: int) -> Played:
        """Make so many traversals, seat by seat in turn; nobody wins or loses anything."""
        tree, game = self.tree, self.league.game
        rng = generator(self.league.config.seed, "traversal", learner.name, step)
        seats = {
            policy_id: [seat for seat, role in enumerate(game.roles) if role in learner.roles(policy_id, game)]
            for policy_id in learner.trainers
        }
        strategy = np.zeros(tree.mask.shape)
        for policy_id, trainer in learner.trainers.items():
            sets = np.flatnonzero(np.isin(tree.seat, seats[policy_id]))
            if not isinstance(trainer, DeepCFR):
                raise TypeError(f"{learner.algorithm} has no strategy to walk with: it learns from matches")
            strategy[sets] = trainer.strategy(tree.requests.tensor()[sets], tree.mask[sets])
        share_of_seat = np.diff(np.linspace(0, matches, game.seats + 1).astype(int))
        found = [traverse(tree, strategy, seat, int(share_of_seat[seat]), rng) for seat in range(game.seats)]
        visits, others, regret = (
            np.sum(column, axis=0) for column in zip(*((r.visits, r.others, r.regret) for r in found), strict=True)
        )

        def where(count: NDArray[np.float64], target: NDArray[np.float64], mine: list[int]) -> Visits:
            sets = np.flatnonzero((count > 0) & np.isin(tree.seat, mine))
            return Visits(
                sets, tree.requests.tensor()[sets], tree.mask[sets], target[sets].astype(np.float32), count[sets]
            )

        mean = regret / game.scale / np.maximum(visits, 1)[:, None]
        endings = sum(r.endings for r in found)
        batches = {
            policy_id: Walked(where(visits, mean, mine), where(others, strategy, mine), endings)
            for policy_id, mine in seats.items()
        }
        return Played(batches, {})
