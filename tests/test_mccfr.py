"""External sampling says in the mean what exact regrets are, and its averages come to the games' known values."""

import numpy as np
import pytest

from arena.registry import load_game
from arena.seeds import generator
from arena.trainers.mccfr import Mccfr, sampled_regrets
from arena.tree import enumerate_game, expected_returns, nash_conv
from arena.tree.treeplex import Treeplexes
from tests.test_values import random_policy


def run(solver, iterations):
    for _ in range(iterations):
        solver.step()
    return solver.average()


@pytest.mark.parametrize("name", ["kuhn_poker", "liars_dice(faces=3)", "goofspiel(cards=3)", "rock_paper_scissors"])
@pytest.mark.parametrize("seat", [0, 1])
def test_sampled_regrets_are_right_in_the_mean(name, seat):
    tree = enumerate_game(load_game(name))
    game = Treeplexes.of(tree)
    policy = random_policy(tree, 1)
    plans = [treeplex.plan(policy[treeplex.sets]) for treeplex in game.seats]
    own = game.seats[seat]
    values, mix = own.action_values(game.gradient(seat, plans), policy[own.sets])
    exact = np.zeros(tree.mask.shape)
    exact[own.sets] = np.where(own.mask, values - mix[:, None], 0.0)
    rng = generator(3, name)
    batches = np.array([sampled_regrets(tree, policy, seat, 200, rng) for _ in range(60)])
    error = batches.std(axis=0) / np.sqrt(len(batches))
    assert (np.abs(batches.mean(axis=0) - exact) <= 5 * error + 1e-12).all()
    assert not batches[:, tree.seat != seat].any()
    assert not batches[:, ~tree.mask].any()
    assert (batches[0] != batches[1]).any()


def test_a_walk_goes_down_every_own_action_and_one_of_the_others():
    """In rock, paper, scissors the second seat's walk sees one move of the first and all of its own."""
    tree = enumerate_game(load_game("rock_paper_scissors"))
    regret = sampled_regrets(tree, tree.uniform, 1, 1, generator(0, "one"))[1]
    assert sorted(regret.tolist()) == [-1, 0, 1]


def test_it_finds_the_value_of_kuhn_poker():
    tree = enumerate_game(load_game("kuhn_poker"))
    average = run(Mccfr(tree, seed=1), 500)
    assert nash_conv(tree, average) < 0.015
    assert expected_returns(tree, average)[0] == pytest.approx(-1 / 18, abs=0.005)


@pytest.mark.parametrize(
    ("name", "iterations", "bound"), [("leduc_poker", 150, 0.6), ("liars_dice(faces=3)", 300, 0.05)]
)
def test_it_comes_near_an_equilibrium(name, iterations, bound):
    tree = enumerate_game(load_game(name))
    solver = Mccfr(tree, seed=0)
    early = nash_conv(tree, run(solver, iterations // 10))
    late = nash_conv(tree, run(solver, iterations - iterations // 10))
    assert late < bound < early


def test_more_walks_make_an_iteration_worth_more():
    tree = enumerate_game(load_game("kuhn_poker"))
    few, many = (nash_conv(tree, run(Mccfr(tree, seed=0, walks=walks), 200)) for walks in (1, 200))
    assert many < few / 2


def test_equal_seeds_are_equal_policies():
    tree = enumerate_game(load_game("kuhn_poker"))
    one, same, other = (run(Mccfr(tree, seed=seed, walks=4), 20) for seed in (5, 5, 6))
    assert (one == same).all()
    assert (one != other).any()


def test_three_players_come_near_an_equilibrium_too():
    pytest.importorskip("pyspiel")
    tree = enumerate_game(load_game("open_spiel(name='kuhn_poker(players=3)')"))
    assert nash_conv(tree, run(Mccfr(tree, seed=0), 150)) < 0.2
