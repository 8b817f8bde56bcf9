"""Expected returns of given policies, exactly, without playing a game."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arena.tree.enumeration import Policy, Tree


def expected_returns(tree: Tree, policy: Policy) -> NDArray[np.float64]:
    """Return (P,) the expected payoff per seat when every seat plays its rows of `policy` (I, A)."""
    root: NDArray[np.float64] = node_values(tree, policy)[0]
    return root


def node_values(tree: Tree, policy: Policy) -> NDArray[np.float64]:
    """Return (N, P) the expected payoff per seat from every node on."""
    values = tree.returns.copy()
    probability = branch_probabilities(tree, policy)
    for level in reversed(tree.levels):
        nodes = np.arange(level.start, level.stop)
        inner = nodes[tree.child[nodes].max(axis=1) >= 0]
        values[inner] = np.einsum("nm,nmp->np", probability[inner], values[tree.child[inner]])
    return values


def branch_probabilities(tree: Tree, policy: Policy) -> NDArray[np.float64]:
    """Return (N, M) the probability of every branch: chance's own, or the mover's policy; 0 where none is."""
    probability = tree.chance.copy()
    deciding = np.flatnonzero(tree.information_set >= 0)
    probability[deciding, : policy.shape[1]] = policy[tree.information_set[deciding]]
    return probability
