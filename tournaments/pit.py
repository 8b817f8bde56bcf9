"""Two players, one question: which is better, and how sure is that? Pairs of matches and an interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from arena.errors import RatingError
from arena.game import Game
from arena.interval import Interval
from arena.match import play_fixtures
from arena.payoff import payoff_matrix
from arena.player import Player
from arena.record import Record, to_result
from arena.schedule import round_robin


class Verdict(NamedTuple):
    """The first player against the second, averaged over seats; intervals are 95%, from pairs."""

    first: str
    second: str
    mean: float
    """Mean payoff of the first per match, in the game's own units; outcome games: win 1, draw 0, loss −1."""
    low: float
    high: float
    wins: int
    draws: int
    losses: int
    pairs: int
    stops: dict[str, int]
    """How many matches ended for which reason."""

    def __str__(self) -> str:
        if self.low > 0:
            words = f"{self.first} is better than {self.second}"
        elif self.high < 0:
            words = f"{self.second} is better than {self.first}"
        else:
            words = f"{self.first} and {self.second} cannot be told apart after {self.pairs} pairs"
        return (
            f"{words}: {self.mean:+.3f} per match, 95% interval [{self.low:+.3f}, {self.high:+.3f}]; "
            f"{self.wins} won, {self.draws} drawn, {self.losses} lost"
        )


def run(
    game: Game[Any],
    first: Player,
    second: Player,
    pairs: int = 500,
    seed: int = 0,
    tell: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Play `pairs` pairs (same seed, seats swapped) and return the verdict; `tell` hears how many matches ended."""
    names = (first.name, second.name)
    if names[0] == names[1]:
        raise RatingError(f"both players are called {names[0]!r}: give one another name")
    fixtures = round_robin(game, names, pairs, seed, kind="play")
    records: list[Record] = []
    for record in play_fixtures(game, fixtures, dict(zip(names, (first, second), strict=True))):
        records.append(record)
        tell(len(records))
    stops: dict[str, int] = {}
    for record in records:
        stops[str(record.stop)] = stops.get(str(record.stop), 0) + 1
    results = [to_result(record, game) for record in records if record.stop.rated]
    if not results:
        raise RatingError(f"no match was completed: {records[0].reason}")
    matrix = payoff_matrix(results, game)
    a, b = matrix.names.index(names[0]), matrix.names.index(names[1])
    interval = Interval.around(matrix.mean[a, b], matrix.half_width[a, b])
    won = [r.payoff if r.first == names[0] else -r.payoff for r in results]
    return Verdict(
        *names,
        *interval,
        sum(x > 0 for x in won),
        sum(x == 0 for x in won),
        sum(x < 0 for x in won),
        pairs,
        stops,
    )
