"""A mean with an interval that may be looked at after every observation: a confidence sequence by betting.

An ordinary 95% interval that is watched until it excludes 0 excludes it far too often. A confidence sequence
covers the mean at all times at once with the promised probability, so play may stop as soon as it says enough.
Against every candidate m a gambler bets that the mean is not m, at odds that are fair if it is; the candidates
that made it rich are given up (Waudby-Smith & Ramdas, 2024, "Estimating means of bounded random variables by
betting"; their approximate Kelly bets). Nothing is assumed of the observations but their range.
"""

from __future__ import annotations

from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from arena.errors import ConfigError
from arena.interval import Floats, Interval

CANDIDATES = 4001
"""Means that are bet against, evenly over the range; the interval is rounded outwards to them."""

_MOST = 0.5
"""The share of its capital that the gambler can lose at most in one bet."""
_AT_ONCE = 256
"""Observations that meet all candidates at once: a few megabytes."""


class ConfidenceSequence:
    """The mean of observations in [`low`, `high`], each with that mean whatever came before it.

    The interval covers the mean at every time at once with probability 1 − `alpha` or more.
    """

    def __init__(self, low: float, high: float, alpha: float = 0.05) -> None:
        if not -np.inf < low < high < np.inf:
            raise ConfigError(f"a confidence sequence needs a finite range, low before high, not [{low:g}, {high:g}]")
        if not 0 < alpha < 1:
            raise ConfigError(f"alpha = {alpha:g} is no error rate: it must lie between 0 and 1")
        self.low, self.high, self.alpha = low, high, alpha
        self._past = Moments()
        self._candidates = np.linspace(0.0, 1.0, CANDIDATES)
        self._capital = np.zeros(CANDIDATES)  # its logarithm

    def update(self, observations: ArrayLike) -> None:
        """Take observations, in the order in which they were made. Raises ConfigError for one outside the range."""
        x = np.asarray(observations, np.float64).ravel()
        outside = ~((x >= self.low - self._rounding) & (x <= self.high + self._rounding))
        if outside.any():
            raise ConfigError(f"an observation of {x[outside][0]:g} lies outside [{self.low:g}, {self.high:g}]")
        y = np.clip((x - self.low) / (self.high - self.low), 0.0, 1.0)
        for begin in range(0, len(y), _AT_ONCE):
            block = y[begin : begin + _AT_ONCE]
            self._capital += log_gains(block, self._candidates[:, None], self._past).sum(axis=-1)
            self._past = self._past.after(block)

    @property
    def count(self) -> int:
        """How many observations were taken."""
        return self._past.n

    @property
    def interval(self) -> Interval:
        """The mean of the observations, and the ends of the interval; before the first, the middle and the range."""
        if not self.count:
            return Interval((self.low + self.high) / 2, self.low, self.high)
        span = self.high - self.low
        mean = float(np.asarray(self._past.total)) / self.count
        alive = np.flatnonzero(self._capital < log(1 / self.alpha))
        # What lies between a candidate that is alive and one that is not may be alive too.
        first = self._candidates[max(alive[0] - 1, 0)] if len(alive) else mean
        last = self._candidates[min(alive[-1] + 1, CANDIDATES - 1)] if len(alive) else mean
        return Interval(self.low + span * mean, self.low + span * min(first, mean), self.low + span * max(last, mean))

    @property
    def _rounding(self) -> float:
        return 1e-9 * (self.high - self.low)


class Moments(NamedTuple):
    """What the bets know of the observations so far; sums may be arrays, one entry per sequence."""

    n: int = 0
    total: Floats | float = 0.0
    squares: Floats | float = 0.0
    """Of the distance of every observation from the mean that was then known."""

    def after(self, y: Floats) -> Moments:
        """Return the moments after the further observations `y` (…, T)."""
        _, squares = _running(y, self)
        return Moments(self.n + y.shape[-1], self.total + y.sum(axis=-1), squares[..., -1])


def log_gains(y: Floats, candidate: Floats | float, past: Moments) -> Floats:
    """Return the log of the factors by which the capital against `candidate` grows at each observation.

    `y` (…, T) lies in [0, 1] and candidates broadcast against it, so (C, 1) against (T,) gives (C, T). The bet on
    an observation depends only on those before it, and no bet can lose more than half of the capital.
    """
    mean, squares = _running(y, past)
    n = past.n + np.arange(1, y.shape[-1] + 1)
    # What was known before each observation: the moments, with a prior observation at ½ whose variance is ¼.
    mean = np.concatenate([_first(mean, (0.5 + past.total) / (past.n + 1)), mean[..., :-1]], axis=-1)
    squares = np.concatenate([_first(squares, past.squares), squares[..., :-1]], axis=-1)
    edge = mean - candidate
    with np.errstate(divide="ignore"):
        least, most = -_MOST / (1 - np.asarray(candidate)), _MOST / np.asarray(candidate)
    stake = np.clip(edge / ((0.25 + squares) / n + edge**2), least, most)
    gains: Floats = np.log1p(stake * (y - candidate))
    return gains


def _running(y: Floats, past: Moments) -> tuple[Floats, Floats]:
    """Return the mean after every observation (…, T), and the sum of squares about those means."""
    n = past.n + np.arange(1, y.shape[-1] + 1)
    mean = (0.5 + np.asarray(past.total)[..., None] + np.cumsum(y, axis=-1)) / (n + 1)
    squares = np.asarray(past.squares)[..., None] + np.cumsum((y - mean) ** 2, axis=-1)
    return mean, squares


def _first(like: Floats, value: Floats | float) -> Floats:
    return np.broadcast_to(np.asarray(value, np.float64)[..., None], (*like.shape[:-1], 1))
