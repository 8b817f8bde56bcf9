"""Connect Four on the usual board of 6 rows and 7 columns; the first player wins with best play (Allis, 1988)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.game import OVER, Game, IllegalAction
from arena.scene import Board, Scene

ROWS, COLUMNS = 6, 7
_HEIGHT = ROWS + 1  # one bit above each column stays 0, so that lines never run on into the next column
_COLUMN = {str(c + 1): ((1 << ROWS) - 1) << c * _HEIGHT for c in range(COLUMNS)}
_BOTTOM = {str(c + 1): 1 << c * _HEIGHT for c in range(COLUMNS)}
_TOP = [1 << c * _HEIGHT + ROWS - 1 for c in range(COLUMNS)]
_TOPS = sum(_TOP)
_LEGAL = {
    full: tuple(str(c + 1) for c in range(COLUMNS) if not full & _TOP[c])
    for columns in range(1 << COLUMNS)
    for full in [sum(_TOP[c] for c in range(COLUMNS) if columns >> c & 1)]
}
"""Top cells that are taken → the columns that are open."""


class State(NamedTuple):
    """Each seat's discs as bits: bit 7c + r is column c from the left, row r from the bottom."""

    first: int = 0
    second: int = 0
    won: bool = False
    """Whether the disc that fell last made a line; only that one can have."""


class ConnectFour(Game[State]):
    """Connect Four is played on an upright board of 7 columns, numbered 1 to 7 from the left, and 6 rows.

    The players take turns dropping a disc of their own (x for the first player, o for the second) into a
    column that is not full; it falls to the lowest empty cell. Whoever first has four of their own discs
    in an unbroken line, upright, level or diagonal, wins (1 against −1). If the board is full and nobody
    has, it is a draw (0). A move is the number of a column.
    """

    name = "connect_four"
    roles = ("first", "second")
    actions = ("1", "2", "3", "4", "5", "6", "7")

    def start(self) -> State:
        return State()

    def turn(self, s: State) -> int:
        if s.won:
            return OVER
        discs = (s.first | s.second).bit_count()
        return OVER if discs == ROWS * COLUMNS else discs % 2

    def legal(self, s: State, seat: int) -> tuple[str, ...]:
        return _LEGAL[(s.first | s.second) & _TOPS]

    def step(self, s: State, action: str) -> State:
        seat = self.turn(s)
        if seat == OVER:
            raise IllegalAction(f"{action!r} is no move here: the game is over")
        if action not in _COLUMN:
            raise IllegalAction(f"{action!r} is no column: say a number from 1 to 7")
        taken = s.first | s.second
        # Adding the bottom bit carries through the discs of the column into its lowest empty cell.
        cell = (taken + _BOTTOM[action]) & _COLUMN[action] & ~taken
        if not cell:
            raise IllegalAction(f"column {action} is full: choose another")
        mine = s[seat] | cell
        return State(mine, s.second, _has_line(mine)) if seat == 0 else State(s.first, mine, _has_line(mine))

    def returns(self, s: State) -> tuple[float, float]:
        if not s.won:
            return 0.0, 0.0
        return (1.0, -1.0) if (s.first | s.second).bit_count() % 2 else (-1.0, 1.0)

    def view(self, s: State, seat: int) -> str:
        mover = self.turn(s)
        due = "the game is over" if mover == OVER else f"{'xo'[mover]} is to move"
        return f"you are {'xo'[seat]}; {due}\n{self.draw(s)}"

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return shape (3, 6, 7), plane × row from the top × column.

        The planes: own discs; the other's discs; ones if it is your move.
        """
        planes = np.zeros((3, ROWS, COLUMNS), np.float32)
        planes[0] = _cells(s[seat])
        planes[1] = _cells(s[1 - seat])
        planes[2] = self.turn(s) == seat
        return planes

    def draw(self, s: State, seat: int | None = None) -> str:
        marks = np.where(_cells(s.first), "x", np.where(_cells(s.second), "o", "."))
        return "\n".join(" ".join(row) for row in [*marks.tolist(), list(self.actions)])

    def scene(self, s: State, seat: int | None = None) -> Scene:
        marks = np.where(_cells(s.first), "●", np.where(_cells(s.second), "○", ""))
        return Board(tuple(map(tuple, marks.tolist())), columns=self.actions), "● first, ○ second"


def _has_line(discs: int) -> bool:
    """Whether four discs stand in a line: pairs of neighbours that have a pair beside them, in four directions."""
    up, along = discs & discs >> 1, discs & discs >> _HEIGHT
    falling, rising = discs & discs >> _HEIGHT - 1, discs & discs >> _HEIGHT + 1
    return bool(
        up & up >> 2
        or along & along >> 2 * _HEIGHT
        or falling & falling >> 2 * (_HEIGHT - 1)
        or rising & rising >> 2 * (_HEIGHT + 1)
    )


def _cells(discs: int) -> NDArray[np.uint8]:
    """Return one player's discs as 0 and 1, shape (6, 7), the top row first."""
    bits = np.frombuffer(discs.to_bytes(8, "little"), np.uint8)
    columns = np.unpackbits(bits, bitorder="little")[: COLUMNS * _HEIGHT].reshape(COLUMNS, _HEIGHT)
    return columns[:, ROWS - 1 :: -1].T
