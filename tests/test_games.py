"""What the contract promises of every game, for every registered game.

Small games are looked at in every state, large ones in the states of random games.
"""

import pickle
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.errors import TooLarge
from arena.game import CHANCE, OVER, IllegalAction, Text, Uniform, decision_states
from arena.registry import BUILT_IN, load_game
from arena.testing import Severity, examine_game

every_game = pytest.mark.parametrize("name", sorted(BUILT_IN["games"]))
hidden_deals = pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker"])
"""Games whose first two chance events are the cards of seat 0 and of seat 1."""

TOLD = {
    "kuhn_match": {"learns"},
    "challenger_solver": {"encode_alike"},
    "debate": {"learns", "encode_alike"},
    "sneaky_critic": {"encode_alike"},
    "step_by_step": {"encode_alike"},
    "tool_tasks": {"encode_alike"},
}
"""Warnings that are meant: a showdown in the middle of a match tells what was dealt, who speaks at the same time is
heard afterwards, and nets are told no words."""
_MOST = 1000
"""Outcomes of chance that are tried: there may be a billion."""

choices = st.lists(st.integers(0, 10_000), max_size=60)
"""Which of the possible actions is taken, modulo their number; the first one when the list has run out."""
some = settings(max_examples=30)


def moves(game, s, seat):
    """Return the moves of a seat; where it may talk, those that are made in silence, and one text where all may be."""
    legal = game.legal(s, seat)
    return (legal.moves or ("some text",)) if isinstance(legal, Text) else legal


def possible(game, s):
    """Return what can happen in a state that is not over."""
    if game.turn(s) != CHANCE:
        return moves(game, s, game.turn(s))
    return [name for name, p in game.chance(s)[:_MOST] if p > 0]


def play(game, numbers):
    """Return the states and the actions of one game."""
    states, actions = [game.start()], []
    while game.turn(states[-1]) != OVER:
        open_to = possible(game, states[-1])
        number = numbers[len(actions)] if len(actions) < len(numbers) else 0
        actions.append(open_to[number % len(open_to)])
        states.append(game.step(states[-1], actions[-1]))
    return states, actions


@cache
def decisions(name):
    """Return (state, seat to move) for every state of a small game, for those of random games of a large one."""
    game = load_game(name)
    try:
        return list(decision_states(game, 20_000))
    except TooLarge:
        rng, found = np.random.default_rng(0), []
        for _ in range(100):
            found += [(s, seat) for s in play(game, rng.integers(10_000, size=60))[0] if (seat := game.turn(s)) >= 0]
            if len(found) > 3000:
                break
        return found


@every_game
def test_shipped_check(name):
    game = load_game(name)
    found = examine_game(game, games=20 if len(game.actions) < 1000 else 2, results=False).findings
    told = [finding for finding in found if finding.severity is not Severity.NOTE]
    assert [str(finding) for finding in told if finding.code not in TOLD.get(name, ())] == []


@every_game
def test_spec_makes_the_same_game_again(name):
    game = load_game(name)
    assert load_game(type(game)().spec).fingerprint == game.fingerprint
    assert all(game.rules(role) for role in game.roles)


@every_game
@some
@given(numbers=choices)
def test_the_same_actions_give_the_same_game(name, numbers):
    game = load_game(name)
    states, actions = play(game, numbers)
    s = game.start()
    for action, expected in zip(actions, states[1:], strict=True):
        before = pickle.dumps(s)
        after = game.step(s, action)
        assert pickle.dumps(s) == before  # the argument stays as it is
        assert after == expected
        assert hash(after) == hash(expected)
        s = pickle.loads(pickle.dumps(after))
    assert game.returns(s) == game.returns(states[-1])


@every_game
@some
@given(numbers=choices)
def test_returns_are_zero_sum_and_within_the_range(name, numbers):
    game = load_game(name)
    returns = game.returns(play(game, numbers)[0][-1])
    assert len(returns) == game.seats
    played = [payoff for payoff in returns if payoff is not None]
    assert all(game.payoff_range[0] <= payoff <= game.payoff_range[1] for payoff in played)
    if game.zero_sum:
        assert sum(played) == 0


