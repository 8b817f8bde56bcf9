from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.errors import GameError
from arena.game import CHANCE, OVER, IllegalAction
from arena.games.kuhn_match import Hand, KuhnMatch, State
from arena.registry import load_game
from arena.scene import Cards
from arena.testing import examine_game
from arena.tree import enumerate_game, expected_returns, nash_conv
from tests.resampling import assert_fair

GAME = KuhnMatch()

matches = st.builds(KuhnMatch, st.integers(1, 6), st.integers(1, 12))
choices = st.lists(st.integers(0, 5), max_size=40)


def after(*actions, game=GAME):
    """Return the state after these actions, with hands as in "K Q check bet fold"."""
    s = game.start()
    for action in " ".join(actions).split():
        s = game.step(s, action)
    return s


def play(game, numbers):
    """Return the states and the actions of one match."""
    states, actions = [game.start()], []
    while (seat := game.turn(states[-1])) != OVER:
        s = states[-1]
        options = [card for card, _ in game.chance(s)] if seat == CHANCE else game.legal(s, seat)
        actions.append(options[(numbers[len(actions)] if len(actions) < len(numbers) else 0) % len(options)])
        states.append(game.step(s, actions[-1]))
    return states, actions


# Known values.


def test_one_hand_is_kuhn_poker():
    tree, theirs = enumerate_game(KuhnMatch(hands=1)), enumerate_game(load_game("kuhn_poker"))
    assert len(tree.mover) == len(theirs.mover)
    assert [len(rows) for rows in tree.by_seat] == [6, 6]
    assert nash_conv(tree, tree.uniform) == pytest.approx(11 / 12, abs=1e-12)
    assert expected_returns(tree, tree.uniform).tolist() == pytest.approx([1 / 8, -1 / 8], abs=1e-12)


def test_the_first_player_loses_one_eighteenth_in_one_hand():
    tree = enumerate_game(KuhnMatch(hands=1))
    table = {  # Kuhn (1950): the first player never bets, the second bets J and calls with Q one time in three
        ("J", "you speak first"): 0, ("Q", "you speak first"): 0, ("K", "you speak first"): 0,
        ("J", "you check, the other bets"): 0, ("Q", "you check, the other bets"): 1 / 3,
        ("K", "you check, the other bets"): 1, ("J", "the other bets"): 0, ("Q", "the other bets"): 1 / 3,
        ("K", "the other bets"): 1, ("J", "the other checks"): 1 / 3, ("Q", "the other checks"): 0,
        ("K", "the other checks"): 1,
    }  # fmt: skip
    policy = np.zeros_like(tree.uniform)
    for row, view in enumerate(tree.views):
        card, told = view.splitlines()[1].removeprefix("your card: ").split("; ")
        aggressive, passive = ("call", "fold") if told.endswith("the other bets") else ("bet", "check")
        policy[row, GAME.actions.index(aggressive)] = table[card, told]
        policy[row, GAME.actions.index(passive)] = 1 - table[card, told]
    assert nash_conv(tree, policy) == pytest.approx(0, abs=1e-12)
    assert expected_returns(tree, policy).tolist() == pytest.approx([-1 / 18, 1 / 18], abs=1e-12)


def test_two_hands_are_twice_as_exploitable_and_fair():
    # While the chips suffice, what happens in one hand matters nothing in the next, and the seats change places.
    tree = enumerate_game(KuhnMatch(hands=2))
    assert len(tree.mover) == 28 + 30 * 58
    assert [len(rows) for rows in tree.by_seat] == [150, 150]
    assert nash_conv(tree, tree.uniform) == pytest.approx(2 * 11 / 12, abs=1e-12)
    assert expected_returns(tree, tree.uniform).tolist() == pytest.approx([0, 0], abs=1e-12)


def test_three_hands_of_uniform_play_are_worth_as_much_as_one():
    def value(s):
        seat = game.turn(s)
        if seat == OVER:
            return Fraction(int(game.returns(s)[0]))
        options = [card for card, _ in game.chance(s)] if seat == CHANCE else game.legal(s, seat)
        return sum(value(game.step(s, action)) for action in options) / len(options)

    game = KuhnMatch(hands=3)
    assert value(game.start()) == Fraction(1, 8)


# The rules.


