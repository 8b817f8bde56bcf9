import random
from itertools import product

import numpy as np
import pytest

from arena.errors import GameError
from arena.game import CHANCE, OVER, IllegalAction
from arena.games.liars_dice import LiarsDice, State
from arena.scene import Cards
from arena.testing import check_game
from arena.tree.best_response import nash_conv
from arena.tree.enumeration import enumerate_game
from tests.resampling import assert_fair

GAME = LiarsDice()


def said(dice, *actions, game=GAME):
    """Return the state after these bids, with dice as in "12 34"."""
    s = game.start()
    for action in (*dice.replace(" ", ""), *actions):
        s = game.step(s, action)
    return s


# The rules.


@pytest.mark.parametrize(
    ("dice", "bids", "first"),
    [
        ("3 5", ("1x3", "liar"), 1),  # it holds, so who doubted it loses
        ("3 5", ("1x4", "liar"), -1),
        ("3 5", ("1x3", "1x5", "liar"), -1),
        ("3 5", ("1x3", "2x5", "liar"), 1),
        ("3 6", ("2x3", "liar"), 1),  # the six is wild
        ("6 6", ("2x1", "liar"), 1),
        ("3 3", ("2x6", "liar"), -1),
    ],
)
def test_who_wins(dice, bids, first):
    s = said(dice, *bids)
    assert GAME.turn(s) == OVER
    assert GAME.returns(s) == (first, -first)


def test_bids_rise_and_the_first_word_is_a_bid():
    assert GAME.legal(said("3 5"), 0) == tuple(f"{n}x{face}" for n, face in product((1, 2), "123456"))
    assert GAME.legal(said("3 5", "1x6"), 1) == ("2x1", "2x2", "2x3", "2x4", "2x5", "2x6", "liar")
    assert GAME.legal(said("3 5", "2x6"), 1) == ("liar",)


@pytest.mark.parametrize(
    ("s", "action"),
    [
        (State(), "7"),
        (State(), "1x3"),
        (said("3 5"), "liar"),
        (said("3 5", "1x4"), "1x4"),
        (said("3 5", "1x4"), "1x3"),
        (said("3 5", "1x4", "liar"), "2x1"),
    ],
)
def test_refusals(s, action):
    with pytest.raises(IllegalAction):
        GAME.step(s, action)


@pytest.mark.parametrize("parameters", [{"dice": 0}, {"faces": 1}, {"faces": 10}])
def test_impossible_dice_are_refused(parameters):
    with pytest.raises(GameError, match="liar's dice takes"):
        LiarsDice(**parameters)


def test_the_order_in_which_ones_dice_fall_means_nothing():
    game = LiarsDice(dice=2, faces=3)
    assert said("21 33", game=game) == said("12 33", game=game)
    assert game.view(said("21 33", game=game), 0) == "your dice: 1 2; so far: nothing"
    check_game(game, games=5)


# What is seen.


def test_a_player_sees_their_own_dice_until_the_end():
    s = said("3 5", "1x3", "2x5")
    assert GAME.view(s, 0) == "your dice: 3; so far: 1x3, 2x5"
    assert GAME.draw(s, 0) == "dice: 3 | ?\nsaid: 1x3 2x5"
    assert GAME.scene(s, 1) == (Cards("first", ("?",), "1x3"), Cards("second", ("5",), "2x5"))
    assert GAME.draw(s) == "dice: 3 | 5\nsaid: 1x3 2x5"
    s = GAME.step(s, "liar")
    assert GAME.view(s, 0) == "your dice: 3; so far: 1x3, 2x5, liar; the other's dice: 5"
    assert GAME.scene(s, 1) == (Cards("first", ("3",), "1x3, liar"), Cards("second", ("5",), "2x5"))


def test_resample_rolls_the_others_dice_again():
    assert_fair(GAME, said("3 5", "1x3"), 1, lambda s: s.dice[0][0], dict.fromkeys("123456", 1 / 6), 3000)
    game = LiarsDice(dice=2, faces=3)
    law = {(a, b): (1 if a == b else 2) / 9 for a, b in product("123", repeat=2) if a <= b}
    assert_fair(game, said("12 33", "2x3", game=game), 0, lambda s: s.dice[1], law, 3000)


# Held against known values, and against OpenSpiel.


