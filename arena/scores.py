"""Results as arrays: names, roles and pairs become numbers once, and statistics read those."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.errors import RatingError
from arena.game import Game
from arena.interval import Floats, Ints
from arena.record import Result
from arena.results import Results


@dataclass(frozen=True)
class Scores:
    """M matches between different entrants of one game, in arrays of shape (M,).

    A pair here is a pair of matches between the same two entrants; numbers follow the sorted names, so nothing
    depends on the order of the results.
    """

    names: tuple[str, ...]
    """Entrants, sorted."""
    roles: tuple[str, ...]
    """In the order of the game's seats."""
    opposed: bool
    """Whether what one side wins the other loses."""
    first: Ints
    second: Ints
    first_role: Ints
    second_role: Ints
    payoff: Floats
    """What the first side won, in the game's own units."""
    pair: Ints
    step: Ints

    @classmethod
    def of(cls, results: Sequence[Result], game: Game[Any]) -> Scores:
        """Return the results as arrays, without matches of an entrant against itself: they say nothing of skill.

        Raises RatingError where no match between two entrants is left.
        """
        columns = Results.of(results)
        met = columns.first != columns.second
        if not met.any():
            what = "only matches of entrants against themselves" if len(columns) else "no results"
            raise RatingError(f"there are {what}, and a rating needs matches between two entrants: play some")
        names, (first, second) = _renumbered(columns.names, columns.first[met], columns.second[met])
        roles, (first_role, second_role) = _renumbered(
            columns.roles, columns.first_role[met], columns.second_role[met], order=_seat_order(game)
        )
        low, high = np.minimum(first, second), np.maximum(first, second)
        pair_of_two = (columns.pair[met] * len(names) + low) * len(names) + high
        return cls(
            names,
            roles,
            game.opposed,
            first,
            second,
            first_role,
            second_role,
            columns.payoff[met],
            dense(pair_of_two),
            columns.step[met],
        )

    def where(self, keep: NDArray[np.bool_]) -> Scores:
        """Return the matches in `keep` (M,), with only the entrants and pairs that they have."""
        first, second = self.first[keep], self.second[keep]
        present = np.flatnonzero(np.bincount(np.concatenate([first, second]), minlength=len(self.names)))
        return Scores(
            tuple(self.names[i] for i in present),
            self.roles,
            self.opposed,
            np.searchsorted(present, first),
            np.searchsorted(present, second),
            self.first_role[keep],
            self.second_role[keep],
            self.payoff[keep],
            dense(self.pair[keep]),
            self.step[keep],
        )

    def among(self, names: set[str]) -> Scores:
        """Return the matches in which both entrants are of `names`."""
        inside = np.array([name in names for name in self.names])
        return self.where(inside[self.first] & inside[self.second])

    @cached_property
    def plays(self) -> NDArray[np.bool_]:
        """Return who has played which role, shape (entrants, roles)."""
        plays = np.zeros((len(self.names), len(self.roles)), np.bool_)
        plays[self.first, self.first_role] = True
        plays[self.second, self.second_role] = True
        return plays

    def roles_of(self, name: str) -> list[str]:
        """Return the roles that an entrant has played."""
        return [self.roles[role] for role in np.flatnonzero(self.plays[self.names.index(name)])]

    @property
    def disjoint(self) -> bool:
        """Whether there are several roles and every entrant keeps to one of them."""
        return len(self.roles) > 1 and bool((self.plays.sum(axis=1) == 1).all())

    def forward(self) -> Ints:
        """Return 1 where the lower-numbered entrant of the pair is the first side, else −1, shape (M,)."""
        return np.where(self.first < self.second, 1, -1)

    def complete(self) -> NDArray[np.bool_]:
        """Return which matches belong to a pair that has both seatings, shape (M,).

        All do where entrants keep to one role, or where both sides play the same one.
        """
        if self.disjoint:
            return np.ones(len(self.pair), np.bool_)
        seating = np.sign(self.second_role - self.first_role) * self.forward()
        balanced: NDArray[np.bool_] = np.bincount(self.pair, seating) == 0
        return balanced[self.pair]

    def seen(self) -> tuple[Ints, Ints, Ints, Floats, Ints]:
        """Return (who, opponent, role, payoff, pair): every match from each side whose payoff is known.

        Both sides where they are opposed; otherwise the first alone. The two sides of a pair get numbers of their
        own, 2·pair and 2·pair + 1.
        """
        backward = self.first > self.second
        own = (self.first, self.second, self.first_role, self.payoff, 2 * self.pair + backward)
        if not self.opposed:
            return own
        other = (self.second, self.first, self.second_role, -self.payoff, 2 * self.pair + ~backward)
        who, opponent, role, payoff, pair = (np.concatenate(columns) for columns in zip(own, other, strict=True))
        return who, opponent, role, payoff, pair


def meetings(first: Ints, second: Ints, n: int) -> NDArray[np.bool_]:
    """Return who met whom, shape (n, n)."""
    met = np.zeros((n, n), np.bool_)
    met[first, second] = met[second, first] = True
    return met


def reachable(edges: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which node can be reached from which along `edges` (n, n), itself included: the transitive closure."""
    reach = edges | np.eye(len(edges), dtype=np.bool_)
    while True:
        further = (reach.astype(np.float32) @ reach.astype(np.float32)) > 0
        if (further == reach).all():
            return further
        reach = further


def _renumbered(
    names: Sequence[str], *columns: Ints, order: Callable[[str], Any] | None = None
) -> tuple[tuple[str, ...], list[Ints]]:
    """Return the names that occur in the columns, sorted, and the columns as positions among those."""
    occurs = np.flatnonzero(sum(np.bincount(column, minlength=len(names)) for column in columns))
    wanted = sorted(occurs.tolist(), key=lambda i: order(names[i]) if order else names[i])
    position = np.zeros(len(names), np.int64)
    position[wanted] = np.arange(len(wanted))
    return tuple(names[i] for i in wanted), [position[column] for column in columns]


def dense(values: Ints) -> Ints:
    """Return the rank of each value among the distinct ones; cheap where equal values stand together, in order."""
    rise = np.diff(values, prepend=values[:1])
    if (rise >= 0).all():
        return np.cumsum(rise > 0)
    return np.unique(values, return_inverse=True)[1]


def _seat_order(game: Game[Any]) -> Callable[[str], tuple[int, str]]:
    seats = {role: seat for seat, role in reversed(list(enumerate(game.roles)))}
    return lambda role: (seats.get(role, len(seats)), role)
