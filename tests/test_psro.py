"""PSRO with exact answers, on games whose equilibria are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.errors import ConfigError, GameError
from arena.games.matrix import Matrix, RockPaperScissors
from arena.meta_solvers import SOLVERS
from arena.registry import load_game
from arena.trainers.psro import double_oracle, psro
from arena.tree import enumerate_game, expected_returns, nash_conv

RPS = enumerate_game(RockPaperScissors())


def matrix_tree(payoffs):
    return enumerate_game(Matrix(payoffs))


@st.composite
def square(draw):
    """Return payoffs n × n: whole numbers with many ties, or numbers without any."""
    n = draw(st.integers(1, 6))
    seed = draw(st.integers(0, 2**32))
    rng = np.random.default_rng(seed)
    ties = draw(st.booleans())
    return (rng.integers(-2, 3, (n, n)) if ties else rng.normal(size=(n, n))).tolist()


# Double oracle.


@given(square())
@settings(max_examples=60, deadline=None)
def test_double_oracle_ends_at_an_equilibrium_within_2n_minus_1_rounds(payoffs):
    """Every round before the last adds a strategy to one side at least, and 2n − 2 are all that can be added."""
    tree = matrix_tree(payoffs)
    found = double_oracle(tree)
    assert found.nash_conv[-1] <= 1e-9
    assert found.rounds <= 2 * len(payoffs) - 1
    assert nash_conv(tree, found.policy) == pytest.approx(found.nash_conv[-1], abs=1e-12)
    for population in found.populations:
        assert len({policy.tobytes() for policy in population}) == len(population)


def test_n_rounds_are_not_enough():
    rounds = [
        double_oracle(matrix_tree(np.random.default_rng(seed).normal(size=(4, 4)).tolist())).rounds
        for seed in range(30)
    ]
    assert max(rounds) > 4


def test_double_oracle_solves_kuhn_poker():
    tree = enumerate_game(load_game("kuhn_poker"))
    found = double_oracle(tree)
    assert found.nash_conv[-1] == pytest.approx(0, abs=1e-9)
    assert expected_returns(tree, found.policy)[0] == pytest.approx(-1 / 18)  # Kuhn, 1950
    assert max(map(len, found.populations)) < 2**6, "it needs a few of the pure strategies only"


# The others.


def test_vanilla_self_play_goes_round_in_circles():
    """Paper answers rock, scissors answer paper, and every policy on the way can be beaten by all that there is."""
    found = psro(RPS, "latest", rounds=12)
    played = [RPS.actions[int(policy[RPS.by_seat[0]].argmax())] for policy in found.populations[0]]
    assert played == ["rock", "paper", "scissors"] * 4
    assert found.nash_conv == [2.0] * 12


def test_the_average_of_fictitious_play_comes_to_the_equilibrium():
    found = psro(RPS, "uniform", rounds=300)
    assert max(found.nash_conv[200:]) < 0.2
    assert found.policy == pytest.approx(1 / 3, abs=0.08)
    assert len(found.populations[0]) == 300, "a repeated answer counts again"


@pytest.mark.parametrize("solver", ["alpha_rank", "replicator", "rectified_nash"])
def test_other_meta_solvers_find_all_of_rock_paper_scissors(solver):
    found = psro(RPS, solver, rounds=20)
    assert found.nash_conv[-1] < 0.01
    assert [len(population) for population in found.populations] == [3, 3]


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_meta_solver_plays_a_dominant_action(solver):
    tree = matrix_tree([[1, 1], [0, 0]])
    start = np.eye(2)[[1, 0]]
    found = psro(tree, solver, rounds=30, start=start)
    assert found.policy[tree.by_seat[0][0], 0] > 0.95


def test_it_stops_where_it_is_told_to():
    tree = enumerate_game(load_game("kuhn_poker"))
    assert psro(tree, "uniform", rounds=3).rounds == 3
    assert psro(tree, "uniform", tolerance=10).rounds == 1


def test_an_unknown_meta_solver_is_refused():
    with pytest.raises(ConfigError, match="no meta-solver 'nahs'"):
        psro(RPS, "nahs")


def test_an_open_game_is_left_to_minimax():
    tree = enumerate_game(load_game("nim"))
    with pytest.raises(GameError, match="nim hides nothing, so nobody need mix: let minimax play it perfectly"):
        double_oracle(tree)