@pytest.mark.parametrize(
    ("faces", "nodes", "sets", "value"),
    [(3, 1147, 96, 1.1111111111), (4, 8181, 512, 1.3101190476), (5, 51181, 2560, 1.4417417989)],
)
def test_nash_conv_of_uniform_play(faces, nodes, sets, value):
    # Values of OpenSpiel's exploitability.nash_conv for liars_dice(numdice=1, dice_sides=faces).
    tree = enumerate_game(LiarsDice(faces=faces))
    assert len(tree.mover) == nodes
    assert [len(rows) for rows in tree.by_seat] == [sets, sets]
    assert nash_conv(tree, tree.uniform) == pytest.approx(value, abs=1e-9)


@pytest.mark.slow
def test_nash_conv_of_uniform_play_with_six_faces():
    tree = enumerate_game(GAME)
    assert len(tree.mover) == 294_883
    assert [len(rows) for rows in tree.by_seat] == [12288, 12288]
    assert nash_conv(tree, tree.uniform) == pytest.approx(1.5614886464, abs=1e-9)


def compare(game, s, theirs):
    """Assert that both states offer the same, and return the moves with OpenSpiel's numbers."""
    assert theirs.is_terminal() == (game.turn(s) == OVER)
    if theirs.is_terminal():
        assert list(game.returns(s)) == theirs.returns()
        return []
    if theirs.is_chance_node():
        assert game.turn(s) == CHANCE
        outcomes = game.chance(s)
        assert dict(theirs.chance_outcomes()) == pytest.approx({int(face) - 1: p for face, p in outcomes})
        return [(face, int(face) - 1) for face, _ in outcomes]
    seat = game.turn(s)
    assert seat == theirs.current_player()
    moves = [(action, game.actions.index(action)) for action in game.legal(s, seat)]
    assert [number for _, number in moves] == theirs.legal_actions()
    assert game.encode(s, seat).tolist() == theirs.information_state_tensor(seat)
    return moves


@pytest.mark.parametrize(("dice", "faces"), [(1, 3), (1, 4), (2, 2)])
def test_the_tree_and_the_information_sets_are_those_of_openspiel(dice, faces):
    pyspiel = pytest.importorskip("pyspiel")
    game = LiarsDice(dice=dice, faces=faces)
    pairs = set()
    theirs = pyspiel.load_game(f"liars_dice(numdice={dice},dice_sides={faces})").new_initial_state()
    seen = {(game.start(), theirs.history_str())}
    stack = [(game.start(), theirs)]
    while stack:
        s, theirs = stack.pop()
        for action, number in compare(game, s, theirs):
            stack.append((game.step(s, action), theirs.child(number)))
            seen.add((stack[-1][0], stack[-1][1].history_str()))
        if game.turn(s) >= 0:
            pairs |= {(seat, game.view(s, seat), theirs.information_state_string(seat)) for seat in (0, 1)}
    # A bijection: as many pairs as views, and as many as strings.
    assert len(pairs) == len({pair[:2] for pair in pairs}) == len({pair[::2] for pair in pairs})
    if dice == 1:  # with more dice, orders in which they fall are one state here
        assert len(seen) == len({s for s, _ in seen}) == {3: 1147, 4: 8181}[faces]


@pytest.mark.parametrize(("dice", "faces"), [(1, 6), (2, 6)])
def test_random_games_are_those_of_openspiel(dice, faces):
    pyspiel = pytest.importorskip("pyspiel")
    game, rng = LiarsDice(dice=dice, faces=faces), random.Random(0)
    pairs = set()
    for _ in range(300):
        s = game.start()
        theirs = pyspiel.load_game(f"liars_dice(numdice={dice},dice_sides={faces})").new_initial_state()
        while moves := compare(game, s, theirs):
            if game.turn(s) >= 0:
                pairs |= {(seat, game.view(s, seat), theirs.information_state_string(seat)) for seat in (0, 1)}
            action, number = rng.choice(moves[:4])  # small steps make long games
            s = game.step(s, action)
            theirs.apply_action(number)
    assert len(pairs) == len({pair[:2] for pair in pairs}) == len({pair[::2] for pair in pairs})


def test_tensor():
    tensor = GAME.encode(said("3 5", "1x2"), 1)
    assert tensor.shape == (21,)
    assert np.flatnonzero(tensor).tolist() == [1, 2 + 4, 8 + 1]
