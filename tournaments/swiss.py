"""A Swiss tournament: in every round everybody meets an equal in points, and nobody twice while that can be avoided.

Winning a meeting is worth a point and drawing it half of one, whatever the number of its pairs. With an odd number
one entrant has a bye in every round: a point, which is no match and so is not rated. Those equal in points stand in
the order of their Buchholz score, the sum of their opponents' points; a bye counts there as an opponent with one's
own points. A round depends on the results before it, so it is a function of what the store holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from arena.config import TournamentConfig
from arena.game import Game
from arena.match import Fixture
from arena.schedule import meeting
from arena.tournaments.matching import matching_size
from arena.tournaments.meeting import Score, Scorer

Met = Mapping[frozenset[str], int]
"""How often two have met."""


class Swiss:
    """A stage is a round."""

    def __init__(self, config: TournamentConfig, game: Game[Any]) -> None:
        self.config, self.game = config, game
        self.rounds = config.rounds or 0
        self.names = config.seeded
        self.total = self.rounds * (len(self.names) // 2) * config.pairs * 2
        self.points = dict.fromkeys(self.names, 0.0)
        self.net = dict.fromkeys(self.names, 0.0)
        self.byes: Counter[str] = Counter()
        self.met: Counter[frozenset[str]] = Counter()
        self.told: list[str] = []
        """A line per round that is complete."""

    def stages(self, score: Scorer) -> Iterator[Iterable[Fixture]]:
        """Yield round after round; each is paired when those before it are complete."""
        c = self.config
        for number in range(self.rounds):
            pairs = range(number * c.pairs, (number + 1) * c.pairs)
            two_by_two, bye = pairings(self.names, self.points, self.met, self.byes)
            meetings = [(two, meeting(self.game, two, pairs, c.seed, cast=c.cast_names)) for two in two_by_two]
            yield [fixture for _, fixtures in meetings for fixture in fixtures]
            self._enter([(*two, score(*two, fixtures)) for two, fixtures in meetings], bye)

    def buchholz(self, name: str) -> float:
        """Return the sum of the points of those whom `name` has met."""
        opponents = (self.points[other] * n for two, n in self.met.items() if name in two for other in two - {name})
        return sum(opponents) + self.byes[name] * self.points[name]

    def standings(self) -> list[str]:
        """Return the entrants by points, then Buchholz score, then net result, then seed."""
        return sorted(self.names, key=lambda name: (-self.points[name], -self.buchholz(name), -self.net[name]))

    def words(self) -> list[str]:
        """Return the standings after the last complete round, and who met whom."""
        width = max(map(len, self.names))
        lines = [f"swiss: after {len(self.told)} of {self.rounds} rounds, {self.config.pairs} pairs a meeting"]
        lines += [
            f"{place:3}. {name:{width}}  points {self.points[name]:g}, Buchholz {self.buchholz(name):g}, "
            f"net {self.net[name]:+g}{', had a bye' if self.byes[name] else ''}"
            for place, name in enumerate(self.standings(), 1)
        ]
        return [*lines, *self.told]

    def _enter(self, results: Iterable[tuple[str, str, Score]], bye: str | None) -> None:
        words = []
        for first, second, score in results:
            self.met[frozenset((first, second))] += 1
            for name, sign in ((first, 1), (second, -1)):
                self.points[name] += 0.5 + sign * (score.points - 0.5)
                self.net[name] += sign * score.net
            ahead = score.net >= 0
            winner, loser = (first, second) if ahead else (second, first)
            words.append(f"{winner} {'beat' if score.net else 'drew with'} {loser} {score.words(ahead)}")
        if bye is not None:
            self.byes[bye] += 1
            self.points[bye] += 1
            words.append(f"{bye} had a bye")
        self.told.append(f"round {len(self.told) + 1}: {'; '.join(words)}")


def pairings(
    seeded: Sequence[str], points: Mapping[str, float], met: Met, byes: Mapping[str, int]
) -> tuple[list[tuple[str, str]], str | None]:
    """Return who meets whom in the next round, and who has a bye.

    From the top, everyone gets the opponent whom the Dutch system would choose (the upper half of those equal in
    points meets the lower half, and who is left over floats to the next group), unless the others could then no
    longer be paired with as few rematches. The bye goes to the last of those who have had the fewest.
    """
    order = sorted(seeded, key=lambda name: -points[name])  # stable: equals stay in the order of their seeds
    bye = _bye(order, met, byes) if len(order) % 2 else None
    left = [name for name in order if name != bye]
    rematches = _rematches(left, met)
    chosen = []
    while left:
        first, *others = left
        second = next(
            other
            for other in _candidates(first, others, points, met)
            if (again := met.get(frozenset((first, other)), 0) > 0) <= rematches
            and _rematches([name for name in others if name != other], met) == rematches - again
        )
        rematches -= met.get(frozenset((first, second)), 0) > 0
        chosen.append((first, second))
        left = [name for name in others if name != second]
    return chosen, bye


def _bye(order: Sequence[str], met: Met, byes: Mapping[str, int]) -> str:
    fewest = min(byes.get(name, 0) for name in order)
    free = [name for name in reversed(order) if byes.get(name, 0) == fewest]
    return min(free, key=lambda name: _rematches([other for other in order if other != name], met))


def _candidates(first: str, others: Sequence[str], points: Mapping[str, float], met: Met) -> list[str]:
    """Return the possible opponents of the best who is left, the preferred first; those it has met come last."""
    equal = sum(points[name] == points[first] for name in others)
    half = (equal + 1) // 2 - 1  # the place among the equals of the first of their lower half

    def preference(at: int) -> tuple[int, int, int]:
        return (
            met.get(frozenset((first, others[at])), 0),
            max(0, at - equal + 1),
            at - half if at >= half else equal - at,
        )

    return [others[at] for at in sorted(range(len(others)), key=preference)]


def _rematches(names: Sequence[str], met: Met) -> int:
    """Return how many meetings of a round of these names must be rematches, whoever is paired with whom."""
    new = [
        {j for j, other in enumerate(names) if other != name and not met.get(frozenset((name, other)), 0)}
        for name in names
    ]
    return len(names) // 2 - int(matching_size(new))
