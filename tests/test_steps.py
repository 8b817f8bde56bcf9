"""Steps: draws by binary search, and games that are played on from anywhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.game import OVER
from arena.registry import load_game
from arena.tree import enumerate_game, expected_returns
from arena.tree.steps import Thresholds, play_on


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=20).filter(any),
    st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=20),
)
def test_a_draw_is_the_first_action_whose_cumulative_sum_lies_above_it(weights, numbers):
    law = np.array(weights) / sum(weights)
    drawn = Thresholds.of(law[None]).draw(np.zeros(len(numbers), np.int64), np.array(numbers))
    last = np.flatnonzero(law)[-1]
    for number, column in zip(numbers, drawn, strict=True):
        assert column == min(np.searchsorted(np.cumsum(law), number, side="right"), last)
        assert law[column] > 0


def test_every_row_has_its_own_law():
    laws = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    rows = np.array([0, 1, 2, 2])
    assert Thresholds.of(laws).draw(rows, np.array([0.0, 0.999, 0.49, 0.5])).tolist() == [2, 0, 1, 2]


def finish(tree, policies, seating, seed=0):
    """Play from the root to the end, one step after another; returns endings and cells."""
    ending = np.zeros(len(seating), np.int64)
    cells = np.full((len(seating), len(tree.levels) - 1), -1, np.int64)
    laws = Thresholds.of(policies.reshape(-1, policies.shape[2]))
    play_on(tree, laws, seating if len(policies) > 1 else None, ending, cells, np.random.default_rng(seed))
    return ending, cells


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "tic_tac_toe", "goofspiel(cards=3)"])
def test_the_mean_payoff_is_the_expected_return(name):
    tree = enumerate_game(load_game(name))
    ending, _ = finish(tree, tree.uniform[None], np.zeros((20_000, 2), np.int64))
    assert (tree.mover[ending] == OVER).all()
    returns = tree.returns[ending]
    error = returns.std(axis=0) / len(returns) ** 0.5
    assert (abs(returns.mean(axis=0) - expected_returns(tree, tree.uniform)) < 3.5 * error).all()


def test_each_seat_is_played_by_its_own_policy():
    tree = enumerate_game(load_game("kuhn_poker"))
    passing, betting = np.tile([1.0, 0.0], (12, 1)), np.tile([0.0, 1.0], (12, 1))
    _, cells = finish(tree, np.stack([passing, betting]), np.array([[0, 1], [1, 0]] * 100))
    story = [[tree.actions[cell % 2] for cell in row if cell >= 0] for row in cells]
    assert story == [["pass", "bet", "pass"], ["bet", "pass"]] * 100


def test_what_is_over_stays_over():
    tree = enumerate_game(load_game("tic_tac_toe"))
    ending = tree.terminals[:5].copy()
    cells = np.full((5, 3), -1, np.int64)
    play_on(tree, Thresholds.of(tree.uniform), None, ending, cells, np.random.default_rng(0))
    assert (ending == tree.terminals[:5]).all()
    assert (cells == -1).all()
