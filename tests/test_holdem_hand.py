import random

import pytest

from arena.games.holdem_hand import DECK, Hand, Stakes, betting, finished, high_first, showdown, strength, won

LIMIT, NO_LIMIT = Stakes(1, 2, limit=True), Stakes(1, 2, limit=False)


def words(stakes, *said, stacks=(200, 200), button=0):
    return betting(stakes, Hand(button, stacks, said=said))


def whole(hole, board, *said, stacks=(200, 200)):
    """Return a hand with all its cards: "Ah Ad Kc Ks" and "2c 3c 4d 5s 9h"."""
    return Hand(0, stacks, (*hole.split(), *board.split()), said)


# The betting.


@pytest.mark.parametrize("button", [0, 1])
def test_the_button_posts_the_small_blind_speaks_first_before_the_flop_and_last_after_it(button):
    other = 1 - button
    start = words(LIMIT, button=button)
    assert (start.actor, start.bets[button], start.bets[other], start.to_call) == (button, 1, 2, 1)
    assert words(LIMIT, "call", button=button).actor == other  # the big blind may still raise
    for said in (("call",) * 2, ("call",) * 4, ("call",) * 6):
        assert words(LIMIT, *said, button=button).actor == other
        assert words(LIMIT, *said, "call", button=button).actor == button
    assert words(LIMIT, *["call"] * 8, button=button).actor is None


def test_limit_raises_are_a_big_blind_and_later_two():
    said = []
    for size in (2, 2, 4, 4):
        now = words(LIMIT, *said)
        assert list(now.raises) == [max(now.bets) + size]
        said += [f"raise {now.raises[0]}", "call"]
    assert words(LIMIT, *said).paid == (14, 14)


def test_a_limit_round_allows_four_bets_of_which_the_big_blind_is_the_first():
    assert words(LIMIT, "raise 4", "raise 6").raises
    assert not words(LIMIT, "raise 4", "raise 6", "raise 8").raises
    flop = ("call", "call", "raise 2", "raise 4", "raise 6")
    assert list(words(LIMIT, *flop).raises) == [8]
    assert not words(LIMIT, *flop, "raise 8").raises


def test_a_raise_adds_at_least_as_much_as_the_last_one_did():
    # The minimum raise of no-limit hold'em (Robert's Rules of Poker, no-limit rules).
    assert words(NO_LIMIT).raises == range(4, 201)
    assert words(NO_LIMIT, "raise 10").raises == range(18, 201)
    assert words(NO_LIMIT, "raise 10", "raise 30").raises == range(50, 201)
    assert words(NO_LIMIT, "raise 10", "call").raises == range(2, 191)
    assert words(NO_LIMIT, "raise 10", "call", "raise 2").raises == range(4, 191)


def test_all_in_for_less_than_a_raise():
    assert words(NO_LIMIT, "raise 150").raises == range(200, 201)
    assert words(NO_LIMIT, "raise 198", "call").raises == range(2, 3)
    assert words(NO_LIMIT, "raise 199", "call").raises == range(1, 2)
    assert not words(NO_LIMIT, "raise 200").raises


def test_both_play_with_as_many_chips_as_the_poorer_has():
    now = words(NO_LIMIT, "raise 30", stacks=(370, 30))
    assert (now.raises, now.to_call, now.paid) == (range(0), 28, (30, 2))
    assert words(NO_LIMIT, "raise 30", "call", stacks=(370, 30)).actor is None
    assert words(NO_LIMIT, stacks=(30, 370)).raises == range(4, 31)


@pytest.mark.parametrize(
    ("stacks", "paid"), [((1, 399), (1, 1)), ((399, 1), (1, 1)), ((399, 2), (1, 2)), ((2, 9), (1, 2))]
)
def test_a_blind_that_takes_the_last_chip(stacks, paid):
    now = words(NO_LIMIT, stacks=stacks)
    assert now.paid == paid
    assert not now.raises
    assert now.actor == (0 if paid == (1, 2) else None)  # the small blind may still call, if there is more to call


def test_words_say_what_happened():
    said = words(NO_LIMIT, "call", "call", "call", "raise 6", "raise 20", "fold").words
    assert [(w.seat, w.street, w.verb, w.chips) for w in said] == [
        (0, 0, "call", 1),
        (1, 0, "check", 0),
        (1, 1, "check", 0),
        (0, 1, "bet", 6),
        (1, 1, "raise", 20),
        (0, 1, "fold", 0),
    ]


def test_making_a_table_draws_nothing_from_the_generator_of_the_process():
    before = random.getstate()
    words(Stakes(3, 7, limit=False), "raise 21", "call", "call")
    assert random.getstate() == before


# The end of a hand.


