"""A knock-out in which only the second lost meeting ends the tournament for an entrant.

Who loses in the winners bracket goes on in the losers bracket; the last of either meet in the grand final. If the
one from the losers bracket wins it, both have lost once, and they meet once more. Seeds stand so that the best two
cannot meet before the last round of the winners bracket, and the best have byes where the bracket is not full.

A meeting is won by whoever is ahead after its pairs. If nobody is, it goes on pair by pair, up to a limit; then it
goes to who crashed in fewer of its matches, and at last to the higher seed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from arena.config import TournamentConfig
from arena.game import Game
from arena.match import Fixture
from arena.schedule import meeting
from arena.tournaments.meeting import Score, Scorer

Slots = list[str | None]
"""Entrants in the order of the bracket; None: nobody, so that the neighbour has a bye."""
_EXTRA_PAIRS = 10


class Met(NamedTuple):
    """A meeting that is decided."""

    winner: str
    loser: str
    words: str


class DoubleElimination:
    """A stage is one round of one bracket, or a further pair for each of its meetings that are drawn."""

    total = None  # how many meetings are drawn, and whether the grand final is repeated, shows while they are played

    def __init__(self, config: TournamentConfig, game: Game[Any]) -> None:
        self.config, self.game = config, game
        self.seeds = config.seeded
        self.extra = _EXTRA_PAIRS if config.extra_pairs is None else config.extra_pairs
        self.rounds = 0
        """Begun so far; numbers the pairs, so that a rematch has deals of its own."""
        self.out: list[list[str]] = []
        """Who has lost twice, by round."""
        self.told: list[str] = []

    def stages(self, score: Scorer) -> Iterator[Iterable[Fixture]]:
        """Yield round after round; whom it brings together depends on those before it."""
        upper, lower = yield from self._round("winners bracket, round 1", bracket(self.seeds), score)
        number = 1
        while len(upper) > 1:
            upper, dropped = yield from self._round(f"winners bracket, round {number + 1}", upper, score)
            if len(lower) > len(dropped):
                lower = yield from self._losers_round(lower, score)
            # From the other end: who lost to a neighbour meets somebody else first.
            facing = zip(lower, reversed(dropped), strict=True)
            lower = yield from self._losers_round([name for two in facing for name in two], score)
            number += 1
        (first,), (second,) = upper, lower
        (winner,), (loser,) = yield from self._round("grand final", [first, second], score)
        if winner == second:
            (winner,), (loser,) = yield from self._round("grand final, once more", [first, second], score)
        self.out += [[name] for name in (loser, winner) if name is not None]

    def words(self) -> list[str]:
        """Return who met whom and who won by how much, and the places of those who are out."""
        lines = [f"double elimination: seeds {', '.join(self.seeds)}", *self.told]
        places, place = [], len(self.seeds) + 1
        for names in self.out:
            place -= len(names)
            places.append(f"{place}. {', '.join(names)}")
        return [*lines, f"places: {'; '.join(reversed(places))}"] if places else lines

    def _losers_round(self, slots: Slots, score: Scorer) -> Generator[Iterable[Fixture], None, Slots]:
        number = sum(line.startswith("losers") for line in self.told) + 1
        stay, leave = yield from self._round(f"losers bracket, round {number}", slots, score)
        if out := [name for name in leave if name is not None]:
            self.out.append(sorted(out, key=self.seeds.index))
        return stay

    def _round(
        self, title: str, slots: Slots, score: Scorer
    ) -> Generator[Iterable[Fixture], None, tuple[Slots, Slots]]:
        """Play the meetings of neighbours, and return the winners and the losers."""
        neighbours = list(zip(slots[::2], slots[1::2], strict=True))
        due = [(a, b) for a, b in neighbours if a is not None and b is not None]
        decided = (yield from self._decide(due, score)) if due else {}
        winners, losers, words = Slots(), Slots(), []
        for a, b in neighbours:
            met = decided.get((a, b))
            winners.append(met.winner if met else a or b)
            losers.append(met.loser if met else None)
            if met:
                words.append(met.words)
            elif a or b:
                words.append(f"{a or b} had a bye")
        if words:
            self.told.append(f"{title}: {'; '.join(words)}")
        return winners, losers

    def _decide(
        self, due: Sequence[tuple[str, str]], score: Scorer
    ) -> Generator[Iterable[Fixture], None, dict[tuple[str | None, str | None], Met]]:
        """Play meetings side by side until each has a winner."""
        c = self.config
        decided: dict[tuple[str | None, str | None], Met] = {}
        first_pair = self.rounds * (c.pairs + self.extra)
        self.rounds += 1
        matches: dict[tuple[str, str], list[Fixture]] = {two: [] for two in due}
        numbers = range(first_pair, first_pair + c.pairs)
        for extra in range(self.extra + 1):
            further = {two: self._fixtures(two, numbers) for two in matches}
            yield [fixture for fixtures in further.values() for fixture in fixtures]
            for two, fixtures in further.items():
                matches[two] += fixtures
                result = score(*two, matches[two])
                if result.net or extra == self.extra:
                    decided[two] = self._verdict(two, result, extra)
                    del matches[two]
            if not matches:
                break
            numbers = range(numbers.stop, numbers.stop + 1)
        return decided

    def _fixtures(self, two: tuple[str, str], numbers: Iterable[int]) -> list[Fixture]:
        return meeting(self.game, two, numbers, self.config.seed, cast=self.config.cast_names)

    def _verdict(self, two: tuple[str, str], result: Score, extra: int) -> Met:
        first_wins, why = result.net > 0, []
        if not result.net:
            (crashed, other_crashed), (seed, other_seed) = result.crashes, map(self.seeds.index, two)
            first_wins = (crashed, seed) < (other_crashed, other_seed)
            why.append("by fewer crashes" if crashed != other_crashed else "as the higher seed")
        if extra:
            why.append(f"after {extra} extra pairs")
        winner, loser = two if first_wins else two[::-1]
        return Met(winner, loser, " ".join([winner, "beat", loser, *why, result.words(first_wins)]))


def bracket(seeds: Sequence[str]) -> Slots:
    """Return the first round: filled up to a power of two, seeds 1 and 2 in different halves, and so on."""
    order = [0]
    while len(order) < len(seeds):
        order = [seed for upper in order for seed in (upper, 2 * len(order) - 1 - upper)]
    return [seeds[i] if i < len(seeds) else None for i in order]
