"""Every seat's decisions put together, against the tree they are taken from."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from arena.errors import GameError
from arena.registry import load_game
from arena.tree import best_response, enumerate_game, expected_returns, regret
from arena.tree.treeplex import Treeplexes
from tests.test_best_response import RandomHidden
from tests.test_sequence_form import ForgetfulView
from tests.test_values import random_policy

GAMES = ["kuhn_poker", "leduc_poker", "liars_dice(faces=3)", "goofspiel(cards=3)", "rock_paper_scissors"]


def taken_apart(game, policy):
    return [policy[treeplex.sets] for treeplex in game.seats]


@pytest.mark.parametrize("name", GAMES)
def test_a_policy_comes_back_from_its_plan(name):
    tree = enumerate_game(load_game(name))
    game = Treeplexes.of(tree)
    policy = random_policy(tree, 1) * 0.9 + tree.uniform * 0.1  # so that every set is reached
    apart = taken_apart(game, policy)
    assert (game.policy(apart) == policy).all()
    for treeplex, rows in zip(game.seats, apart, strict=True):
        plan = treeplex.plan(rows)
        assert plan[0] == 1
        assert treeplex.policy(plan) == pytest.approx(rows, abs=1e-12)
        assert treeplex.policy(3 * plan) == pytest.approx(rows, abs=1e-12)
        assert (treeplex.policy(np.zeros_like(plan)) == treeplex.uniform).all()


@pytest.mark.parametrize("name", GAMES)
def test_plans_and_gradients_give_the_expected_returns(name):
    tree = enumerate_game(load_game(name))
    game = Treeplexes.of(tree)
    policy = random_policy(tree, 2)
    plans = [treeplex.plan(rows) for treeplex, rows in zip(game.seats, taken_apart(game, policy), strict=True)]
    found = [game.gradient(seat, plans) @ plans[seat] for seat in (0, 1)]
    assert found == pytest.approx(expected_returns(tree, policy), abs=1e-12)


@pytest.mark.parametrize("name", GAMES)
def test_action_values_say_what_is_regretted(name):
    """The regret of a set by the tree's states, one by one, is the best action's value less the mix."""
    tree = enumerate_game(load_game(name))
    game = Treeplexes.of(tree)
    policy = random_policy(tree, 3)
    plans = [treeplex.plan(rows) for treeplex, rows in zip(game.seats, taken_apart(game, policy), strict=True)]
    for seat, treeplex in enumerate(game.seats):
        values, mix = treeplex.action_values(game.gradient(seat, plans), policy[treeplex.sets])
        gain = np.where(treeplex.mask, values, -np.inf).max(axis=1) - mix
        assert gain == pytest.approx(regret(tree, policy, seat).gain[treeplex.sets], abs=1e-12)


@pytest.mark.parametrize("name", GAMES)
def test_the_best_policy_is_a_best_response(name):
    tree = enumerate_game(load_game(name))
    game = Treeplexes.of(tree)
    policy = random_policy(tree, 4)
    apart = taken_apart(game, policy)
    plans = [treeplex.plan(rows) for treeplex, rows in zip(game.seats, apart, strict=True)]
    for seat, treeplex in enumerate(game.seats):
        best = treeplex.best(game.gradient(seat, plans))
        assert not best[~treeplex.mask].any()
        value = game.gradient(seat, plans) @ treeplex.plan(best)
        assert value == pytest.approx(best_response(tree, policy, seat).value, abs=1e-12)


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6))
def test_they_do_in_random_games_whoever_moves_there(seed):
    tree = enumerate_game(RandomHidden(seed))
    assume(len(tree.seat))
    game, policy = Treeplexes.of(tree), random_policy(tree, seed)
    plans = [treeplex.plan(rows) for treeplex, rows in zip(game.seats, taken_apart(game, policy), strict=True)]
    own = [game.gradient(seat, plans) @ plans[seat] for seat in (0, 1)]
    assert own == pytest.approx(expected_returns(tree, policy), abs=1e-12)
    for seat, treeplex in enumerate(game.seats):
        value = game.gradient(seat, plans) @ treeplex.plan(treeplex.best(game.gradient(seat, plans)))
        assert value == pytest.approx(best_response(tree, policy, seat).value, abs=1e-12)


def test_games_that_hide_nothing_or_forget_are_refused():
    with pytest.raises(GameError, match=r"tic_tac_toe hides nothing, .*: let minimax play it perfectly"):
        Treeplexes.of(enumerate_game(load_game("tic_tac_toe")))
    with pytest.raises(GameError, match="perfect recall"):
        Treeplexes.of(enumerate_game(ForgetfulView()))
