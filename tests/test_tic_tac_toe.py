import numpy as np
import pytest

from arena.game import OVER, IllegalAction
from arena.games.tic_tac_toe import TicTacToe
from arena.scene import Board

GAME = TicTacToe()


def after(*actions):
    s = GAME.start()
    for action in actions:
        s = GAME.step(s, action)
    return s


def all_states():
    seen, stack = {GAME.start()}, [GAME.start()]
    while stack:
        s = stack.pop()
        if GAME.turn(s) != OVER:
            children = {GAME.step(s, action) for action in GAME.legal(s, GAME.turn(s))} - seen
            seen |= children
            stack += children
    return seen


def test_there_are_5478_positions_and_958_of_them_are_over():
    # The final ones are the UCI data set "Tic-Tac-Toe Endgame": 958, of which x wins 626 (65.3%).
    states = all_states()
    results = [GAME.returns(s) for s in states if GAME.turn(s) == OVER]
    assert len(states) == 5478
    assert [results.count(r) for r in ((1, -1), (-1, 1), (0, 0))] == [626, 316, 16]


def test_uniform_play_favours_the_first_player():
    # The value of uniform play, cross-checked with OpenSpiel: 187/630.
    def value(s):
        if GAME.turn(s) == OVER:
            return GAME.returns(s)[0]
        if s not in known:
            children = [value(GAME.step(s, action)) for action in GAME.legal(s, GAME.turn(s))]
            known[s] = sum(children) / len(children)
        return known[s]

    known = {}
    assert value(GAME.start()) == pytest.approx(187 / 630, abs=1e-12)


def test_players_take_turns_until_three_in_a_row_win():
    assert [GAME.turn(after(*"14253"[:n])) for n in range(6)] == [0, 1, 0, 1, 0, OVER]
    assert GAME.returns(after(*"14253")) == (1.0, -1.0)
    assert GAME.returns(after(*"132597")) == (-1.0, 1.0)


def test_a_full_board_without_a_line_is_a_draw():
    s = after(*"123546879")
    assert GAME.turn(s) == OVER
    assert GAME.returns(s) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("actions", "action", "sentence"),
    [("", "0", "is no cell"), ("", "10", "is no cell"), ("5", "5", "is taken"), ("14253", "9", "is over")],
)
def test_refusals_say_why(actions, action, sentence):
    with pytest.raises(IllegalAction, match=sentence):
        GAME.step(after(*actions), action)


def test_view_and_tensor_are_seen_from_the_seat():
    s = after("1", "5")
    assert GAME.view(s, 0) == "you are x; x is to move\nx 2 3\n4 o 6\n7 8 9"
    assert GAME.view(s, 1) == "you are o; x is to move\nx 2 3\n4 o 6\n7 8 9"
    mine, theirs = GAME.encode(s, 0), GAME.encode(s, 1)
    assert np.argwhere(mine[0]).tolist() == [[0, 0]]
    assert np.argwhere(mine[1]).tolist() == [[1, 1]]
    assert mine[2].all()
    assert (theirs[0] == mine[1]).all()
    assert (theirs[1] == mine[0]).all()
    assert not theirs[2].any()


def test_the_scene_is_the_board():
    assert GAME.scene(after("1", "5"), 0) == (Board((("X", "", ""), ("", "O", ""), ("", "", ""))),)
