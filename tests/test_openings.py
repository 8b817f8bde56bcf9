"""Openings: all of them are listed, and they are drawn by the exact law."""

import numpy as np
import pytest

from arena.errors import PlayerError
from arena.game import OVER
from arena.registry import load_game
from arena.tree import enumerate_game, expected_returns
from arena.tree.openings import Seating, draw_openings, group_by_seating, numbers_of_openings, openings


def tree_of(name):
    return enumerate_game(load_game(name))


def random_policy(tree, seed=0):
    weights = np.random.default_rng(seed).random(tree.mask.shape) * tree.mask
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("name", "whole"),
    [("kuhn_poker", 30), ("leduc_poker", 5520), ("tic_tac_toe", 255_168)],
)
def test_whole_games_are_as_many_as_the_game_is_known_to_have(name, whole):
    # Endings of OpenSpiel's trees for the poker games; for tic-tac-toe https://en.wikipedia.org/wiki/Tic-tac-toe.
    assert numbers_of_openings(tree_of(name))[-1] == whole


def test_openings_of_tic_tac_toe_are_cells_in_any_order():
    assert numbers_of_openings(tree_of("tic_tac_toe"))[:6] == (1, 9, 72, 504, 3024, 15120)


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "goofspiel(cards=3)", "tic_tac_toe"])
def test_every_depth_lists_as_many_openings_as_were_counted(name):
    tree = tree_of(name)
    for depth, number in enumerate(numbers_of_openings(tree)[:6]):
        listed = openings(tree, depth)
        assert len(listed.node) == number
        assert len(np.unique(np.column_stack([listed.node, listed.cells]), axis=0)) == number


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "goofspiel(cards=3)", "rock_paper_scissors"])
def test_whole_games_have_the_exact_expected_returns(name):
    tree = tree_of(name)
    depth = len(numbers_of_openings(tree)) - 1
    listed, policy = openings(tree, depth), random_policy(tree)
    assert (tree.mover[listed.node] == OVER).all()
    chosen = np.append(policy, 1.0)[listed.cells].prod(axis=1)
    assert (listed.chance * chosen) @ tree.returns[listed.node] == pytest.approx(expected_returns(tree, policy))


def test_decisions_lead_from_the_root_to_the_node():
    tree = tree_of("tic_tac_toe")
    listed = openings(tree, 7)
    for row in range(0, len(listed.node), 997):
        node = 0
        for cell in listed.cells[row][listed.cells[row] >= 0]:
            i, a = divmod(int(cell), len(tree.actions))
            assert tree.information_set[node] == i
            node = tree.child[node, a]
        assert node == listed.node[row]


def test_openings_come_in_their_shares():
    tree = tree_of("kuhn_poker")
    policies = np.stack([random_policy(tree, 1), random_policy(tree, 2)])
    one = Seating(np.array([0, 1]), slice(None))
    drawn = draw_openings(tree, 5, policies, [one], np.random.default_rng(0).random(30_000))
    listed = openings(tree, 5)
    playing = np.where((tree.seat == 0)[:, None], policies[0], policies[1])
    expected = 30_000 * listed.chance * np.append(playing, 1.0)[listed.cells].prod(axis=1)
    counts = np.bincount(drawn, minlength=30)
    assert ((counts - expected) ** 2 / expected).sum() < 58.3  # 29 degrees of freedom: one in a thousand exceeds it


def test_games_are_grouped_by_who_sits_where():
    seating = np.array([[0, 1], [1, 0], [0, 1], [2, 2]])
    found = {tuple(seats.tolist()): games.tolist() for seats, games in group_by_seating(seating, 3)}
    assert found == {(0, 1): [0, 2], (1, 0): [1], (2, 2): [3]}


def test_a_policy_without_a_row_cannot_open():
    tree = tree_of("kuhn_poker")
    policy = random_policy(tree)
    policy[0] = 0.0
    with pytest.raises(PlayerError, match="its rows must be distributions"):
        draw_openings(tree, 5, policy[None], [Seating(np.array([0, 0]), slice(None))], np.full(200, 0.5))


def test_many_seats_and_policies_are_told_apart():
    seating = np.random.default_rng(0).integers(0, 1000, size=(300, 12))  # more ways than an integer has
    seating[200:] = seating[:100]
    groups = group_by_seating(seating, 1000)
    assert len(groups) == 200
    assert all((seating[games] == seats).all() for seats, games in groups)
    assert sorted(game for _, games in groups for game in games.tolist()) == list(range(300))
