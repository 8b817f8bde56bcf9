"""Payoff matrices to mixtures: known equilibria, optimality on any matrix, and OpenSpiel's answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.alpha_rank import alpha_rank
from arena.errors import ConfigError, RatingError
from arena.meta_solvers import SOLVERS, nash, population_mixture, rectified, replicator, solver, uniform

RPS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], float)
BIASED = np.array([[0, -25, 50], [25, 0, -5], [-50, 5, 0]], float)
PENNIES = np.array([[1, -1], [-1, 1]], float)

ENTRY = st.integers(-3, 3).map(float)  # small whole numbers, so that ties and whole faces of equilibria are common
MATRIX = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda shape: st.lists(ENTRY, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]).map(
        lambda entries: np.array(entries).reshape(shape)
    )
)


def gains(payoffs, mixtures):
    """Return what best responses gain: NashConv of the mixtures in the matrix game."""
    x, y = mixtures
    return (payoffs @ y).max() - (x @ payoffs).min()


# Nash.


def test_equilibria_that_somebody_else_has_found():
    # OpenSpiel's matrix_brps; odd or even has value −1/12 at 7/12 (Ferguson, Game Theory).
    assert nash(BIASED).row == pytest.approx([0.0625, 0.625, 0.3125])
    x, y = nash(np.array([[2.0, -3.0], [-3.0, 4.0]]))
    assert (x.tolist(), y.tolist()) == (pytest.approx([7 / 12, 5 / 12]), pytest.approx([7 / 12, 5 / 12]))
    assert x @ np.array([[2, -3], [-3, 4]]) @ y == pytest.approx(-1 / 12)


@given(MATRIX)
@settings(max_examples=100, deadline=None)
def test_nobody_gains_by_leaving_a_nash_equilibrium(payoffs):
    assert gains(payoffs, nash(payoffs)) == pytest.approx(0, abs=1e-8)


def test_it_has_the_value_that_linear_programming_finds():
    linprog = pytest.importorskip("scipy.optimize", reason="comes with the extra openspiel").linprog
    rng = np.random.default_rng(3)
    for m, n in [(1, 4), (5, 3), (12, 17), (30, 30)]:
        A = rng.normal(0, 3, (m, n))
        bounds = [(0, None)] * m + [(None, None)]  # the greatest v with xᵀA ≥ v
        found = linprog([0] * m + [-1], np.c_[-A.T, np.ones(n)], np.zeros(n), [[1] * m + [0]], [1], bounds)
        x, y = nash(A)
        assert x @ A @ y == pytest.approx(-found.fun, abs=1e-9)


def test_of_many_equilibria_it_is_the_one_of_greatest_entropy():
    assert nash(np.zeros((3, 2))) == (pytest.approx([1 / 3] * 3), pytest.approx([1 / 2] * 2))
    clones = np.vstack([PENNIES, PENNIES[:1]])  # the third row is the first again
    assert nash(clones).row == pytest.approx([0.25, 0.5, 0.25])
    copied = RPS[np.ix_([0, 1, 2, 2], [0, 1, 2, 2])]
    assert nash(copied) == (pytest.approx([1 / 3, 1 / 3, 1 / 6, 1 / 6]),) * 2


def test_units_and_the_side_do_not_matter():
    A = np.random.default_rng(0).normal(size=(4, 6))
    x, y = nash(A)
    assert nash(1000 * A + 7) == (pytest.approx(x, abs=1e-8), pytest.approx(y, abs=1e-8))
    assert nash(-A.T) == (pytest.approx(y, abs=1e-8), pytest.approx(x, abs=1e-8))


# Replicator dynamics.


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (6, 4)])
@pytest.mark.parametrize("floor", [1e-6, 0.05])
def test_replicator_dynamics_agree_with_openspiel(shape, floor):
    module = pytest.importorskip("open_spiel.python.algorithms.projected_replicator_dynamics")
    A = np.random.default_rng(sum(shape)).uniform(-1, 1, shape)
    A /= np.abs(A).max()
    theirs = module.projected_replicator_dynamics([A, -A], prd_iterations=1000, prd_dt=0.05, prd_gamma=floor)
    ours = replicator(A, steps=1000, step_size=0.05, floor=floor)
    assert ours == (pytest.approx(theirs[0], abs=1e-10), pytest.approx(theirs[1], abs=1e-10))


def test_the_average_of_replicator_dynamics_comes_near_an_equilibrium():
    for A in (RPS, BIASED / 50, np.random.default_rng(5).uniform(-1, 1, (5, 5))):
        assert gains(A, replicator(A)) < min(0.1, 0.3 * gains(A, uniform(A)) + 1e-9)


# Alpha-rank.


def test_alpha_rank_agrees_with_openspiel():
    """Theirs at one strength of selection, ours at the strongest: in a game where one profile is best for both."""
    reference = pytest.importorskip("open_spiel.python.egt.alpharank", exc_type=ImportError)
    dominated = np.array([[1.0, 0.4], [0.5, 0.2]])  # row 0 and column 1 are better whatever the other does
    theirs = reference.compute([dominated, -dominated], m=50, alpha=20)[2].reshape(2, 2)
    x, y = solver("alpha_rank")(dominated)
    assert (x, y) == (pytest.approx(theirs.sum(axis=1), abs=1e-4), pytest.approx(theirs.sum(axis=0), abs=1e-4))
    assert (x.tolist(), y.tolist()) == (pytest.approx([1, 0]), pytest.approx([0, 1]))


def test_one_population_is_ranked_by_its_own_takeovers():
    assert population_mixture("alpha_rank", BIASED).tolist() == alpha_rank(BIASED).tolist()


# Rectified Nash.


def test_rectified_mixtures_leave_out_whom_one_loses_to():
    """Against (1/3, 1/3, 1/3) rock keeps itself and scissors (Balduzzi et al., 2019)."""
    assert rectified(RPS, np.full(3, 1 / 3)) == pytest.approx(np.array([[0.5, 0, 0.5], [0.5, 0.5, 0], [0, 0.5, 0.5]]))


def test_who_loses_to_all_of_them_meets_them_all():
    assert rectified(np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([0.3, 0.7]))[1] == pytest.approx([0.3, 0.7])


@given(MATRIX)
@settings(max_examples=50, deadline=None)
def test_every_member_of_a_nash_mixture_has_somebody_to_train_against(payoffs):
    x, y = nash(payoffs)
    targets = rectified(payoffs, y)
    assert targets.sum(axis=1) == pytest.approx(1)
    value = x @ payoffs @ y
    for row in np.flatnonzero(x > 1e-6):
        assert (payoffs[row, targets[row] > 0] >= value - 1e-6).all()


# All of them.


@pytest.mark.parametrize("name", SOLVERS)
@given(payoffs=MATRIX)
@settings(max_examples=5, deadline=None)
def test_every_solver_returns_mixtures(name, payoffs):
    for mixture, size in zip(solver(name)(payoffs), payoffs.shape, strict=True):
        assert mixture.shape == (size,)
        assert (mixture >= 0).all()
        assert mixture.sum() == pytest.approx(1)


@pytest.mark.parametrize("name", sorted(set(SOLVERS) - {"latest"}))
def test_a_population_in_a_circle_is_met_alike(name):
    assert population_mixture(name, RPS) == pytest.approx([1 / 3] * 3, abs=1e-6)
    assert population_mixture(name, np.zeros((1, 1))) == pytest.approx([1])


@pytest.mark.parametrize("name", SOLVERS)
def test_payoffs_that_are_unknown_are_refused(name):
    with pytest.raises(RatingError):
        population_mixture(name, np.array([[0, np.nan], [np.nan, 0]]))
    with pytest.raises(RatingError):
        solver(name)(np.zeros((0, 3)))


def test_a_misspelt_solver_is_refused():
    with pytest.raises(ConfigError, match="no meta-solver 'nahs'; known: latest, uniform, nash"):
        solver("nahs")
