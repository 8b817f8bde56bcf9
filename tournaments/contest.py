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
    """Where `exact` is known and the two meet: the probabilities that the first wins, draws and loses a match."""


def knowledge(contest: Contest, players: Mapping[str, Player]) -> Knowledge:
    """Return what follows from the policies that the players state, where payoffs are compared."""
    if contest.game.scoring != "payoff" and not contest.role:
        return Knowledge()
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
    if not policies:
        return Knowledge()
    corrections = {seating.entrants: _correction(tree, seating, policies) for seating in contest.seatings}
    if len(policies) < len(players):
        return Knowledge(None, corrections)
    exact = 0.0
    for seating in contest.seatings:
        returns = expected_returns(tree, corrections[seating.entrants].policy)
        exact += seating.weight * float(returns[list(seating.seats)].mean())
    exact = round(exact, 12)  # equal players differ by rounding alone
    return Knowledge(exact, {}, None if contest.role else _results(tree, contest, corrections))


def _results(
    tree: Tree, contest: Contest, corrections: Mapping[tuple[str, ...], TreeCorrection]
) -> tuple[float, float, float]:
    """Return how likely the first player wins, draws and loses a match, in the mean over the seats."""
    by_seating = [outcomes(tree, corrections[s.entrants].policy).results[s.seats[0]] for s in contest.seatings]
    won, drawn, lost = np.mean(by_seating, axis=0).tolist()
    return won, drawn, lost


def _correction(tree: Tree, seating: Seating, policies: Mapping[str, Any]) -> TreeCorrection:
    """Return the correction of a seating; whoever states no policy is taken to play uniformly, as a guess."""
    table = tree.uniform.copy()
    for seat, name in enumerate(seating.entrants):
        if name in policies:
            table[tree.by_seat[seat]] = policies[name][tree.by_seat[seat]]
    known = frozenset(seat for seat, name in enumerate(seating.entrants) if name in policies)
    return TreeCorrection(tree, table, known)
