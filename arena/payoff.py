"""Who earns how much against whom, and how far one number per player can tell it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from arena.errors import RatingError
from arena.game import Game
from arena.interval import Floats, Ints, pair_means
from arena.record import Result
from arena.scores import Scores


@dataclass(frozen=True, eq=False)
class PayoffMatrix:
    """Mean payoffs of n entrants against each other, in the game's own units."""

    names: tuple[str, ...]
    mean: Floats
    """(n, n) payoff per match of the row against the column, over the seats as played; pairs make that fair.

    NaN where the two never met, 0 on the diagonal. Antisymmetric if the game is zero-sum; otherwise what the
    row earns as the first side.
    """
    half_width: Floats
    """(n, n) of the 95% intervals, whose independent observations are pairs; NaN where the two never met."""
    matches: Ints
    """(n, n) matches that count in `mean`."""


def payoff_matrix(results: Sequence[Result], game: Game[Any]) -> PayoffMatrix:
    """Return the payoffs of all entrants in `results`.

    Raises RatingError where there is no match between two entrants.
    """
    return matrix_of(Scores.of(results, game), game.scale)


def matrix_of(scores: Scores, scale: float) -> PayoffMatrix:
    """Return the payoffs of a scores; `scale` is the greatest payoff in absolute value."""
    n = len(scores.names)
    who, opponent, _, payoff, pair = scores.seen()
    cell = who * n + opponent
    means = pair_means(payoff, pair, cell, cell, n * n, 2 * scale)
    mean, half_width = means.mean.reshape(n, n), means.half_width.reshape(n, n)
    np.fill_diagonal(mean, 0.0)
    np.fill_diagonal(half_width, 0.0)
    return PayoffMatrix(scores.names, mean, half_width, means.matches.reshape(n, n))


def exact_matrix(names: Sequence[str], value: Callable[[str, str], float]) -> PayoffMatrix:
    """Return the matrix of a zero-sum game in which `value(row, column)` is exact and averaged over the seats.

    Each two entrants are asked about once; no match is played, so half-widths and matches are 0.
    """
    n = len(names)
    mean = np.zeros((n, n))
    for i, row in enumerate(names):
        for j in range(i + 1, n):
            mean[i, j] = value(row, names[j])
            mean[j, i] = -mean[i, j]
    return PayoffMatrix(tuple(names), mean, np.zeros((n, n)), np.zeros((n, n), np.int64))


@overload
def normalised(payoff: float, scale: float) -> float: ...
@overload
def normalised(payoff: Floats, scale: float) -> Floats: ...
def normalised(payoff: float | Floats, scale: float) -> float | Floats:
    """Return ½ + R/(2·max|R|) in [0, 1], for payoffs of any shape: a win rate with draws as halves, if |R| is 1."""
    return 0.5 + payoff / (2 * scale)


def cyclic_share(payoffs: Floats) -> float:
    """Return the share of the squared payoffs (n, n) that no scalar rating explains, in [0, 1].

    The antisymmetric part A is fitted by differences s_i − s_j, by least squares over the entrants that met
    (NaN: never); what remains is circular (HodgeRank; Jiang, Lim, Yao & Ye, 2011). Rock-paper-scissors has 1,
    any transitive order by differences has 0. Chance counts as circular: read it beside the half-widths.
    """
    if payoffs.ndim != 2 or payoffs.shape[0] != payoffs.shape[1]:
        raise RatingError(f"a payoff matrix has a row and a column per entrant, not shape {payoffs.shape}")
    antisymmetric = (payoffs - payoffs.T) / 2
    met = np.isfinite(antisymmetric)
    np.fill_diagonal(met, False)
    antisymmetric = np.where(met, antisymmetric, 0.0)
    total = float((antisymmetric**2).sum())
    if total == 0:
        return 0.0
    # The normal equations: the graph's Laplacian times s is the net payoff of every entrant.
    laplacian = np.diag(met.sum(axis=1)) - met.astype(np.float64)
    rating = np.linalg.lstsq(laplacian, antisymmetric.sum(axis=1), rcond=None)[0]
    circular = np.where(met, antisymmetric - (rating[:, None] - rating), 0.0)
    return float((circular**2).sum()) / total
