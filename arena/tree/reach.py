"""How likely play comes to every state of a game."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arena.tree.enumeration import Tree


def node_reach(tree: Tree, probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N,) the probability of reaching every node, where branches are taken as `probability` (N, M) says."""
    reach = np.zeros(len(tree.mover))
    reach[0] = 1.0
    for level in tree.levels:
        nodes = np.arange(level.start, level.stop)
        rows, columns = np.nonzero(tree.child[nodes] >= 0)
        parents = nodes[rows]
        np.add.at(reach, tree.child[parents, columns], reach[parents] * probability[parents, columns])
    return reach
