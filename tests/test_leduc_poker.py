from fractions import Fraction

import pytest

from arena.game import CHANCE, OVER, IllegalAction, decision_states
from arena.games.leduc_poker import LeducPoker, State
from arena.scene import Cards
from tests.resampling import assert_fair

GAME = LeducPoker()


def hand(cards, *actions):
    """Return the state after these actions; the table's card is dealt when its turn comes."""
    first, second, table = cards.split()
    s = State((first, second))
    for action in actions:
        if GAME.turn(s) == CHANCE:
            s = GAME.step(s, table)
        s = GAME.step(s, action)
    return s


def test_each_player_has_468_information_sets():
    # The size of OpenSpiel's leduc_poker, where test_openspiel.py compares state by state.
    places = list(decision_states(GAME, 10_000))
    assert [len({GAME.view(s, seat) for s, seat in places if seat == i}) for i in (0, 1)] == [468, 468]


def test_uniform_play_loses_five_64ths_for_the_first_player():
    def value(s):
        seat = GAME.turn(s)
        if seat == OVER:
            return Fraction(GAME.returns(s)[0])
        actions = [card for card, _ in GAME.chance(s)] if seat == CHANCE else GAME.legal(s, seat)
        return sum(value(GAME.step(s, action)) for action in actions) / len(actions)

    assert value(GAME.start()) == Fraction(-5, 64)  # −0.078125 in OpenSpiel too


def test_the_betting():
    assert GAME.legal(hand("Js Qs Ks"), 0) == ("call", "raise")
    assert GAME.legal(hand("Js Qs Ks", "raise"), 1) == ("fold", "call", "raise")
    assert GAME.legal(hand("Js Qs Ks", "raise", "raise"), 0) == ("fold", "call")
    assert GAME.turn(hand("Js Qs Ks", "call", "call")) == CHANCE
    assert GAME.turn(hand("Js Qs Ks", "raise", "call")) == CHANCE
    assert GAME.turn(hand("Js Qs Ks", "raise", "fold")) == OVER
    assert GAME.turn(hand("Js Qs Ks", "call", "call", "call")) == 1
    assert GAME.turn(hand("Js Qs Ks", "call", "call", "call", "call")) == OVER


MOST = ("raise", "raise", "call", "raise", "raise", "call")


@pytest.mark.parametrize(
    ("cards", "actions", "first"),
    [
        ("Js Qs Ks", ("call",) * 4, -1),
        ("Js Qs Jh", ("call",) * 4, 1),  # a pair beats the higher card
        ("Ks Qs Jh", ("call",) * 4, 1),
        ("Js Jh Ks", MOST, 0),
        ("Js Qs Jh", MOST, 13),
        ("Ks Qs Qh", MOST, -13),
        ("Js Qs Ks", ("raise", "fold"), 1),
        ("Js Qs Ks", ("raise", "raise", "fold"), -3),
        ("Js Qs Ks", ("raise", "raise", "call", "call", "raise", "fold"), -5),
    ],
)
def test_payoffs(cards, actions, first):
    s = hand(cards, *actions)
    assert GAME.turn(s) == OVER
    assert GAME.returns(s) == (first, -first)


@pytest.mark.parametrize(
    ("s", "action"),
    [
        (State(), "raise"),
        (State(("Js",)), "Js"),
        (hand("Js Qs Ks"), "fold"),
        (hand("Js Qs Ks", "raise", "raise"), "raise"),
        (hand("Js Qs Ks", "raise", "fold"), "call"),
    ],
)
def test_refusals(s, action):
    with pytest.raises(IllegalAction):
        GAME.step(s, action)


def test_a_player_sees_their_own_card_and_the_table():
    s = hand("Js Qs Kh", "raise", "call", "call")
    assert GAME.view(s, 0) == "your card: Js; on the table: Kh; round 1: raise, call; round 2: call"
    assert GAME.draw(s, 1) == "cards: ? Qs\ntable: Kh\nround 1: raise call\nround 2: call\nchips paid: 3 3"


def test_scene():
    s = hand("Js Qs Kh", "raise", "call", "call")
    assert GAME.scene(s, 1) == (
        Cards("first", ("?",), "3 in the pot"),
        Cards("second", ("Qs",), "3 in the pot"),
        Cards("table", ("Kh",)),
        "round 1: raise, call",
        "round 2: call",
    )
    assert GAME.scene(s)[0].cards == ("Js",)
    assert GAME.scene(GAME.start(), 0)[2] == Cards("table", ())


@pytest.mark.parametrize(("seat", "actions"), [(0, ()), (1, ("call",)), (1, ("raise", "call", "call"))])
def test_resample_draws_the_others_card_again(seat, actions):
    s = hand("Js Qs Kh", *actions)
    unseen = [card for card in GAME.deck if card not in (s.cards[seat], *s.cards[2:])]
    assert_fair(GAME, s, seat, lambda s: s.cards[1 - seat], {card: 1 / len(unseen) for card in unseen}, 3000)


def test_resample_before_all_cards_are_dealt():
    assert_fair(GAME, State(("Js",)), 1, lambda s: s.cards[0], dict.fromkeys(GAME.deck, 1 / 6), 3000)
