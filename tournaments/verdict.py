"""What a comparison of two players found, in words and numbers."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from arena.record import StopReason
from arena.sprt import Decision, Sprt, summary


class Ended(StrEnum):
    """Why a comparison ended."""

    DECIDED = "decided"
    """The test accepted a hypothesis, or the interval excluded 0."""
    EXACT = "exact"
    """Everybody states a policy, so the answer was computed."""
    PRECISE = "precise"
    """The interval became as narrow as was asked."""
    REPEATED = "repeated"
    """Every pair was the same, move for move."""
    EVEN = "even"
    """In every pair, and there were many, both were paid the same."""
    LIMIT = "limit"
    """All the pairs that were allowed have been played."""
    INTERRUPTED = "interrupted"


class Verdict(NamedTuple):
    """The first player against the second, from pairs of matches; it prints itself in a few lines."""

    first: str
    second: str
    mean: float
    """Mean payoff of the first per match, in the game's own units, less luck where that was possible; in a
    comparison in one role, by how much it exceeds the second's."""
    low: float
    high: float
    """The ends of its confidence sequence: they hold whenever one stops, with probability 1 − `alpha`."""
    wins: int
    """Matches; in a comparison in one role, pairs in which the first was paid more."""
    draws: int
    losses: int
    pairs: int
    """Pairs that count: both matches were played to an end."""
    stops: dict[str, int]
    """How many matches ended for which reason."""
    ended: Ended
    test: Sprt | None = None
    """The test that was asked, if the game is one of winning and losing."""
    counts: tuple[int, ...] = (0, 0, 0, 0, 0)
    """Pairs in which the first scored 0, ½, 1, 1½ and 2 points."""
    alpha: float = 0.05
    exact: float | None = None
    """The true mean, where every player states its policy."""
    results: tuple[float, float, float] | None = None
    """The true probabilities that the first wins, draws and loses, where they meet and state their policies."""
    saved: float = 1.0
    """How many times smaller the variance of a pair is for the correction of luck."""
    role: str = ""
    against: str = ""

    @property
    def decision(self) -> Decision:
        """What the test says, or else what the exact value or the interval says."""
        if self.ended is Ended.EXACT and self.exact is not None:
            return _sign(self.exact, self.exact)
        if self.ended is Ended.REPEATED:
            return _sign(self.mean, self.mean)
        if self.ended is Ended.INTERRUPTED:
            return Decision.OPEN
        if self.test is not None:
            return self.test.decide(self.counts) if self.ended is Ended.DECIDED else Decision.OPEN
        return _sign(self.low, self.high)

    def __str__(self) -> str:
        one_sided = self.test is not None and not self.test.two_sided  # that is a question about the first
        if self.decision is Decision.SECOND and not one_sided:  # the sentence and its numbers are the better one's
            return str(self.mirrored())
        lines = [self._sentence(), self._numbers()]
        if self.test is not None and any(self.counts):
            lines.append(summary(self.counts, self.test))
        return "\n".join(lines)

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
            counts=self.counts[::-1],
            exact=None if self.exact is None else -self.exact,
            results=None if self.results is None else (self.results[2], self.results[1], self.results[0]),
        )

    def _sentence(self) -> str:
        where = f" as {self.role} against {self.against}" if self.role else ""
        after = f"after {self.pairs:,} pair{'s' * (self.pairs != 1)}"
        both = f"{self.first} and {self.second}"
        claim = {
            Decision.FIRST: f"{self.first} is better than {self.second}{where}",
            Decision.SECOND: f"{self.second} is better than {self.first}{where}",
            Decision.NEITHER: f"{both} are equal{where}",
            Decision.OPEN: f"{both} cannot be told apart{where}",
        }[self.decision]
        match self.ended:
            case Ended.INTERRUPTED:
                return f"interrupted {after}: no verdict yet on {both}{where}"
            case Ended.EXACT:
                exactly = f"{claim}: exactly {self.exact:+.6f} per match, by the policies that they state"
                agrees = self.exact is not None and self.low <= self.exact <= self.high
                return exactly if agrees else f"{exactly}; but the matches say otherwise: somebody plays another policy"
            case Ended.REPEATED:
                return f"{claim}: all {self.pairs:,} pairs went the same way, move for move, as more pairs would"
            case Ended.EVEN:
                return f"{claim}: each of {self.pairs:,} pairs was even"
            case Ended.PRECISE if self.decision is Decision.OPEN:
                return f"the difference between {both}{where} is known as precisely as was asked, {after}"
            case Ended.PRECISE:
                return f"{claim} {after}, and their difference is known as precisely as was asked"
        if self.test is not None:
            return self._tested(claim, after)
        if self.decision is Decision.OPEN:
            return f"no verdict {after} between {both}{where}: the interval still holds 0, play more with --pairs"
        return f"{claim}, {after}"

    def _tested(self, claim: str, after: str) -> str:
        assert self.test is not None
        test, decision = self.test, self.decision
        if decision is Decision.OPEN:
            return f"SPRT: undecided {after} between {self.first} and {self.second}: play more with --pairs"
        if test.two_sided:
            if decision is Decision.FIRST:
                return f"SPRT: H1 accepted, {claim}, {after}"
            return (
                f"SPRT: H0 accepted, {self.first} and {self.second} are not {test.elo1:g} Elo apart, {after}: "
                "a smaller --elo1 looks closer"
            )
        more, less = f"{test.elo1:+g} Elo", f"{test.elo0:+g} Elo"
        found, other = (f"{more} or more", less) if decision is Decision.FIRST else (f"{less} or less", more)
        return f"SPRT: {decision} accepted, {self.first} leads {self.second} by {found} rather than by {other}, {after}"

    def _numbers(self) -> str:
        as_played = "as played, " if self.ended is Ended.EXACT else ""
        unit = "pairs" if self.role else "matches"
        flagged = "".join(f", {n} {stop}" for stop, n in self.stops.items() if stop != StopReason.FINISHED)
        saved = f"; AIVAT took luck out, variance ÷ {self.saved:.1f}" if self.saved >= 1.05 else ""
        interval = f"{100 * (1 - self.alpha):g}% interval [{_plain(self.low)}, {_plain(self.high)}]"
        counts = [f"{count:,}" for count in (self.wins, self.draws, self.losses)]
        if self.results is not None:
            true = [f"{100 * p:.1f}%" for p in self.results]
            counts = [f"{count} ({p})" for count, p in zip(counts, [f"exactly {true[0]}", *true[1:]], strict=True)]
        results = "{} won {}, drawn {}, lost {}".format(unit, *counts)
        return f"{as_played}{_plain(self.mean)} per match, {interval} whenever one stops{saved}; {results}{flagged}"


def _sign(low: float, high: float) -> Decision:
    """Return who is better where the truth lies between `low` and `high`."""
    if low > 0:
        return Decision.FIRST
    if high < 0:
        return Decision.SECOND
    return Decision.NEITHER if low == high else Decision.OPEN


def _plain(value: float) -> str:
    """Return a number with its sign; what rounds to 0 has a plus."""
    return f"{round(value, 3) + 0.0:+.3f}"
