import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pokerkit import Automation, FixedLimitTexasHoldem, NoLimitTexasHoldem

from arena.errors import GameError
from arena.game import CHANCE, OVER, IllegalAction
from arena.games.holdem import LimitHoldem, NoLimitHoldem
from arena.games.holdem_hand import DECK, betting
from arena.match import Fixture, play_fixtures
from arena.record import StopReason
from arena.registry import load_player
from arena.testing import check_game
from tests.resampling import assert_fair

LIMIT, NO_LIMIT = LimitHoldem(), NoLimitHoldem()
GAMES = [
    LIMIT,
    NO_LIMIT,
    NoLimitHoldem(sizes="chips", stack=40),
    LimitHoldem(hands=4, stack=20),
    NoLimitHoldem(hands=5, stack=31, blinds=(2, 5)),
    NoLimitHoldem(hands=4, stack=20, sizes="chips"),
]
each_game = pytest.mark.parametrize("game", GAMES, ids=lambda game: game.spec)
some = settings(max_examples=20)
seeds = st.integers(0, 2**32)


def possible(game, s):
    """Return what can happen; a fold is left out where there is a choice, so that hands are long."""
    if game.turn(s) == CHANCE:
        return [card for card, _ in game.chance(s)]
    return [action for action in game.legal(s, game.turn(s)) if action != "fold"]


def states(game, seed, folds=0.1):
    """Return the states of one random game."""
    rng, found = random.Random(seed), [game.start()]
    while game.turn(s := found[-1]) != OVER:
        fold = game.turn(s) >= 0 and "fold" in game.legal(s, game.turn(s)) and rng.random() < folds
        found.append(game.step(s, "fold" if fold else rng.choice(possible(game, s))))
    return found


def deal(game, cards, *actions, s=None):
    """Return the state after these actions; cards are dealt when their turn comes."""
    s, cards, actions = s or game.start(), cards.split(), list(actions)
    while cards or actions:
        s = game.step(s, cards.pop(0) if game.turn(s) == CHANCE else actions.pop(0))
    return s


# Every game.


@each_game
def test_the_contract(game):
    check_game(game, games=2)


@each_game
@some
@given(seed=seeds)
def test_no_chip_is_ever_made_or_lost(game, seed):
    for s in states(game, seed):
        so_far = betting(game.stakes, s.hand)
        assert sum(s.hand.stacks) == 2 * game.stack
        assert all(0 <= paid <= stack for paid, stack in zip(so_far.paid, s.hand.stacks, strict=True))
        assert all(stack > 0 for stack in s.hand.stacks)
        assert len(set(s.hand.cards)) == len(s.hand.cards)
    returns = game.returns(s)
    assert sum(returns) == 0
    assert max(returns) <= game.payoff_range[1]


@each_game
@some
@given(seed=seeds)
def test_nothing_depends_on_cards_that_a_seat_does_not_see(game, seed):
    """Up to the end of a hand, where they may be shown: hold'em among two is symmetric in what is hidden."""
    for s in states(game, seed):
        seat = game.turn(s)
        if seat >= 0:
            other = game.resample(s, seat, np.random.default_rng(seed))
            assert game.view(other, seat) == game.view(s, seat)
            assert game.legal(other, seat) == game.legal(s, seat)
            assert (game.encode(other, seat) == game.encode(s, seat)).all()
            assert game.draw(other, seat) == game.draw(s, seat)
            assert game.scene(other, seat) == game.scene(s, seat)


BY_HAND = {Automation.ANTE_POSTING, Automation.BET_COLLECTION, Automation.BLIND_OR_STRADDLE_POSTING}
AT_THE_END = {
    Automation.HOLE_CARDS_SHOWING_OR_MUCKING,
    Automation.HAND_KILLING,
    Automation.CHIPS_PUSHING,
    Automation.CHIPS_PULLING,
}


def table(game, hand):
    """Return pokerkit's own table for a hand: its own rules, all its chips and cards."""
    small, big = game.blinds
    sizes = (big, 2 * big) if game.limit else (big,)
    kind = FixedLimitTexasHoldem if game.limit else NoLimitTexasHoldem
    automatic = tuple(BY_HAND | AT_THE_END)
    stacks = (hand.stacks[1 - hand.button], hand.stacks[hand.button])
    return kind.create_state(automatic, True, 0, (small, big), *sizes, stacks, 2)


