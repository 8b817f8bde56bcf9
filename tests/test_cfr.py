"""CFR and its kin take OpenSpiel's steps, to the rounding, and end where the games' values are known."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from arena.registry import load_game
from arena.trainers.cfr import Cfr, CfrPlus, DiscountedCfr
from arena.tree import enumerate_game, expected_returns, nash_conv
from tests.test_best_response import RandomHidden

# NashConv of the averages of OpenSpiel 2.0.2 after so many iterations. In CFR+ a regret of 0 and one of 1e-17 are two
# policies, so that after hundreds of iterations the order of additions decides: its Leduc stops at 100 here.
KNOWN = {
    (Cfr, "kuhn_poker"): {10: 0.1374, 100: 0.01645, 1000: 0.00188},
    (CfrPlus, "kuhn_poker"): {10: 0.0654, 100: 0.00239, 1000: 0.000175},
    (Cfr, "leduc_poker"): {10: 1.777, 100: 0.1914, 500: 0.0430},
    (CfrPlus, "leduc_poker"): {10: 1.221, 100: 0.0268},
}


def theirs(tree, policy):
    """Return the policy (I, A) that OpenSpiel's tabular policy is, in a tree of OpenSpiel's own game."""
    table = np.zeros(tree.mask.shape)
    for row, view in zip(table, tree.views, strict=True):
        for action, p in policy(view):
            row[action] = p
    return table


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker"])
@pytest.mark.parametrize("solver", [Cfr, CfrPlus])
def test_every_average_is_that_of_openspiel(solver, name):
    pyspiel = pytest.importorskip("pyspiel")
    tree = enumerate_game(load_game(f"open_spiel(name={name!r})"))
    reference = {Cfr: pyspiel.CFRSolver, CfrPlus: pyspiel.CFRPlusSolver}[solver](pyspiel.load_game(name))
    ours = solver(tree)
    for _ in range(50):
        ours.step()
        reference.evaluate_and_update_policy()
        table = theirs(tree, reference.tabular_average_policy().get_state_policy)
        assert np.abs(ours.average() - table).max() < 1e-9
        assert nash_conv(tree, ours.average()) == pytest.approx(nash_conv(tree, table), abs=1e-9)


@pytest.mark.parametrize(
    ("name", "iterations"),
    [("kuhn_poker", 50), ("leduc_poker", 3), pytest.param("leduc_poker", 50, marks=pytest.mark.slow)],
)
def test_discounted_averages_are_those_of_openspiel(name, iterations):
    pyspiel = pytest.importorskip("pyspiel")
    discounted_cfr = pytest.importorskip("open_spiel.python.algorithms.discounted_cfr")
    tree = enumerate_game(load_game(f"open_spiel(name={name!r})"))
    ours, reference = DiscountedCfr(tree), discounted_cfr.DCFRSolver(pyspiel.load_game(name))
    for _ in range(iterations):
        ours.step()
        reference.evaluate_and_update_policy()
        average = reference.average_policy()
        table = theirs(tree, lambda view: enumerate(average.policy_for_key(view)))  # noqa: B023
        # Where a player hardly ever comes, its sums are small and their rounding is not.
        assert np.abs(ours.average() - table).max() < 1e-6
        assert nash_conv(tree, ours.average()) == pytest.approx(nash_conv(tree, table), abs=1e-9)


@pytest.mark.parametrize(("solver", "name"), KNOWN)
def test_our_own_games_come_down_as_openspiels_do(solver, name):
    tree = enumerate_game(load_game(name))
    ours = solver(tree)
    for iteration in range(1, max(KNOWN[solver, name]) + 1):
        ours.step()
        if known := KNOWN[solver, name].get(iteration):
            assert nash_conv(tree, ours.average()) == pytest.approx(known, rel=5e-3)


@pytest.mark.parametrize("solver", [Cfr, CfrPlus, DiscountedCfr])
@pytest.mark.parametrize(
    ("name", "value", "iterations", "bound"),
    [  # values by linear programming over the sequence form
        ("kuhn_poker", -1 / 18, 1000, 0.003),
        ("leduc_poker", -0.0856064241, 300, 0.1),
        ("liars_dice(faces=3)", 1 / 9, 300, 0.02),
        ("dark_hex(size=2)", 1.0, 200, 0.02),
        ("rock_paper_scissors", 0.0, 100, 0.05),
    ],
)
def test_the_average_is_nearly_an_equilibrium_and_earns_the_value(solver, name, value, iterations, bound):
    tree = enumerate_game(load_game(name))
    ours = solver(tree)
    for _ in range(iterations):
        ours.step()
    average = ours.average()
    assert nash_conv(tree, average) < bound
    # At a distance of NashConv from equilibrium nobody is further than that from the value.
    assert expected_returns(tree, average)[0] == pytest.approx(value, abs=bound)


@pytest.mark.slow
def test_the_value_of_liars_dice():
    tree = enumerate_game(load_game("liars_dice"))
    ours = CfrPlus(tree)
    for _ in range(300):
        ours.step()
    assert nash_conv(tree, ours.average()) < 0.005
    assert expected_returns(tree, ours.average())[0] == pytest.approx(-0.0271317829, abs=0.0025)


class ZeroSum(RandomHidden):
    """A random hidden game in which the second seat pays the first."""

    name = "zero_sum"
    zero_sum = True

    def returns(self, s):
        paid = super().returns(s)[0]
        return paid, -paid


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_any_game_for_two_that_sums_to_nothing_comes_down(seed):
    """From several units, with payoffs up to 5, to less than half a one in 100 iterations."""
    tree = enumerate_game(ZeroSum(seed))
    assume(len(tree.seat))
    for solver in (Cfr, CfrPlus):
        ours = solver(tree)
        for _ in range(100):
            ours.step()
        assert nash_conv(tree, ours.average()) < 0.5


def test_later_iterations_are_better_ones():
    tree = enumerate_game(load_game("leduc_poker"))
    found = {}
    for solver in (Cfr, CfrPlus, DiscountedCfr):
        ours = solver(tree)
        curve = []
        for _ in range(4):
            for _ in range(50):
                ours.step()
            curve.append(nash_conv(tree, ours.average()))
        assert curve == sorted(curve, reverse=True)
        found[solver] = curve[-1]
    assert found[CfrPlus] < found[Cfr] / 5
    assert found[DiscountedCfr] < found[Cfr] / 5


def test_three_players_learn_to_regret_nothing():
    """No equilibrium is promised there, but in Kuhn poker for three CFR comes near one (Risk & Szafron, 2010)."""
    pytest.importorskip("pyspiel")
    tree = enumerate_game(load_game("open_spiel(name='kuhn_poker(players=3)')"))
    ours = Cfr(tree)
    before = nash_conv(tree, ours.average())
    for _ in range(300):
        ours.step()
    assert before == pytest.approx(2.0625)  # the uniform policy, by OpenSpiel
    assert nash_conv(tree, ours.average()) < 0.05


def test_before_the_first_iteration_the_average_is_uniform_and_nothing_illegal_is_ever_played():
    tree = enumerate_game(load_game("leduc_poker"))
    ours = CfrPlus(tree)
    assert (ours.average() == tree.uniform).all()
    for _ in range(3):
        ours.step()
    assert not ours.average()[~tree.mask].any()
    assert ours.average().sum(axis=1) == pytest.approx(1)
