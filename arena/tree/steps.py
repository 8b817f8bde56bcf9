"""Many games side by side, one step after another.

Shapes: B games, P seats, K policies, I information sets, A actions, N nodes, C chance nodes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.game import CHANCE, OVER
from arena.tree.tables import Tree


class Thresholds(NamedTuple):
    """Laws to draw from: the cumulative sums of each row, laid out for a binary search without branches."""

    flat: NDArray[np.float64]
    """(rows · width,)."""
    width: int
    """A power of two."""

    @classmethod
    def of(cls, laws: NDArray[np.float64]) -> Thresholds:
        """Return the thresholds of `laws` (rows, columns), each a distribution."""
        rows, columns = laws.shape
        width = 1 << (columns - 1).bit_length()
        table = np.full((rows, width), np.inf)
        # What no draw can pass is infinite, so that rounding leads to nothing of probability 0.
        later = np.cumsum(laws[:, :0:-1], axis=1)[:, ::-1] > 0
        np.copyto(table[:, : columns - 1], np.cumsum(laws[:, :-1], axis=1), where=later)
        return cls(table.ravel(), width)

    def draw(self, row: NDArray[np.int64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return one column per entry of `row` for numbers in [0, 1), never one of probability 0."""
        base = row * self.width
        at = base.copy()
        half = self.width >> 1
        while half:
            at += (self.flat.take(at + (half - 1)) <= uniform) * half
            half >>= 1
        return at - base


class _Rows(NamedTuple):
    """What a step looks up at a node."""

    of_node: NDArray[np.int64]
    """(N,) the information set i, or I + c at the chance node c, or I + C at a terminal node."""
    over: int
    """I + C."""
    seat: NDArray[np.int64]
    """(I,)."""
    chance: Thresholds
    """C rows."""


@lru_cache(maxsize=8)
def _rows(tree: Tree) -> _Rows:
    dealing = tree.mover == CHANCE
    row = tree.information_set.astype(np.int64)
    row[dealing] = len(tree.mask) + np.arange(dealing.sum())
    over = len(tree.mask) + int(dealing.sum())
    row[tree.mover == OVER] = over
    return _Rows(row, over, tree.seat.astype(np.int64), Thresholds.of(tree.chance[dealing]))


def play_on(
    tree: Tree,
    laws: Thresholds,
    seating: NDArray[np.int64] | None,
    ending: NDArray[np.int64],
    cells: NDArray[np.int64],
    rng: np.random.Generator,
) -> None:
    """Play games on, in place, from the nodes `ending` (B,) to where they end.

    `laws` are those of K policies, I rows each, and `seating` (B, P) says who of them sits where; None is one
    policy in all seats. What is decided at step t goes into `cells` (B, steps): action a at information set i is
    i·A + a.
    """
    rows, child = _rows(tree), tree.child.ravel()
    sets, actions = tree.mask.shape
    branches = tree.child.shape[1]
    game, node = np.arange(len(ending)), ending
    for step in range(cells.shape[1]):
        row = rows.of_node.take(node)
        if row.max(initial=0) == rows.over:
            ending[game] = node
            going = np.flatnonzero(row != rows.over)
            game, node, row = game.take(going), node.take(going), row.take(going)
        uniform = rng.random(len(row))
        column = np.empty_like(row)
        dealt = row >= sets
        if dealt.any():
            some = _places(dealt)
            column[some] = rows.chance.draw(row[some] - sets, uniform[some])
        if not dealt.all():
            some = _places(~dealt)
            law = asked = row[some]
            if seating is not None:
                seat = rows.seat.take(asked)
                law = asked + sets * seating.ravel().take(game[some] * seating.shape[1] + seat)
            column[some] = action = laws.draw(law, uniform[some])
            cells[game[some], step] = asked * actions + action
        node = child.take(node * branches + column).astype(np.int64)
    ending[game] = node


def _places(mask: NDArray[np.bool_]) -> NDArray[np.int64] | slice:
    """Return where `mask` holds; if that is everywhere as a slice, which copies nothing."""
    return slice(None) if mask.all() else np.flatnonzero(mask)
