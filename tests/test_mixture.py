"""Mixtures of policies as one policy, against playing the members one by one."""

import numpy as np
import pytest

from arena.errors import GameError
from arena.registry import load_game
from arena.tree import enumerate_game, expected_returns
from arena.tree.mixture import mixture_policy


def random_policy(tree, rng):
    weights = rng.dirichlet(np.full(tree.mask.shape[1], 0.3), len(tree.mask)) * tree.mask + 1e-12 * tree.mask
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "goofspiel(cards=3)"])
def test_a_mixture_earns_what_its_members_earn_on_average(name):
    tree, rng = enumerate_game(load_game(name)), np.random.default_rng(0)
    members, other = [random_policy(tree, rng) for _ in range(4)], random_policy(tree, rng)
    weights = rng.dirichlet(np.ones(4))
    for seat in (0, 1):
        mine = (tree.seat == seat)[:, None]
        mixed = mixture_policy(tree, members, weights, seat)
        assert not mixed[~mine[:, 0]].any()
        assert mixed[mine[:, 0]].sum(axis=1) == pytest.approx(1)
        earned = [expected_returns(tree, np.where(mine, member, other)) for member in members]
        assert expected_returns(tree, np.where(mine, mixed, other)) == pytest.approx(weights @ earned, abs=1e-12)


def test_policies_are_not_averaged_move_by_move():
    """Who always bets and who always passes, alike often: after an own pass only the second is still there."""
    tree = enumerate_game(load_game("kuhn_poker"))
    bet, passing = (np.eye(2)[np.full(len(tree.mask), tree.actions.index(a))] for a in ("bet", "pass"))
    mixed = mixture_policy(tree, [bet, passing], np.array([0.5, 0.5]), 0)
    first = [i for i in tree.by_seat[0] if mixed[i].max() < 1]
    later = [i for i in tree.by_seat[0] if mixed[i].max() == 1]
    assert (len(first), len(later)) == (3, 3)
    assert (mixed[later, tree.actions.index("pass")] == 1).all()


def test_where_no_member_comes_it_is_uniform():
    tree = enumerate_game(load_game("kuhn_poker"))
    bet = np.eye(2)[np.full(len(tree.mask), tree.actions.index("bet"))]
    mixed = mixture_policy(tree, [bet], np.ones(1), 0)
    assert sorted(mixed[tree.by_seat[0]].max(axis=1)) == [0.5, 0.5, 0.5, 1, 1, 1]


def test_an_open_game_has_no_policy_that_plays_as_a_mixture():
    tree = enumerate_game(load_game("tic_tac_toe"))
    with pytest.raises(GameError, match="perfect recall"):
        mixture_policy(tree, [tree.uniform], np.ones(1), 0)
