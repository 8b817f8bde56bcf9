"""What a pair of matches is when two players are compared, and the one number that is read from it.

Either the two meet and swap seats, or each of them plays one role against the same opponent. In both cases the
two matches share a seed, and what is observed is a weighted sum of payoffs: the mean over the seats in the first
case, a difference in the second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from arena.aivat import TreeCorrection
from arena.errors import ArenaError, ConfigError, RatingError
from arena.game import Game
from arena.match import Fixture, Patience
from arena.player import Player
from arena.record import Record, match_key
from arena.schedule import pair
from arena.seeds import derive
from arena.tournaments.run import EXACT_NODES
from arena.tree import Tree, enumerate_game, expected_returns, outcomes
from arena.tree.enumeration import Policy


class Seating(NamedTuple):
    """One match of a pair: who sits where, and what its payoffs count."""

    entrants: tuple[str, ...]
    """Names by seat."""
    seats: tuple[int, ...]
    """Whose mean payoff is read."""
    weight: float


@dataclass(frozen=True, eq=False)
class Contest:
    """Two players, or two players and their opponent, and the two matches that make a pair."""

    game: Game[Any]
    first: str
    second: str
    seed: int
    role: str = ""
    """The role that both play; empty: they play one another, in all roles."""
    against: str = ""
    """Who plays the other roles."""

    def __post_init__(self) -> None:
        if self.role and self.role not in self.game.roles:
            raise ConfigError(f"{self.game.name} has no role {self.role!r}: its roles are {', '.join(self.game.roles)}")
        if not self.role:
            self._refuse_unless_two_sides_of_a_zero_sum()

    def _refuse_unless_two_sides_of_a_zero_sum(self) -> None:
        hint = "compare two players in one of its roles instead (--role and --against)"
        if self.game.entrants != 2:
            raise RatingError(f"{self.game.name} is played by {self.game.entrants} sides, and a pair has two: {hint}")
        if not self.game.zero_sum:
            raise RatingError(f"{self.game.name} is no zero-sum game, so what one side wins says little: {hint}")

    def fixtures(self, number: int) -> list[Fixture]:
        """Return the two matches of pair `number`."""
        if not self.role:
            return pair(self.game, (self.first, self.second), number, self.seed, "play")
        name = "|".join([self.first, self.second, self.role, self.against, f"{number:06d}"])
        deal = derive(self.seed, "role", self.role, number)
        return [
            Fixture(
                match_key(self.game, "play", seating.entrants, number, self.seed, "role", self.role),
                *("play", seating.entrants, deal, name),
            )
            for seating in self.seatings
        ]

    @cached_property
    def seatings(self) -> tuple[Seating, Seating]:
        """The two matches of every pair, in the order first, second."""
        if self.role:
            seats = tuple(i for i, role in enumerate(self.game.roles) if role == self.role)
            lineups = (
                tuple(name if role == self.role else self.against for role in self.game.roles)
                for name in (self.first, self.second)
            )
            one, other = (Seating(lineup, seats, weight) for lineup, weight in zip(lineups, (1.0, -1.0), strict=True))
            return one, other
        by_lineup = [fixture.entrants for fixture in pair(self.game, (self.first, self.second), 0, self.seed, "play")]
        one, other = (Seating(lineup, (lineup.index(self.first),), 0.5) for lineup in by_lineup)
        return one, other

    def observe(self, matches: Sequence[Record], luck: Mapping[tuple[str, ...], TreeCorrection]) -> float:
        """Return what a pair of rated matches says in favour of the first player, in payoff units.

        `luck` has the corrections by seating, if there are any.
        """
        total = 0.0
        for seating, record in zip(self.seatings, self._in_order(matches), strict=True):
            correction = luck.get(seating.entrants)
            returns = correction.corrected_returns(record) if correction else record.returns
            paid = [payoff for seat in seating.seats if (payoff := returns[seat]) is not None]
            total += seating.weight * float(np.mean(paid or [0.0]))
        return total

    def bounds(self, luck: Mapping[tuple[str, ...], TreeCorrection]) -> tuple[float, float]:
        """Return the least and the greatest number that `observe` can give."""
        low = high = 0.0
        for seating in self.seatings:
            least, greatest = (np.array([bound] * self.game.seats) for bound in self.game.payoff_range)
            if seating.entrants in luck:
                least, greatest = luck[seating.entrants].bounds
            # A truncated match pays 0, and so does a seat that played no game.
            ends = min(0.0, *least[list(seating.seats)]), max(0.0, *greatest[list(seating.seats)])
            low += min(seating.weight * end for end in ends)
            high += max(seating.weight * end for end in ends)
        return float(low), float(high)

    def _in_order(self, matches: Sequence[Record]) -> list[Record]:
        return [next(r for r in matches if r.entrants == seating.entrants) for seating in self.seatings]


class Knowledge(NamedTuple):
    """What can be computed about a contest before a match is played."""

    exact: float | None = None
    """The expectation of `observe`, where the game can be enumerated and every player states its policy."""
    luck: Mapping[tuple[str, ...], TreeCorrection] = {}
    """By seating, how its luck is corrected; empty where nobody states a policy."""
    results: tuple[float, float, float] | None = None
    """Where the two meet: the probabilities that the first wins, draws and loses a match, on the same condition."""


def knowledge(contest: Contest, players: Mapping[str, Player]) -> Knowledge:
    """Return what follows from the policies that the players state; of luck, only where payoffs are compared."""
    payoffs_count = contest.game.scoring == "payoff" or bool(contest.role)
    try:
        tree = enumerate_game(contest.game, EXACT_NODES)
    except ArenaError:  # too large: matches speak alone
        return Knowledge()
    if len(tree.levels) > Patience.max_turns:  # a match may be cut short, and the tree is not
        return Knowledge()
    policies = {}
    for name, player in players.items():
        try:
            policies[name] = tree.policy(player)
        except ArenaError:  # it cannot state its policy
            continue
    tables = [_table(tree, seating, policies) for seating in contest.seatings]
    if len(policies) < len(players):
        pairs = zip(contest.seatings, tables, strict=True)
        corrections = {s.entrants: _correction(tree, s, table, policies) for s, table in pairs}
        return Knowledge(None, corrections if policies and payoffs_count else {})
    results = None if contest.role else _results(tree, contest, tables)
    return Knowledge(_exact(tree, contest, tables) if payoffs_count else None, {}, results)


def _exact(tree: Tree, contest: Contest, tables: Sequence[Policy]) -> float:
    """Return the expectation of `observe` when the seatings of a pair play these policies (I, A)."""
    exact = 0.0
    for seating, table in zip(contest.seatings, tables, strict=True):
        exact += seating.weight * float(expected_returns(tree, table)[list(seating.seats)].mean())
    return round(exact, 12)  # equal players differ by rounding alone


def _results(tree: Tree, contest: Contest, tables: Sequence[Policy]) -> tuple[float, float, float]:
    """Return how likely the first player wins, draws and loses a match, in the mean over the seats."""
    pairs = zip(contest.seatings, tables, strict=True)
    won, drawn, lost = np.mean([outcomes(tree, table).results[s.seats[0]] for s, table in pairs], axis=0).tolist()
    return won, drawn, lost


def _table(tree: Tree, seating: Seating, policies: Mapping[str, Policy]) -> Policy:
    """Return the policy (I, A) of a seating; whoever states none is taken to play uniformly, as a guess."""
    table = tree.uniform.copy()
    for seat, name in enumerate(seating.entrants):
        if name in policies:
            table[tree.by_seat[seat]] = policies[name][tree.by_seat[seat]]
    return table


def _correction(tree: Tree, seating: Seating, table: Policy, policies: Mapping[str, Policy]) -> TreeCorrection:
    """Return the correction of a seating that plays `table`, of which the stated policies are known."""
    known = frozenset(seat for seat, name in enumerate(seating.entrants) if name in policies)
    return TreeCorrection(tree, table, known)