@pytest.mark.parametrize(
    ("hand", "stacks"),
    [
        ("K Q check check", (10, 8)),
        ("K Q bet fold", (10, 8)),
        ("K Q bet call", (11, 7)),
        ("J Q bet call", (7, 11)),
        ("K Q check bet fold", (8, 10)),
        ("K Q check bet call", (11, 7)),
    ],
)
def test_the_pot_goes_to_the_winner(hand, stacks):
    s = after(hand)
    assert (s.stacks, s.pot, s.hand) == (stacks, 2, Hand())  # both have paid for the next hand


def test_bets_make_the_pot_grow():
    assert [after(f"K Q {said}").pot for said in ("", "check", "bet", "check bet")] == [2, 2, 3, 3]
    assert after("K Q bet").stacks == (8, 9)


def test_who_speaks_first_alternates():
    hands = ["K Q check check"] * 4
    assert [GAME.turn(after(*hands[:number], "K Q")) for number in range(5)] == [0, 1, 0, 1, 0]
    assert after("K Q bet fold", "J K bet fold").stacks == (9, 9)  # in the second hand the first player folds


def test_a_player_without_chips_has_lost():
    game = KuhnMatch(hands=5, chips=2)
    s = after("K Q bet call", game=game)
    assert game.turn(s) == OVER
    assert game.returns(s) == (2, -2)
    assert game.view(s, 1).endswith("the match is over: you have 0 chips, the other 4")


def test_the_last_chip_is_played_without_bets():
    game = KuhnMatch(hands=5, chips=2)
    s = after("K Q check check", "J Q", game=game)
    assert (s.stacks, s.pot, game.turn(s)) == ((1, 1), 2, CHANCE)
    assert game.view(s, 0).splitlines()[1] == "hand 2: your card J; no chips to bet; the other shows Q; you lose 1"


def test_equal_chips_are_a_draw():
    game = KuhnMatch(hands=2)
    assert game.returns(after("K Q check check", "J Q check check", game=game)) == (0, 0)


@pytest.mark.parametrize("parameters", [{"hands": 0}, {"chips": 0}, {"hands": 1.5}, {"chips": True}])
def test_impossible_matches_are_refused(parameters):
    with pytest.raises(GameError, match="a match has at least 1 hand"):
        KuhnMatch(**parameters)


@pytest.mark.parametrize(
    ("s", "action"),
    [
        (after(), "bet"), (after("J"), "J"), (after("J Q"), "call"), (after("J Q bet"), "check"),
        (after("J Q check"), "fold"), (State((12, 8), 0), "J"),
    ],
)  # fmt: skip
def test_refusals(s, action):
    with pytest.raises(IllegalAction):
        GAME.step(s, action)


@settings(max_examples=200)
@given(matches, choices)
def test_chips_are_conserved(game, numbers):
    states, actions = play(game, numbers)
    for s in states:
        assert sum(s.stacks) + s.pot == 2 * game.chips
        assert min(s.stacks) >= 0
        assert (s.pot == 0) == (game.turn(s) == OVER)
    first, second = game.returns(states[-1])
    assert first == -second
    assert game.payoff_range[0] <= first <= game.payoff_range[1]
    assert actions.count("call") <= actions.count("bet")


# What is seen.


def test_a_seat_remembers_what_it_saw():
    s = after("K Q check bet fold", "J Q bet call", "K")
    assert GAME.view(s, 0).splitlines() == [
        "hand 1: your card K; you check, the other bets, you fold; you lose 1",
        "hand 2: your card J; the other bets, you call; the other shows Q; you lose 2",
        "hand 3 of 5: you have 6 chips, the other 12; pot: 2",
        "your card: K; you speak first",
    ]
    assert GAME.view(s, 1).splitlines() == [
        "hand 1: your card Q; the other checks, you bet, the other folds; you win 1",
        "hand 2: your card Q; you bet, the other calls; the other shows J; you win 2",
        "hand 3 of 5: you have 12 chips, the other 6; pot: 2",
        "your card: not dealt yet; the other speaks first",
    ]


