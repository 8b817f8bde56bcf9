"""External sampling (Lanctot et al., 2009) on tables: one seat tries all its actions, the others and chance draw one.

Thousands of traversals run side by side, a layer of nodes at a time: down by gathers, and up again with values.
Only the branches that were drawn are looked at. Shapes: I information sets, A actions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.game import CHANCE, OVER
from arena.tree import Tree


class Regrets(NamedTuple):
    """What the traversals of one seat found, added up per information set."""

    visits: NDArray[np.float64]
    """(I,) how often the seat decided there."""
    regret: NDArray[np.float64]
    """(I, A) sum over these visits of what each action got more than the strategy, in the game's own units."""
    others: NDArray[np.float64]
    """(I,) how often another seat decided there."""
    endings: int
    """Terminal nodes reached: as many matches as this is worth."""


def traverse(tree: Tree, strategy: NDArray[np.float64], seat: int, roots: int, rng: np.random.Generator) -> Regrets:
    """Walk the game `roots` times for `seat`, where all play `strategy` (I, A)."""
    I, A = tree.mask.shape  # noqa: E741 - the field's symbol
    layers = []
    node = np.zeros(roots, np.int64)
    while len(node):
        mover, sets = tree.mover[node], tree.information_set[node]
        tried, drawn = np.flatnonzero(mover == seat), np.flatnonzero((mover != seat) & (mover != OVER))
        row, action = np.nonzero(tree.mask[sets[tried]])
        law = np.where((mover[drawn] == CHANCE)[:, None], tree.chance[node[drawn]], 0.0)
        asked = mover[drawn] != CHANCE
        law[asked, :A] = strategy[sets[drawn][asked]]
        above = np.concatenate([tried[row], drawn])
        action = np.concatenate([action, _draw(law, rng)])
        layers.append((node, mover, sets, above, action, len(row)))
        node = tree.child[node[above], action].astype(np.int64)

    visits, others, regret = np.zeros(I), np.zeros(I), np.zeros((I, A))
    below, endings = np.zeros(0), 0
    for node, mover, sets, above, action, branches in reversed(layers):
        weight = np.ones(len(above))
        weight[:branches] = strategy[sets[above[:branches]], action[:branches]]
        value = tree.returns[node, seat] + np.bincount(above, weight * below, minlength=len(node))
        tried, done = above[:branches], action[:branches]
        np.add.at(regret, (sets[tried], done), below[:branches] - value[tried])
        visits += np.bincount(sets[mover == seat], minlength=I)
        others += np.bincount(sets[(mover >= 0) & (mover != seat)], minlength=I)
        endings += int((mover == OVER).sum())
        below = value
    return Regrets(visits, regret, others, endings)


def _draw(law: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return one column per row of `law` (n, m), never one of probability 0."""
    cumulative = np.cumsum(law, axis=1)
    drawn = np.minimum(rng.random(len(law)) * cumulative[:, -1], np.nextafter(cumulative[:, -1], 0))
    column: NDArray[np.int64] = (cumulative <= drawn[:, None]).sum(axis=1)
    return column
