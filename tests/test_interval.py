import numpy as np
import pytest

from arena.bootstrap import resamples
from arena.interval import Interval, pair_means, share, t_quantile


def test_around_is_value_plus_and_minus():
    assert Interval.around(2.0, 0.5) == (2.0, 1.5, 2.5)


@pytest.mark.parametrize(("df", "exact"), [(1, 12.7062), (2, 4.3027), (7, 2.3646), (12, 2.1788), (45, 2.0141)])
def test_t_quantile_agrees_with_the_tables(df, exact):
    assert t_quantile(df) == pytest.approx(exact, rel=2e-3)


def test_t_quantile_ends_at_the_normal_and_at_infinity():
    assert t_quantile(np.inf) == pytest.approx(1.96)
    assert t_quantile(0.5) == np.inf


def of_one_group(values, pairs, strata=None):
    strata = np.zeros(len(values), int) if strata is None else np.array(strata)
    means = pair_means(np.array(values, float), np.array(pairs), strata, np.zeros(len(values), int), 1, 2.0)
    return means.mean[0], means.half_width[0]


def test_a_pair_is_one_observation():
    # Pair means 1, 0, −1, 1: the textbook t interval of four numbers.
    mean, half_width = of_one_group([1, 1, 1, -1, -1, -1, 1, 1], [0, 0, 1, 1, 2, 2, 3, 3])
    assert mean == 0.25
    assert half_width == pytest.approx(3.182 * np.std([1, 0, -1, 1], ddof=1) / 2, rel=1e-3)


def test_opponents_of_different_strength_do_not_widen_the_interval():
    values, pairs = [1.0, 0.8, 1.0, 0.8, -1.0, -0.8, -1.0, -0.8], range(8)
    _, together = of_one_group(values, pairs)
    _, apart = of_one_group(values, pairs, [0, 0, 0, 0, 1, 1, 1, 1])
    assert apart < together / 5


def test_single_pairs_with_many_opponents_are_compared_with_each_other():
    values = [1.0, -1.0, 1.0, 1.0]
    assert of_one_group(values, range(4), range(4)) == pytest.approx(of_one_group(values, range(4)))


def test_no_variation_is_not_certainty():
    assert of_one_group([1.0] * 30, range(30)) == (1.0, pytest.approx(3 / 30 * 2))
    assert of_one_group([1.0] * 2, range(2)) == (1.0, 2.0)


def test_one_pair_says_nothing_and_no_match_is_nan():
    means = pair_means(np.ones(1), np.zeros(1, int), np.zeros(1, int), np.zeros(1, int), 2, 2.0)
    assert means.half_width[0] == 2.0
    assert np.isnan(means.mean[1])
    assert np.isnan(means.half_width[1])
    assert means.interval(0) == (1.0, -1.0, 3.0)


def ones(*rows):
    return np.array(rows, float)


def test_a_share_of_many_has_the_interval_of_wilson():
    """Newcombe (1998, "Two-sided confidence intervals for the single proportion"), table I: 81 of 263."""
    value, low, high = share(ones(*[[1]] * 81, *[[0]] * 182))
    assert value == pytest.approx(81 / 263)
    assert (low, high) == pytest.approx((0.2553, 0.3662), abs=1e-3)


def test_where_nothing_varied_a_share_may_still_be_another():
    assert share(ones(*[[1]] * 20)) == pytest.approx((1, 0.82, 1), abs=0.005)
    assert share(ones(*[[0, 0]] * 20)) == pytest.approx((0, 0, 0.18), abs=0.005), "twice the same is no more evidence"
    assert share(ones([1, 0, 1, 1])) == (0.75, 0, 1), "one group says nothing of others"


def test_what_goes_together_is_one_observation_of_a_share():
    once = ones([1], [0], [0], [1], [1], [1], [0], [1])
    assert share(np.repeat(once, 6, axis=1)) == pytest.approx(share(once))
    apart = ones(*[[1, 0, 1, 0]] * 8)
    assert share(apart)[1:] == pytest.approx(share(apart.reshape(-1, 1))[1:], abs=0.03), "alike in every group"
    nearly = ones(*[[1, 0, 1, 0]] * 20, [1, 1, 1, 0])
    assert share(nearly)[1:] == pytest.approx(share(nearly.reshape(-1, 1))[1:], abs=0.01), "and never worth more"


def test_the_interval_of_a_share_is_that_of_groups_drawn_again():
    rng = np.random.default_rng(0)
    success = (rng.random((60, 6)) < rng.random((60, 1))).astype(float)
    value, low, high = share(success)
    means = [(weight @ success.mean(1)) / weight.sum() for weight in resamples(np.zeros(60, int), 4000, 1)]
    assert value == success.mean()
    assert (high - low) / 2 == pytest.approx(2.0 * np.std(means), rel=0.06)


@pytest.mark.slow
@pytest.mark.parametrize(("groups", "k", "a", "b"), [(50, 1, 19, 1), (50, 4, 0.5, 0.5), (200, 4, 98, 2), (20, 8, 1, 1)])
def test_the_interval_of_a_share_covers_the_truth_as_often_as_it_says(groups, k, a, b):
    """Benchmarks of few and of many questions, hard and easy: each has a chance of its own, drawn from Beta(a, b)."""
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(2000):
        low, high = share((rng.random((groups, k)) < rng.beta(a, b, (groups, 1))).astype(float))[1:]
        covered += low <= a / (a + b) <= high
    assert 0.93 < covered / 2000 < 0.985