@settings(max_examples=200)
@given(matches, choices, st.integers(0, 1), st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_folded_card_is_never_told(game, numbers, seat, swaps):
    """Every card that the seat never sees is exchanged for the other one that it could have been."""
    states, _ = play(game, numbers)
    for s in states:
        if len(s.hand.cards) == 1:
            continue

        def other(hand, swap):
            if not (swap and hand.cards):
                return hand
            cards = list(hand.cards)
            (cards[1 - seat],) = set(game.deck) - set(cards)
            return hand._replace(cards=tuple(cards))

        past = tuple(hand if hand.shown else other(hand, swap) for hand, swap in zip(s.past, swaps, strict=False))
        changed = s._replace(hand=other(s.hand, swaps[-1]), past=past)
        assert game.view(changed, seat) == game.view(s, seat)
        assert (game.encode(changed, seat) == game.encode(s, seat)).all()
        assert game.draw(changed, seat) == game.draw(s, seat)
        assert game.scene(changed, seat) == game.scene(s, seat)


def test_a_seat_forgets_nothing():
    """In every state of a match of two hands, the view holds each card, word and stack that the seat has seen."""
    game, told = KuhnMatch(hands=2, chips=3), {}
    stack = [(game.start(), ((), ()))]
    while stack:
        s, seen = stack.pop()
        if len(s.hand.cards) != 1:  # the first card of a deal is no news for the seat that waits for the second
            now = [(s.hand.cards[seat : seat + 1], s.hand.said, s.stacks) for seat in (0, 1)]
            seen = tuple((*before, known) for before, known in zip(seen, now, strict=True))
            for seat in (0, 1):
                assert told.setdefault((seat, game.view(s, seat)), seen[seat]) == seen[seat]
        seat = game.turn(s)
        options = [] if seat == OVER else game.legal(s, seat) if seat >= 0 else [card for card, _ in game.chance(s)]
        stack += [(game.step(s, action), seen) for action in options]
    assert len(told) > 500


def test_drawing():
    s = after("K Q check bet fold", "J Q bet")
    assert GAME.draw(s, 0) == (
        "hand 2 of 5; pot: 3\nfirst: J (8 chips)\nsecond: ? (9 chips, bet)\nhand 1: K ?; check, bet, fold; second won 1"
    )
    assert "second: Q" in GAME.draw(s)
    assert "hand 1: K Q;" in GAME.draw(s)
    assert "hand 1: ? Q;" in GAME.draw(s, 1)
    assert GAME.scene(s, 1)[1:3] == (Cards("first", ("?",), "8 chips"), Cards("second", ("Q",), "9 chips, bet"))
    assert GAME.draw(State((12, 8), 0)).startswith("the match is over\nfirst: - (12 chips)")


def test_rules_say_how_long_it_takes():
    assert "The match has 3 hands, and both players begin it with 7 chips." in KuhnMatch(3, 7).rules("first")
    assert "1 hand, and" in KuhnMatch(1).rules("first")


def test_tensor():
    s = after("K Q check bet fold", "J Q bet call", "K Q check")
    rows = GAME.encode(s, 0)
    assert rows.shape == (5, 20)
    assert [np.flatnonzero(row).tolist() for row in rows] == [
        [2, 6, 7, 11 + 1, 15 + 3, 19],
        [0, 3 + 1, 7 + 1, 11 + 2, 19],
        [2, 6, 7],
        [],
        [],
    ]
    assert rows[:, 19].tolist() == [-0.5, -1, 0, 0, 0]


@pytest.mark.parametrize("seat", [0, 1])
def test_resample_draws_the_cards_that_were_not_shown(seat):
    s = after("K Q bet fold", "J Q bet call", "Q K check", "bet" if seat == 0 else "")
    folded, held = ([card for card in "JQK" if card != hand[seat]] for hand in ("KQ", "QK"))
    law = {(a, b): 1 / 4 for a in folded for b in held}
    assert_fair(GAME, s, seat, lambda s: (s.past[0].cards[1 - seat], s.hand.cards[1 - seat]), law, 3000)
    assert GAME.resample(s, seat, np.random.Generator(np.random.PCG64(0))).past[1] == s.past[1]


@pytest.mark.parametrize("parameters", [{"hands": 2, "chips": 3}, {"hands": 3, "chips": 1}])
def test_variants_keep_the_contract(parameters):
    found = examine_game(KuhnMatch(**parameters), games=20, results=False).findings
    assert {finding.code for finding in found} <= {"one_process", "learns"}  # a showdown tells what was dealt
