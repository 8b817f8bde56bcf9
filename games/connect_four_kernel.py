"""Connect Four for many games at once: the bits of connect_four.py, one 64-bit integer per seat and game."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arena.game import OVER
from arena.games.connect_four import COLUMNS, ROWS, ConnectFour, State

_HEIGHT = ROWS + 1
_BOTTOM = np.array([1 << c * _HEIGHT for c in range(COLUMNS)])
_TOP = _BOTTOM << ROWS - 1
_COLUMN = _BOTTOM * ((1 << ROWS) - 1)

Ints = NDArray[np.int64]


class ConnectFourKernel:
    """B games of Connect Four."""

    rules = ConnectFour

    def __init__(self, game: ConnectFour, games: int, rng: np.random.Generator) -> None:
        self._discs = np.zeros((2, games), np.int64)
        self._moves = np.zeros(games, np.int64)
        self._won = np.zeros(games, np.bool_)

    def movers(self) -> Ints:
        """Return (B,) the seat to move, or OVER."""
        return np.where(self._won | (self._moves == ROWS * COLUMNS), OVER, self._moves % 2)

    def mask(self, games: Ints) -> NDArray[np.bool_]:
        """Return (n, 7) the columns that are not full."""
        taken = self._discs[0, games] | self._discs[1, games]
        open_columns: NDArray[np.bool_] = (taken[:, None] & _TOP) == 0
        return open_columns

    def encode(self, games: Ints) -> NDArray[np.float32]:
        """Return (n, 3, 6, 7): own discs, the other's, and ones, since it is the seat to move that sees them."""
        seat = self._moves[games] % 2
        planes = np.ones((len(games), 3, ROWS, COLUMNS), np.float32)
        planes[:, 0] = _cells(self._discs[seat, games])
        planes[:, 1] = _cells(self._discs[1 - seat, games])
        return planes

    def step(self, games: Ints, actions: Ints) -> None:
        """Drop a disc into a column (n,) of each game."""
        seat = self._moves[games] % 2
        mine = self._discs[seat, games]
        taken = mine | self._discs[1 - seat, games]
        mine |= (taken + _BOTTOM[actions]) & _COLUMN[actions] & ~taken
        self._discs[seat, games] = mine
        self._moves[games] += 1
        self._won[games] = _have_lines(mine)

    def returns(self) -> NDArray[np.float64]:
        """Return (B, 2): who has moved last has won, if anybody has."""
        first = np.where(self._won, np.where(self._moves % 2, 1.0, -1.0), 0.0)
        return np.stack([first, -first], axis=1)

    def state(self, number: int) -> State:
        """Return one game's state."""
        first, second = self._discs[:, number].tolist()
        return State(first, second, bool(self._won[number]))


def _have_lines(discs: Ints) -> NDArray[np.bool_]:
    """Return whether four of `discs` (n,) stand in a line: pairs that have a pair beside them."""
    found = np.zeros(len(discs), np.bool_)
    for shift in (1, _HEIGHT - 1, _HEIGHT, _HEIGHT + 1):
        pairs = discs & discs >> shift
        found |= (pairs & pairs >> 2 * shift) != 0
    return found


def _cells(discs: Ints) -> NDArray[np.uint8]:
    """Return discs (n,) as 0 and 1, shape (n, 6, 7), the top row first."""
    bits = np.unpackbits(discs.astype("<i8").view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
    return bits[:, : COLUMNS * _HEIGHT].reshape(-1, COLUMNS, _HEIGHT)[:, :, ROWS - 1 :: -1].transpose(0, 2, 1)
