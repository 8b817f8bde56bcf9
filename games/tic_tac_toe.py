"""Tic-tac-toe: the game that is a draw when both play well."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from arena.game import OVER, Game, IllegalAction
from arena.scene import Board, Scene

LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
"""The eight rows, columns and diagonals, as positions 0–8."""


class TicTacToe(Game[str]):
    """Tic-tac-toe is played on a board of 3 × 3 cells, numbered 1 to 9 from left to right and top to bottom.

    The first player puts an x into an empty cell, then the second player an o, and so on in turn. Whoever
    first has three marks of their own in a row, a column or a diagonal wins (1 against −1). If the board is
    full and nobody has, it is a draw (0). A move is the number of an empty cell.
    """

    # A state is the board: nine characters, each x, o or a dot for an empty cell.

    name = "tic_tac_toe"
    roles = ("first", "second")
    actions = ("1", "2", "3", "4", "5", "6", "7", "8", "9")

    def start(self) -> str:
        return "." * 9

    def turn(self, s: str) -> int:
        return OVER if _winner(s) or "." not in s else s.count(".") % 2 ^ 1

    def legal(self, s: str, seat: int) -> list[str]:
        return [action for action, mark in zip(self.actions, s, strict=True) if mark == "."]

    def step(self, s: str, action: str) -> str:
        seat = self.turn(s)
        if seat == OVER:
            raise IllegalAction(f"{action!r} is no move here: the game is over")
        if action not in self.actions:
            raise IllegalAction(f"{action!r} is no cell: say a number from 1 to 9")
        cell = int(action) - 1
        if s[cell] != ".":
            raise IllegalAction(f"cell {action} is taken: choose an empty cell")
        return f"{s[:cell]}{'xo'[seat]}{s[cell + 1 :]}"

    def returns(self, s: str) -> tuple[float, float]:
        return {"x": (1.0, -1.0), "o": (-1.0, 1.0), "": (0.0, 0.0)}[_winner(s)]

    def view(self, s: str, seat: int) -> str:
        mover = self.turn(s)
        due = "the game is over" if mover == OVER else f"{'xo'[mover]} is to move"
        return f"you are {'xo'[seat]}; {due}\n{self.draw(s)}"

    def encode(self, s: str, seat: int) -> NDArray[np.float32]:
        """Return shape (3, 3, 3), plane × row × column: own marks; the other's marks; ones if it is your move."""
        board = np.array(list(s)).reshape(3, 3)
        to_move = np.full((3, 3), self.turn(s) == seat)
        return np.stack([board == "xo"[seat], board == "ox"[seat], to_move]).astype(np.float32)

    def draw(self, s: str, seat: int | None = None) -> str:
        cells = [self.actions[i] if mark == "." else mark for i, mark in enumerate(s)]
        return "\n".join(" ".join(cells[row : row + 3]) for row in (0, 3, 6))

    def scene(self, s: str, seat: int | None = None) -> Scene:
        cells = ["" if mark == "." else mark.upper() for mark in s]
        return (Board(tuple(tuple(cells[row : row + 3]) for row in (0, 3, 6))),)


@cache
def _winner(board: str) -> str:
    """Return the mark that has a line, or nothing."""
    for a, b, c in LINES:
        if board[a] != "." and board[a] == board[b] == board[c]:
            return board[a]
    return ""
