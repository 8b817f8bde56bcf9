"""Confidence sequences: they cover the mean at all times at once, where an ordinary interval fails."""

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.confidence import ConfidenceSequence, Moments, log_gains
from arena.errors import ConfigError

RUNS, STEPS = 2000, 300

# Laws of observations in [0, 1], with their means. The last is a poker hand: small pots, and rarely a large one.
LAWS = {
    "even chance": (lambda rng, shape: (rng.random(shape) < 0.5) * 1.0, 0.5),
    "rare event": (lambda rng, shape: (rng.random(shape) < 0.03) * 1.0, 0.03),
    "uniform": (lambda rng, shape: rng.random(shape), 0.5),
    "skewed": (lambda rng, shape: rng.beta(0.05, 0.5, shape), 0.05 / 0.55),
    "pairs": (lambda rng, shape: rng.choice([0, 0.25, 0.5, 0.75, 1], shape, p=[0.1, 0.2, 0.4, 0.2, 0.1]), 0.5),
    "poker": (lambda rng, shape: rng.choice([0.47, 0.53, 0.0, 1.0], shape, p=[0.5, 0.45, 0.02, 0.03]), 0.5035),
}  # fmt: skip


@pytest.mark.parametrize("law", LAWS)
def test_the_mean_is_covered_at_all_times_at_once(law):
    draw, mean = LAWS[law]
    y = draw(np.random.default_rng(1), (RUNS, STEPS))
    capital = np.cumsum(log_gains(y, mean, Moments()), axis=1)
    ever_missed = (capital.max(axis=1) >= log(1 / 0.05)).mean()
    assert ever_missed <= 0.05


def test_an_ordinary_interval_that_is_watched_misses_far_too_often():
    """What the sequence is for: the same question, asked of mean ± 1.96 standard errors from 16 observations on."""
    draw, mean = LAWS["pairs"]
    y = draw(np.random.default_rng(1), (RUNS, STEPS))
    n = np.arange(1, STEPS + 1)
    means = np.cumsum(y, axis=1) / n
    error = 1.96 * np.sqrt(np.cumsum(y**2, axis=1) / n - means**2) / np.sqrt(n)
    assert (np.abs(means - mean) > error)[:, 15:].any(axis=1).mean() > 0.2


@pytest.mark.parametrize("value", [0.0, 0.3, 0.5, 1.0])
def test_observations_that_never_vary_are_covered_and_known_ever_better(value):
    y = np.full((1, STEPS), value)
    assert np.cumsum(log_gains(y, value, Moments()), axis=1).max() < log(1 / 0.05)
    sequence, widths = ConfidenceSequence(0, 1), []
    for _ in range(5):
        sequence.update(np.full(100, value))
        found = sequence.interval
        assert found.value == pytest.approx(value)
        assert found.low <= found.value <= found.high
        widths.append(found.high - found.low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.02


def test_the_price_is_an_interval_less_than_twice_as_wide():
    """Half-widths of the sequence against 1.96 standard errors, for 1,000 uniform observations: 1.76 times."""
    y = np.random.default_rng(2).random(1000)
    sequence = ConfidenceSequence(0, 1)
    sequence.update(y)
    found = sequence.interval
    ratio = (found.high - found.low) / 2 / (1.96 * y.std() / np.sqrt(len(y)))
    assert 1.2 < ratio < 2


def test_the_interval_is_what_betting_leaves():
    """The definition, spelt out: the capital against a few candidates, one observation after the other."""
    y = [0.1, 0.9, 0.4, 0.4, 0.0, 1.0, 0.2, 0.3, 0.25, 0.2] * 4
    sequence = ConfidenceSequence(0, 1, alpha=0.1)
    sequence.update(y)
    low, high = sequence.interval[1:]
    for candidate in np.linspace(0.01, 0.99, 50):
        capital, total, squares = 1.0, 0.5, 0.25
        for n, x in enumerate(y, 1):
            mean, variance = total / n, squares / n
            edge = mean - candidate
            stake = edge / (variance + edge**2)
            stake = min(max(stake, -0.5 / (1 - candidate)), 0.5 / candidate)
            capital *= 1 + stake * (x - candidate)
            total += x
            squares += (x - total / (n + 1)) ** 2
        alive = capital < 1 / 0.1
        if abs(candidate - low) > 1e-3 and abs(candidate - high) > 1e-3:
            assert (low < candidate < high) == alive


observations = st.lists(st.floats(0, 1), min_size=1, max_size=60)


@settings(max_examples=30)
@given(observations, st.integers(1, 20))
def test_observations_may_come_one_by_one_or_together(y, size):
    together, parts = ConfidenceSequence(0, 1), ConfidenceSequence(0, 1)
    together.update(y)
    for begin in range(0, len(y), size):
        parts.update(y[begin : begin + size])
    assert parts.count == together.count == len(y)
    assert parts.interval == pytest.approx(together.interval, abs=1e-3)


@settings(max_examples=30)
@given(observations, st.floats(-10, 10), st.floats(0.1, 100))
def test_the_unit_does_not_matter(y, low, span):
    plain, scaled = ConfidenceSequence(0, 1), ConfidenceSequence(low, low + span)
    plain.update(y)
    scaled.update(low + span * np.array(y))
    assert scaled.interval == pytest.approx([low + span * end for end in plain.interval], abs=2e-3 * span)
    assert low <= scaled.interval.low <= scaled.interval.value <= scaled.interval.high <= low + span + 1e-9


def test_before_the_first_observation_nothing_is_known():
    assert ConfidenceSequence(-2, 4).interval == (1, -2, 4)


def test_what_cannot_be_is_refused():
    with pytest.raises(ConfigError, match=r"needs a finite range, low before high, not \[1, 1\]"):
        ConfidenceSequence(1, 1)
    with pytest.raises(ConfigError, match="alpha = 1 is no error rate"):
        ConfidenceSequence(0, 1, 1)
    sequence = ConfidenceSequence(0, 1)
    for wrong in (1.5, -0.1, float("nan")):
        with pytest.raises(ConfigError, match=r"lies outside \[0, 1\]"):
            sequence.update([0.5, wrong])
    assert sequence.count == 0
