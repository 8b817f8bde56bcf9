import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.errors import RatingError
from arena.games.kuhn_poker import KuhnPoker
from arena.payoff import cyclic_share, exact_matrix, normalised, payoff_matrix
from arena.record import Result

GAME = KuhnPoker()
RPS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], float)


def pair(first, second, there, back, name):
    """Return a pair in which `first` earns `there` on the first side, and `back` on the second."""
    return [
        Result(first, second, "first", "second", there, name),
        Result(second, first, "first", "second", -back, name),
    ]


def test_the_matrix_holds_means_over_seats_with_intervals_of_pairs():
    results = [*pair("b", "a", 2, 0, "1"), *pair("b", "a", 1, -1, "2"), *pair("b", "a", 2, 2, "3")]
    matrix = payoff_matrix(results, GAME)
    assert matrix.names == ("a", "b")
    assert matrix.mean.tolist() == [[0, -1], [1, 0]]
    assert matrix.matches.tolist() == [[0, 6], [6, 0]]
    assert matrix.half_width[0, 1] == pytest.approx(4.303 * np.std([1, 0, 2], ddof=1) / np.sqrt(3), rel=1e-3)
    assert (matrix.half_width == matrix.half_width.T).all()


def test_who_never_met_is_nan():
    matrix = payoff_matrix(pair("a", "b", 1, 1, "1") + pair("b", "c", 1, 1, "2"), GAME)
    assert np.isnan(matrix.mean[0, 2])
    assert np.isnan(matrix.half_width[2, 0])
    assert matrix.matches[0, 2] == 0
    assert (np.diag(matrix.mean) == 0).all()


def test_a_general_sum_game_counts_what_the_first_side_earned():
    class Sharing(KuhnPoker):
        zero_sum = False

    matrix = payoff_matrix(pair("a", "b", 2, -1, "1"), Sharing())
    assert matrix.mean.tolist() == [[0, 2], [1, 0]]


def test_cells_cover_their_truth():
    # Pairs share a deal worth far more than the skill: single matches would make intervals much too wide.
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(2000):
        deal, skill = rng.normal(0, 1, 12), 0.1 + rng.normal(0, 0.2, (12, 2))
        results = [r for k in range(12) for r in pair("a", "b", deal[k] + skill[k, 0], skill[k, 1] - deal[k], str(k))]
        matrix = payoff_matrix(results, GAME)
        hits.append(abs(matrix.mean[0, 1] - 0.1) <= matrix.half_width[0, 1])
    assert 0.935 < np.mean(hits) < 0.965, f"95% intervals cover {np.mean(hits):.4f}"


def test_an_exact_matrix_asks_about_each_two_once():
    asked = []

    def value(row, column):
        asked.append((row, column))
        return 0.25

    matrix = exact_matrix(["x", "y", "z"], value)
    assert asked == [("x", "y"), ("x", "z"), ("y", "z")]
    assert matrix.mean.tolist() == [[0, 0.25, 0.25], [-0.25, 0, 0.25], [-0.25, -0.25, 0]]
    assert not matrix.half_width.any()


def test_normalised_payoffs_lie_between_0_and_1():
    assert normalised(-2.0, 2.0) == 0
    assert normalised(0.5, 2.0) == 0.625
    assert normalised(np.array([[0.0, 2.0]]), 2.0).tolist() == [[0.5, 1.0]]


def test_rock_paper_scissors_is_all_cycle():
    assert cyclic_share(RPS) == pytest.approx(1)
    assert cyclic_share(normalised(RPS, 1.0)) == pytest.approx(1)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=8), st.integers(0, 2**32 - 1))
def test_a_scalar_order_has_no_cycle_whoever_met(strengths, seed):
    s = np.array(strengths)
    payoffs = s[:, None] - s
    missing = np.triu(np.random.default_rng(seed).random((len(s), len(s))) < 0.4, 1)
    payoffs[missing | missing.T] = np.nan
    assert cyclic_share(payoffs) < 1e-9 or np.nanmax(np.abs(payoffs)) < 1e-6


def test_the_share_is_of_squares():
    strengths = np.array([1.0, 0, -1.0])
    ladder = strengths[:, None] - strengths
    share = (RPS**2).sum() / ((RPS**2).sum() + (ladder**2).sum())
    assert cyclic_share(RPS + ladder) == pytest.approx(share)


def test_a_clone_of_rock_leaves_it_all_cycle_no_more():
    clone = RPS[np.ix_([0, 1, 2, 2], [0, 1, 2, 2])]
    assert 0 < cyclic_share(clone) < 1


def test_nothing_but_draws_has_no_cycle_and_shapes_are_checked():
    assert cyclic_share(np.zeros((3, 3))) == 0
    with pytest.raises(RatingError, match="row and a column"):
        cyclic_share(np.zeros((2, 3)))
