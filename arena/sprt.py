"""Is one player better, and when is that clear enough to stop? Wald's sequential test on pairs of matches.

A pair (same seed, seats swapped) scores 0, ½, 1, 1½ or 2 points, so the data are five counts: the pentanomial. Two
hypotheses about Elo are compared by the generalised likelihood ratio: each is given the distribution over the bins
that explains the data best among those with its mean (the GSPRT of fishtest; Van den Bergh, 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import erf, log, sqrt
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError
from arena.interval import Floats, Interval, t_quantile

Counts = Sequence[int] | NDArray[Any]
"""(…, 5) pairs in which the first player scored 0, ½, 1, 1½ and 2 points: LL, LD, WL or DD, WD, WW.

Matches that have no partner are (…, 3): losses, draws, wins.
"""
Model = Literal["logistic", "normalised"]

NORMALISED_ELO = 800 / log(10)
"""Normalised Elo per standard deviation of a match's score above one half."""

_SEEN = 1e-3
"""An empty bin counts as this many pairs: what was not seen yet is rare, not impossible."""


class Decision(StrEnum):
    """What a test says."""

    FIRST = "H1"
    """H1 is accepted: the first player is the better one."""
    SECOND = "H1 for the second"
    """H1 is accepted with the players exchanged; only where both directions are tested."""
    NEITHER = "H0"
    """H0 is accepted: a difference as large as H1 claims is not there."""
    OPEN = "undecided"


@dataclass(frozen=True)
class Sprt:
    """The test of `elo0` (H0) against `elo1` (H1), for the first player against the second.

    With `two_sided` the question is which of the two is better: the test runs for both directions at once, and
    H0 is accepted when both accept it (three decisions; Sobel & Wald, 1949). `alpha` is then the chance that a
    difference of `elo0` is taken for a greater one in either direction, `beta` the chance that a difference of
    `elo1` is missed. Elo is `logistic` (the usual one) or `normalised` (by the spread of the scores).
    """

    elo0: float = 0.0
    elo1: float = 100.0
    alpha: float = 0.05
    beta: float = 0.05
    two_sided: bool = True
    model: Model = "logistic"

    def __post_init__(self) -> None:
        if not (self.alpha > 0 and self.beta > 0 and self.alpha + self.beta < 1):
            raise ConfigError(
                f"alpha = {self.alpha:g} and beta = {self.beta:g} are no error rates: "
                "both must lie above 0, and their sum below 1"
            )
        if not abs(self.elo0) + abs(self.elo1) < np.inf or self.elo0 >= self.elo1:
            raise ConfigError(f"elo0 = {self.elo0:g} must lie below elo1 = {self.elo1:g}: H1 is the stronger claim")
        if self.two_sided and self.elo0 < 0:
            raise ConfigError(f"elo0 = {self.elo0:g} is negative, which only a one-sided test can mean")

    @property
    def bounds(self) -> tuple[float, float]:
        """Where the log-likelihood ratio accepts H0 and H1 (Wald, 1945)."""
        alpha = self.alpha / 2 if self.two_sided else self.alpha
        return log(self.beta / (1 - alpha)), log((1 - self.beta) / alpha)

    def llr(self, counts: Counts) -> Floats:
        """Return the log-likelihood ratio of H1 to H0, shape (…), for counts of shape (…, 5)."""
        return _llr(counts, self.elo0, self.elo1, self.model)

    def decide(self, counts: Counts) -> Decision:
        """Return what the pairs (5,) say so far."""
        lower, upper = self.bounds
        first = float(self.llr(counts))
        second = float(self.llr(np.asarray(counts)[::-1])) if self.two_sided else first
        if first >= upper:
            return Decision.FIRST
        if self.two_sided and second >= upper:
            return Decision.SECOND
        return Decision.NEITHER if max(first, second) <= lower else Decision.OPEN


def _llr(counts: Counts, elo0: float, elo1: float, model: Model) -> Floats:
    seen = np.maximum(np.asarray(counts, np.float64), _SEEN)
    shares = seen / seen.sum(axis=-1, keepdims=True)
    scores = _scores(seen)
    if model == "logistic":
        p0, p1 = (_likeliest(shares, scores - expected_score(elo) + 0 * shares) for elo in (elo0, elo1))
    else:
        p0, p1 = (_likeliest_normalised(shares, elo / NORMALISED_ELO * sqrt(_matches(seen))) for elo in (elo0, elo1))
    llr: Floats = (seen * np.log(p1 / p0)).sum(axis=-1)
    return llr


def _scores(counts: Counts) -> Floats:
    """Return the mean score per match in each bin."""
    return np.linspace(0.0, 1.0, np.shape(counts)[-1])


def _matches(counts: Counts) -> int:
    """Return how many matches one count stands for."""
    return len(_scores(counts)) // 2


def _likeliest(shares: Floats, excess: Floats) -> Floats:
    """Return the likeliest distribution (…, bins) under which `excess` (…, bins) has mean 0, given what was seen.

    It is shares/(1 + θ·excess), where θ solves a secular equation that falls from +∞ to −∞ between its poles.
    """
    low, high = -1 / excess.max(axis=-1), -1 / excess.min(axis=-1)
    for _ in range(64):  # halvings, down to the last bits
        middle = (low + high) / 2
        tilt = (shares * excess / (1 + middle[..., None] * excess)).sum(axis=-1)
        low, high = np.where(tilt > 0, middle, low), np.where(tilt > 0, high, middle)
    p: Floats = shares / (1 + ((low + high) / 2)[..., None] * excess)
    return p


