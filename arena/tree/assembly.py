"""From the notes of a walk over a game's states to its tree: levels, order and numbers, without asking the rules.

Shapes: N nodes, E branches, I information sets, A actions.
"""

from __future__ import annotations

from array import array
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError
from arena.game import CHANCE, OVER, Game
from arena.tree.tables import Tree

Ints = NDArray[np.int64]


class Notes:
    """What a walk writes down of one state after the other, in the order of its visits."""

    def __init__(self) -> None:
        self.mover = array("b")
        """Per node: the seat to move, CHANCE or OVER."""
        self.ends = array("i", [0])
        """Per node: where its branches end; the first begin at 0."""
        self.child = array("i")
        """Per branch: which state of the walk it leads to."""
        self.column = array("i")
        """Per branch: which action or outcome it is, rising within a node."""
        self.probability = array("d")
        """Per branch of a chance node."""
        self.payoff = array("d")
        """Per terminal node, a number per seat."""
        self.information_set = array("i")
        """Per decision node."""
        self.views: list[str] = []
        """Per information set: what its seat sees."""
        self.seat = array("b")
        """Per information set: who moves."""
        self.columns: list[tuple[int, ...]] = []
        """Per information set: the legal actions, rising."""


def assemble(game: Game[Any], actions: tuple[str, ...], notes: Notes) -> Tree:
    """Return the tree. Raises GameError where a state can come back, so that nodes have no order."""
    visited = np.frombuffer(notes.mover, np.int8)
    ends, child = np.frombuffer(notes.ends, np.int32), np.frombuffer(notes.child, np.int32)
    order, level_ends = _levels(game, ends, child)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    counts = np.diff(ends)[order]
    first_branch = np.append(0, np.cumsum(counts)).astype(np.int32)
    moved = _ranges(ends[order], counts)
    returns = np.zeros((len(order), game.seats))
    returns[place[visited == OVER]] = np.frombuffer(notes.payoff).reshape(-1, game.seats)
    information_set, old = _in_order_of_nodes(np.frombuffer(notes.information_set, np.int32), place[visited >= 0])
    mask = np.zeros((len(old), len(actions)), np.bool_)
    legal = [notes.columns[i] for i in old]
    mask[np.repeat(np.arange(len(old)), [len(columns) for columns in legal]), list(chain(*legal))] = True
    sets = np.full(len(order), -1, np.int32)
    sets[place[visited >= 0]] = information_set
    return Tree(
        game=game,
        actions=actions,
        mover=visited[order],
        level_ends=level_ends,
        first_branch=first_branch,
        branch_child=place[child[moved]],
        branch_column=np.frombuffer(notes.column, np.int32)[moved],
        outcome_probability=_probabilities(visited, ends, notes)[moved][np.repeat(visited[order] == CHANCE, counts)],
        information_set=sets,
        returns=returns,
        seat=np.frombuffer(notes.seat, np.int8)[old],
        mask=mask,
        views=tuple(notes.views[i] for i in old),
    )


def _levels(game: Game[Any], ends: NDArray[np.int32], child: NDArray[np.int32]) -> tuple[Ints, Ints]:
    """Return nodes ordered by the longest path from the root, and where each level ends (Kahn, 1962)."""
    n = len(ends) - 1
    missing = np.bincount(child, minlength=n)
    counts = np.diff(ends)
    levels = [np.flatnonzero(missing[:1] == 0)]
    while len(level := levels[-1]):
        reached = child[_ranges(ends[level], counts[level])]
        np.subtract.at(missing, reached, 1)
        complete = reached[missing[reached] == 0][::-1]
        # A node is due when the last branch to it has been followed, so its last mention counts.
        _, last = np.unique(complete, return_index=True)
        levels.append(complete[np.sort(last)[::-1]].astype(np.int64))
    order = np.concatenate(levels)
    if len(order) < n:
        raise GameError(
            f"{game.name}: a state can come back after some moves, so the game may never end; "
            "count moves or repetitions in the state"
        )
    return order, np.append(0, np.cumsum([len(level) for level in levels[:-1]]))


def _ranges(begin: NDArray[Any], counts: NDArray[Any]) -> Ints:
    """Return begin[i], …, begin[i] + counts[i] − 1 for one i after the other."""
    ends = np.cumsum(counts)
    ranges: Ints = np.repeat(begin - ends + counts, counts) + np.arange(counts.sum())
    return ranges


def _probabilities(visited: NDArray[np.int8], ends: NDArray[np.int32], notes: Notes) -> NDArray[np.float64]:
    """Return (E,) the probability of every outcome of chance in the order of visits, 0 for actions."""
    probability = np.zeros(len(notes.child))
    probability[np.repeat(visited == CHANCE, np.diff(ends))] = np.frombuffer(notes.probability)
    return probability


def _in_order_of_nodes(sets: NDArray[np.int32], nodes: NDArray[np.int32]) -> tuple[NDArray[np.int32], list[int]]:
    """Return the numbers of `sets` by first node instead of first visit, and per new number the old one."""
    first = np.full(int(sets.max(initial=-1)) + 1, np.iinfo(np.int32).max, np.int32)
    np.minimum.at(first, sets, nodes)
    old = np.argsort(first)
    new = np.empty(len(old), np.int32)
    new[old] = np.arange(len(old), dtype=np.int32)
    return new[sets], old.tolist()
