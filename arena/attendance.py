"""Who is away: a player whose infrastructure fails and goes on failing is no longer asked, so no run waits for ever.

An outage voids matches and is nobody's fault. A match is tried again as often as the referee bears it. If nothing at
all has come from the player meanwhile, it counts as away until the run ends: none of its matches is begun, and those
that are under way are given up. They stay to be played by the same command, when the player is back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from arena.errors import StoppedError
from arena.player import Fault, Move
from arena.record import Record, StopReason


class Attendance:
    """Hears who answers, and who fails how often."""

    def __init__(self, attempts: int) -> None:
        self._attempts = attempts
        self._missed: dict[str, Counter[str]] = {}
        """Name → match → how many of its attempts have failed since the player last answered anything."""
        self.away: dict[str, str] = {}
        """Name → how the match ended that it missed too often."""

    def heard(self, name: str, answers: Iterable[Move | BaseException]) -> None:
        """Note that a player was asked. Costs nothing as long as all are there."""
        if name in self._missed and any(not unavailable(answer) for answer in answers):
            del self._missed[name]

    def missed(self, name: str, match: str, why: str) -> None:
        """Note that a match is void because the player was not available."""
        times = self._missed.setdefault(name, Counter())
        times[match] += 1
        if times[match] >= self._attempts:
            self.away.setdefault(name, why)

    def absent(self, entrants: Sequence[str]) -> int | None:
        """Return the seat of somebody who is away; None if nobody is."""
        return next((seat for seat, name in enumerate(entrants) if name in self.away), None)


def unavailable(answer: Move | BaseException) -> bool:
    """Return whether the infrastructure failed instead of an answer."""
    return isinstance(answer, Move) and answer.fault is Fault.UNAVAILABLE


class Unplayed:
    """Counts the matches that were left void, and says in one sentence whose they are and why."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._why: dict[str, str] = {}

    def takes(self, record: Record) -> bool:
        """Count a record if it is a void one, and return whether it is."""
        if record.stop is not StopReason.VOID:
            return False
        name = record.entrants[record.culprit or 0]
        self._counts[name] += 1
        self._why.setdefault(name, record.reason)
        return True

    def check(self, advice: str = "the same command plays what is left") -> None:
        """Raise StoppedError, with one sentence and this advice, if there are any."""
        whose = [
            f"{number:,} {'match' if number == 1 else 'matches'} could not be played: {self._why[name]}"
            for name, number in self._counts.items()
        ]
        if whose:
            raise StoppedError(f"{'; '.join(whose)}. Nobody loses by that: {advice}")
