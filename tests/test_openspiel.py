"""Kuhn poker, Leduc poker and tic-tac-toe agree with OpenSpiel on every state, Connect Four on random games."""

import random
from itertools import pairwise

import pytest

from arena.game import CHANCE, OVER
from arena.registry import load_game

pyspiel = pytest.importorskip("pyspiel")


def number(game, s, action):
    """Return OpenSpiel's number for an action or a chance outcome: its position, here as there."""
    return (game.deck if game.turn(s) == CHANCE else game.actions).index(action)


def names(game, s):
    """Return what can happen in a state that is not over."""
    return [name for name, _ in game.chance(s)] if game.turn(s) == CHANCE else list(game.legal(s, game.turn(s)))


def agree(game, s, theirs):
    """Assert that two states have the same mover, the same moves with the same chances, and the same returns."""
    assert theirs.is_terminal() == (game.turn(s) == OVER)
    if theirs.is_terminal():
        assert list(game.returns(s)) == theirs.returns()
    elif theirs.is_chance_node():
        assert game.turn(s) == CHANCE
        ours = {number(game, s, name): p for name, p in game.chance(s)}
        assert ours == pytest.approx(dict(theirs.chance_outcomes()))
    else:
        assert game.turn(s) == theirs.current_player()
        assert sorted(number(game, s, a) for a in game.legal(s, game.turn(s))) == theirs.legal_actions()


def walk(name, sight):
    """Yield every pair of states once; equal states of ours are one, and must be one there by `sight`."""
    game, theirs = load_game(name), pyspiel.load_game(name).new_initial_state()
    seen = {game.start(): sight(theirs)}
    stack = [(game.start(), theirs)]
    while stack:
        s, theirs = stack.pop()
        agree(game, s, theirs)
        yield game, s, theirs
        for action in names(game, s) if game.turn(s) != OVER else ():
            child, their_child = game.step(s, action), theirs.child(number(game, s, action))
            if child in seen:
                assert seen[child] == sight(their_child)
            else:
                seen[child] = sight(their_child)
                stack.append((child, their_child))


@pytest.mark.parametrize(
    ("name", "histories", "terminals", "information_sets"),
    [("kuhn_poker", 58, 30, [6, 6]), ("leduc_poker", 9457, 5520, [468, 468])],
)
def test_poker_is_the_same_tree_with_the_same_information_sets(name, histories, terminals, information_sets):
    pairs, sizes, movers = set(), [0, 0], {0: set(), 1: set()}
    for game, s, theirs in walk(name, sight=lambda theirs: theirs.history_str()):
        sizes[0] += 1
        sizes[1] += game.turn(s) == OVER
        if game.turn(s) >= 0:
            pairs |= {(seat, game.view(s, seat), theirs.information_state_string(seat)) for seat in (0, 1)}
            movers[game.turn(s)].add(game.view(s, game.turn(s)))
    assert sizes == [histories, terminals]
    assert [len(movers[seat]) for seat in (0, 1)] == information_sets
    # A bijection: as many pairs as views, and as many as strings.
    assert len(pairs) == len({pair[:2] for pair in pairs}) == len({pair[::2] for pair in pairs})


def test_leduc_tensor_is_the_same():
    for game, s, theirs in walk("leduc_poker", sight=lambda theirs: theirs.history_str()):
        if game.turn(s) >= 0:
            for seat in (0, 1):
                assert game.encode(s, seat).tolist() == theirs.information_state_tensor(seat)


def test_tic_tac_toe_is_the_same_graph_with_the_same_views():
    pairs = {
        (seat, game.view(s, seat), theirs.observation_string(seat))
        for game, s, theirs in walk("tic_tac_toe", sight=str)
        for seat in (0, 1)
    }
    assert len(pairs) == 2 * 5478
    assert len(pairs) == len({pair[:2] for pair in pairs}) == len({pair[::2] for pair in pairs})


def test_connect_four_agrees_on_random_games():
    game, rng = load_game("connect_four"), random.Random(0)
    for _ in range(50):
        s, theirs = game.start(), pyspiel.load_game("connect_four").new_initial_state()
        boards = [str(theirs)]
        while game.turn(s) != OVER:
            agree(game, s, theirs)
            action = rng.choice(game.legal(s, game.turn(s)))
            theirs.apply_action(number(game, s, action))
            s = game.step(s, action)
            boards.append(str(theirs))
            assert game.draw(s).replace(" ", "").splitlines()[:-1] == str(theirs).split()
        agree(game, s, theirs)
        assert all(before != after for before, after in pairwise(boards))
