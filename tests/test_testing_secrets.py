"""Hidden information: what leaks is found or told, and games that hide well are left in peace."""

import pytest

from arena.game import CHANCE, OVER, IllegalAction
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


class ForgetsItsCard(Poker):
    """Kuhn poker, but who looks away from the own card when the deal is done has forgotten it: pass or bet, 1 or 2."""

    def view(self, s, seat):
        view = super().view(s, seat)
        return view if len(s.cards) < 2 else view.partition("; ")[2]


class ForgetsTheFirstWord(Secret):
    """A coin as in Secret, but a longer talk: what was heard before the last word is not in the view any more."""

    def turn(self, s):
        return CHANCE if not s else OVER if len(s) == 4 else (0, 0, 1)[len(s) - 1]

    def step(self, s, action):
        if action not in self.actions or len(s) == 4:
            raise IllegalAction(f"{action!r} is no move here: say heads or tails")
        return (*s, action)

    def returns(self, s):
        won = float((s[2] == s[0]) - (s[3] == s[0]))
        return won, -won

    def view(self, s, seat):
        coin = s[:1] if seat == 0 else "?"
        return f"coin: {coin}; said: {', '.join(s[1:] if seat == 0 else s[1:][-1:])}; {len(s)} so far"


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


def test_a_deal_that_is_forgotten_before_the_first_decision_is_found():
    """No own decision stands between, so what the seat did and saw at its decisions is all there."""
    finding = found(ForgetsItsCard())["forgets_event"]
    assert finding.severity is Severity.ERROR
    assert "the view of first tells" in finding.seen
    assert finding.seen.endswith("but no more when this seat is asked")
    assert "forgets" not in found(ForgetsItsCard())


def test_a_move_of_the_other_that_is_forgotten_before_one_is_asked_is_found():
    finding = found(ForgetsTheFirstWord())["forgets_event"]
    assert "the view of second tells" in finding.seen
    assert "when a move of first happens" in finding.seen
    assert len(finding.moves) == 3


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


@pytest.mark.parametrize("game", [Poker(), Secret(), RockPaperScissors(), LiarsDice(), LiarsDice(dice=2, faces=3)])
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
