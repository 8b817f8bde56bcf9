"""What a meeting counts, and that no crash pays in it."""

import pytest

from arena.games.kuhn_poker import KuhnPoker
from arena.games.tic_tac_toe import TicTacToe
from arena.record import StopReason
from arena.schema import Ending
from arena.tournaments.meeting import Score, score

POKER, BOARD = KuhnPoker(), TicTacToe()


def ending(first, payoff, crashes=(), stop=StopReason.FINISHED):
    """A match between a and b in which `first` sat first and won `payoff`."""
    seats = ("a", "b") if first == "a" else ("b", "a")
    returns = (None, None) if payoff is None else (payoff, -payoff)
    return Ending("key", seats, returns, stop, crashes)


def lost(first, *crashes):
    return ending(first, None, crashes, StopReason.ABANDONED)


def test_poker_counts_chips_and_a_board_counts_wins():
    endings = [ending("a", 1.0), ending("a", 1.0), ending("b", 2.0), ending("b", 1.0)]
    assert score(POKER, "a", endings) == Score(-1.0, 2, 0, 2, (0, 0))
    assert score(POKER, "b", endings) == Score(1.0, 2, 0, 2, (0, 0))
    assert score(BOARD, "a", [*endings, ending("a", 0.0), ending("a", 1.0)]) == Score(1.0, 3, 1, 2, (0, 0))


def test_points_are_one_a_half_or_none():
    assert [Score(net, 0, 0, 0, (0, 0)).points for net in (0.5, 0.0, -0.5)] == [1.0, 0.5, 0.0]


def test_rounding_wins_nothing():
    endings = [ending("a", 0.1), ending("a", 0.2), ending("b", 0.3)]
    assert sum([0.1, 0.2, -0.3]) != 0
    assert score(POKER, "a", endings).net == 0


@pytest.mark.parametrize(
    ("match", "net"),
    [
        (lost("a", 0, 0, 0), -2.0),  # a's worst in Kuhn poker
        (lost("b", 1, 1, 1), -2.0),
        (lost("a", 1, 1, 1), 2.0),
        (lost("a", 0, 1, 0), 0.0),  # both crashed
        (ending("a", 2.0, crashes=(0,)), -2.0),  # won at the second attempt, perhaps because the first was going badly
        (ending("a", -1.0, crashes=(0,)), -2.0),
        (ending("a", 2.0, crashes=(1,)), 2.0),
        (ending("a", -2.0, crashes=(1,)), 2.0),
        (ending("a", -2.0, crashes=(1, 0)), 0.0),
        (ending("a", -2.0, stop=StopReason.FORFEIT), -2.0),
    ],
)
def test_a_crash_never_pays(match, net):
    assert score(POKER, "a", [match]).net == net
    assert score(POKER, "b", [match]).net == -net


class Judged(KuhnPoker):
    """With a judge whom nobody competes for."""

    name = "judged"
    roles = ("judge", "first", "second")
    sides = (-1, 0, 1)


def test_a_judge_that_crashes_decides_nothing():
    match = Ending("key", ("jury", "a", "b"), (None, None, None), StopReason.ABANDONED, (0, 0, 0))
    assert score(Judged(), "a", [match]) == Score(0.0, 0, 1, 0, (0, 0))
    match = Ending("key", ("jury", "a", "b"), (None, None, None), StopReason.ABANDONED, (2, 2, 2))
    assert score(Judged(), "a", [match]).crashes == (0, 1)


def test_words_are_the_winners():
    score_of_a = Score(-3.0, 1, 2, 4, (0, 0))
    assert score_of_a.words(first_leads=False) == "by 3 (4 won, 2 drawn, 1 lost)"
    assert Score(0.0, 2, 0, 2, (0, 0)).words(first_leads=True) == "(2 won, 0 drawn, 2 lost)"
