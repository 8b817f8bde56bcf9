"""Matrix games: both players choose at once, and a table says who pays whom (von Neumann, 1928)."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError
from arena.game import OVER, Game, IllegalAction

Moves = tuple[str, ...]
"""A state: what the row player chose, then what the column player chose."""

ODD_OR_EVEN = ((2.0, -3.0), (-3.0, 4.0))
"""Show one or two fingers: an even sum is paid to row, an odd one to column. Its value is −1/12."""


class Matrix(Game[Moves]):
    """In a matrix game both players choose an action at the same time, without seeing the other's choice.

    The row player's action names a row of a table and the column player's a column; the column player pays
    the row player the number that stands there (if it is negative, the row player pays). Then the game is
    over. You want to win as much as you can, or to lose as little as you can.
    """

    # The sizes of the numbers are the point of the game, so ratings look at payoffs and not at who won.

    name = "matrix"
    roles = ("row", "column")
    hidden = True
    scoring: Literal["outcome", "payoff"] = "payoff"

    payoffs: tuple[tuple[float, ...], ...]
    """What column pays row, by row and column."""

    def __init__(self, payoffs: Sequence[Sequence[float]] = ODD_OR_EVEN, actions: Sequence[str] = ()) -> None:
        """`actions` names rows and columns alike; if their numbers differ, the shorter side uses the first few."""
        self.payoffs = tuple(tuple(float(payoff) for payoff in row) for row in payoffs)
        rows, columns = len(self.payoffs), len(self.payoffs[0]) if self.payoffs else 0
        if not columns or any(len(row) != columns for row in self.payoffs):
            raise GameError("payoffs must be a table: one list per row, all of the same length and not empty")
        if not all(isfinite(payoff) for row in self.payoffs for payoff in row):
            raise GameError("payoffs must be finite numbers")
        self.actions = tuple(actions) or tuple(str(i + 1) for i in range(max(rows, columns)))
        if len(set(self.actions)) != max(rows, columns):
            raise GameError(f"a table of {rows} × {columns} needs {max(rows, columns)} different action names")

    @property
    def payoff_range(self) -> tuple[float, float]:  # type: ignore[override]  # follows from the payoffs
        most = max(abs(payoff) for row in self.payoffs for payoff in row)
        return -most, most

    def start(self) -> Moves:
        return ()

    def turn(self, s: Moves) -> int:
        return len(s) if len(s) < 2 else OVER

    def ready(self, s: Moves) -> tuple[int, ...]:
        return (0, 1)[len(s) :]

    def legal(self, s: Moves, seat: int) -> tuple[str, ...]:
        return self.actions[: len(self.payoffs) if seat == 0 else len(self.payoffs[0])]

    def step(self, s: Moves, action: str) -> Moves:
        seat = self.turn(s)
        if seat == OVER:
            raise IllegalAction(f"{action!r} is no move here: the game is over")
        if action not in (legal := self.legal(s, seat)):
            raise IllegalAction(f"{action!r} is no move here: say {' or '.join(legal)}")
        return (*s, action)

    def returns(self, s: Moves) -> tuple[float, float]:
        row, column = (self.actions.index(action) for action in s)
        payoff = self.payoffs[row][column]
        return (payoff, -payoff) if payoff else (0.0, 0.0)

    def view(self, s: Moves, seat: int) -> str:
        if len(s) == 2:
            return f"you chose {s[seat]}; the other chose {s[1 - seat]}"
        return f"you chose {s[seat]}" if seat < len(s) else f"you are the {self.roles[seat]} player: choose"

    def encode(self, s: Moves, seat: int) -> NDArray[np.float32]:
        """Return shape (2 + 2A,) for A actions: 0–1 the seat; then what you chose; then what the other chose.

        A choice that is not made yet, or that you cannot see yet, is all zeros.
        """
        n = len(self.actions)
        tensor = np.zeros(2 + 2 * n, np.float32)
        tensor[seat] = 1
        if seat < len(s):
            tensor[2 + self.actions.index(s[seat])] = 1
        if len(s) == 2:
            tensor[2 + n + self.actions.index(s[1 - seat])] = 1
        return tensor

    def resample(self, s: Moves, seat: int, rng: np.random.Generator) -> Moves:
        """Return the state with another choice of the row player, if the column player has yet to see it."""
        rows = self.legal(s, 0)
        return (rows[int(rng.integers(len(rows)))],) if seat == 1 and len(s) == 1 else s

    def draw(self, s: Moves, seat: int | None = None) -> str:
        shown = [action if seat in (None, i) or len(s) == 2 else "?" for i, action in enumerate(s)]
        return f"row and column chose: {' '.join(shown) or '-'}"

    def rules(self, role: str) -> str:
        rows = [f"{self.actions[i]}: {' '.join(f'{x:g}' for x in row)}" for i, row in enumerate(self.payoffs)]
        columns = " ".join(self.legal((), 1))
        return "\n".join([super().rules(role), "", f"What column pays row (columns {columns}):", *rows])


class RockPaperScissors(Matrix):
    """Rock, paper, scissors: both players choose one at the same time, without seeing the other's choice.

    Rock beats scissors, scissors beat paper and paper beats rock: the winner gets 1 and the loser −1. Two of
    the same are a draw (0).
    """

    name = "rock_paper_scissors"
    scoring = "outcome"
    actions = ("rock", "paper", "scissors")
    payoffs = ((0.0, -1.0, 1.0), (1.0, 0.0, -1.0), (-1.0, 1.0, 0.0))

    def __init__(self) -> None:
        pass


class MatchingPennies(Matrix):
    """Matching pennies: both players put down a penny at the same time, heads or tails up.

    If both show the same side, the row player wins (1 against −1), otherwise the column player does.
    """

    name = "matching_pennies"
    scoring = "outcome"
    actions = ("heads", "tails")
    payoffs = ((1.0, -1.0), (-1.0, 1.0))

    def __init__(self) -> None:
        pass
