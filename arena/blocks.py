"""What counts as one game for a rating: a match, or a block of pairs played for money."""

from __future__ import annotations

import numpy as np

from arena.bradley_terry import Games
from arena.interval import Floats, Ints
from arena.scores import Scores


def match_games(scores: Scores) -> Games:
    """Return every match as a game that the sign of its payoff decides."""
    outcome = np.sign(scores.payoff).astype(np.int64)
    return Games(scores.first, scores.second, scores.first_role, scores.second_role, outcome, scores.pair)


def block_games(scores: Scores, block_pairs: int, scale: float) -> Games:
    """Return every full block as one game that its net payoff decides.

    A block is `block_pairs` complete pairs of two entrants in the order of step and pair name; what does not
    fill a block is left out. Seats cancel inside, so entrants who change roles play a block in no role.
    """
    n = len(scores.names)
    two, net = _pairs(scores)
    step = np.zeros(len(two), np.int64)
    step[scores.pair] = scores.step
    ready = _complete_pairs(scores)
    ready = ready[np.lexsort((ready, step[ready], two[ready]))]
    _, begin, size = np.unique(two[ready], return_index=True, return_counts=True)
    rank = np.arange(len(ready)) - np.repeat(begin, size)
    block_pairs = min(block_pairs, len(ready) + 1)  # more are never filled, and NumPy has no shape for any number
    blocks = ready[rank < np.repeat(size - size % block_pairs, size)].reshape(-1, block_pairs)

    won = net[blocks].sum(axis=1)
    outcome = np.where(np.abs(won) < 1e-9 * scale, 0, np.sign(won)).astype(np.int64)  # rounding is no victory
    first, second = np.divmod(two[blocks[:, 0]], n)
    role = scores.plays.argmax(axis=1) if scores.disjoint else np.zeros(n, np.int64)
    return Games(first, second, role[first], role[second], outcome, np.arange(len(blocks)))


def longest_series(scores: Scores) -> Ints:
    """Return the most complete pairs that each entrant has played with one opponent, shape (entrants,)."""
    n = len(scores.names)
    two, _ = _pairs(scores)
    count = np.bincount(two[_complete_pairs(scores)], minlength=n * n).reshape(n, n)
    longest: Ints = np.maximum(count.max(axis=0), count.max(axis=1))
    return longest


def _complete_pairs(scores: Scores) -> Ints:
    """Return the numbers of the pairs that have both seatings, in order."""
    return np.flatnonzero(np.bincount(scores.pair[scores.complete()]))


def _pairs(scores: Scores) -> tuple[Ints, Floats]:
    """Return, for every pair of matches, its two entrants as low · n + high, and what the lower won net.

    Net is what the lower-numbered earned as the first side less what the other earned there: in a zero-sum
    game its payoff from both matches, and elsewhere still a comparison in equal seats.
    """
    pairs = int(scores.pair.max()) + 1
    two = np.zeros(pairs, np.int64)
    two[scores.pair] = np.minimum(scores.first, scores.second) * len(scores.names) + np.maximum(
        scores.first, scores.second
    )
    return two, np.bincount(scores.pair, scores.payoff * scores.forward(), pairs).astype(np.float64)
