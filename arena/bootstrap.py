"""Intervals by brute force: rate again and again what could as well have been played.

What is drawn again are pairs of matches (or blocks), between the same two entrants as before, because who met
whom was the schedule's choice and not chance. Of m pairs between two, m − 1 are drawn with replacement and count
m / (m − 1) each, which makes the variance right for small m as well (Rao & Wu, 1988); a single pair stays.

The ladder's own intervals come from a formula; these need no formula, so that each can be held against the other.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from arena.bradley_terry import Games, refit
from arena.errors import RatingError
from arena.interval import Floats, Ints
from arena.scores import Scores
from arena.seeds import generator


def resamples(stratum: Ints, draws: int, seed: int) -> Iterator[Floats]:
    """Yield `draws` times a weight for each of G units, shape (G,): units of one stratum stand in for each other."""
    if draws < 1:
        raise RatingError(f"a bootstrap draws at least once, not {draws} times")
    rng = generator(seed, "bootstrap")
    order = np.argsort(stratum, kind="stable")
    _, begin, size = np.unique(stratum[order], return_index=True, return_counts=True)
    alone = order[begin[size == 1]]
    begin, size = begin[size > 1], size[size > 1]
    base, spread = np.repeat(begin, size - 1), np.repeat(size, size - 1)
    factor = spread / (spread - 1)
    for _ in range(draws):
        drawn = order[base + (rng.random(len(base)) * spread).astype(np.int64)]
        weight = np.bincount(drawn, factor, len(stratum)).astype(np.float64)
        weight[alone] = 1.0
        yield weight


def bootstrap_strengths(
    games: Games, players: int, roles: int, role_skill: bool, draws: int = 200, seed: int = 0
) -> Floats:
    """Return θ in logits, shape (draws, players), of the most likely strengths for redrawn clusters of `games`."""
    low, high = np.minimum(games.first, games.second), np.maximum(games.first, games.second)
    stratum = np.zeros(int(games.cluster.max()) + 1, np.int64)
    stratum[games.cluster] = low * players + high
    weights = (weight[games.cluster] for weight in resamples(stratum, draws, seed))
    return np.stack(list(refit(games, players, roles, role_skill, weights)))


def bootstrap_payoffs(scores: Scores, draws: int = 200, seed: int = 0) -> Floats:
    """Return the mean payoffs of the row against the column, shape (draws, n, n), for redrawn pairs.

    NaN where the two never met, 0 on the diagonal; see `PayoffMatrix`.
    """
    n = len(scores.names)
    who, opponent, _, payoff, pair = scores.seen()
    low, high = np.minimum(scores.first, scores.second), np.maximum(scores.first, scores.second)
    stratum = np.zeros(int(scores.pair.max()) + 1, np.int64)
    stratum[scores.pair] = low * n + high
    cell = who * n + opponent
    found = []
    for drawn in resamples(stratum, draws, seed):
        weight = drawn[pair // 2]
        with np.errstate(invalid="ignore"):
            mean = np.bincount(cell, weight * payoff, n * n) / np.bincount(cell, weight, n * n)
        mean = mean.reshape(n, n)
        np.fill_diagonal(mean, 0.0)
        found.append(mean)
    return np.stack(found)
