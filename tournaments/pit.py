"""Two players, one question: which is better, and how sure is that? Pairs of matches and an interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from arena.errors import RatingError
from arena.game import Game
from arena.interval import Interval
from arena.match import play_fixtures
from arena.payoff import payoff_matrix
from arena.player import Player
from arena.rating import MAX_CRASH_RATE, refuse_unratable
from arena.record import Record, StopReason, count_crashes, to_result
from arena.schedule import round_robin


class Verdict(NamedTuple):
    """The first player against the second, averaged over seats; intervals are 95%, from pairs."""

    first: str
    second: str
    mean: float
    """Mean payoff of the first per match, in the game's own units."""
    low: float
    high: float
    wins: int
    draws: int
    losses: int
    pairs: int
    stops: dict[str, int]
    """How many matches ended for which reason."""

    def __str__(self) -> str:
        if self.high < 0:  # the sentence and its numbers are those of the better one
            return str(self.mirrored())
        if self.low > 0:
            words = f"{self.first} is better than {self.second}"
        else:
            words = f"{self.first} and {self.second} cannot be told apart after {self.pairs} pairs"
        flagged = "".join(f", {n} {stop}" for stop, n in self.stops.items() if stop != StopReason.FINISHED)
        return (
            f"{words}: {self.mean:+.3f} per match, 95% interval [{self.low:+.3f}, {self.high:+.3f}]; "
            f"{self.first} won {self.wins}, drew {self.draws}, lost {self.losses}{flagged}"
        )

    def mirrored(self) -> Verdict:
        """Return the same verdict as the second player's."""
        return self._replace(
            first=self.second,
            second=self.first,
            mean=-self.mean,
            low=-self.high,
            high=-self.low,
            wins=self.losses,
            losses=self.wins,
        )


def run(
    game: Game[Any],
    first: tuple[str, Player],
    second: tuple[str, Player],
    pairs: int = 500,
    seed: int = 0,
    tell: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Play `pairs` pairs (same seed, seats swapped) and return the verdict; `tell` hears how many matches ended.

    Players come with their names. Raises RatingError where one crashes too often to be compared.
    """
    refuse_unratable(game)
    names = (first[0], second[0])
    if names[0] == names[1]:
        raise RatingError(f"both players are called {names[0]!r}: give one another name")
    records: list[Record] = []
    for record in play_fixtures(game, round_robin(game, names, pairs, seed, kind="play"), dict((first, second))):
        records.append(record)
        tell(len(records))
    _refuse_crashes(records)
    results = [to_result(game, r.entrants, r.returns, r.pair) for r in records if r.stop.rated]
    matrix = payoff_matrix(results, game)
    a, b = matrix.names.index(names[0]), matrix.names.index(names[1])
    interval = Interval.around(matrix.mean[a, b], matrix.half_width[a, b]).within(-game.scale, game.scale)
    won = [result.payoff if result.first == names[0] else -result.payoff for result in results]
    return Verdict(
        *names,
        *interval,
        sum(x > 0 for x in won),
        sum(x == 0 for x in won),
        sum(x < 0 for x in won),
        pairs,
        dict(Counter(str(record.stop) for record in records)),
    )


def _refuse_crashes(records: list[Record]) -> None:
    """Raise RatingError where a player crashed so often that what is left of its matches says nothing."""
    for name, (bad, played) in count_crashes((r.entrants, r.crashes) for r in records).items():
        if bad > MAX_CRASH_RATE * played:
            reason = next(
                (r.reason for r in records if r.stop is StopReason.ABANDONED), "each was played at a later try"
            )
            raise RatingError(
                f"{name} crashed in {bad} of its {played} matches, more than {MAX_CRASH_RATE:.0%}, "
                f"so there is no verdict ({reason})"
            )
