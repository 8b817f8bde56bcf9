"""A number with its 95% interval, from independent observations: two matches on one seed are one and not two."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Student's t at 97.5%, from any printed table; between its lines the quantile is nearly linear in 1/df.
_DF = np.array([np.inf, 60, 30, 20, 15, 10, 8, 6, 5, 4, 3, 2, 1])
_T = np.array([1.960, 2.000, 2.042, 2.086, 2.131, 2.228, 2.306, 2.447, 2.571, 2.776, 3.182, 4.303, 12.706])


class Interval(NamedTuple):
    """An estimate and the ends of its 95% interval, all in one unit."""

    value: float
    low: float
    high: float

    @classmethod
    def around(cls, value: float, half_width: float) -> Interval:
        """Return value ± half_width."""
        return cls(float(value), float(value - half_width), float(value + half_width))

    def within(self, least: float, greatest: float) -> Interval:
        """Return the interval without the part in which the truth cannot lie."""
        return Interval(self.value, max(self.low, least), min(self.high, greatest))


def t_quantile(df: ArrayLike) -> Floats:
    """Return the two-sided 95% quantile of Student's t for `df` degrees of freedom; infinite below one."""
    df = np.asarray(df, dtype=np.float64)
    quantile: Floats = np.where(df < 1, np.inf, np.interp(1 / np.maximum(df, 1), 1 / _DF, _T))
    return quantile


class Means(NamedTuple):
    """The mean per match of every group, shape (groups,); NaN where a group has no match."""

    mean: Floats
    half_width: Floats
    """Of the 95% interval, in the unit of the mean."""
    matches: Ints

    def interval(self, group: int) -> Interval:
        """Return the mean of one group with its interval."""
        return Interval.around(self.mean[group], self.half_width[group])


def pair_means(value: Floats, pair: Ints, stratum: Ints, group: Ints, groups: int, span: float) -> Means:
    """Return the mean of `value` per group with an interval whose independent observations are pairs.

    All arrays have one entry per match, shape (M,). Pairs in a stratum are alike (one opponent) and lie in one
    group; the variance is taken inside strata, since who was met is the schedule's choice and not chance. A
    pair that is alone in its stratum is compared with the group instead. `span` is the greatest minus the
    least possible value: no half-width exceeds it, and where nothing varied over G pairs it is 3/G of it,
    because an event of that probability could well have stayed unseen (Hanley & Lippman-Hand, 1983).
    """
    n = int(pair.max(initial=-1)) + 1
    size = np.bincount(pair, minlength=n)
    total = np.bincount(pair, value, n)
    stratum_of, group_of = np.zeros(n, np.int64), np.zeros(n, np.int64)
    stratum_of[pair], group_of[pair] = stratum, group
    real = size > 0
    size, total, stratum_of, group_of = size[real], total[real], stratum_of[real], group_of[real]

    matches = np.bincount(group_of, size, groups)
    pairs = np.bincount(group_of, minlength=groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(group_of, total, groups) / matches
        company = np.bincount(stratum_of)[stratum_of]
        alone = company == 1
        loners = np.bincount(group_of, alone, groups)[group_of]
        stratum_mean = (np.bincount(stratum_of, total) / np.bincount(stratum_of, size))[stratum_of]
        residual = total - size * np.where(alone, mean[group_of], stratum_mean)
        peers = np.where(alone, loners, company)  # how many pairs share the mean that was subtracted
        scatter = np.bincount(group_of, residual**2 * peers / np.maximum(peers - 1, 1), groups)
        df = np.bincount(group_of, 1 - 1 / peers, groups)
        half_width = t_quantile(np.round(df, 6)) * np.sqrt(scatter) / matches
        still = np.sqrt(scatter) <= 1e-9 * span
        half_width = np.minimum(np.where(still, 3 / pairs * span, half_width), span)
    half_width[matches == 0] = np.nan
    half_width[pairs == 1] = span
    return Means(mean, half_width, matches.astype(np.int64))


def share(success: Floats) -> Interval:
    """Return the mean of ones and zeros with its interval; `success` has a row per independent group, (G, k).

    Wilson's interval (1927), which holds near 0 and 1 too, at the size of a sample without groups that would be as
    uncertain (Korn & Graubard, 1998): G where groups differ and agree in themselves, up to G k where all are alike.
    """
    groups, k = success.shape
    p = float(success.mean())
    if groups < 2:
        return Interval(p, 0.0, 1.0)
    variance = float(success.mean(axis=1).var(ddof=1)) / groups
    size = min(p * (1 - p) / variance, groups * k) if variance else groups * k if 0 < p < 1 else groups
    z = float(t_quantile(groups - 1))
    centre = p + z**2 / (2 * size)
    spread = z * sqrt(p * (1 - p) / size + (z / (2 * size)) ** 2)
    low, high = ((centre + sign * spread) / (1 + z**2 / size) for sign in (-1, 1))
    return Interval(p, low if p > 0 else 0.0, high if p < 1 else 1.0)  # without the last digit's rounding
