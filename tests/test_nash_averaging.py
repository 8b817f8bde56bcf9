import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.errors import RatingError
from arena.nash_averaging import nash_average

RPS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], float)


def antisymmetric(kind, n, rng):
    """Return payoffs of a kind: generic, with many ties, with copies, or of low rank."""
    A = rng.normal(size=(n, n))
    if kind == "ties":
        A = np.round(A)
    if kind == "copies":
        copy = rng.integers(max(1, n // 2), size=n)
        A = A[np.ix_(copy, copy)]
    if kind == "plane":
        X = rng.normal(size=(n, 2))
        A = X @ np.array([[0, 2], [-2, 0]]) @ X.T
    return A - A.T


def test_biased_rock_paper_scissors():
    # OpenSpiel's matrix_brps: its only equilibrium, by sequence-form linear programming.
    found = nash_average(np.array([[0, -25, 50], [25, 0, -5], [-50, 5, 0]], float))
    assert found.weight == pytest.approx([0.0625, 0.625, 0.3125])
    assert found.skill == pytest.approx([0, 0, 0], abs=1e-12)


def test_a_copy_shares_the_weight_and_moves_nobody():
    # Win rates of .9 and .1 in a circle, and the third once more; Elo moves the first two by 71.9 each way.
    clone = 0.8 * RPS[np.ix_([0, 1, 2, 2], [0, 1, 2, 2])]
    found = nash_average(clone)
    assert found.weight == pytest.approx([1 / 3, 1 / 3, 1 / 6, 1 / 6])
    assert found.skill == pytest.approx([0, 0, 0, 0], abs=1e-12)


@pytest.mark.parametrize("copies", [1, 2, 5])
def test_copies_leave_every_skill_as_it_is(copies):
    A = antisymmetric("generic", 7, np.random.default_rng(4))
    best = int(nash_average(A).weight.argmax())
    who = [*range(7), *[best] * copies]
    one, many = nash_average(A), nash_average(A[np.ix_(who, who)])
    assert many.skill[:7] == pytest.approx(one.skill, abs=1e-9)
    assert many.weight[[best, *range(7, 7 + copies)]] == pytest.approx([one.weight[best] / (copies + 1)] * (copies + 1))


def test_whoever_beats_everybody_has_it_all():
    strength = np.array([3.0, 1.0, 0.0])
    found = nash_average(strength[:, None] - strength)
    assert found.weight.tolist() == [1, 0, 0]
    assert found.skill == pytest.approx([0, -2, -3])


@pytest.mark.parametrize("kind", ["generic", "ties", "copies", "plane"])
@pytest.mark.parametrize("n", [2, 3, 8, 25, 100])
def test_no_equilibrium_has_more_entropy_by_linear_programming(kind, n):
    # Entropy is concave, so p is its maximum if no equilibrium q has a greater −Σ q ln p: a linear programme.
    optimize = pytest.importorskip("scipy.optimize", reason="HiGHS comes with scipy")
    A = antisymmetric(kind, n, np.random.default_rng(n))
    A /= np.abs(A).max() or 1.0
    p, skill = nash_average(A)
    assert skill.max() < 1e-9
    assert p.min() >= 0
    assert p.sum() == pytest.approx(1)
    cost = np.where(p > 0, np.log(np.maximum(p, 1e-300)), -60.0)
    best = optimize.linprog(cost, A_ub=A, b_ub=np.zeros(n), A_eq=np.ones((1, n)), b_eq=[1.0], bounds=(0, 1))
    assert -best.fun == pytest.approx(-(p[p > 0] @ np.log(p[p > 0])), abs=1e-5)


@settings(max_examples=60)
@given(st.integers(1, 9), st.integers(0, 2**32 - 1), st.floats(1e-6, 1e6), st.sampled_from(["ties", "copies"]))
def test_units_do_not_matter_and_it_is_an_equilibrium(n, seed, unit, kind):
    A = antisymmetric(kind, n, np.random.default_rng(seed))
    one, other = nash_average(A), nash_average(A * unit)
    assert other.weight == pytest.approx(one.weight, abs=1e-6)
    assert one.skill.max() <= 1e-9 * max(1.0, np.abs(A).max())
    assert one.skill[one.weight > 0] == pytest.approx(0, abs=1e-8)


def test_nobody_is_better_among_equals():
    assert nash_average(np.zeros((4, 4))).weight.tolist() == [0.25] * 4
    assert nash_average(np.zeros((1, 1))).weight.tolist() == [1]


def test_who_never_met_has_no_average():
    A = RPS.copy()
    A[0, 1] = A[1, 0] = np.nan
    with pytest.raises(RatingError, match="1 of the pairs of entrants never met"):
        nash_average(A)
    with pytest.raises(RatingError, match="row and a column"):
        nash_average(np.zeros((2, 3)))


def test_a_mixture_against_a_wall_of_its_face_is_found():
    """Where the greatest entropy lies on the edge of the face of equilibria, Newton's matrix is singular."""
    A = np.zeros((8, 8))
    A[:4, 4:7] = [[2, -1, 1], [1, 2, 1], [0, 0, 0], [0, -1, 1]]
    A[:4, 4:7] = (4 + A[:4, 4:7]) / 3
    A[:4, 7], A[4:7, 7] = -1, 1
    weight, skill = nash_average(2 * A)
    assert skill.max() == pytest.approx(0, abs=1e-12)
    assert weight[:4] / weight[:4].sum() == pytest.approx([1 / 6, 2 / 3, 0, 1 / 6], abs=1e-5)
