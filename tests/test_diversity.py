"""The volume of a population, against what a mean distance says of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arena.diversity import (
    determinant_diversity,
    distances,
    effective_size,
    kernel_matrix,
    mean_distance,
    policy_behaviour,
)
from arena.errors import RatingError

SQUARE = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])
CAMPS = np.array([[0.0, 0], [0.05, 0], [2, 0], [2.05, 0]])


def test_four_points_in_two_camps_are_far_apart_on_average_but_span_nothing():
    """Their mean distance is greater than that of the corners of a square, their volume almost 0."""
    assert mean_distance(CAMPS) > mean_distance(SQUARE)
    assert determinant_diversity(CAMPS) < 1e-3 < 0.5 < determinant_diversity(SQUARE)
    assert effective_size(CAMPS) == pytest.approx(2, abs=0.05)


def test_two_points_by_hand():
    """d = 1 and ℓ = 1: K = [[1, e^{−1/2}], [e^{−1/2}, 1]], det K = 1 − 1/e."""
    pair = np.array([[0.0], [1.0]])
    assert determinant_diversity(pair, 1.0) == pytest.approx(1 - np.exp(-1))
    assert kernel_matrix(pair, 1.0)[0, 1] == pytest.approx(np.exp(-0.5))
    assert mean_distance(pair) == 1


def test_a_copy_takes_all_of_the_volume_and_none_of_the_effective_size():
    copied = np.vstack([SQUARE, SQUARE[:1]])
    assert determinant_diversity(copied) == pytest.approx(0, abs=1e-12)
    assert effective_size(np.vstack([SQUARE[:1]] * 3)) == pytest.approx(1)
    assert 3 < effective_size(copied) < 4


def test_members_that_are_far_from_each_other_count_fully():
    far = 10 * np.eye(5)
    assert determinant_diversity(far) == pytest.approx(1)
    assert effective_size(far) == pytest.approx(5)


def test_policies_are_compared_by_their_moves_at_the_probes():
    left, right = np.array([[1.0, 0], [1, 0], [0.5, 0.5]]), np.array([[0.0, 1], [0, 1], [0.5, 0.5]])
    everywhere = policy_behaviour([left, right])
    assert distances(everywhere)[0, 1] ** 2 == pytest.approx(2 * 2 / 3)
    assert distances(policy_behaviour([left, right], np.array([0, 1])))[0, 1] ** 2 == pytest.approx(2)
    assert distances(policy_behaviour([left, right], np.array([2])))[0, 1] == 0


@given(arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 3)), elements=st.floats(-3, 3)))
def test_both_measures_keep_within_their_bounds_and_the_order_does_not_matter(behaviour):
    assert 0 <= determinant_diversity(behaviour) <= 1
    assert 1 - 1e-9 <= effective_size(behaviour) <= len(behaviour) + 1e-9
    assert determinant_diversity(behaviour[::-1]) == pytest.approx(determinant_diversity(behaviour), abs=1e-9)


def test_nobody_has_no_diversity():
    with pytest.raises(RatingError, match="a row per member"):
        determinant_diversity(np.zeros((0, 3)))
