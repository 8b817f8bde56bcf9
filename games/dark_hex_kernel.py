"""Dark Hex for many games at once, on arrays. C cells, cell size·row + column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arena.game import OVER
from arena.games.dark_hex import DarkHex, State

Ints = NDArray[np.int64]


class DarkHexKernel:
    """B games of Dark Hex, classical or abrupt."""

    rules = DarkHex

    def __init__(self, game: DarkHex, games: int, rng: np.random.Generator) -> None:
        self._size, self._abrupt = game.size, game.abrupt
        self._stones = np.zeros((games, 2, game.size**2), np.bool_)
        self._tried = np.zeros((games, 2, game.size**2), np.int64)
        """When a seat tried the cell: 0 never, 1 first."""
        self._mover = np.zeros(games, np.int64)
        self._winner = np.zeros(games, np.int64)

    def movers(self) -> Ints:
        """Return (B,) the seat to move, or OVER."""
        return self._mover.copy()

    def mask(self, games: Ints) -> NDArray[np.bool_]:
        """Return (n, C) the cells that the seat to move has not tried."""
        untried: NDArray[np.bool_] = self._tried[games, self._mover[games]] == 0
        return untried

    def encode(self, games: Ints) -> NDArray[np.float32]:
        """Return (n, 4, size, size), the planes of `DarkHex.encode` for the seat to move."""
        seat, cells = self._mover[games], self._size**2
        tried = self._tried[games, seat]
        planes = np.zeros((len(games), 4, cells), np.float32)
        planes[:, 0] = self._stones[games, seat]
        planes[:, 1] = self._stones[games, 1 - seat] & (tried > 0)
        planes[:, 2] = tried / cells
        planes[:, 3] = seat[:, None]
        return planes.reshape(-1, 4, self._size, self._size)

    def step(self, games: Ints, actions: Ints) -> None:
        """Let the seats to move try a cell (n,) each: a stone goes down where the other has none."""
        seat = self._mover[games]
        self._tried[games, seat, actions] = self._tried[games, seat].max(axis=1) + 1
        taken = self._stones[games, 1 - seat, actions]
        self._mover[games] = 1 - seat if self._abrupt else np.where(taken, seat, 1 - seat)
        games, seat, actions = games[~taken], seat[~taken], actions[~taken]
        self._stones[games, seat, actions] = True
        boards = self._stones[games, seat].reshape(-1, self._size, self._size)
        # The second player's board is turned over, so that both go from the top to the bottom.
        won = _connect(np.where((seat == 0)[:, None, None], boards, boards.transpose(0, 2, 1)))
        self._mover[games[won]] = OVER
        self._winner[games[won]] = seat[won]

    def returns(self) -> NDArray[np.float64]:
        """Return (B, 2)."""
        first = np.where(self._winner == 0, 1.0, -1.0)
        return np.stack([first, -first], axis=1)

    def state(self, number: int) -> State:
        """Return one game's state."""
        first, second = (sum(1 << int(cell) for cell in np.flatnonzero(stones)) for stones in self._stones[number])
        tries = [
            tuple(np.argsort(tried, kind="stable")[(tried == 0).sum() :].tolist()) for tried in self._tried[number]
        ]
        return State((first, second), (tries[0], tries[1]), int(self._mover[number]))


def _connect(stones: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether stones (n, size, size) join the top row with the bottom row: a flood from the top."""
    reached = np.zeros_like(stones)
    reached[:, 0] = stones[:, 0]
    before = 0
    while (count := int(reached.sum())) > before:
        before = count
        near = reached.copy()
        near[:, :, 1:] |= reached[:, :, :-1]
        near[:, :, :-1] |= reached[:, :, 1:]
        near[:, 1:] |= reached[:, :-1]
        near[:, :-1] |= reached[:, 1:]
        near[:, 1:, :-1] |= reached[:, :-1, 1:]
        near[:, :-1, 1:] |= reached[:, 1:, :-1]
        reached = near & stones
    return np.asarray(reached[:, -1].any(axis=1))
