"""The kernel of Connect Four says what the rules say."""

import numpy as np

from arena.games.connect_four import ConnectFour
from arena.games.connect_four_kernel import ConnectFourKernel
from tests.kernel_walk import assert_kernel_agrees


def test_it_agrees_with_the_rules_at_every_step_of_random_games():
    kernel = assert_kernel_agrees(ConnectFour(), 2000)
    assert set(kernel.returns()[:, 0]) == {1.0, 0.0, -1.0}  # draws, too


def test_a_full_board_without_a_line_is_a_draw():
    kernel = ConnectFourKernel(ConnectFour(), 1, np.random.default_rng(0))
    for column in "111111222222333333" + "5444444" + "55555" + "666666" + "777777":
        assert kernel.movers()[0] >= 0
        kernel.step(np.array([0]), np.array([int(column) - 1]))
    assert kernel.movers().tolist() == [-4]
    assert kernel.returns().tolist() == [[0.0, 0.0]]
