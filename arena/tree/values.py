"""Expected returns of given policies, exactly, without playing a game."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arena.tree.tables import Policy, Tree, check_policy


def expected_returns(tree: Tree, policy: Policy) -> NDArray[np.float64]:
    """Return (P,) the expected payoff per seat when every seat plays its rows of `policy` (I, A)."""
    root: NDArray[np.float64] = node_values(tree, policy)[0]
    return root


def node_values(tree: Tree, policy: Policy) -> NDArray[np.float64]:
    """Return (N, P) the expected payoff per seat from every node on."""
    check_policy(tree, policy)
    values = tree.returns.copy()
    law = branch_law(tree, policy)[:, None]
    for nodes, branches, begin in reversed(tree.inner_levels):
        values[nodes] = np.add.reduceat(law[branches] * values[tree.branch_child[branches]], begin, axis=0)
    return values


def branch_law(tree: Tree, policy: Policy) -> NDArray[np.float64]:
    """Return (E,) the probability of every branch: chance's own, or the mover's policy."""
    law = np.empty(len(tree.branch_child))
    law[tree.action_branches] = policy.ravel()[tree.policy_entry]
    law[tree.chance_branches] = tree.outcome_probability
    return law


def branch_probabilities(tree: Tree, policy: Policy) -> NDArray[np.float64]:
    """Return (N, M) the same by node and column; 0 where there is no branch."""
    probability = tree.chance.copy()
    deciding = np.flatnonzero(tree.information_set >= 0)
    probability[deciding, : policy.shape[1]] = policy[tree.information_set[deciding]]
    return probability
