"""A ladder: who stands where, how sure that is, and who is how far above whom."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from arena.errors import RatingError
from arena.interval import Floats, Interval
from arena.payoff import PayoffMatrix


class Standing(StrEnum):
    """How far a row's Elo can be trusted."""

    RATED = "rated"
    PROVISIONAL = "provisional"
    """Above or below the anchor by wins alone: only the prior says how far."""
    UNRATED = "unrated"
    """There is nothing yet to rate by; the note says what is missing."""
    WITHDRAWN = "withdrawn"
    """It crashed too often; its results count for nobody."""


@dataclass(frozen=True)
class Row:
    """One entrant on the ladder."""

    name: str
    standing: Standing
    role: str = ""
    """The ladder on which it stands, where every role has its own; otherwise empty."""
    elo: float | None = None
    low: float | None = None
    high: float | None = None
    """95% interval of the Elo, the anchor taken as exact."""
    matches: int = 0
    wins: int = 0
    draws: int = 0
    losses: int = 0
    """Of single matches; a match of an entrant against itself counts nowhere."""
    blocks: int = 0
    """Complete blocks, where Elo comes from blocks."""
    mean_payoff: Interval | None = None
    """Per match against the field as met, in the game's own units; in a general-sum game as the first side."""
    by_role: Mapping[str, Interval] = field(default_factory=dict)
    """Per role: Elo in games scored by outcome, mean payoff in games scored by payoff."""
    note: str = ""
    """A sentence for every standing but `rated`."""


@dataclass(frozen=True, eq=False)
class Ladder:
    """The entrants by Elo, best first; without Elo they stand last."""

    rows: tuple[Row, ...]
    anchors: Mapping[str, str]
    """Ladder → the entrant fixed at 1000. The key is "" for the one ladder of entrants who change roles."""
    advantage: Mapping[tuple[str, str], Interval]
    """(role, role) → what playing the former is worth between equals (between anchors, on a ladder per role):
    in Elo if the game is scored by outcome, else payoff per match."""
    ties: float
    """ν of Davidson: equals draw with probability ν/(2 + ν)."""
    payoffs: PayoffMatrix
    rated: Mapping[str, int]
    """Name → position in `half_width` for those with an Elo."""
    half_width: Floats
    """Of the 95% interval of every difference in Elo, shape (rated, rated)."""

    def __getitem__(self, name: str) -> Row:
        """Return the row of an entrant. Raises RatingError for a stranger."""
        for row in self.rows:
            if row.name == name:
                return row
        raise RatingError(f"{name!r} is not on this ladder; on it are {', '.join(row.name for row in self.rows)}")

    def compare(self, a: str, b: str) -> Interval:
        """Return Elo of `a` − Elo of `b` with its 95% interval.

        Raises RatingError where one has no Elo, or where they stand on the ladders of different roles.
        """
        one, other = self[a], self[b]
        for row in (one, other):
            if row.elo is None:
                raise RatingError(f"{row.name} has no Elo to compare: {row.note}")
        if one.role != other.role:
            raise RatingError(
                f"{a} only plays {one.role} and {b} only plays {other.role}: each role has a ladder of its own, "
                "and strengths in different roles cannot be compared"
            )
        assert one.elo is not None
        assert other.elo is not None
        return Interval.around(one.elo - other.elo, self.half_width[self.rated[a], self.rated[b]])

    def superiority(self, a: str, b: str) -> float:
        """Return the likelihood of superiority: the probability that `a` is stronger than `b`, given the results.

        Φ(difference in Elo / its standard error), from the interval of `compare`, whose errors it raises; ½ for an
        entrant and itself.
        """
        difference = self.compare(a, b)
        error = (difference.high - difference.value) / 1.96
        if error == 0:
            return 0.5 + math.copysign(0.5, difference.value) if difference.value else 0.5
        return 0.5 * (1 + math.erf(difference.value / error / math.sqrt(2)))


class Point(NamedTuple):
    """An entrant's Elo after a training step."""

    step: int
    name: str
    elo: float
    low: float
    high: float
