"""Alpha-rank: where a population ends up that keeps copying whoever does better.

Everybody in a population of m plays one strategy until a mutant takes over. Under selection of strength α a
mutant that earns u/α more than a resident does so with probability ρ = (1 − e^{−u}) / (1 − e^{−mu}), or 1/m for
u = 0. These takeovers make a Markov chain over strategies (or over profiles, with a population per role); the
time it spends in each is the ranking (Omidshafiei et al., 2019). Cycles share their mass instead of being forced
into an order. It is sensitive to noise, and copies of an entrant do change it.

All probabilities are kept as logarithms and the stationary distribution is found without subtractions (Grassmann,
Taksar & Heyman, 1985), so that no α is too large.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from arena.errors import RatingError
from arena.interval import Floats

POPULATION = 50
"""The customary m."""
_STABLE = 1e-6
"""A sweep ends when doubling α twice in a row moves no mass by more than this."""


def alpha_rank(payoffs: Floats, alpha: float | None = None, population: int = POPULATION) -> Floats:
    """Return the share of time in each of n strategies, shape (n,), for payoffs (n, n) of the row against the column.

    One population in which a mutant meets residents only (the local selection model). Without `alpha` it is
    doubled until the shares are stable; payoff differences that small α cannot see by then count as ties.
    Raises RatingError where two never met (NaN).
    """
    if payoffs.ndim != 2 or payoffs.shape[0] != payoffs.shape[1] or not len(payoffs):
        raise RatingError(f"a payoff matrix has a row and a column per entrant, not shape {payoffs.shape}")
    gain = (payoffs - payoffs.T).T  # [s, r]: what mutant r earns more than resident s when they meet
    np.fill_diagonal(gain, 0.0)
    if np.isnan(gain).any():
        unknown = int(np.isnan(gain).sum()) // 2
        raise RatingError(
            f"{unknown} of the pairs of entrants never met, and alpha-rank needs a payoff for each: play them"
        )
    moves = ~np.eye(len(gain), dtype=bool)
    return _settled(lambda a: _stationary(np.where(moves, _takeover(a * gain, population), -np.inf)), gain, alpha)


def alpha_rank_profiles(payoffs: Sequence[Floats], alpha: float | None = None, population: int = POPULATION) -> Floats:
    """Return the share of time in each profile, shape (n_1, …, n_K), with a population for each of K roles.

    `payoffs[k]` has that shape too: what role k earns in every profile. One population changes at a time.
    """
    shape = payoffs[0].shape
    if len(shape) != len(payoffs) or any(table.shape != shape for table in payoffs):
        raise RatingError(f"{len(payoffs)} roles need tables with an axis per role, not {[t.shape for t in payoffs]}")
    if any(np.isnan(table).any() for table in payoffs):
        raise RatingError("some profiles were never played, and alpha-rank needs a payoff for each: play them")
    size = int(np.prod(shape))
    at = np.array(np.unravel_index(np.arange(size), shape)).T
    differ = (at[:, None] != at).sum(axis=2) == 1
    who = np.argmax(at[:, None] != at, axis=2)
    flat = np.stack([table.ravel() for table in payoffs])
    gain = np.where(differ, flat[who, np.arange(size)] - flat[who, np.arange(size)[:, None]], 0.0)

    def shares(a: float) -> Floats:
        return _stationary(np.where(differ, _takeover(a * gain, population), -np.inf))

    return _settled(shares, gain, alpha).reshape(shape)


def _settled(shares: Callable[[float], Floats], gain: Floats, alpha: float | None) -> Floats:
    """Return the shares at `alpha`, or those that no longer change when α is doubled."""
    if alpha is not None:
        return shares(alpha)
    scale = float(np.abs(gain).max(initial=0.0))
    if scale == 0:
        return shares(1.0)
    alpha, still = 1 / scale, 0
    last = shares(alpha)
    for _ in range(60):
        alpha *= 2
        here = shares(alpha)
        still = still + 1 if np.abs(here - last).max() < _STABLE else 0
        if still == 2:
            break
        last = here
    return here


def _takeover(u: Floats, population: int) -> Floats:
    """Return ln ρ of any shape: the logarithm of the probability that the mutant takes over."""
    size = np.maximum(np.abs(u), 1e-300)
    level = np.where(
        size * population < 1e-12,
        -np.log(population),
        np.log(-np.expm1(-size)) - np.log(-np.expm1(-population * size)),
    )
    rare: Floats = level - np.where(u < 0, (population - 1) * size, 0.0)
    return rare


def _stationary(log_rate: Floats) -> Floats:
    """Return the stationary distribution, shape (n,), of a chain with these logarithms of rates (n, n) [from, to]."""
    rate, n = log_rate.copy(), len(log_rate)
    for k in range(n - 1, 0, -1):  # leave state k out: whoever went there goes on to where it leads
        rate[:k, k] -= np.logaddexp.reduce(rate[k, :k])
        rate[:k, :k] = np.logaddexp(rate[:k, :k], rate[:k, k, None] + rate[k, :k])
    mass = np.zeros(n)
    for k in range(1, n):
        mass[k] = np.logaddexp.reduce(mass[:k] + rate[:k, k])
    shares: Floats = np.exp(mass - np.logaddexp.reduce(mass))
    return shares
