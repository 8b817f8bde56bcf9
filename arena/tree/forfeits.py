"""A game in which whoever moves may also forfeit: what exact tables need for players whose replies may be no move.

A forfeit is one more action, the last column, and ends the match as the referee ends it. Nobody gains by it: it pays
the least that a match can pay, so every other action pays as much or more. Shapes as in `tables`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from arena.errors import GameError
from arena.game import OVER
from arena.tree.reach import node_reach
from arena.tree.tables import Policy, Tree
from arena.tree.values import branch_law

FORFEITS = "forfeits"
"""What the action is called."""


def with_forfeits(tree: Tree) -> Tree:
    """Return the game with a forfeit at every decision; information sets and nodes keep their numbers.

    The last nodes are new, one per seat: where its forfeit leads. Policies get a column more, and `tree.requests`
    are still those of the game itself. Raises GameError for a game that has such an action of its own.
    """
    if FORFEITS in tree.actions:
        raise GameError(f"{tree.game.name} has an action called {FORFEITS!r}: call it something else")
    N, P, A = len(tree.mover), tree.game.seats, len(tree.actions)
    deciding = np.flatnonzero(tree.mover >= 0)
    ends = tree.first_branch[deciding + 1]  # a node's forfeit stands behind its other branches
    more = (tree.mover >= 0).astype(np.int32)
    begins = tree.first_branch + np.append(0, np.cumsum(more, dtype=np.int32))
    payoffs = [[value or 0.0 for value in tree.game.forfeit(seat)] for seat in range(P)]
    return replace(
        tree,
        actions=(*tree.actions, FORFEITS),
        mover=np.append(tree.mover, np.full(P, OVER, np.int8)),
        level_ends=np.append(tree.level_ends, N + P),
        first_branch=np.append(begins, np.full(P, begins[-1])).astype(np.int32),
        branch_child=np.insert(tree.branch_child, ends, N + tree.mover[deciding].astype(np.int32)),
        branch_column=np.insert(tree.branch_column, ends, A),
        information_set=np.append(tree.information_set, np.full(P, -1, np.int32)),
        returns=np.append(tree.returns, payoffs, axis=0),
        mask=np.append(tree.mask, np.ones((len(tree.mask), 1), np.bool_), axis=1),
    )


def forfeit_rate(tree: Tree, policy: Policy) -> float:
    """Return how likely a match ends by a forfeit when all play `policy` (I, A), in a tree that has them."""
    return float(node_reach(tree, branch_law(tree, policy))[-tree.game.seats :].sum())
