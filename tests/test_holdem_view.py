import pytest

from arena.games.holdem import LimitHoldem, NoLimitHoldem
from arena.games.holdem_hand import Hand, Stakes
from arena.games.holdem_view import draw_hand, hand_scene, tell_hand, tell_past, tell_result
from arena.scene import Cards

STAKES = Stakes(1, 2, limit=False)
ROLES = ("first", "second")


def cards(text):
    return tuple(text.split())


FLOP = Hand(0, (200, 150), cards("Ks As Qd Qc 2c Jh 7d"), ("raise 6", "call", "call", "raise 8"))
FOLDED = FLOP._replace(said=(*FLOP.said, "fold"))
SHOWN = FLOP._replace(cards=(*FLOP.cards, "Ac", "3s"), said=(*FLOP.said, "call", *["call"] * 4))


def test_a_hand_in_words():
    assert tell_hand(STAKES, FLOP, 1, {"half_pot": 22, "all_in": 144}) == [
        "the other has the button",
        "your cards: Qd Qc",
        "board: Jh 7d 2c",
        "before the flop: the other posts 1, you post 2, the other raises to 6, you call 4",
        "flop: you check, the other bets 8",
        "pot: 20 chips; you have 144 left, the other 186",
        "to call: 8",
        "half_pot: raise to 22; all_in: raise to 144",
    ]
    first = tell_hand(STAKES, FLOP, 0, None)
    assert first[:2] == ["you have the button", "your cards: As Ks"]
    assert first[-1] == "pot: 20 chips; you have 186 left, the other 144"


def test_many_sizes_are_told_as_a_range():
    told = tell_hand(STAKES, FLOP, 1, {f"raise {chips}": chips for chips in range(16, 145)})
    assert told[-1] == "you may raise to any number of chips from 16 to 144"


def test_before_the_cards_are_dealt():
    assert tell_hand(STAKES, Hand(1, (200, 1)), 0, None) == [
        "the other has the button",
        "your cards: not dealt yet",
        "board: nothing yet",
        "before the flop: the other posts 1, you post 1",
        "pot: 2 chips; you have 199 left, the other 0",
    ]


@pytest.mark.parametrize("stacks", [(1, 39), (39, 1), (2, 38), (200, 200)])
@pytest.mark.parametrize("button", [0, 1])
def test_the_blinds_that_are_told_make_the_pot(stacks, button):
    for seat in (0, 1):
        *_, posts, pot = tell_hand(STAKES, Hand(button, stacks), seat, None)
        chips = [int(word) for word in posts.replace(",", "").split() if word.isdecimal()]
        left = [int(word) for word in pot.replace(";", "").split() if word.isdecimal()]
        assert left == [sum(chips), stacks[seat] - chips[seat != button], stacks[1 - seat] - chips[seat == button]]


def test_the_end_of_a_hand():
    assert tell_hand(STAKES, FOLDED, 0, None)[-1] == "you win 6"
    assert tell_hand(STAKES, FOLDED, 1, None)[-1] == "you lose 6"
    assert tell_hand(STAKES, SHOWN, 1, None)[-2:] == [
        "the other shows As Ks: one pair, you have one pair",
        "you lose 14",
    ]
    assert tell_result(STAKES, SHOWN, ROLES) == "first wins 14 with one pair"
    assert tell_result(STAKES, FOLDED, ROLES) == "first wins 6"
    equal = SHOWN._replace(cards=cards("As Kd Ac Kh Ah 4d 5c 9s Td"))
    assert tell_result(STAKES, equal, ROLES) == tell_hand(STAKES, equal, 0, None)[-1] == "the pot is shared"


def test_what_is_remembered_of_a_hand():
    assert tell_past(STAKES, FOLDED, 1) == (
        "the other's button, your cards Qd Qc, board Jh 7d 2c; "
        "before the flop: the other posts 1, you post 2, the other raises to 6, you call 4; "
        "flop: you check, the other bets 8, you fold; you lose 6"
    )
    assert "the other shows Qd Qc: one pair, you have one pair; you win 14" in tell_past(STAKES, SHOWN, 0)
    early = Hand(1, (200, 200), cards("As Ks Qd Qc"), ("fold",))
    assert tell_past(STAKES, early, 0) == (
        "the other's button, your cards As Ks, no board; before the flop: the other posts 1, you post 2, "
        "the other folds; you win 1"
    )


def test_a_seat_sees_the_others_cards_only_when_they_are_shown():
    hidden = ("?", "?")
    for seat, hands in (
        (0, (("As", "Ks"), hidden)),
        (1, (hidden, ("Qd", "Qc"))),
        (None, (("As", "Ks"), ("Qd", "Qc"))),
    ):
        for hand in (FLOP, FOLDED):
            assert tuple(block.cards for block in hand_scene(STAKES, hand, ROLES, seat)[:2]) == hands
        assert hand_scene(STAKES, SHOWN, ROLES, seat)[0].cards == ("As", "Ks")
        assert hand_scene(STAKES, SHOWN, ROLES, seat)[1].cards == ("Qd", "Qc")


def test_scene_and_drawing():
    betting = [
        "before the flop: first posts 1, second posts 2, first raises to 6, second calls 4",
        "flop: second checks, first bets 8",
    ]
    assert hand_scene(STAKES, FLOP, ROLES, 0) == (
        Cards("first", ("As", "Ks"), "186 chips, bet 8, button"),
        Cards("second", ("?", "?"), "144 chips"),
        Cards("board", ("Jh", "7d", "2c"), "pot 20"),
        *betting,
    )
    assert draw_hand(STAKES, FLOP, ROLES, 1) == [
        "first: ? ? (186 chips, bet 8, button)",
        "second: Qd Qc (144 chips)",
        "board: Jh 7d 2c (pot 20)",
        *betting,
    ]
    assert draw_hand(STAKES, SHOWN, ROLES, 1)[-1] == "first wins 14 with one pair"
    assert draw_hand(STAKES, Hand(0, (9, 9)), ROLES, None)[0] == "first: - (8 chips, bet 1, button)"


def test_a_match_tells_of_its_hands():
    game = NoLimitHoldem(hands=3)
    s = game.start()
    for action in (*cards("As Ks Qd Qc"), "fold", *cards("Ah Kh Jd Jc")):
        s = game.step(s, action)
    lines = game.view(s, 1).splitlines()
    assert lines[:3] == ["hand 2 of 3", "you have the button", "your cards: Jd Jc"]
    assert lines[-2] == "half_pot: raise to 4; pot: raise to 6; all_in: raise to 199"
    assert lines[-1].startswith(
        "hand 1: the other's button, your cards Qd Qc, no board; before the flop: the other posts"
    )
    assert game.draw(s, 1).splitlines()[0] == "hand 2 of 3"
    assert game.scene(s, 1)[0] == "hand 2 of 3"
    assert game.scene(s, 1)[-1] == "hand 1: second wins 1"


def test_a_single_hand_is_not_numbered():
    assert LimitHoldem().view(LimitHoldem().start(), 0).startswith("you have the button")
    assert isinstance(LimitHoldem().scene(LimitHoldem().start())[0], Cards)
