from collections import Counter

import pytest

from arena.errors import PlayerError
from arena.game import Text
from arena.games.leduc_poker import LeducPoker, State
from arena.games.tic_tac_toe import TicTacToe
from arena.player import Request, Requests
from arena.players.uniform import UniformPlayer
from arena.testing import check_player


class Debate(TicTacToe):
    """A game whose moves are free text."""

    actions = ()

    def legal(self, s, seat):
        return Text()


def test_it_keeps_the_contract():
    check_player(UniformPlayer(), LeducPoker())
    check_player(UniformPlayer(), TicTacToe())


def test_it_draws_every_legal_action_equally_often():
    game = TicTacToe()
    batch = Requests([Request(game, "xo.......", 0, seed=i) for i in range(7000)])
    counts = Counter(move.action for move in UniformPlayer().act(batch))
    assert set(counts) == set("3456789")
    assert all(count == pytest.approx(1000, abs=150) for count in counts.values())  # five standard deviations


def test_its_policy_is_one_over_the_number_of_legal_actions():
    game = LeducPoker()
    states = [State(("Js", "Qs")), State(("Js", "Qs"), ("call", "raise"))]
    policy = UniformPlayer().policy(Requests([Request(game, s, 0) for s in states]))
    assert policy.tolist() == [[0, 1 / 2, 1 / 2], pytest.approx([1 / 3, 1 / 3, 1 / 3])]


def test_where_it_may_talk_it_moves_in_silence():
    legal = Text(100, ("yes", "no"))
    batch = Requests([Request(Debate(), "." * 9, 0, seed=i, legal=legal) for i in range(50)])
    assert {move.action for move in UniformPlayer().act(batch)} == {"yes", "no"}


def test_free_text_is_refused():
    with pytest.raises(PlayerError, match="free text moves, from which the uniform player cannot choose"):
        UniformPlayer().act(Requests([Request(Debate(), "." * 9, 0)]))
