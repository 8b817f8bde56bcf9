"""The sequence form of a hidden game (von Stengel, 1996): a weight per own sequence of moves instead of one per node.

Perfect recall makes it small: what a seat contributes to the way to an ending is one number, the weight of its
last sequence, so the probability of an ending is a product of one number per seat and chance's own. Shapes:
Z endings, P seats, I information sets, A actions.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError
from arena.game import OVER
from arena.tree.tables import Tree


class SequenceForm(NamedTuple):
    """Sequence 0 is empty; 1 + i·A + a is "action a at information set i". Z endings: branches to terminal nodes."""

    chance_reach: NDArray[np.float64]
    """(Z,) the product of chance probabilities on the way to each ending."""
    payoff: NDArray[np.float64]
    """(Z, P)."""
    sequence: list[NDArray[np.int64]]
    """Per seat (Z,): its last sequence before each ending."""
    parent: NDArray[np.int64]
    """(I,) the mover's last sequence before each information set."""
    by_depth: list[list[tuple[NDArray[np.int64], NDArray[np.int64]]]]
    """Per seat: its information sets grouped by how many own moves came before, with their sequences (sets, A)."""


@lru_cache(maxsize=8)
def sequence_form(tree: Tree) -> SequenceForm:
    """Return the sequence form of a game with perfect recall. Raises GameError where a view forgets."""
    A, P = tree.mask.shape[1], tree.game.seats
    reach = np.zeros(len(tree.mover))
    reach[0] = 1.0
    last = np.full((len(tree.mover), P), -1, np.int64)
    last[0] = 0
    parent = np.full(len(tree.seat), -1, np.int64)
    depth = np.zeros(len(tree.seat), np.int64)
    chance = np.ones(len(tree.branch_child))
    chance[tree.chance_branches] = tree.outcome_probability
    endings: list[tuple[NDArray[Any], ...]] = []
    for nodes, branches, _ in tree.inner_levels:
        _place_information_sets(tree, nodes, last, parent, depth, A)
        parents, children = tree.branch_parent[branches], tree.branch_child[branches]
        after = last[parents]
        decided = np.flatnonzero(tree.mover[parents] >= 0)
        sets = tree.information_set[parents[decided]].astype(np.int64)
        after[decided, tree.mover[parents[decided]]] = 1 + sets * A + tree.branch_column[branches][decided]
        # A last state may forget how it was reached, so an ending is a branch and not a node.
        over = tree.mover[children] == OVER
        reached = reach[parents] * chance[branches]
        endings.append((reached[over], tree.returns[children[over]], after[over]))
        np.add.at(reach, children, reached)
        _place_nodes(tree, children[~over], after[~over], last)
    chance_reach, payoff, sequence = (np.concatenate(part) for part in zip(*endings, strict=True))
    groups = [
        [np.flatnonzero((tree.seat == seat) & (depth == d)) for d in range(int(depth.max(initial=0)) + 1)]
        for seat in range(P)
    ]
    by_depth = [[(sets, 1 + sets[:, None] * A + np.arange(A)) for sets in group if len(sets)] for group in groups]
    return SequenceForm(chance_reach, payoff, [np.ascontiguousarray(s) for s in sequence.T], parent, by_depth)


def _place_nodes(tree: Tree, nodes: NDArray[np.int32], after: NDArray[np.int64], last: NDArray[np.int64]) -> None:
    """Write down every seat's last sequence before these nodes; two of them at one node break perfect recall."""
    known = last[nodes]
    last[nodes] = after
    clash = np.argwhere(((known >= 0) & (known != after)) | (last[nodes] != after))
    if len(clash):
        raise GameError(
            f"{tree.game.name}: different moves of seat {clash[0, 1]} lead to one and the same state; "
            "a view, and so the state, must tell all that a seat did and saw (perfect recall)"
        )


def _place_information_sets(
    tree: Tree,
    nodes: NDArray[np.int64],
    last: NDArray[np.int64],
    parent: NDArray[np.int64],
    depth: NDArray[np.int64],
    A: int,
) -> None:
    """Write down the own sequence before each information set of these nodes; two of them break perfect recall."""
    deciding = nodes[tree.mover[nodes] >= 0]
    sets = tree.information_set[deciding]
    before = last[deciding, tree.mover[deciding]]
    known = parent[sets]
    parent[sets] = before
    clash = np.flatnonzero(((known >= 0) & (known != before)) | (parent[sets] != before))
    if len(clash):
        i = int(sets[clash[0]])
        raise GameError(
            f"{tree.game.name}: seat {tree.seat[i]} sees {tree.views[i]!r} after different moves of its own; "
            "a view must tell all that its seat did and saw (perfect recall)"
        )
    came_from = np.where(before > 0, (before - 1) // A, -1)
    depth[sets] = np.where(came_from >= 0, depth[came_from] + 1, 0)
