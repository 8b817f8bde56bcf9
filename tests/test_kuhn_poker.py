from fractions import Fraction
from itertools import product

import pytest

from arena.game import CHANCE, OVER, IllegalAction
from arena.games.kuhn_poker import KuhnPoker, State, equilibrium
from arena.scene import Cards
from tests.resampling import assert_fair

GAME = KuhnPoker()
UNIFORM = {}


def exact(p):
    return Fraction(p).limit_denominator(60)


def value(table, s=None):
    """What the first player wins, as a fraction; views that are not in the table are played uniformly."""
    s = GAME.start() if s is None else s
    seat = GAME.turn(s)
    if seat == OVER:
        return Fraction(GAME.returns(s)[0])
    if seat == CHANCE:
        return sum(exact(p) * value(table, GAME.step(s, card)) for card, p in GAME.chance(s))
    row = table.get(GAME.view(s, seat), {"pass": 0.5, "bet": 0.5})
    return sum(exact(p) * value(table, GAME.step(s, action)) for action, p in row.items())


@pytest.mark.parametrize("alpha", [0, 1 / 5, 1 / 3])
def test_the_first_player_loses_exactly_one_eighteenth_in_equilibrium(alpha):
    assert value(equilibrium(alpha)) == Fraction(-1, 18)  # Kuhn (1950)


@pytest.mark.parametrize("seat", [0, 1])
def test_no_pure_strategy_beats_the_equilibrium(seat):
    table = equilibrium()
    views = [view for view in table if ("so far: nothing" in view or "pass, bet" in view) == (seat == 0)]
    assert len(views) == 6
    for choices in product(GAME.actions, repeat=6):
        pure = {view: {action: 1.0} for view, action in zip(views, choices, strict=True)}
        first = value({**table, **pure})
        assert first <= Fraction(-1, 18) if seat == 0 else first >= Fraction(-1, 18)


def test_uniform_play_wins_one_eighth_for_the_first_player():
    assert value(UNIFORM) == Fraction(1, 8)  # +0.125 in OpenSpiel too


@pytest.mark.parametrize(
    ("cards", "bets", "first"),
    [
        ("KQ", "pass pass", 1), ("JQ", "pass pass", -1),
        ("KQ", "bet bet", 2), ("JQ", "bet bet", -2), ("JQ", "bet pass", 1),
        ("KJ", "pass bet pass", -1), ("KJ", "pass bet bet", 2), ("JK", "pass bet bet", -2),
    ],
)  # fmt: skip
def test_payoffs(cards, bets, first):
    s = State(tuple(cards), tuple(bets.split()))
    assert GAME.turn(s) == OVER
    assert GAME.returns(s) == (first, -first)


def test_a_player_sees_their_own_card_only():
    s = State(("Q", "K"), ("pass",))
    assert GAME.view(s, 0) == "your card: Q; so far: pass"
    assert GAME.view(s, 1) == "your card: K; so far: pass"
    assert GAME.draw(s, 0) == "cards: Q ?\nbetting: pass"
    assert GAME.draw(s) == "cards: Q K\nbetting: pass"


def test_scene():
    s = State(("Q", "K"), ("pass", "bet"))
    first, second = Cards("first", ("Q",), "1 in the pot, pass"), Cards("second", ("K",), "2 in the pot, bet")
    assert GAME.scene(s) == (first, second)
    assert GAME.scene(s, 0) == (first, second._replace(cards=("?",)))
    assert GAME.scene(State(("Q",)), 1) == (Cards("first", ("?",), "1 in the pot"), Cards("second", (), "1 in the pot"))


@pytest.mark.parametrize("seat", [0, 1])
def test_resample_draws_the_others_card_again(seat):
    law = {card: 1 / 2 for card in GAME.deck if card != "QK"[seat]}
    assert_fair(GAME, State(("Q", "K"), ("pass",) * seat), seat, lambda s: s.cards[1 - seat], law, 2000)


def test_resample_before_all_cards_are_dealt():
    assert_fair(GAME, State(("Q",)), 1, lambda s: s.cards[0], dict.fromkeys("JQK", 1 / 3), 2000)
    assert_fair(GAME, State(("Q",)), 0, lambda s: s.cards, {("Q",): 1.0}, 10)


@pytest.mark.parametrize(
    ("s", "action"),
    [(State(), "bet"), (State(("J",)), "J"), (State(("J", "Q")), "call"), (State(("J", "Q"), ("bet", "bet")), "bet")],
)
def test_refusals(s, action):
    with pytest.raises(IllegalAction):
        GAME.step(s, action)


def test_tensor():
    assert GAME.encode(State(("Q", "K"), ("pass", "bet")), 0).tolist() == [0, 1, 0, 0, 0, 0, 1]
