"""From a payoff matrix to a mixture: how much of every member of a population to meet, or to play.

PSRO (Lanctot et al., 2017) asks for the mixture to train against, and is fictitious play, double oracle or something
between them by what answers. Each solver here takes payoffs (m, n) of the row against the column in a zero-sum game
and returns a mixture for either side; `population_mixture` takes the payoffs of one population against itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from arena.alpha_rank import alpha_rank, alpha_rank_profiles
from arena.errors import ConfigError, RatingError
from arena.interval import Floats
from arena.nash_averaging import nash_average

_TIE = 1e-9
"""Payoffs this close, in units of the greatest, count as a tie."""


class Mixtures(NamedTuple):
    """A mixture for either side of a zero-sum game."""

    row: Floats
    """(m,) probabilities, Σ = 1."""
    column: Floats
    """(n,)."""


def latest(payoffs: Floats) -> Mixtures:
    """Return all weight on the last row and column: PSRO with it is vanilla self-play."""
    m, n = _checked(payoffs).shape
    return Mixtures(np.eye(m)[-1], np.eye(n)[-1])


def uniform(payoffs: Floats) -> Mixtures:
    """Return equal weights: PSRO with them is fictitious play over best responses (Brown, 1951)."""
    m, n = _checked(payoffs).shape
    return Mixtures(np.full(m, 1 / m), np.full(n, 1 / n))


def nash(payoffs: Floats) -> Mixtures:
    """Return the Nash equilibrium in which either side's mixture has the greatest entropy; there is exactly one.

    With all payoffs A above 0 and value v, the symmetric game [[0, A, −1], [−Aᵀ, 0, 1], [1, −1, 0]] has exactly the
    equilibria (x, y, v) / (2 + v) with x and y optimal in A (Gale, Kuhn & Tucker, 1950), so its equilibrium of
    greatest entropy holds those of both sides.
    """
    m, n = _checked(payoffs).shape
    low, high = float(payoffs.min()), float(payoffs.max())
    positive = 1 + (payoffs - low) / ((high - low) or 1.0)
    game = np.zeros((m + n + 1, m + n + 1))
    game[:m, m : m + n], game[:m, -1], game[m : m + n, -1] = positive, -1, 1
    weight = nash_average(game - game.T).weight
    return Mixtures(weight[:m] / weight[:m].sum(), weight[m:-1] / weight[m:-1].sum())


def alpha_rank_shares(payoffs: Floats) -> Mixtures:
    """Return the time that either population spends on each strategy under alpha-rank at strong selection."""
    shares = alpha_rank_profiles([_checked(payoffs), -payoffs])
    return Mixtures(shares.sum(axis=1), shares.sum(axis=0))


def replicator(payoffs: Floats, steps: int = 4_000, step_size: float = 0.025, floor: float = 1e-6) -> Mixtures:
    """Return the time average of projected replicator dynamics (Lanctot et al., 2017), begun at uniform mixtures.

    x ← P[x + step_size · x ∘ (u − x·u)], where P is the nearest mixture with no weight below `floor`. Payoffs are
    divided by the greatest, so that a step is equally long in every game. The average comes near an equilibrium and
    never quite reaches one.
    """
    m, n = _checked(payoffs).shape
    A = payoffs / (float(np.abs(payoffs).max()) or 1.0)
    x, y = np.full(m, 1 / m), np.full(n, 1 / n)
    x_sum, y_sum = x.copy(), y.copy()
    for _ in range(steps):
        u, w = A @ y, -(x @ A)
        x, y = (
            _nearest_mixture(x + step_size * x * (u - x @ u), floor),
            _nearest_mixture(y + step_size * y * (w - y @ w), floor),
        )
        x_sum += x
        y_sum += y
    return Mixtures(x_sum / (steps + 1), y_sum / (steps + 1))


def rectified(payoffs: Floats, columns: Floats) -> Floats:
    """Return (m, n): for every row the mixture of `columns` (n,) without the columns that it loses to.

    PSRO_rN (Balduzzi et al., 2019) lets every member of a Nash mixture train against those of it that it beats or
    ties. It is stated for symmetric games, whose value is 0; here a row loses where it earns less than the value of
    `columns` to the best row. A row that loses to all of them meets them all.
    """
    _checked(payoffs)
    value = float((payoffs @ columns).max())
    kept = columns * (payoffs >= value - _TIE * max(1.0, float(np.abs(payoffs).max())))
    total = kept.sum(axis=1, keepdims=True)
    mixtures: Floats = np.where(total > 0, kept / np.where(total > 0, total, 1.0), columns)
    return mixtures


MetaSolver = Callable[[Floats], Mixtures]

SOLVERS: dict[str, MetaSolver] = {
    "latest": latest,
    "uniform": uniform,
    "nash": nash,
    "alpha_rank": alpha_rank_shares,
    "replicator": replicator,
    "rectified_nash": nash,
}
"""By name. Rectified Nash answers with a Nash mixture; it differs in what is trained against: see `rectified`."""

HISTORIES = frozenset({"latest", "uniform"})
"""Solvers that look at when a strategy came and not at its payoffs: for them a repeated strategy counts again."""


def solver(name: str) -> MetaSolver:
    """Return the meta-solver of this name. Raises ConfigError where there is none."""
    if name not in SOLVERS:
        raise ConfigError(f"there is no meta-solver {name!r}; known: {', '.join(SOLVERS)}")
    return SOLVERS[name]


def population_mixture(name: str, payoffs: Floats) -> Floats:
    """Return the mixture (n,) of one population, for antisymmetric payoffs (n, n) against itself."""
    if name == "alpha_rank":  # one population whose mutants meet its residents, not two that adapt to each other
        return alpha_rank(_checked(payoffs))
    return solver(name)(payoffs).row


def _nearest_mixture(x: Floats, floor: float) -> Floats:
    """Return the mixture with no weight below `floor` that is nearest to x (n,) (Wang & Carreira-Perpiñán, 2013)."""
    descending = np.sort(x)[::-1]
    rank = np.arange(1, len(x) + 1)
    shift = (1 - np.cumsum(descending) - (len(x) - rank) * floor) / rank
    kept = int((descending + shift > floor).sum())
    nearest: Floats = np.maximum(x + shift[kept - 1], floor)
    return nearest


def _checked(payoffs: Floats) -> Floats:
    if payoffs.ndim != 2 or not payoffs.size:
        raise RatingError(f"a payoff matrix has a row and a column per strategy, not shape {payoffs.shape}")
    if not np.isfinite(payoffs).all():
        raise RatingError("a meta-solver needs a finite payoff of every row against every column: play those missing")
    return payoffs
