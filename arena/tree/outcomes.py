"""How matches end between given policies, exactly and without playing one: who wins, and how much, how often."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.tree.reach import node_reach
from arena.tree.tables import Policy, Tree, check_policy
from arena.tree.values import branch_law


class Outcomes(NamedTuple):
    """The distribution of returns. K distinct payoffs that can come about, P seats."""

    payoffs: NDArray[np.float64]
    """(K, P) in the game's own units, in rising order of the first seat's, then the second's, …"""
    probability: NDArray[np.float64]
    """(K,)."""

    @property
    def results(self) -> NDArray[np.float64]:
        """(P, 3) the probabilities that a seat is paid more than 0, nothing, and less: won, drawn, lost."""
        signs = np.sign(self.payoffs)
        return np.stack([self.probability @ (signs == sign) for sign in (1, 0, -1)], axis=1)


def outcomes(tree: Tree, policy: Policy) -> Outcomes:
    """Return how likely every payoff is when every seat plays its rows of `policy` (I, A)."""
    check_policy(tree, policy)
    reach = node_reach(tree, branch_law(tree, policy))[tree.terminals]
    reached = reach > 0
    payoffs, kind = np.unique(tree.returns[tree.terminals[reached]], axis=0, return_inverse=True)
    probability = np.zeros(len(payoffs))
    np.add.at(probability, kind.ravel(), reach[reached])
    return Outcomes(payoffs, probability)
