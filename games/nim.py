"""Nim (Bouton, 1901): the game whose perfect play is a sum in binary without carrying."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError
from arena.game import OVER, Game, IllegalAction
from arena.scene import Board, Scene


class State(NamedTuple):
    """What is left of every pile, and the seat whose turn it is."""

    piles: tuple[int, ...]
    seat: int = 0


class Nim(Game[State]):
    """Nim is played with piles of stones, which are called a, b, c and so on.

    The players take turns. In your turn you choose one pile and take as many stones from it as you like, at
    least one. A move is the pile and the number of stones: b2 takes two stones from pile b. Whoever takes the
    last stone of all wins (1 against −1).
    """

    name = "nim"
    roles = ("first", "second")

    def __init__(self, piles: Sequence[int] = (1, 3, 5, 7), misere: bool = False) -> None:
        """With `misere`, whoever takes the last stone loses."""
        self.piles = tuple(piles)
        self.misere = misere
        if not 1 <= len(self.piles) <= len(ascii_lowercase) or any(type(n) is not int or n < 1 for n in self.piles):
            raise GameError(f"nim needs 1 to 26 piles of at least one stone each, as in piles=[1, 3, 5], not {piles!r}")
        if type(misere) is not bool:
            raise GameError(f"nim is played misère or not: give misere=True or misere=False, not {misere!r}")
        self._names = ascii_lowercase[: len(self.piles)]
        self.actions = tuple(
            f"{p}{n + 1}" for p, most in zip(self._names, self.piles, strict=True) for n in range(most)
        )
        self._moves = {action: (self._names.index(action[0]), int(action[1:])) for action in self.actions}

    def start(self) -> State:
        return State(self.piles)

    def turn(self, s: State) -> int:
        return s.seat if any(s.piles) else OVER

    def legal(self, s: State, seat: int) -> list[str]:
        return [f"{p}{n}" for p, left in zip(self._names, s.piles, strict=True) for n in range(1, left + 1)]

    def step(self, s: State, action: str) -> State:
        if not any(s.piles):
            raise IllegalAction(f"{action!r} is no move here: the game is over")
        if action not in self._moves:
            raise IllegalAction(f"{action!r} is no move: say a pile and how many stones to take from it, as in b2")
        pile, stones = self._moves[action]
        if stones > s.piles[pile]:
            raise IllegalAction(f"{action} is impossible: pile {action[0]} has {s.piles[pile]} left")
        return State((*s.piles[:pile], s.piles[pile] - stones, *s.piles[pile + 1 :]), 1 - s.seat)

    def returns(self, s: State) -> tuple[float, float]:
        # The seat that would be next has not taken the last stone.
        return (1.0, -1.0) if (s.seat == 1) != self.misere else (-1.0, 1.0)

    def view(self, s: State, seat: int) -> str:
        last, next_ = self.roles[1 - s.seat], self.roles[s.seat]
        due = f"the {next_} player is to move" if any(s.piles) else f"the {last} player took the last stone"
        return f"you are the {self.roles[seat]} player; {due}\n{self.draw(s)}"

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return shape (P + 1, M + 1) for P piles of at most M stones.

        Row p has a 1 in the column of what is left of pile p; the last row is ones if it is your move.
        """
        tensor = np.zeros((len(self.piles) + 1, max(self.piles) + 1), np.float32)
        tensor[range(len(self.piles)), s.piles] = 1
        tensor[-1] = self.turn(s) == seat
        return tensor

    def draw(self, s: State, seat: int | None = None) -> str:
        return "\n".join(f"{p}: {'| ' * left}({left})" for p, left in zip(self._names, s.piles, strict=True))

    def scene(self, s: State, seat: int | None = None) -> Scene:
        width = max(self.piles)
        cells = tuple(("●",) * left + ("",) * (width - left) for left in s.piles)
        return (Board(cells, columns=tuple(str(n + 1) for n in range(width)), rows=tuple(self._names)),)

    def rules(self, role: str) -> str:
        last = "Here the game is misère: whoever takes the last stone of all loses.\n" if self.misere else ""
        piles = ", ".join(f"{p}: {n}" for p, n in zip(self._names, self.piles, strict=True))
        return f"{super().rules(role)}\n{last}At the start the piles hold {piles}."