def follow(theirs, hand):
    """Do at pokerkit's table what happened in a hand, and yield where a player is to speak what has been said."""
    for seat in (1 - hand.button, hand.button):
        theirs.deal_hole("".join(hand.cards[2 * seat : 2 * seat + 2]))
    board, said = list(hand.cards[4:]), list(hand.said)
    while theirs.status:
        if theirs.actor_index is not None:
            yield hand.said[: len(hand.said) - len(said)]
            if not said:
                return
            action = said.pop(0)
            if action == "fold":
                theirs.fold()
            elif action == "call":
                theirs.check_or_call()
            else:
                # Above what the other can call, pokerkit asks for a whole raise all the same.
                least = theirs.min_completion_betting_or_raising_to_amount
                theirs.complete_bet_or_raise_to(max(least, int(action.removeprefix("raise "))))
        elif theirs.can_burn_card("??"):
            theirs.burn_card("??")
        else:
            count = 3 if len(board) == 5 else 1
            theirs.deal_board("".join(board[:count]))
            del board[:count]


@each_game
@some
@given(seed=seeds)
def test_every_hand_is_as_pokerkit_plays_it(game, seed):
    last = states(game, seed)[-1]
    after = [hand.stacks for hand in (*last.past, last.hand)][1:]
    after.append(tuple(int(game.stack + payoff) for payoff in game.returns(last)))
    for hand, stacks in zip((*last.past, last.hand), after, strict=True):
        theirs = table(game, hand)
        for said in follow(theirs, hand):
            ours = betting(game.stakes, hand._replace(said=said))
            assert ours.actor == (hand.button if theirs.actor_index == 1 else 1 - hand.button)
            assert ours.to_call == theirs.checking_or_calling_amount
            # pokerkit allows a fourth raise before the flop, where the big blind is no bet to it.
            capped = game.limit and ours.street == 0 and len([w for w in said if w.startswith("raise")]) == 3
            assert bool(ours.raises) == (theirs.can_complete_bet_or_raise_to() and not capped)
            if ours.raises:
                least = theirs.min_completion_betting_or_raising_to_amount
                cap = min(stack + bet for stack, bet in zip(theirs.stacks, theirs.bets, strict=True))
                assert ours.raises[0] == min(least, cap)
                assert game.limit or ours.raises[-1] == cap
        assert not theirs.status
        assert (theirs.stacks[1 - hand.button], theirs.stacks[hand.button]) == stacks


@each_game
@some
@given(seed=seeds, which=st.integers(0, 2))
def test_a_round_has_no_more_words_than_the_tensor_has_room_for(game, seed, which):
    """Smallest raises make the longest rounds: the first raise on offer, mostly."""
    rng, s = random.Random(seed), game.start()
    while game.turn(s) != OVER:
        actions = possible(game, s)
        raises = [action for action in actions if action != "call"]
        smallest = raises and game.turn(s) >= 0 and rng.random() < 0.7 + 0.1 * which
        s = game.step(s, raises[0] if smallest else rng.choice(actions))
        words = betting(game.stakes, s.hand).words
        assert max((sum(w.street == street for w in words) for street in range(4)), default=0) <= game.longest


# Limit.


def test_the_most_that_a_limit_hand_can_cost():
    most = ("call", "raise", "raise", "raise", "call", *(("call", "raise", "raise", "raise", "raise", "call") * 3))
    s = deal(LimitHoldem(stack=1000), "As Ah Ks Kh 2c 3c 4d 9d Tc", *most)
    assert LIMIT.payoff_range == LimitHoldem(stack=1000).payoff_range == (-48, 48)
    assert LimitHoldem(stack=1000).returns(s) == (48, -48)
    assert LimitHoldem(stack=30).payoff_range == (-30, 30)


def test_legal_words():
    assert LIMIT.legal(deal(LIMIT, "As Ah Ks Kh"), 0) == ("fold", "call", "raise")
    assert LIMIT.legal(deal(LIMIT, "As Ah Ks Kh", "call"), 1) == ("call", "raise")
    assert LIMIT.legal(deal(LIMIT, "As Ah Ks Kh", "raise", "raise", "raise"), 1) == ("fold", "call")


# No-limit.


def test_sizes_by_the_pot():
    """Sizes are those of OpenSpiel's fchpa: call, then add half the pot or the pot."""
    s = deal(NO_LIMIT, "As Ah Ks Kh")
    assert NO_LIMIT.raises(betting(NO_LIMIT.stakes, s.hand)) == {"half_pot": 4, "pot": 6, "all_in": 200}
    s = NO_LIMIT.step(s, "pot")
    assert s.hand.said == ("raise 6",)
    assert NO_LIMIT.raises(betting(NO_LIMIT.stakes, s.hand)) == {"half_pot": 12, "pot": 18, "all_in": 200}
    s = deal(NO_LIMIT, "2c 3c 4d", "pot", "call", s=s)
    assert NO_LIMIT.raises(betting(NO_LIMIT.stakes, s.hand)) == {"half_pot": 18, "pot": 36, "all_in": 182}


