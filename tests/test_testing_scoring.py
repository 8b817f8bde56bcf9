"""Who wins, or how much: a game that pays different sums is asked which of them counts."""

import pytest

from arena.games.holdem import LimitHoldem
from arena.games.liars_dice import LiarsDice
from arena.games.tic_tac_toe import TicTacToe
from arena.testing import Severity
from tests.broken_games import Race, Secret, found


class Bluff(Race):
    """Two players take one or two of five stones in turn; whoever takes the last one wins: 1 or 2 by the seat."""

    payoff_range = (-2.0, 2.0)

    def returns(self, s):
        return (-2.0, 2.0) if s.mover == 0 else (1.0, -1.0)


class Losses(Bluff):
    __doc__ = Bluff.__doc__
    zero_sum = False

    def returns(self, s):
        return (-2.0, 1.0) if s.mover == 0 else (1.0, -1.0)


def test_wins_of_different_sizes_are_asked_about():
    finding = found(Bluff())["scoring_outcome"]
    assert finding.severity is Severity.WARNING
    assert finding.seen == "wins are of different sizes (1, 2), but ratings count only who won"
    assert 'set scoring = "payoff" if it matters how much' in finding.advice


def test_losses_of_different_sizes_too():
    assert found(Losses())["scoring_outcome"].seen.startswith("losses are of different sizes (1, 2)")


def test_who_says_that_only_winning_counts_gets_a_note():
    said = type("Said", (Bluff,), {"__doc__": Bluff.__doc__, "scoring": "outcome"})
    assert found(said())["scoring_outcome"].severity is Severity.NOTE


def test_a_match_of_many_hands_gets_a_note():
    finding = found(LimitHoldem(hands=2), games=10)["scoring_outcome"]
    assert finding.severity is Severity.NOTE


@pytest.mark.parametrize(
    "game",
    [
        TicTacToe(),
        LiarsDice(),
        Secret(),
        type("Paid", (Bluff,), {"__doc__": Bluff.__doc__, "scoring": "payoff"})(),
    ],
)
def test_other_games_are_left_in_peace(game):
    assert "scoring_outcome" not in found(game)
