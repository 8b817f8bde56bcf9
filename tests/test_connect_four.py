import random

import numpy as np
import pytest

from arena.game import OVER, IllegalAction
from arena.games.connect_four import ConnectFour, State

GAME = ConnectFour()


def after(columns):
    s = GAME.start()
    for column in columns:
        s = GAME.step(s, column)
    return s


def random_game(seed):
    rng = random.Random(seed)
    states = [GAME.start()]
    while (seat := GAME.turn(states[-1])) != OVER:
        states.append(GAME.step(states[-1], rng.choice(GAME.legal(states[-1], seat))))
    return states


def test_positions_per_move_are_the_known_ones():
    # Distinct positions after n moves, https://oeis.org/A212693.
    level, counts = {GAME.start()}, []
    for _ in range(6):
        counts.append(len(level))
        level = {GAME.step(s, column) for s in level for column in GAME.legal(s, GAME.turn(s))}
    assert counts == [1, 7, 49, 238, 1120, 4263]


@pytest.mark.parametrize(
    ("columns", "direction"),
    [("1212121", "upright"), ("1122334", "level"), ("12234334144", "rising"), ("76654554744", "falling")],
)
def test_four_in_a_line_win(columns, direction):
    assert GAME.turn(after(columns[:-1])) == 0
    assert GAME.turn(after(columns)) == OVER
    assert GAME.returns(after(columns)) == (1.0, -1.0)
    # The same line made by the second player, after a move of the first that has nothing to do with it.
    other = "7" if columns[0] == "1" else "1"
    assert GAME.returns(after(other + columns)) == (-1.0, 1.0), direction


def test_lines_agree_with_looking_at_every_window():
    def has_line(board):
        for r in range(6):
            for c in range(7):
                for dr, dc in ((0, 1), (1, 0), (1, 1), (1, -1)):
                    cells = [(r + i * dr, c + i * dc) for i in range(4)]
                    if all(0 <= i < 6 and 0 <= j < 7 and board[i, j] for i, j in cells):
                        return True
        return False

    for seed in range(60):
        for s in random_game(seed):
            own, other, _ = GAME.encode(s, 0)
            won = has_line(own) or has_line(other)
            assert (GAME.turn(s) == OVER) == (won or bool((own + other).all()))
            assert (GAME.returns(s) != (0.0, 0.0)) == won


def test_a_line_does_not_run_on_into_the_next_column():
    # Three above three in column 1; the bit above its top lies between them and the bottom of column 2.
    s = GAME.step(State(first=0b111000, second=0b000111), "2")
    assert (s.first, s.won) == (0b111000 | 1 << 7, False)
    assert GAME.turn(s) == 1


@pytest.mark.parametrize(
    ("columns", "action", "sentence"),
    [("", "0", "is no column"), ("", "8", "is no column"), ("111111", "1", "is full"), ("1212121", "3", "is over")],
)
def test_refusals_say_why(columns, action, sentence):
    with pytest.raises(IllegalAction, match=sentence):
        GAME.step(after(columns), action)


def test_a_full_column_is_not_legal():
    assert GAME.legal(after("111111"), 0) == ("2", "3", "4", "5", "6", "7")


def test_view_and_tensor_are_seen_from_the_seat():
    s = after("441")
    rows = [". . . . . . ."] * 4 + [". . . o . . .", "x . . x . . .", "1 2 3 4 5 6 7"]
    assert GAME.view(s, 1) == "\n".join(["you are o; o is to move", *rows])
    mine, theirs = GAME.encode(s, 0), GAME.encode(s, 1)
    assert np.argwhere(mine[0]).tolist() == [[5, 0], [5, 3]]  # the bottom row comes last
    assert np.argwhere(mine[1]).tolist() == [[4, 3]]
    assert not mine[2].any()
    assert (theirs == np.stack([mine[1], mine[0], 1 - mine[2]])).all()


def test_the_scene_is_the_board():
    board, legend = GAME.scene(after("441"))
    assert board.columns == GAME.actions
    assert board.cells[-2:] == (("", "", "", "○", "", "", ""), ("●", "", "", "●", "", "", ""))
    assert legend == "● first, ○ second"