def test_a_size_that_is_all_in_has_one_name():
    game = NoLimitHoldem(stack=12)
    assert game.legal(deal(game, "As Ah Ks Kh", "half_pot"), 1) == ("fold", "call", "half_pot", "all_in")
    assert game.legal(deal(game, "As Ah Ks Kh", "half_pot", "half_pot"), 0) == ("fold", "call", "all_in")
    assert game.legal(deal(game, "As Ah Ks Kh", "half_pot", "all_in"), 0) == ("fold", "call")


def test_sizes_in_chips():
    game = NoLimitHoldem(sizes="chips")
    s = deal(game, "As Ah Ks Kh")
    assert game.legal(s, 0) == ("fold", "call", *(f"raise {chips}" for chips in range(4, 201)))
    assert deal(game, "", "raise 150", s=s).hand.said == ("raise 150",)
    with pytest.raises(IllegalAction, match="say fold or call or raise 4 or … or raise 200"):
        game.step(s, "raise 3")


def test_all_in_before_the_flop_deals_five_cards():
    s = deal(NO_LIMIT, "As Ah Ks Kh", "all_in", "call")
    for card in ("2c", "3c", "4d", "9d", "Kd"):
        assert NO_LIMIT.turn(s) == CHANCE
        s = NO_LIMIT.step(s, card)
    assert NO_LIMIT.turn(s) == OVER
    assert NO_LIMIT.returns(s) == (-200, 200)


def test_equal_hands_share_the_pot():
    assert NO_LIMIT.returns(deal(NO_LIMIT, "As Ah Ac Ad 2c 3h 9d Td Jc", "all_in", "call")) == (0, 0)


# Matches.


def test_the_button_changes_and_chips_are_kept():
    game = NoLimitHoldem(hands=3)
    s = deal(game, "As Ah Ks Kh", "fold")
    assert (s.hand.button, s.hand.stacks, len(s.past)) == (1, (199, 201), 1)
    s = deal(game, "As Ah Ks Kh", "pot", s=s)  # the second seat speaks first now
    assert s.hand.said == ("raise 6",)
    s = deal(game, "", "call", s=s)
    assert game.turn(deal(game, "2c 3c 4d", s=s)) == 0
    s = deal(game, "2c 3c 4d 9d Tc", *["call"] * 6, s=s)
    assert (s.hand.button, s.hand.stacks, len(s.past)) == (0, (205, 195), 2)
    s = deal(game, "As Ah Ks Kh", "pot", "fold", s=s)
    assert game.turn(s) == OVER
    assert game.returns(s) == (7, -7)


def test_a_player_without_chips_ends_the_match():
    game = NoLimitHoldem(hands=50)
    s = deal(game, "As Ah Ks Kh 2c 3c 4d 9d Tc", "all_in", "call")
    assert game.turn(s) == OVER
    assert game.returns(s) == (200, -200)
    s = deal(game, "As Ah Ac Ad 2c 3h 9d Td Jc", "all_in", "call")
    assert game.turn(s) == CHANCE  # a shared pot ends nothing
    assert s.hand.stacks == (200, 200)


def test_a_hand_is_scored_by_chips_and_a_match_by_who_wins_it():
    assert [NO_LIMIT.scoring, LIMIT.scoring] == ["payoff", "payoff"]
    assert [NoLimitHoldem(hands=2).scoring, LimitHoldem(hands=100).scoring] == ["outcome", "outcome"]
    assert NoLimitHoldem(hands=100).payoff_range == (-200, 200)
    assert LimitHoldem(stack=400, hands=4).payoff_range == (-192, 192)


def test_the_referee_plays_matches():
    game = NoLimitHoldem(hands=20, stack=40)
    players = {"uniform": load_player("uniform", game)}
    fixtures = [Fixture(f"match {seed}", "play", ("uniform", "uniform"), seed, "") for seed in range(20)]
    records = list(play_fixtures(game, fixtures, players))
    assert [record.stop for record in records] == [StopReason.FINISHED] * 20
    assert all(sum(record.returns) == 0 for record in records)
    assert any(abs(record.returns[0]) == 40 for record in records)  # somebody lost all their chips


# The tensor, and hidden cards.


