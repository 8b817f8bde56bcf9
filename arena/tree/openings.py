"""Every way in which a game can begin, so that its first moves are one draw; in a small game, all of them.

An opening is a path of so many moves and chance events from the root, or fewer where the game ends. Shapes:
H openings, L the most decisions on one, P seats, K policies, I information sets, A actions, B games.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import PlayerError
from arena.game import CHANCE, OVER
from arena.tree.tables import Tree

_MOST = 1_000_000
"""Openings that are ever listed: some hundred megabytes."""


class Openings(NamedTuple):
    """All openings of one depth."""

    node: NDArray[np.int64]
    """(H,) where they lead: a terminal node, or one from which there is more to play."""
    chance: NDArray[np.float64]
    """(H,) the product of chance probabilities on the way."""
    cells: NDArray[np.int64]
    """(H, L) their decisions: action a at information set i is i·A + a; −1 behind the last."""


@lru_cache(maxsize=8)
def numbers_of_openings(tree: Tree) -> tuple[int, ...]:
    """Return how many openings there are of depth 0, 1, 2, … up to whole games, or as far as they can be listed."""
    ways: NDArray[np.float64] = np.zeros(len(tree.mover))
    ways[0] = 1.0
    numbers, ended = [1], 0.0
    while (going := np.flatnonzero(ways)).size:
        row, column = np.nonzero(tree.child[going] >= 0)
        following = tree.child[going[row], column]
        ended += ways[going[tree.mover[going] == OVER]].sum()
        ways = np.bincount(following, ways[going[row]], minlength=len(ways)).astype(np.float64)
        number = ended + ways.sum()
        if number > _MOST or not len(row):
            break
        numbers.append(int(number))
    return tuple(numbers)


@lru_cache(maxsize=16)
def openings(tree: Tree, depth: int) -> Openings:
    """Return every opening of a depth that `numbers_of_openings` counts."""
    A = tree.mask.shape[1]
    node, chance = np.zeros(1, np.int64), np.ones(1)
    cells = np.full((1, depth), -1, np.int64)
    made = np.zeros(1, np.int64)
    for _ in range(depth):
        over = tree.mover[node] == OVER
        branches = tree.child[node] >= 0
        branches[over, 0] = True  # a game that is over stays as it is
        row, column = np.nonzero(branches)
        at, chance, cells, made = node[row], chance[row], cells[row], made[row]
        mover = tree.mover[at]
        chance[mover == CHANCE] *= tree.chance[at, column][mover == CHANCE]
        decided = np.flatnonzero(mover >= 0)
        cells[decided, made[decided]] = tree.information_set[at[decided]].astype(np.int64) * A + column[decided]
        made[decided] += 1
        node = np.where(mover == OVER, at, tree.child[at, column])
    return Openings(node, chance, cells[:, : made.max()])


class Decisions(NamedTuple):
    """The decisions of all openings of one depth, one opening after the other; T of them in all."""

    begin: NDArray[np.int64]
    """(H,) where each opening's decisions begin."""
    number: NDArray[np.int64]
    """(H,) how many they are."""
    cell: NDArray[np.int64]
    """(T,) as in `Openings`; all that follows is said of the same decisions."""
    turn: NDArray[np.int64]
    seat: NDArray[np.int64]
    information_set: NDArray[np.int64]
    action: NDArray[np.int64]


@lru_cache(maxsize=16)
def decisions(tree: Tree, depth: int) -> Decisions:
    """Return what is decided in every opening of a depth."""
    cells = openings(tree, depth).cells
    made = cells >= 0
    number = made.sum(axis=1)
    cell = cells[made]
    information_set, action = np.divmod(cell, tree.mask.shape[1])
    turn = np.broadcast_to(np.arange(cells.shape[1]), cells.shape)[made]
    seat = tree.seat[information_set].astype(np.int64)
    return Decisions(np.cumsum(number) - number, number, cell, turn, seat, information_set, action)


def draw_openings(
    tree: Tree, depth: int, policies: NDArray[np.float64], seatings: Sequence[Seating], uniform: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the openings (B,) of games between `policies` (K, I, A), one for each number in [0, 1)."""
    drawn = np.empty(len(uniform), np.int64)
    for seating in seatings:
        law = _law(tree, openings(tree, depth), policies, seating.policies)
        drawn[seating.games] = _draw(law, uniform[seating.games])
    return drawn


class Seating(NamedTuple):
    """Games in which the same policies sit in the same seats."""

    policies: NDArray[np.int64]
    """(P,) numbers of the policies."""
    games: NDArray[np.int64] | slice
    """Which games."""


def group_by_seating(seating: NDArray[np.int64], policies: int) -> list[Seating]:
    """Return the distinct rows of `seating` (B, P), whose entries are below `policies`, with the games of each."""
    if policies == 1:
        return [Seating(seating[0], slice(None))]
    code = seating[:, 0]
    for column in seating.T[1:]:  # numbered anew each time, so that the numbers stay small
        code = np.unique(code * policies + column, return_inverse=True)[1]
    order = np.argsort(code, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(code[order])) + 1)
    return [Seating(seating[games[0]], games) for games in groups]


def _law(tree: Tree, every: Openings, policies: NDArray[np.float64], seats: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (H,) the probability of every opening when `seats` (P,) are the policies that play."""
    playing = policies[seats[tree.seat], np.arange(len(tree.seat))]
    table = np.append(playing, 1.0)  # the last is what −1 finds
    law = every.chance.copy()
    for cells in every.cells.T:
        law *= table.take(cells)
    if not np.isclose(law.sum(), 1.0, atol=1e-6):
        raise PlayerError(f"one of the policies {seats.tolist()} is no law: its rows must be distributions")
    return law


def _draw(law: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return one position of `law` (H,) per number in [0, 1), never one of probability 0.

    By inverse transform with an index (Chen and Asau, 1974): most numbers fall into a bucket with one answer.
    """
    cumulative = np.cumsum(law)
    cumulative[np.flatnonzero(law)[-1] :] = np.inf  # rounding may leave it below a draw
    buckets = max(1024, 2 << len(law).bit_length())  # a power of two, so that products with it are exact
    index = np.searchsorted(cumulative, np.arange(buckets) / buckets, side="right")
    at: NDArray[np.int64] = index.take((uniform * buckets).astype(np.int64))
    late = np.flatnonzero(cumulative.take(at) <= uniform)
    at[late] = np.searchsorted(cumulative, uniform[late], side="right")
    return at