def test_who_folds_loses_what_they_have_put_in():
    hand = Hand(0, (200, 200), DECK[:4], ("raise 30", "fold"))
    assert finished(NO_LIMIT, hand)
    assert not showdown(NO_LIMIT, hand)
    assert won(NO_LIMIT, hand) == 2
    assert won(NO_LIMIT, hand._replace(said=("raise 30", "raise 90", "fold"))) == -30


def test_an_all_in_is_run_out_before_the_hands_are_compared():
    hand = whole("Ah Ad Kc Ks", "2c 3h 9d Td Jc", "raise 200", "call")
    for n in range(4, 9):
        assert not finished(NO_LIMIT, hand._replace(cards=hand.cards[:n]))
    assert showdown(NO_LIMIT, hand)
    assert won(NO_LIMIT, hand) == 200
    assert won(NO_LIMIT, hand._replace(stacks=(35, 365), said=("raise 35", "call"))) == 35


def test_a_shared_pot_moves_no_chip():
    assert won(NO_LIMIT, whole("Ah Kd As Kc", "2c 3h 9d Td Jc", "raise 7", "call", *["call"] * 6)) == 0
    assert won(NO_LIMIT, whole("2h 3d 4s 4c", "Ac Kc Qc Jc Tc", "raise 7", "call", *["call"] * 6)) == 0


# First hole cards, second hole cards, board, who wins (1 the first, −1 the second), what the first holds.
SHOWDOWNS = [
    # The last hand of the World Series of Poker main event: 2003 (Moneymaker, Farha) and 1988 (Chan, Seidel).
    ("5d 4s", "Jh Td", "Js 5s 4d 8d 5h", 1, "full house"),
    ("Jc 9c", "Qc 7h", "Qs 8d Th 2s 6d", 1, "straight"),
    # Each kind beats the next, on one board (the ranking of Robert's Rules of Poker).
    ("6h 5h", "8c 8d", "7h 8h 9h 8s 2c", 1, "straight flush"),
    ("8c 8d", "2d 2s", "7h 8h 9h 8s 2c", 1, "four of a kind"),
    ("9c 9d", "Ah 3h", "7h 8h 9h 8s 2c", 1, "full house"),
    ("Ah 3h", "Jc Ts", "7h 8h 9h 8s 2c", 1, "flush"),
    ("Jc Ts", "Ad 8d", "7h 8h 9h 8s 2c", 1, "straight"),
    ("Ad 8d", "As 9s", "7h 8h 9h 8s 2c", 1, "three of a kind"),
    ("As 9s", "Ac Kc", "7h 8h 9h 8s 2c", 1, "two pair"),
    ("Ad 7d", "Ac Kc", "7h 8h 9h 4s 2c", 1, "one pair"),
    ("Ad Kd", "Ac Qc", "7h 8h 9h 4s 2c", 1, "high card"),
    # An ace begins the lowest straight, which loses to the next one; it does not join a king and a two.
    ("Ad 2d", "6c 7s", "3h 4s 5c Kd Kh", -1, "straight"),
    ("Qd Kd", "4c 4s", "Ah 2s 3c 8d 8h", -1, "one pair"),
    # The fifth card decides, unless it lies on the table; a pair on the table may make one's own two pair worthless.
    ("Ad 9d", "As 8s", "Ah Kc 7d 3c 2s", 1, "one pair"),
    ("Ad 3d", "As 2s", "Ah Kc Qd Jc 9s", 0, "one pair"),
    ("7d 6d", "Ac Qc", "7h 6s Kd Kh 2c", 1, "two pair"),
    ("3d 2d", "Ac Qc", "3h 2s Kd Kh Qs", -1, "two pair"),
    # Three pairs are two pair with the best fifth card.
    ("Kd Qd", "Ks Qh", "Kh Qs Jc Jd 2s", 0, "two pair"),
]


@pytest.mark.parametrize(("first", "second", "board", "winner", "name"), SHOWDOWNS)
def test_showdowns(first, second, board, winner, name):
    hand = whole(f"{first} {second}", board, *["call"] * 8)
    assert won(NO_LIMIT, hand) == 2 * winner
    assert won(NO_LIMIT, hand._replace(cards=(*hand.cards[2:4], *hand.cards[:2], *hand.cards[4:]))) == -2 * winner
    assert strength(hand.hole(0), hand.board)[1] == name


def test_cards_are_shown_from_the_highest_and_the_flop_apart_from_what_follows():
    hand = whole("2c As Td Th", "3c Ad Kh Ac 2d")
    assert hand.hole(0) == ("As", "2c")
    assert hand.hole(1) == ("Th", "Td")
    assert hand.board == ("Ad", "Kh", "3c", "Ac", "2d")
    assert high_first(("2c", "2s")) == ("2s", "2c")