def test_tensor():
    s = deal(NO_LIMIT, "As Ah Ks Kh Qc 3c 4d", "pot", "call", "call", "half_pot")
    tensor = NO_LIMIT.encode(s, 1)
    assert tensor.shape == (213 + 8 * NO_LIMIT.longest,)
    assert tensor[:5] == pytest.approx([0, 194 / 400, 188 / 400, 18 / 400, 0])
    assert [DECK[i] for i in np.flatnonzero(tensor[5:57])] == ["Kh", "Ks"]
    assert [DECK[i] for i in np.flatnonzero(tensor[57:109])] == ["3c", "4d", "Qc"]
    assert not tensor[109:213].any()
    words = tensor[213:].reshape(4, NO_LIMIT.longest, 2)
    assert words[0, :3] == pytest.approx(np.array([[0, 6 / 200], [1, 0], [0, 0]]))
    assert words[1, :3] == pytest.approx(np.array([[1, 0], [0, 6 / 200], [0, 0]]))
    assert NoLimitHoldem(hands=4).encode(NoLimitHoldem(hands=4).start(), 0)[:5] == pytest.approx(
        [1, 199 / 400, 198 / 400, 3 / 400, 3 / 4]
    )


@pytest.mark.parametrize("seat", [0, 1])
def test_resample_draws_the_others_cards_again(seat):
    s = deal(LIMIT, "As Ah Ks Kh 2c 3c 4d", "call", "call", *["call"] * seat)
    s = s if LIMIT.turn(s) == seat else LIMIT.step(s, "call")
    seen = {*s.hand.cards[2 * seat : 2 * seat + 2], "2c", "3c", "4d"}
    pairs = [frozenset(pair) for pair in combinations([card for card in DECK if card not in seen], 2)]
    law = dict.fromkeys(pairs, 1 / len(pairs))
    assert len(law) == 1081
    assert_fair(LIMIT, s, seat, lambda s: frozenset(s.hand.hole(1 - seat)), law, 8000)


def test_resample_knows_what_was_shown():
    game = NoLimitHoldem(hands=3)
    s = deal(game, "As Ah Ks Kh", "pot", "fold")
    s = deal(game, "As Ah Ks Kh 2c 3c 4d 9d Tc", *["call"] * 8, s=s)
    s = deal(game, "Qs Qh Js Jh", s=s)
    others = [game.resample(s, 0, np.random.default_rng(i)) for i in range(30)]
    assert {other.past[1] for other in others} == {s.past[1]}
    assert len({other.past[0] for other in others}) > 20
    assert {other.past[0].hole(0) for other in others} == {("As", "Ah")}
    assert len({other.hand.hole(1) for other in others}) > 20


def test_resample_while_cards_are_dealt():
    s = deal(LIMIT, "As Ah Ks")
    law = {(card,): 1 / 50 for card in DECK if card not in ("As", "Ah")}
    assert_fair(LIMIT, s, 0, lambda s: s.hand.hole(1), law, 3000)
    assert {LIMIT.resample(deal(LIMIT, "As"), 0, np.random.default_rng(0))} == {deal(LIMIT, "As")}


# Refusals.


@pytest.mark.parametrize(
    ("s", "action"),
    [
        (LIMIT.start(), "call"),
        (deal(LIMIT, "As"), "As"),
        (deal(LIMIT, "As Ah Ks Kh"), "check"),
        (deal(LIMIT, "As Ah Ks Kh", "call"), "fold"),
        (deal(LIMIT, "As Ah Ks Kh", "raise", "raise", "raise"), "raise"),
        (deal(LIMIT, "As Ah Ks Kh", "fold"), "call"),
    ],
)
def test_refusals(s, action):
    with pytest.raises(IllegalAction):
        LIMIT.step(s, action)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"blinds": (2, 1)}, "give the small one and the big one"),
        ({"blinds": (0, 2)}, "give the small one"),
        ({"stack": 3}, "at least 4 chips"),
        ({"hands": 0}, "at least one hand"),
        ({"stack": 99.5}, "whole numbers"),
        ({"hands": True}, "whole numbers"),
        ({"sizes": "any"}, "'pot' for half_pot"),
    ],
)
def test_impossible_parameters_are_refused(parameters, message):
    with pytest.raises(GameError, match=message):
        NoLimitHoldem(**parameters)


def test_the_rules_name_the_stakes():
    rules = NoLimitHoldem(hands=20, stack=100).rules("first")
    assert "Texas hold'em is played here by two players" in rules
    assert "half_pot and pot first call" in rules
    assert "begin with 100 chips; the blinds are 1 and 2" in rules
    assert "up to 20 hands" in rules
    assert "One hand is played" in LIMIT.rules("first")
