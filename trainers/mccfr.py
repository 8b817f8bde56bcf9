"""Monte Carlo CFR by external sampling (Lanctot et al., 2009): regrets from walks that see a part of the game.

A walk belongs to one seat. It goes down every action of that seat, but draws one outcome wherever chance or somebody
else moves, so it touches about the square root of a game for two. What it says of the regrets is right in the mean,
and the policies that it makes converge as those of CFR do, with noise. Many walks are made side by side, all with
the same policies; they go down the tree step by step as arrays of places. Shapes: W walks, I information sets, A
actions; F places that the walks stand at after some steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.game import OVER
from arena.seeds import generator
from arena.tree.enumeration import Policy, Tree
from arena.tree.treeplex import Treeplexes

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class Mccfr:
    """CFR with sampled regrets; the average weighs policies by the player's own exact way to each set.

    Equal seeds give equal policies. Converges to a Nash equilibrium in two-seat zero-sum games.
    """

    def __init__(self, tree: Tree, seed: int = 0, walks: int = 128) -> None:
        self.game = Treeplexes.of(tree)
        self.walks = walks
        self.rng = generator(seed, "mccfr")
        self.regret = np.zeros(tree.mask.shape)
        """(I, A) the sum of sampled regrets, in payoff units."""
        self.policy = tree.uniform.copy()
        self.totals = [np.zeros(1 + seat.mask.size) for seat in self.game.seats]
        """Per seat, the sum of its plans so far."""

    def step(self) -> None:
        """Do one iteration: every seat in turn learns from walks of its own, in the mean over them."""
        tree = self.game.tree
        for seat, treeplex in enumerate(self.game.seats):
            self.totals[seat] += treeplex.plan(self.policy[treeplex.sets])
            self.regret += sampled_regrets(tree, self.policy, seat, self.walks, self.rng)
            self.policy[treeplex.sets] = treeplex.in_proportion(np.maximum(self.regret[treeplex.sets], 0.0))

    def average(self) -> Policy:
        """Return the average policy (I, A) of all iterations, the one that converges."""
        pairs = zip(self.game.seats, self.totals, strict=True)
        return self.game.policy([treeplex.policy(total) for treeplex, total in pairs])


class _Step(NamedTuple):
    """Where the walks stand after some moves, and how they went on."""

    node: Places
    """(F,) nodes of the tree; a walk stands at as many as its seat had choices."""
    origin: Places
    """(F′,) of every place after the next move: at which of these places the move was made,"""
    column: Places
    """(F′,) and which move it was."""


def sampled_regrets(tree: Tree, policy: Policy, seat: int, walks: int, rng: np.random.Generator) -> Floats:
    """Return (I, A) what `seat` regrets at its information sets, as the mean of `walks` external samples."""
    steps = _walk_down(tree, policy, seat, walks, rng)
    regret = np.zeros(policy.shape)
    after = np.zeros(0)
    for step in reversed(steps):
        values = tree.returns[step.node, seat]
        chosen = np.flatnonzero(tree.mover[step.node[step.origin]] == seat)
        place, action = step.origin[chosen], step.column[chosen]
        sets = tree.information_set[step.node[place]]
        weights = np.ones(len(step.origin))
        weights[chosen] = policy[sets, action]
        np.add.at(values, step.origin, weights * after)
        np.add.at(regret, (sets, action), after[chosen] - values[place])
        after = values
    return regret / walks


def _walk_down(tree: Tree, policy: Policy, seat: int, walks: int, rng: np.random.Generator) -> list[_Step]:
    """Return every step of the walks, first to last, when `seat` tries all its actions and the rest is drawn."""
    node = np.zeros(walks, np.int64)
    steps = []
    while len(node):
        mover = tree.mover[node]
        tried = np.flatnonzero(mover == seat)
        rows, columns = np.nonzero(tree.child[node[tried]] >= 0)
        drawn = np.flatnonzero((mover != seat) & (mover != OVER))
        origin = np.concatenate([tried[rows], drawn])
        column = np.concatenate([columns, _draw(_weights(tree, policy, node[drawn]), rng)])
        steps.append(_Step(node, origin, column))
        node = tree.child[node[origin], column].astype(np.int64)
    return steps


def _weights(tree: Tree, policy: Policy, node: Places) -> Floats:
    """Return (F, M) the probabilities of the branches of nodes at which chance or somebody else moves."""
    weights = tree.chance[node]
    decided = tree.mover[node] >= 0
    weights[decided, : policy.shape[1]] = policy[tree.information_set[node[decided]]]
    return weights


def _draw(weights: Floats, rng: np.random.Generator) -> Places:
    """Return one column per row of `weights` (F, M) in proportion to them; never one of weight 0."""
    cumulative = np.cumsum(weights, axis=1)
    # A draw below the total: the product may be rounded up to it.
    aimed = np.minimum(rng.random(len(weights)) * cumulative[:, -1], np.nextafter(cumulative[:, -1], 0))
    column: Places = (cumulative <= aimed[:, None]).sum(axis=1)
    return column
