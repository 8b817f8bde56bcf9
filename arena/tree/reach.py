"""How likely play comes to every state of a game."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arena.tree.tables import Tree


def node_reach(tree: Tree, law: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N,) the probability of reaching every node, where branches are taken as `law` (E,) says."""
    reach = np.zeros(len(tree.mover))
    reach[0] = 1.0
    for _, branches, _ in tree.inner_levels:
        np.add.at(reach, tree.branch_child[branches], reach[tree.branch_parent[branches]] * law[branches])
    return reach
