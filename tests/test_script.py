import pytest

from arena.errors import ConfigError, PlayerError
from arena.game import Text
from arena.games.leduc_poker import LeducPoker, State
from arena.games.tic_tac_toe import TicTacToe
from arena.player import Request, Requests
from arena.players.script import Script
from arena.registry import load_player
from arena.testing import check_player

GAME = LeducPoker()


class Debate(TicTacToe):
    """A game whose moves are free text."""

    actions = ()

    def legal(self, s, seat):
        return Text(max_chars=10)


def ask(game, s):
    return Requests([Request(game, s, 0)])


@pytest.mark.parametrize(
    ("prefer", "bets", "action"),
    [
        ("raise", (), "raise"),
        (["fold", "raise"], (), "raise"),  # folding is not legal before a raise
        (["fold", "raise"], ("call", "raise"), "fold"),
        ("raise", ("raise", "raise"), "fold"),  # no more raises: the first legal action
        ([], (), "call"),
    ],
)
def test_it_plays_the_first_preference_that_is_legal(prefer, bets, action):
    batch = ask(GAME, State(("Js", "Qs"), bets))
    assert [move.action for move in Script(prefer).act(batch)] == [action]
    assert Script(prefer).policy(batch).tolist() == [[float(a == action) for a in GAME.actions]]


def test_it_keeps_the_contract():
    check_player(load_player('script(prefer=["5", "1"])', TicTacToe()), TicTacToe())


def test_an_action_that_the_game_does_not_have_is_an_error():
    with pytest.raises(ConfigError, match=r"leduc_poker has no action 'bet'; it has fold, call, raise"):
        Script("bet").act(ask(GAME, State(("Js", "Qs"))))
    with pytest.raises(ConfigError, match=r"leduc_poker has no action 'rise'; did you mean 'raise'\?"):
        load_player('script(prefer=["fold", "rise"])', GAME)
    assert load_player('script(prefer="anything goes")', Debate()).prefer == ("anything goes",)


@pytest.mark.parametrize("prefer", [5, None, [1], {"raise": 1}, ["raise", ["fold"]]])
def test_preferences_are_text(prefer):
    with pytest.raises(ConfigError, match=r"is no list of actions: give text, as in \[\"bet\", \"pass\"\]"):
        Script(prefer)


def test_where_it_may_talk_it_says_what_it_prefers_or_moves_in_silence():
    class Talk(Debate):
        def legal(self, s, seat):
            return Text(30, ("yes", "no"))

    assert Script("Well.\nno").act(ask(Talk(), "." * 9))[0].action == "Well.\nno"
    assert Script("Well.").act(ask(Talk(), "." * 9))[0].action == "yes"


def test_free_text_needs_a_preference_that_fits():
    assert Script("I agree").act(ask(Debate(), "." * 9))[0].action == "I agree"
    with pytest.raises(PlayerError, match="free text"):
        Script("I do not agree").act(ask(Debate(), "." * 9))
