"""NashConv of a policy that is known by samples alone: how far it is off at equilibrium, and an upper bound.

With n replies drawn at every information set, the plug-in is the NashConv of their frequencies. It is too high in
the mean: a best response to frequencies also exploits what chance made of them. (An own strategy is linear in the
probabilities of every single information set, each of which has its own replies, so the mean payoff against the
frequencies is that against the policy; the mean of the best is no less than the best of the means.) What a player at
equilibrium would show is therefore found by simulation and stands beside the plug-in.

The upper bound uses the same. In a game of two seats whose payoffs add up to a constant, let q be the two seats' true
best responses, and Z what they earn, less that constant, against the frequencies. Z has NashConv as its mean, and is
never above the plug-in, which uses the best responses to the frequencies. Uncover the replies from the first decisions
of the game to the last: a reply at information set i moves the expectation of Z within an interval of width
r_i · D_i / n, where D_i is how far apart the payoffs can be that follow i, and r_i how likely i is reached when its
owner plays its frequencies, which lie uncovered, and the other q. By the inequality of Azuma and Hoeffding (Hoeffding,
1963; McDiarmid, 1989), Z falls more than √(V · ln(1/α) / 2n) below its mean with probability α at most, where V is no
less than the sum of (r_i · D_i)², whatever is played. So

    NashConv ≤ plug-in + √(V · ln(1/α) / 2n)    with probability 1 − α or more.

It assumes that replies are independent, n at every set, and that the game has perfect recall; nothing of the policy.
"""

from __future__ import annotations

from math import log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.game import CHANCE
from arena.tree.best_response import nash_conv
from arena.tree.reach import node_reach
from arena.tree.tables import Policy, Tree
from arena.tree.values import branch_law

ALPHA = 0.05
"""How often the upper bound may be too low."""
SIMULATIONS = 200
"""Players at equilibrium whose plug-ins are averaged."""


class Extremes(NamedTuple):
    """The least and the greatest payoff of the first seat that can be expected from every node on, each (N,)."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]


def plug_in_at(tree: Tree, policy: Policy, n: int, rng: np.random.Generator) -> float:
    """Return the mean plug-in NashConv of a player that plays `policy` (I, A), from n replies at each set."""
    shares = policy / policy.sum(axis=1, keepdims=True)
    return float(np.mean([nash_conv(tree, rng.multinomial(n, shares) / n) for _ in range(SIMULATIONS)]))


def margin(tree: Tree, n: int, alpha: float = ALPHA) -> float | None:
    """Return how far NashConv may lie above its plug-in from n replies at each set, with probability 1 − alpha.

    None for games of more than two seats, or whose payoffs do not add up to a constant.
    """
    totals = tree.returns[tree.terminals].sum(axis=1)
    if tree.game.seats != 2 or not np.allclose(totals, totals[0]):
        return None
    most = sum(_greatest_sum(tree, _squares(tree, seat), seat) for seat in (0, 1))
    return sqrt(most * log(1 / alpha) / (2 * n))


def _squares(tree: Tree, seat: int) -> NDArray[np.float64]:
    """Return (I,) the greatest r_i, times D_i², at the sets of `seat`; times r_i it is no less than (r_i · D_i)²."""
    free = branch_law(tree, tree.mask.astype(np.float64))  # everybody does all to come there, but chance
    reach, extremes = node_reach(tree, free), _extremes(tree)
    sets = tree.information_set
    mine = np.flatnonzero(tree.mover == seat)
    most, low, high = np.zeros(len(tree.seat)), np.full(len(tree.seat), np.inf), np.full(len(tree.seat), -np.inf)
    np.add.at(most, sets[mine], reach[mine])
    np.minimum.at(low, sets[mine], extremes.low[mine])
    np.maximum.at(high, sets[mine], extremes.high[mine])
    own = tree.by_seat[seat]
    squares = np.zeros(len(tree.seat))
    squares[own] = np.minimum(most[own], 1.0) * (high[own] - low[own]) ** 2
    return squares


def _extremes(tree: Tree) -> Extremes:
    """Return what is possible where everybody works for it; of a constant sum, one seat's tell the other's."""
    low, high = tree.returns[:, 0].copy(), tree.returns[:, 0].copy()
    for nodes, branches, begin in reversed(tree.inner_levels):
        chance = tree.mover[nodes] == CHANCE
        for values, best in ((low, np.minimum), (high, np.maximum)):
            below = values[tree.branch_child[branches]]
            mean = np.add.reduceat(below * _chance(tree)[branches], begin)
            values[nodes] = np.where(chance, mean, best.reduceat(below, begin))
    return Extremes(low, high)


def _greatest_sum(tree: Tree, squares: NDArray[np.float64], seat: int) -> float:
    """Return the greatest sum of `squares` (I,) over the seat's sets that a match can be expected to pass through."""
    sums = np.where(tree.mover == seat, squares[tree.information_set], 0.0)
    for nodes, branches, begin in reversed(tree.inner_levels):
        below = sums[tree.branch_child[branches]]
        mean = np.add.reduceat(below * _chance(tree)[branches], begin)
        sums[nodes] += np.where(tree.mover[nodes] == CHANCE, mean, np.maximum.reduceat(below, begin))
    return float(sums[0])


def _chance(tree: Tree) -> NDArray[np.float64]:
    """Return (E,) the probability of every branch of chance, 0 for actions."""
    return branch_law(tree, np.zeros(tree.mask.shape))
