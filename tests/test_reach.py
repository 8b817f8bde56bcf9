"""How likely states are, against the definition."""

import pytest

from arena.registry import load_game
from arena.tree import enumerate_game
from arena.tree.reach import node_reach
from arena.tree.values import branch_law, node_values
from tests.test_values import random_policy


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "tic_tac_toe", "goofspiel(cards=3)"])
def test_every_match_ends_once_and_comes_through_the_states_before(name):
    tree = enumerate_game(load_game(name))
    policy = random_policy(tree, 3)
    reach = node_reach(tree, branch_law(tree, policy))
    assert reach[0] == 1
    assert reach[tree.terminals].sum() == pytest.approx(1, abs=1e-12)
    # What comes to a state goes on to the states after it, by whatever way it came.
    values = node_values(tree, policy)
    assert reach[tree.terminals] @ tree.returns[tree.terminals] == pytest.approx(values[0], abs=1e-12)


def test_the_four_ways_to_a_board_of_tic_tac_toe_add_up():
    game = load_game("tic_tac_toe")
    tree = enumerate_game(game)
    s = game.start()
    for move in ("1", "2", "3", "5"):
        s = game.step(s, move)
    node = tree.information_set.tolist().index(tree.views.index(game.view(s, 0)))
    reach = node_reach(tree, branch_law(tree, tree.uniform))
    assert reach[node] == pytest.approx(4 / (9 * 8 * 7 * 6), abs=1e-15)  # x 1 and 3 in either order, o 2 and 5 too