def _likeliest_normalised(shares: Floats, target: float) -> Floats:
    """Return the likeliest distribution (…, bins) whose mean lies `target` standard deviations above one half.

    The constraint is not linear: its linearisation is solved again and again, as in fishtest. It begins with a
    distribution that fulfils the constraint already, since from elsewhere a large target may not be reached.
    """
    scores = _scores(shares)
    p = np.broadcast_to(_tilted(scores, target), shares.shape)
    for _ in range(10):
        mean, spread = _moments(p, scores)
        before, p = p, _likeliest(shares, scores - 0.5 - target * spread * (1 + ((scores - mean) / spread) ** 2) / 2)
        if np.abs(p - before).max() < 1e-12:
            break
    return p


def _tilted(scores: Floats, target: float) -> Floats:
    """Return the distribution proportional to exp(k · score) whose mean lies `target` deviations above one half."""
    low, high = -1e3, 1e3
    for _ in range(64):
        k = (low + high) / 2
        p: Floats = np.exp(k * scores - max(k, 0.0))
        p /= p.sum()
        mean, spread = _moments(p, scores)
        low, high = (k, high) if mean - 0.5 < target * spread else (low, k)
    return p


def _moments(p: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of distributions (…, bins), each of shape (…, 1)."""
    mean = (p * scores).sum(axis=-1, keepdims=True)
    return mean, np.sqrt((p * (scores - mean) ** 2).sum(axis=-1, keepdims=True))


def expected_score(elo: float) -> float:
    """Return the points per match that a difference of `elo` brings on average."""
    return float(1 / (1 + 10 ** (-elo / 400)))


def elo_of(score: float) -> float:
    """Return the Elo difference behind a mean score per match in [0, 1]; infinite at its ends."""
    with np.errstate(divide="ignore"):
        return float(400 * (np.log10(score) - np.log10(1 - score)))


class Estimate(NamedTuple):
    """How far apart two players are, from n pairs; intervals are 95%, as if n had been fixed beforehand.

    After a test that stopped early, Elo tends to be too large: read it beside the test, not instead of it.
    """

    elo: Interval
    normalised_elo: Interval
    superiority: float
    """The likelihood of superiority (LOS): how clear it is that the first is the better one, in [0, 1]."""
    even: float
    """The share of pairs that ended even."""
    ratio: float
    """Pairs won for every pair lost; infinite where none was lost."""


def estimate(counts: Counts) -> Estimate:
    """Return what the pairs (5,) say about the strength of the first player."""
    n, scores = np.asarray(counts, np.float64), _scores(counts)
    pairs = float(n.sum())
    if pairs < 1:
        raise ConfigError("there are no pairs yet, so there is no Elo to estimate")
    mean = float(n @ scores) / pairs
    lead, deviation = mean - 0.5, sqrt(float(n @ (scores - mean) ** 2) / pairs)
    quantile = float(t_quantile(pairs - 1))
    won, lost = float(n[3] + n[4]), float(n[0] + n[1])
    if deviation:
        error = quantile * deviation / sqrt(pairs)
        in_deviations = Interval.around(lead / deviation, quantile / sqrt(pairs))
    else:  # where nothing varied, an event of probability 3/n could well have stayed unseen
        error = 3 / pairs
        in_deviations = Interval(np.sign(lead) * np.inf if lead else 0.0, -np.inf, np.inf)
    z = in_deviations.value * sqrt(pairs)
    return Estimate(
        Interval(elo_of(mean), elo_of(max(mean - error, 0.0)), elo_of(min(mean + error, 1.0))),
        Interval(*(float(end) * NORMALISED_ELO / sqrt(_matches(counts)) for end in in_deviations)),
        (1 + erf(z / sqrt(2))) / 2,
        float(n[2]) / pairs,
        won / lost if lost else (np.inf if won else 1.0),
    )


def summary(counts: Counts, test: Sprt) -> str:
    """Return the line that testers of chess engines read, for the pairs (5,)."""
    found, (lower, upper) = estimate(counts), test.bounds
    los = f"{found.superiority:.1%}" if np.sum(counts) > 1 else "unknown"  # one pair has no spread
    return (
        f"Elo {_plus_minus(found.elo)}, nElo {_plus_minus(found.normalised_elo)}, LOS {los}, "
        f"even pairs {found.even:.0%}, pairs ratio {found.ratio:.2f}, "
        f"Ptnml(0-2) [{', '.join(str(int(count)) for count in counts)}], "
        f"LLR {float(test.llr(counts)):.2f} ({lower:.2f}, {upper:.2f}) [{test.elo0:g}, {test.elo1:g}]"
    )


def _plus_minus(elo: Interval) -> str:
    """Return the interval as value ± error, or its finite end where the value has none."""
    if np.isfinite([elo.low, elo.value, elo.high]).all():
        return f"{elo.value:+.1f} ± {(elo.high - elo.low) / 2:.1f}"
    if elo.low > -np.inf:
        return f"above {elo.low:+.1f}"
    return f"below {elo.high:+.1f}" if elo.high < np.inf else "unknown"
