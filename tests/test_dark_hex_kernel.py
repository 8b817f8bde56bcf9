"""The kernel of Dark Hex says what the rules say, on every board and in both versions."""

import pytest

from arena.games.dark_hex import DarkHex
from tests.kernel_walk import assert_kernel_agrees


@pytest.mark.parametrize("abrupt", [False, True])
@pytest.mark.parametrize(("size", "games"), [(2, 500), (3, 1000), (5, 100), (11, 4)])
def test_it_agrees_with_the_rules_at_every_step_of_random_games(size, games, abrupt):
    kernel = assert_kernel_agrees(DarkHex(size, abrupt), games)
    assert set(kernel.returns()[:, 0]) == {1.0, -1.0}
