"""External sampling (Lanctot et al., 2009) on tables: one seat tries all its actions, the others and chance draw one.

Thousands of traversals run side by side, a layer of nodes at a time: down by gathers, and up again with values.
Only the branches that were drawn are looked at. Shapes: I information sets, A actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError, TooLarge
from arena.game import CHANCE, OVER
from arena.league import League
from arena.seeds import generator
from arena.trainers.collect import TABLE_LIMIT, Played
from arena.trainers.deep_cfr import DeepCFR
from arena.trainers.learner import Learner
from arena.trainers.trainer import Visits, Walked
from arena.tree import Tree, enumerate_game


class Regrets(NamedTuple):
    """What the traversals of one seat found, added up per information set."""

    visits: NDArray[np.float64]
    """(I,) how often the seat decided there."""
    regret: NDArray[np.float64]
    """(I, A) sum over these visits of what each action got more than the strategy, in the game's own units."""
    others: NDArray[np.float64]
    """(I,) how often another seat decided there."""
    endings: int
    """Terminal nodes reached: as many matches as this is worth."""


def traverse(tree: Tree, strategy: NDArray[np.float64], seat: int, roots: int, rng: np.random.Generator) -> Regrets:
    """Walk the game `roots` times for `seat`, where all play `strategy` (I, A)."""
    I, A = tree.mask.shape  # noqa: E741 - the field's symbol
    layers = []
    node = np.zeros(roots, np.int64)
    while len(node):
        mover, sets = tree.mover[node], tree.information_set[node]
        tried, drawn = np.flatnonzero(mover == seat), np.flatnonzero((mover != seat) & (mover != OVER))
        row, action = np.nonzero(tree.mask[sets[tried]])
        law = np.where((mover[drawn] == CHANCE)[:, None], tree.chance[node[drawn]], 0.0)
        asked = mover[drawn] != CHANCE
        law[asked, :A] = strategy[sets[drawn][asked]]
        above = np.concatenate([tried[row], drawn])
        action = np.concatenate([action, _draw(law, rng)])
        layers.append((node, mover, sets, above, action, len(row)))
        node = tree.child[node[above], action].astype(np.int64)

    visits, others, regret = np.zeros(I), np.zeros(I), np.zeros((I, A))
    below, endings = np.zeros(0), 0
    for node, mover, sets, above, action, branches in reversed(layers):
        weight = np.ones(len(above))
        weight[:branches] = strategy[sets[above[:branches]], action[:branches]]
        value = tree.returns[node, seat] + np.bincount(above, weight * below, minlength=len(node))
        tried, done = above[:branches], action[:branches]
        np.add.at(regret, (sets[tried], done), below[:branches] - value[tried])
        visits += np.bincount(sets[mover == seat], minlength=I)
        others += np.bincount(sets[(mover >= 0) & (mover != seat)], minlength=I)
        endings += int((mover == OVER).sum())
        below = value
    return Regrets(visits, regret, others, endings)


def _draw(law: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return one column per row of `law` (n, m), never one of probability 0."""
    cumulative = np.cumsum(law, axis=1)
    drawn = np.minimum(rng.random(len(law)) * cumulative[:, -1], np.nextafter(cumulative[:, -1], 0))
    column: NDArray[np.int64] = (cumulative <= drawn[:, None]).sum(axis=1)
    return column


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

    def __call__(self, learner: Learner, share: Mapping[str, float], step: int) -> Played:
        """Make `training.matches` traversals, seat by seat in turn; nobody wins or loses anything."""
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
        share_of_seat = np.diff(np.linspace(0, self.league.config.training.matches, game.seats + 1).astype(int))
        found = [traverse(tree, strategy, seat, int(share_of_seat[seat]), rng) for seat in range(game.seats)]
        visits, others, regret = (
            np.sum(column, axis=0) for column in zip(*((r.visits, r.others, r.regret) for r in found), strict=True)
        )

        def where(count: NDArray[np.float64], target: NDArray[np.float64], mine: list[int]) -> Visits:
            sets = np.flatnonzero((count > 0) & np.isin(tree.seat, mine))
            return Visits(tree.requests.tensor()[sets], tree.mask[sets], target[sets].astype(np.float32), count[sets])

        mean = regret / game.scale / np.maximum(visits, 1)[:, None]
        endings = sum(r.endings for r in found)
        batches = {
            policy_id: Walked(where(visits, mean, mine), where(others, strategy, mine), endings)
            for policy_id, mine in seats.items()
        }
        return Played(batches, {})