@every_game
@some
@given(numbers=choices)
def test_chance_sums_to_one(name, numbers):
    game = load_game(name)
    for s in play(game, numbers)[0]:
        if game.turn(s) == CHANCE:
            outcomes = game.chance(s)
            if len(outcomes) > _MOST:
                assert isinstance(outcomes, Uniform)
                continue
            assert sum(p for _, p in outcomes) == pytest.approx(1, abs=1e-12)
            assert len({name for name, _ in outcomes}) == len(outcomes)


@every_game
def test_equal_views_have_equal_moves_and_tensors(name):
    game, seen = load_game(name), {}
    shape = None
    for s, seat in decisions(name):
        tensor = game.encode(s, seat)
        shape = shape or tensor.shape
        assert tensor.shape == shape
        assert tensor.dtype == np.float32
        assert np.isfinite(tensor).all()
        facts = (tuple(moves(game, s, seat)), tensor.tobytes())
        assert seen.setdefault((seat, game.view(s, seat)), facts) == facts


@every_game
def test_the_tensor_tells_apart_what_a_seat_can_tell_apart(name):
    if "encode_alike" in TOLD.get(name, ()):
        pytest.skip("nets are told no words of it")
    if name == "pettingzoo":
        pytest.skip("an environment's array shows the board, and the view also in which order it was filled")
    game = load_game(name)
    views = {(seat, game.view(s, seat)) for s, seat in decisions(name)}
    tensors = {(seat, game.encode(s, seat).tobytes()) for s, seat in decisions(name)}
    assert len(tensors) == len(views)


@every_game
def test_in_an_open_game_the_view_determines_the_state(name):
    game, known = load_game(name), {}
    for s, _ in decisions(name) if not game.hidden else ():
        for seat in range(game.seats):
            assert known.setdefault((seat, game.view(s, seat)), s) == s


@every_game
def test_illegal_input_is_refused(name):
    game = load_game(name)
    if not game.actions:
        pytest.skip("any text is a move; what is too long, the game's own test shows")
    tried = game.actions[:: 1 + len(game.actions) // 50]  # chess has 1,968
    for s, seat in decisions(name)[:2000]:
        legal = moves(game, s, seat)
        assert set(legal) <= set(game.actions)
        for action in {*tried, "", " ", "no such action", legal[0] + " ", legal[0].upper() + "!"} - set(legal):
            with pytest.raises(IllegalAction):
                game.step(s, action)


@every_game
@some
@given(numbers=choices)
def test_nothing_moves_after_the_end(name, numbers):
    game = load_game(name)
    last = play(game, numbers)[0][-1]
    for action in game.actions:
        with pytest.raises(IllegalAction):
            game.step(last, action)


@every_game
def test_seats_that_are_asked_together_do_not_see_each_other(name):
    game = load_game(name)
    for s, seat in decisions(name)[:2000]:
        ready = tuple(game.ready(s))
        assert ready[0] == seat
        for later in ready[1:]:
            question = game.view(s, later), game.legal(s, later), game.encode(s, later).tobytes()
            answers = {game.step(s, action) for action in moves(game, s, seat)}
            assert {game.turn(after) for after in answers} == {ready[1]}
            assert {(game.view(a, later), game.legal(a, later), game.encode(a, later).tobytes()) for a in answers} == {
                question
            }


@hidden_deals
@some
@given(numbers=choices, seat=st.integers(0, 1), other=st.integers(0, 10_000))
def test_a_hidden_card_never_changes_what_the_other_seat_sees(name, numbers, seat, other):
    game = load_game(name)
    states, actions = play(game, numbers)
    unused = [card for card in game.deck if card not in actions]
    swapped = list(actions)
    swapped[1 - seat] = unused[other % len(unused)]
    s = game.start()
    for number, action in enumerate(swapped):
        assert game.turn(s) == game.turn(states[number])
        assert game.view(s, seat) == game.view(states[number], seat)
        assert (game.encode(s, seat) == game.encode(states[number], seat)).all()
        assert game.draw(s, seat) == game.draw(states[number], seat)
        if game.turn(s) >= 0:
            assert game.legal(s, game.turn(s)) == game.legal(states[number], game.turn(s))
        s = game.step(s, action)
    assert game.view(s, seat) == game.view(states[-1], seat)
    assert game.view(s, 1 - seat) != game.view(states[-1], 1 - seat)
