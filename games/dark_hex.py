"""Dark Hex: the game of Hex (Hein, 1942) in which nobody sees the other's stones."""

from __future__ import annotations

from functools import lru_cache
from string import ascii_lowercase
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError
from arena.game import OVER, Game, IllegalAction
from arena.scene import Board, Scene

MOST = 11
"""The usual board of Hex."""


class State(NamedTuple):
    """Stones by seat as bits (bit size·row + column), the cells each seat has tried in order, and who moves."""

    stones: tuple[int, int] = (0, 0)
    tries: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    mover: int = 0


class DarkHex(Game[State]):
    """Dark Hex is played on a board of hexagons in the shape of a rhombus: the columns are a, b, c and so on
    from the left, the rows are 1, 2, 3 and so on from the top. Each row is shifted half a cell to the right of
    the one above, so b2 touches b1, c1, a2, c2, a3 and b3.

    The first player has the stones x and wins by connecting the top row with the bottom row; the second player
    has the stones o and wins by connecting the left column with the right column (1 against −1). There are no
    draws. The players take turns to put a stone on an empty cell, and stones never move; but nobody sees the
    stones of the other. If you choose a cell that the other player has taken, you are told so, and choose
    again. The other player is not told. A move is the name of a cell that you have not tried yet.
    """

    name = "dark_hex"
    roles = ("first", "second")
    hidden = True

    def __init__(self, size: int = 3, abrupt: bool = False) -> None:
        """With `abrupt`, whoever chooses a taken cell loses that turn."""
        if type(size) is not int or not 2 <= size <= MOST:
            raise GameError(f"dark hex is played on a board of size 2 to {MOST}, not {size!r}")
        if type(abrupt) is not bool:
            raise GameError(f"dark hex is abrupt or not: give abrupt=True or abrupt=False, not {abrupt!r}")
        self.size = size
        self.abrupt = abrupt
        self.actions = tuple(f"{ascii_lowercase[i % size]}{i // size + 1}" for i in range(size * size))
        self._cell = {action: i for i, action in enumerate(self.actions)}
        row = (1 << size) - 1
        column = sum(1 << size * i for i in range(size))
        self._edges = ((row, row << size * (size - 1)), (column, column << size - 1))

    def start(self) -> State:
        return State()

    def turn(self, s: State) -> int:
        return s.mover

    def legal(self, s: State, seat: int) -> list[str]:
        tried = s.tries[seat]
        return [action for action, cell in self._cell.items() if cell not in tried]

    def step(self, s: State, action: str) -> State:
        seat = s.mover
        if seat == OVER:
            raise IllegalAction(f"{action!r} is no move here: the game is over")
        cell = self._cell.get(action)
        if cell is None:
            raise IllegalAction(f"{action!r} is no cell: say a letter and a number from a1 to {self.actions[-1]}")
        if cell in s.tries[seat]:
            raise IllegalAction(f"you have tried {action} before: choose another cell")
        first, second = s.tries
        tries = ((*first, cell), second) if seat == 0 else (first, (*second, cell))
        if 1 << cell & s.stones[1 - seat]:
            return State(s.stones, tries, 1 - seat if self.abrupt else seat)
        own = s.stones[seat] | 1 << cell
        stones = (own, s.stones[1]) if seat == 0 else (s.stones[0], own)
        return State(stones, tries, OVER if self._connects(own, seat) else 1 - seat)

    def _connects(self, stones: int, seat: int) -> bool:
        """Return whether the stones join the two edges of `seat`: a flood from one of them."""
        size, (begin, goal), (left, right) = self.size, self._edges[seat], self._edges[1]
        reached, before = stones & begin, 0
        while reached != before and not reached & goal:
            before = reached
            rightward, leftward = reached & ~right, reached & ~left
            near = rightward << 1 | rightward >> size - 1 | leftward >> 1 | leftward << size - 1
            reached |= (near | reached << size | reached >> size) & stones
        return bool(reached & goal)

    def returns(self, s: State) -> tuple[float, float]:
        return (1.0, -1.0) if self._connects(s.stones[0], 0) else (-1.0, 1.0)

    def view(self, s: State, seat: int) -> str:
        # The order of the tries tells more than the board does, and perfect recall wants it.
        own = s.stones[seat]
        tries = [f"{self.actions[cell]}{'' if own >> cell & 1 else ' (taken)'}" for cell in s.tries[seat]]
        return f"you are {'xo'[seat]}; you have tried: {', '.join(tries) or 'nothing'}\n{self.draw(s, seat)}"

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return shape (4, size, size), plane × row × column.

        The planes: own stones; stones of the other that you have met; when you tried the cell (0 never, 1/n
        first … 1 last possible, for n cells); ones for the second seat.
        """
        planes = np.zeros((4, self.size * self.size), np.float32)
        for i, cell in enumerate(s.tries[seat]):
            planes[0 if s.stones[seat] >> cell & 1 else 1, cell] = 1
            planes[2, cell] = (i + 1) / self.size**2
        planes[3] = seat
        return planes.reshape(4, self.size, self.size)

    def resample(self, s: State, seat: int, rng: np.random.Generator) -> State:
        """Return a state that looks the same to `seat`, as likely as if the other had always moved at random.

        Every state that this seat cannot tell apart can come out, for the seat to move.
        """
        return s if s.mover == OVER else _Sampler(self, s, seat).draw(rng)

    def draw(self, s: State, seat: int | None = None) -> str:
        cells = self._marks(s, seat, ".xo")
        rows = [f"{' ' * r}{r + 1} {' '.join(row)}" for r, row in enumerate(cells)]
        return "\n".join([f"  {' '.join(ascii_lowercase[: self.size])}", *rows])

    def scene(self, s: State, seat: int | None = None) -> Scene:
        shown = self._last_mover(s) if seat is None else seat
        last = s.tries[shown][-1:]
        columns, rows = tuple(ascii_lowercase[: self.size]), tuple(str(r + 1) for r in range(self.size))
        marked = tuple(divmod(cell, self.size) for cell in last)
        board = Board(self._marks(s, seat, ("", "●", "○")), columns, rows, "hexagonal", marked)
        return board, "● first: top to bottom; ○ second: left to right"

    def _marks(self, s: State, seat: int | None, marks: tuple[str, str, str] | str) -> tuple[tuple[str, ...], ...]:
        """Return the board row by row, as `seat` knows it: marks for an empty cell, the first and the second seat."""
        first, second = s.stones
        if seat is not None:
            known = sum(1 << cell for cell in s.tries[seat])
            first, second = first & known, second & known
        cells = [marks[(first >> i & 1) + 2 * (second >> i & 1)] for i in range(self.size**2)]
        return tuple(tuple(cells[r : r + self.size]) for r in range(0, len(cells), self.size))

    def _last_mover(self, s: State) -> int:
        if s.mover == OVER:
            return 0 if self._connects(s.stones[0], 0) else 1
        again = not self.abrupt and s.tries[s.mover] and not s.stones[s.mover] >> s.tries[s.mover][-1] & 1
        return s.mover if again else 1 - s.mover

    def rules(self, role: str) -> str:
        text = super().rules(role)
        if self.abrupt:
            text = text.replace("told so, and choose\nagain.", "told so, and your\nturn is over.")
        return f"{text}\nHere the board is {self.size} × {self.size}."


class _Sampler:
    """What one seat knows of the other's turns, and the drawing of turns that agree with it.

    The other's turns are slots 0, 1, 2, … A stone that this seat has met was put down in a slot before the meeting.
    The other slots hold fillers: an untried cell or, if `abrupt`, a stone of this seat that the other ran
    into after it was put down. In the classical game running into a stone takes no slot.
    """

    def __init__(self, game: DarkHex, s: State, seat: int) -> None:
        self.game, self.seat, self.tries = game, seat, s.tries[seat]
        self.met: list[tuple[int, int]] = []
        """(slots that were over when it was met, cell)"""
        self.own: list[tuple[int, int]] = []
        """(first slot in which the other could run into it, cell)"""
        turns = 0
        for cell in self.tries:
            mine = bool(s.stones[seat] >> cell & 1)
            (self.own if mine else self.met).append((turns + seat, cell))
            turns += mine or game.abrupt
        self.slots = turns + seat - (s.mover != seat)
        self.untried = [cell for cell in range(game.size**2) if cell not in self.tries]

    def draw(self, rng: np.random.Generator) -> State:
        own = {cell for _, cell in self.own}
        while True:
            cells = self._fill(rng)
            stones = sum(1 << cell for cell in cells if cell not in own)
            if not self.game._connects(stones, 1 - self.seat):  # or the game would have been over
                return self._replay(cells, rng)

    def _fill(self, rng: np.random.Generator) -> list[int]:
        """Return the cell of every slot, all possible ways being equally likely."""
        is_met = self._kinds(rng)
        cells = [-1] * self.slots
        waiting = sorted(self.met)
        open_now: list[int] = []
        for slot in range(self.slots - 1, -1, -1):
            while waiting and waiting[-1][0] > slot:
                open_now.append(waiting.pop()[1])
            if is_met[slot]:
                cells[slot] = open_now.pop(int(rng.random() * len(open_now)))
        fillers, own = list(self.untried), list(self.own) if self.game.abrupt else []
        for slot in range(self.slots):
            while own and own[0][0] <= slot:
                fillers.append(own.pop(0)[1])
            if not is_met[slot]:
                cells[slot] = fillers.pop(int(rng.random() * len(fillers)))
        return cells

    def _kinds(self, rng: np.random.Generator) -> list[bool]:
        """Return for every slot whether it holds a met stone, in proportion to the ways of filling the slots so."""
        met = tuple(sum(deadline > slot for deadline, _ in self.met) for slot in range(self.slots))
        own = [sum(first <= slot for first, _ in self.own) * self.game.abrupt for slot in range(self.slots)]
        ways = _ways(len(self.met), met, tuple(len(self.untried) + n for n in own))
        kinds, placed = [False] * self.slots, 0
        for slot in range(self.slots - 1, -1, -1):
            here = (met[slot] - placed) * ways[slot][placed + 1]
            kinds[slot] = rng.random() * ways[slot + 1][placed] < here
            placed += kinds[slot]
        return kinds

    def _replay(self, cells: list[int], rng: np.random.Generator) -> State:
        """Return the state after both have played: this seat its tries, the other what is in its slots."""
        game, s = self.game, self.game.start()
        own, slots = iter(self.tries), iter(cells)
        while (cell := next(own if s.mover == self.seat else slots, None)) is not None:
            while not game.abrupt and s.mover != self.seat and (stone := _collision(game, s, rng)) is not None:
                s = game.step(s, game.actions[stone])
            s = game.step(s, game.actions[cell])
        return s


@lru_cache(maxsize=256)
def _ways(stones: int, met: tuple[int, ...], fillers: tuple[int, ...]) -> list[list[int]]:
    """Return [n][placed]: in how many ways the first n slots can be filled when later ones hold `placed` met stones.

    `met` and `fillers` say how many of either could go into each slot if nothing had been used up.
    """
    ways = [[0] * stones + [1, 0]]  # without a slot left, all of them must have been placed
    for slot in range(len(met)):
        row = [0] * (stones + 2)
        for placed in range(stones + 1):
            filler = fillers[slot] - slot + stones - placed
            row[placed] = max(met[slot] - placed, 0) * ways[slot][placed + 1] + max(filler, 0) * ways[slot][placed]
        ways.append(row)
    return ways


def _collision(game: DarkHex, s: State, rng: np.random.Generator) -> int | None:
    """Return a hidden stone that a mover who chooses at random runs into, or None if it finds an empty cell."""
    unknown = [cell for cell in range(game.size**2) if cell not in s.tries[s.mover]]
    cell = unknown[int(rng.random() * len(unknown))]
    return cell if s.stones[1 - s.mover] >> cell & 1 else None
