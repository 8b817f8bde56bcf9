"""What random play comes to, against values that are known exactly."""

import pytest

from arena.registry import load_game
from arena.testing.random_results import play_at_random
from arena.tree import enumerate_game, expected_returns
from tests.broken_games import Race, Secret


@pytest.mark.parametrize("name", ["kuhn_poker", "tic_tac_toe", "rock_paper_scissors"])
def test_the_intervals_cover_the_exact_values(name):
    game = load_game(name)
    tree = enumerate_game(game)
    exact = expected_returns(tree, tree.uniform)
    found = [play_at_random(game, seed) for seed in range(8)]
    hits = sum(one.payoffs[0].low <= exact[0] <= one.payoffs[0].high for one in found)
    assert hits >= 6  # 95% of 8; fewer than 6 happens once in 170 runs of true intervals


def test_random_tic_tac_toe_is_what_everybody_finds():
    """The first player wins 58.5% of random games, the second 28.8%, and 12.7% are drawn."""
    found = play_at_random(load_game("tic_tac_toe"))
    assert found.draws == pytest.approx(0.127, abs=0.03)
    assert found.payoffs[0].value == pytest.approx(0.585 - 0.288, abs=0.07)
    assert (found.length[0], found.length[2]) == (5, 9)


def test_a_seat_that_plays_no_game_is_never_paid():
    class Judged(Secret):
        roles = ("first", "second", "judge")
        sides = (0, 1, -1)

        def returns(self, s):
            return (*super().returns(s), None)

    found = play_at_random(Judged())
    assert found.payoffs[2] is None
    assert found.draws == pytest.approx(0.5, abs=0.05)


def test_what_never_varies_still_has_an_interval():
    class Fixed(Race):
        def returns(self, s):
            return 0.0, 0.0

    payoff = play_at_random(Fixed()).payoffs[0]
    assert payoff.value == 0
    assert payoff.low < 0 < payoff.high
