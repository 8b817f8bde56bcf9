"""Many results in columns: a million matches are a few arrays, not a million objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from arena.game import Game
from arena.record import Result, to_result

Row = tuple[str, str, str, int]
"""What a store keeps of a match: entrants and returns by seat as JSON, the pair, the step."""


@dataclass(frozen=True, eq=False)
class Results(Sequence[Result]):
    """A sequence of M results whose columns are arrays of shape (M,); single results are made when asked for."""

    names: tuple[str, ...]
    """Entrants, sorted; `first` and `second` are positions in it."""
    roles: tuple[str, ...]
    pairs: tuple[str, ...]
    """Sorted; `pair` is a position in it."""
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    first_role: NDArray[np.int64]
    second_role: NDArray[np.int64]
    payoff: NDArray[np.float64]
    pair: NDArray[np.int64]
    step: NDArray[np.int64]

    @classmethod
    def of(cls, results: Iterable[Result]) -> Results:
        """Return results in columns; what is in columns already stays as it is."""
        if isinstance(results, Results):
            return results
        columns = list(zip(*results, strict=True)) or [()] * len(Result._fields)
        first, second, first_role, second_role, payoff, pair, step = columns
        (names, one), (roles, role) = _coded(first + second), _coded(first_role + second_role)
        pairs, pair_of = _coded(pair)
        m = len(first)
        return cls(
            names, roles, pairs, one[:m], one[m:], role[:m], role[m:],
            np.array(payoff, np.float64), pair_of, np.array(step, np.int64),
        )  # fmt: skip

    @classmethod
    def of_rows(cls, rows: Sequence[Row], game: Game[Any]) -> Results:
        """Return the results of rated matches as a store keeps them. Equal texts are read once."""
        columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
        lineups, lineup = _coded(columns[0])
        returns, paid = _coded(columns[1])
        nothing = [None] * game.seats
        seated = cls.of(to_result(game, json.loads(text), nothing, "") for text in lineups)
        blank = [""] * game.seats
        payoff = np.array([to_result(game, blank, json.loads(text), "").payoff for text in returns], np.float64)
        pairs, pair = _coded(columns[2])
        return cls(
            seated.names, seated.roles, pairs,
            seated.first[lineup], seated.second[lineup], seated.first_role[lineup], seated.second_role[lineup],
            payoff[paid], pair, np.array(columns[3], np.int64),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.first)

    def __iter__(self) -> Iterator[Result]:
        columns = (
            map(self.names.__getitem__, self.first.tolist()),
            map(self.names.__getitem__, self.second.tolist()),
            map(self.roles.__getitem__, self.first_role.tolist()),
            map(self.roles.__getitem__, self.second_role.tolist()),
            self.payoff.tolist(),
            map(self.pairs.__getitem__, self.pair.tolist()),
            self.step.tolist(),
        )
        return map(Result, *columns)

    @overload
    def __getitem__(self, at: int) -> Result: ...
    @overload
    def __getitem__(self, at: slice) -> Results: ...
    def __getitem__(self, at: int | slice) -> Result | Results:
        if isinstance(at, slice):
            return Results(
                self.names, self.roles, self.pairs, self.first[at], self.second[at], self.first_role[at],
                self.second_role[at], self.payoff[at], self.pair[at], self.step[at],
            )  # fmt: skip
        return Result(
            self.names[self.first[at]], self.names[self.second[at]],
            self.roles[self.first_role[at]], self.roles[self.second_role[at]],
            float(self.payoff[at]), self.pairs[self.pair[at]], int(self.step[at]),
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # compared by value, like a list


def _coded(texts: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the distinct texts, sorted, and the position of each text among them."""
    distinct = sorted(dict.fromkeys(texts))
    position = {text: i for i, text in enumerate(distinct)}
    return tuple(distinct), np.fromiter(map(position.__getitem__, texts), np.int64, len(texts))
