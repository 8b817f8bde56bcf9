"""Hidden information: what leaks is found or told, and games that hide well are left in peace."""

import pytest

from arena.game import CHANCE
from arena.games.liars_dice import LiarsDice
from arena.games.matrix import RockPaperScissors
from arena.testing import Severity, examine_game
from arena.testing.secrets import Sight
from tests.broken_games import Poker, Race, Secret, found


class ShowsAll(Poker):
    __doc__ = Poker.__doc__

    def view(self, s, seat):
        return f"you are {seat}; {s}"


class ShowsLater(Secret):
    __doc__ = Secret.__doc__

    def view(self, s, seat):
        return f"{super().view(s, seat)}; {s[0] if len(s) == 2 else ''}"


class ShowsOne(Poker):
    """Kuhn poker, but the first player sees both cards; otherwise all is as it should be: pass or bet, 1 or 2 chips."""

    def view(self, s, seat):
        return super().view(s, seat) + (f"; the other's: {s.cards[1:]}" if seat == 0 else "")


def sights(game):
    return {(sight.event, sight.seat): sight for sight in examine_game(game, results=False).sights}


def test_a_hidden_game_that_hides_nothing_is_found():
    finding = found(ShowsAll())["nothing_hidden"]
    assert finding.severity is Severity.ERROR
    assert "nothing is hidden: every view showed every deal" in finding.seen
    assert "leave out of view what a seat must not see" in finding.advice


def test_a_card_that_shows_after_somebody_elses_move_is_found():
    finding = found(ShowsLater())["learns"]
    assert "the view of second now tells" in finding.seen
    assert "in deal 1" in finding.seen
    assert len(finding.moves) == 2


def test_a_view_that_shows_one_card_too_many_is_told_by_the_net_and_by_the_table():
    """No check can know that it is against the rules; but the encoding lacks the card, and the table says it."""
    assert "the view shows more than it should" in found(ShowsOne())["encode_alike"].advice
    assert sights(Poker())["deal 2", 0].seen == 0
    assert sights(ShowsOne())["deal 2", 0].unseen == 0


def test_who_sees_what_in_kuhn_poker():
    seen = sights(Poker())
    assert [seen["deal 1", 0].unseen, seen["deal 1", 1].seen] == [0, 0]
    assert [seen["deal 2", 0].seen, seen["deal 2", 1].unseen] == [0, 0]
    assert seen["a move of first", 1].unseen == 0
    assert isinstance(seen["a move of first", 1], Sight)


def test_what_is_chosen_at_once_is_unseen():
    assert sights(RockPaperScissors())["a move of row", 1].seen == 0


@pytest.mark.parametrize("game", [Poker(), Secret(), RockPaperScissors(), LiarsDice()])
def test_a_game_that_hides_well_is_left_in_peace(game):
    assert found(game, games=20) == {}


def test_an_open_game_has_no_secrets():
    assert examine_game(Race(), results=False).sights == ()


def test_a_partial_sight_is_told():
    class TellsKings(Poker):
        """Kuhn poker, but each player is told whether the other holds a king: pass or bet, 1 or 2 chips."""

        def view(self, s, seat):
            other = s.cards[1 - seat] if len(s.cards) == 2 else ""
            return f"{super().view(s, seat)}; {'a king over there' if other == 'K' else ''}"

    game = TellsKings()
    assert game.turn(game.start()) == CHANCE
    seen = sights(game)["deal 2", 0]
    assert seen.seen
    assert seen.unseen
