"""The sequence form laid out for speed: the sequences of all seats in one row, in the order in which sums run.

Only legal actions have a place. Sequences are sorted by how many own moves came before, then by the sequence before,
so that an information set is a run of neighbours, and so are the sets after one sequence: every sum and every
maximum is one `reduceat`. Shapes: P seats, S sequences, Z endings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.tree.sequence_form import SequenceForm, sequence_form
from arena.tree.tables import Tree

Ints = NDArray[np.int64]


class Layer(NamedTuple):
    """The sequences with one number of own moves before them."""

    sequences: slice
    before: Ints
    """Per sequence of the layer: the own sequence before it."""
    set_begin: Ints
    """Where each information set begins within the layer."""
    parents: Ints
    """The distinct sequences before the sets."""
    parent_begin: Ints
    """Where the sets after each parent begin among the layer's sets."""


class CompactForm(NamedTuple):
    """Sequences 0 to P − 1 are the empty ones, a seat each."""

    entry: Ints
    """(S − P,) the entry of a flat (I, A) policy that each sequence ends with."""
    layers: list[Layer]
    owner: Ints
    """The sequences that are their seat's last one before some ending."""
    owner_begin: Ints
    """Where their endings begin; the endings stand there once for every seat, P · Z in all."""
    others: list[Ints]
    """P − 1 arrays (P · Z,): the last sequence of the first other seat, of the second, …"""
    payoff: NDArray[np.float64]
    """(P · Z,) what an ending pays the owner's seat, times the probability that chance does its part."""
    run_begin: Ints
    """Where the runs of sequences that belong to one seat begin."""
    run_seat: Ints
    """The seats of the runs."""


@lru_cache(maxsize=8)
def compact_form(tree: Tree) -> CompactForm:
    """Return the form of a game with perfect recall. Raises GameError where a view forgets."""
    form = sequence_form(tree)
    P = tree.game.seats
    number = np.full(tree.mask.size + 1, -1, np.int64)  # by the sequence's number in `form`
    owner_seat, entry, layers = [np.arange(P)], [], []
    size = P
    for depth in range(max(map(len, form.by_depth))):
        sets = np.concatenate([groups[depth][0] for groups in form.by_depth if depth < len(groups)])
        parent = np.where(form.parent[sets] > 0, number[form.parent[sets]], tree.seat[sets])
        order = np.argsort(parent, kind="stable")
        sets, parent = sets[order], parent[order]
        rows, columns = np.nonzero(tree.mask[sets])
        flat = sets[rows] * tree.mask.shape[1] + columns
        number[1 + flat] = np.arange(size, size + len(flat))
        parents, parent_begin = np.unique(parent, return_index=True)
        set_begin = np.searchsorted(rows, np.arange(len(sets)))
        layers.append(Layer(slice(size, size + len(flat)), parent[rows], set_begin, parents, parent_begin))
        entry.append(flat)
        owner_seat.append(tree.seat[sets][rows])
        size += len(flat)
    seats = np.concatenate(owner_seat)
    run_begin = np.flatnonzero(np.diff(seats, prepend=-1))
    return CompactForm(
        np.concatenate([np.zeros(0, np.int64), *entry]), layers, *_endings(form, number, P), run_begin, seats[run_begin]
    )


def _endings(form: SequenceForm, number: Ints, P: int) -> tuple[Ints, Ints, list[Ints], NDArray[np.float64]]:
    """Return the endings of every seat, sorted by its last sequence: owner, owner_begin, others and payoff."""
    last = [np.where(old > 0, number[old], seat) for seat, old in enumerate(form.sequence)]
    orders = [np.argsort(sequences, kind="stable") for sequences in last]
    by_seat = [last[seat][order] for seat, order in enumerate(orders)]
    others = [np.concatenate([last[(seat + k) % P][order] for seat, order in enumerate(orders)]) for k in range(1, P)]
    payoff = [(form.chance_reach * form.payoff[:, seat])[order] for seat, order in enumerate(orders)]
    mine = np.concatenate(by_seat)
    begin = np.flatnonzero(np.diff(mine, prepend=-1))
    return mine[begin], begin, others, np.concatenate(payoff)
