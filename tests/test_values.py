"""Expected returns against known values and against the definition, written down as a recursion."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.game import CHANCE, OVER
from arena.games.kuhn_poker import KuhnPoker, equilibrium
from arena.games.matrix import Matrix
from arena.players.script import Script
from arena.players.tabular import Tabular
from arena.registry import load_game, load_player
from arena.tree import enumerate_game, expected_returns
from arena.tree.values import branch_probabilities, node_values


def random_policy(tree, seed):
    """Return a policy with some certain and some impossible actions."""
    rng = np.random.default_rng(seed)
    weights = rng.random(tree.mask.shape) * (rng.random(tree.mask.shape) < 0.7) * tree.mask
    weights[weights.sum(axis=1) == 0] = tree.mask[weights.sum(axis=1) == 0]
    return weights / weights.sum(axis=1, keepdims=True)


def by_definition(tree, policy):
    """Return the expected returns by walking the rules; only the numbering of views is the tree's."""
    game = tree.game
    row = {(seat, view): policy[i] for i, (seat, view) in enumerate(zip(tree.seat, tree.views, strict=True))}

    @cache
    def value(s):
        turn = game.turn(s)
        if turn == OVER:
            return np.array(game.returns(s), dtype=float)
        if turn == CHANCE:
            return sum(p * value(game.step(s, name)) for name, p in game.chance(s))
        probability = dict(zip(tree.actions, row[turn, game.view(s, turn)], strict=True))
        return sum(probability[action] * value(game.step(s, action)) for action in game.legal(s, turn))

    return value(game.start())


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("kuhn_poker", 1 / 8),
        ("leduc_poker", -0.078125),
        ("tic_tac_toe", 0.2968253968),
        ("rock_paper_scissors", 0.0),
        ("matching_pennies", 0.0),
        ("matrix(payoffs=[[1, 2, 3], [4, 5, -6]])", 1.5),
    ],
)
def test_uniform_play_has_its_known_value(name, first):
    """The games of OpenSpiel as its expected_game_score says; the last is the mean of the table."""
    tree = enumerate_game(load_game(name))
    assert expected_returns(tree, tree.uniform) == pytest.approx([first, -first], abs=1e-9)


@pytest.mark.parametrize("alpha", [0, 0.2, 1 / 3])
def test_the_first_player_loses_one_eighteenth_at_equilibrium(alpha):
    game = KuhnPoker()  # Kuhn (1950)
    tree = enumerate_game(game)
    value = expected_returns(tree, tree.policy(Tabular(game, equilibrium(alpha))))
    assert value == pytest.approx([-1 / 18, 1 / 18], abs=1e-12)


def test_odd_or_even_is_worth_minus_one_twelfth():
    game = Matrix()  # Ferguson, Game Theory: both show one finger with probability 7/12
    tree = enumerate_game(game)
    assert expected_returns(tree, np.array([[7 / 12, 5 / 12]] * 2)) == pytest.approx([-1 / 12, 1 / 12], abs=1e-12)


def test_perfect_play_of_tic_tac_toe_is_a_draw():
    game = load_game("tic_tac_toe")
    tree = enumerate_game(game)
    perfect = tree.policy(load_player("minimax", game))
    assert expected_returns(tree, perfect) == pytest.approx([0, 0], abs=1e-12)


def test_two_players_have_the_value_of_their_meeting():
    tree = enumerate_game(KuhnPoker())
    # Whoever always bets against whoever always passes wins the ante, and first and second lose alike.
    bets, passes = Script("bet"), Script("pass")
    assert expected_returns(tree, tree.policy([bets, passes])).tolist() == [1.0, -1.0]
    assert expected_returns(tree, tree.policy([passes, bets])).tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "tic_tac_toe", "matrix"])
@settings(max_examples=5)
@given(seed=st.integers(0, 1000))
def test_values_agree_with_the_definition(name, seed):
    tree = enumerate_game(load_game(name))
    policy = random_policy(tree, seed)
    assert expected_returns(tree, policy) == pytest.approx(by_definition(tree, policy), abs=1e-12)


def test_a_node_is_worth_the_mean_of_its_branches():
    tree = enumerate_game(load_game("leduc_poker"))
    policy = random_policy(tree, 0)
    values, probability = node_values(tree, policy), branch_probabilities(tree, policy)
    assert (values[tree.terminals] == tree.returns[tree.terminals]).all()
    inner = np.flatnonzero(tree.mover != OVER)
    assert probability[inner].sum(axis=1) == pytest.approx(1)
    assert not probability[tree.child < 0].any()
    means = (probability[inner, :, None] * values[tree.child[inner]]).sum(axis=1)
    assert values[inner] == pytest.approx(means, abs=1e-12)


def test_what_one_side_wins_the_other_loses_from_every_node():
    tree = enumerate_game(load_game("leduc_poker"))
    assert node_values(tree, random_policy(tree, 1)).sum(axis=1) == pytest.approx(0, abs=1e-12)
