"""Where a player loses: what it gives away to a best response, information set by information set.

The gain of a best response is the sum over the player's own information sets of how often it comes there, times by
how much the best action beats what it does there, when it plays its best from then on (the performance difference
of Kakade & Langford, 2002). So every share is what one decision costs: none is negative, and together they are the
gain. A mistake on a way that the player never goes costs nothing; how much it would gain by mending that alone is
the counterfactual regret of the set (Zinkevich et al., 2007), which stands beside it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError
from arena.tree.best_response import best_response
from arena.tree.reach import node_reach
from arena.tree.tables import Policy, Tree, check_policy, check_seat
from arena.tree.values import branch_law, node_values

_NOTHING = 1e-9
"""A cost in units of the game's scale that is left out of lists: it is rounding."""


class Regret(NamedTuple):
    """What one seat loses where; every array has a number per information set (I,), 0 at those of other seats."""

    reach: NDArray[np.float64]
    """The probability of coming there when all play the policy."""
    others: NDArray[np.float64]
    """The same where the seat itself does all to come there, so that only chance and the others count. It sums over
    all ways there: in an open game that may be more than 1, as its own moves may lead there in several ways."""
    gain: NDArray[np.float64]
    """What the best action there would gain, weighted by `others`, while all else stays: its regret."""
    cost: NDArray[np.float64]
    """Payoff units per match that the play there gives away; the sum is the gain of a best response."""
    better: NDArray[np.int64]
    """The action of a best response."""


class Leak(NamedTuple):
    """One information set at which a player loses, for people."""

    view: str
    reach: float
    """The probability of coming there."""
    cost: float
    """Payoff units per match, in the mean over all matches."""
    plays: dict[str, float]
    """Action → probability, the likeliest first; what is never played is left out."""
    better: str
    """What a best response plays."""


def regret(tree: Tree, policy: Policy, seat: int) -> Regret:
    """Return what `seat` loses at each of its information sets when everybody plays `policy` (I, A)."""
    check_seat(tree, seat)
    check_policy(tree, policy)
    mine = np.flatnonzero(tree.mover == seat)
    law = branch_law(tree, policy)
    certain = np.where(tree.mover[tree.branch_parent] == seat, 1.0, law)
    reach, others = node_reach(tree, law), node_reach(tree, certain)
    best = best_response(tree, policy, seat).policy
    perfect = np.where(tree.seat[:, None] == seat, best, policy)
    regrets = _advantages(tree, policy, node_values(tree, policy)[:, seat], others)
    costs = _advantages(tree, policy, node_values(tree, perfect)[:, seat], reach)
    own = tree.seat == seat
    return Regret(
        reach=_at_sets(tree, reach, mine),
        others=_at_sets(tree, others, mine),
        gain=np.where(own, np.where(tree.mask, regrets, -np.inf).max(axis=1, initial=-np.inf), 0.0),
        cost=(best * costs).sum(axis=1),
        better=best.argmax(axis=1),
    )


def leaks(tree: Tree, policy: Policy, seat: int, top: int) -> list[Leak]:
    """Return the `top` information sets that cost `seat` most, the dearest first; those that cost nothing are none."""
    if top < 0:
        raise ConfigError(f"top = {top} places cannot be shown: ask for 0 or more")
    found = regret(tree, policy, seat)
    dearest = np.argsort(-found.cost, kind="stable")[:top]
    return [_leak(tree, policy, found, int(i)) for i in dearest if found.cost[i] > _NOTHING * tree.game.scale]


def _leak(tree: Tree, policy: Policy, found: Regret, i: int) -> Leak:
    likely = np.argsort(-policy[i], kind="stable")
    plays = {tree.actions[a]: float(policy[i, a]) for a in likely if policy[i, a] > 0}
    return Leak(tree.views[i], float(found.reach[i]), float(found.cost[i]), plays, tree.actions[found.better[i]])


def _advantages(
    tree: Tree, policy: Policy, values: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (I, A) by how much an action beats the policy's mix there.

    `values` (N,) say what the states after it are worth, and `weights` (N,) how much each state of a set counts.
    """
    after = np.zeros(policy.shape)
    own = tree.action_branches
    worth = weights[tree.branch_parent[own]] * values[tree.branch_child[own]]
    np.add.at(after.ravel(), tree.policy_entry, worth)
    advantages: NDArray[np.float64] = after - (policy * after).sum(axis=1, keepdims=True)
    return advantages


def _at_sets(tree: Tree, reach: NDArray[np.float64], mine: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (I,) the sum of `reach` (N,) over the states of each information set of one seat."""
    total = np.zeros(len(tree.seat))
    np.add.at(total, tree.information_set[mine], reach[mine])
    return total
