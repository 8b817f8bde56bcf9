"""Two players, one question: which is better? Pairs of matches until the answer is clear, and no longer.

Where matches are won and lost, a sequential probability ratio test decides; where payoffs count, and in one role,
a confidence sequence of the mean payoff does. Both allow a look at any time. Pairs count in the order of their
numbers and never in that of their ends, since short matches may go differently from long ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from arena.attendance import Unplayed
from arena.confidence import ConfidenceSequence
from arena.errors import ConfigError, RatingError
from arena.game import Game
from arena.match import Fixture, play_rounds
from arena.player import Player
from arena.rating import MAX_CRASH_RATE
from arena.record import Record, StopReason, count_crashes
from arena.registry import checkpoint_digest
from arena.sprt import Decision, Model, Sprt
from arena.store import Member, Store
from arena.tournaments.contest import Contest, Knowledge, knowledge
from arena.tournaments.verdict import Ended, Verdict

PAIRS, MIN_PAIRS = 500, 16
ELO = 100.0
"""The difference that a test is made to find: 64 points of 100. With MIN_PAIRS it asks for about 60 pairs."""

_EVEN_PAIRS = 60
"""After so many even pairs, at most one in twenty can differ (Hanley & Lippman-Hand, 1983: 3/n)."""
_GROWTH = 4
"""A round has a quarter of the pairs before it: what is played after the answer was clear stays a small share."""


class Progress(NamedTuple):
    """What a watcher is told after every match."""

    played: int
    most: int
    note: str
    """What the last look at the pairs said; empty before the first."""
    verdict: Verdict | None = None
    """Of an interrupted comparison, the last thing that is told."""


Tell = Callable[[Progress], None]


def run(
    game: Game[Any],
    first: tuple[str, Player],
    second: tuple[str, Player],
    *,
    pairs: int = PAIRS,
    min_pairs: int = MIN_PAIRS,
    seed: int = 0,
    elo0: float | None = None,
    elo1: float | None = None,
    model: Model = "logistic",
    alpha: float = 0.05,
    beta: float = 0.05,
    precision: float = 0.0,
    role: str = "",
    against: tuple[str, Player] | None = None,
    folder: Path | None = None,
    specs: Mapping[str, str] | None = None,
    tell: Tell = lambda _: None,
) -> Verdict:
    """Compare two players over `min_pairs` to `pairs` pairs of matches; players come with their names.

    Without `elo0` the test asks which of the two is better, by `elo1` Elo; with it, whether the first is better
    by `elo1` rather than by `elo0`. `precision` stops as soon as the interval of the mean payoff is that narrow
    to either side. With `role` both play that role against `against`. In `folder` the matches are kept, and a
    run that was stopped goes on; `specs` then names what each player is.

    Raises RatingError where a player crashes too often, or a game cannot be compared so.
    """
    players = dict([first, second, *([against] if against else [])])
    if len(players) < 2 + bool(against):
        names = [first[0], second[0], *([against[0]] if against else [])]
        twice = next(name for name in names if names.count(name) > 1)
        raise RatingError(f"both players are called {twice!r}: give one another name")
    if bool(role) != bool(against):
        raise ConfigError("a comparison in one role needs both: --role ROLE and --against PLAYER")
    if min_pairs > pairs and min_pairs != MIN_PAIRS:
        raise ConfigError(f"no verdict before {min_pairs:,} pairs, but {pairs:,} are the most: give more pairs")
    if not precision >= 0:
        raise ConfigError(f"precision = {precision:g} is no half-width: give it in the game's units, above 0")
    contest = Contest(game, first[0], second[0], seed, role, against[0] if against else "")
    test = _test(contest, elo0, elo1, model, alpha, beta)
    known = knowledge(contest, players)
    (low, high), (least, most) = contest.bounds({}), contest.bounds(known.luck)
    low, high = min(low, least), max(high, most)
    evidence = _Evidence(contest, known, test, ConfidenceSequence(low, high, alpha))
    with Store.open(folder) if folder else nullcontext() as store:
        if store is not None:
            _begin(store, contest, specs or {})
        limits = _Limits(min_pairs, pairs, precision)
        return _Pit(contest, players, evidence, limits, store, tell).run()


def _test(
    contest: Contest, elo0: float | None, elo1: float | None, model: Model, alpha: float, beta: float
) -> Sprt | None:
    """Return the test that is asked, or None where payoffs count."""
    two_sided = elo0 is None
    test = Sprt(elo0 or 0.0, ELO if elo1 is None else elo1, alpha, beta, two_sided, model)
    if contest.game.scoring == "outcome" and not contest.role:
        return test
    if elo0 is not None or elo1 is not None:
        why = "one role is compared" if contest.role else f"{contest.game.name} is scored by payoff"
        raise ConfigError(f"{why}, so there is no Elo to test: leave --elo0 and --elo1 out, or try --precision")
    return None


class _Limits(NamedTuple):
    """When a comparison may stop and when it must."""

    least: int
    most: int
    precision: float


def looks(least: int, most: int) -> list[int]:
    """Return after how many pairs the evidence is looked at; the last is `most`."""
    found: list[int] = []
    while not found or found[-1] < most:
        played = found[-1] if found else 0
        found.append(min(played + max(least, played // _GROWTH), most))
    return found


@dataclass(eq=False)
class _Evidence:
    """What all pairs so far say, in the order of their numbers."""

    contest: Contest
    known: Knowledge
    test: Sprt | None
    mean: ConfidenceSequence
    raw: list[float] = field(default_factory=list)
    luck: list[float] = field(default_factory=list)
    corrected: list[float] = field(default_factory=list)
    share: float = 0.0
    """How much of the luck is taken out of the pairs to come; a bad guess of a silent player adds variance."""
    learns_at: int = MIN_PAIRS
    counts: list[int] = field(default_factory=lambda: [0] * 5)
    outcomes: Counter[int] = field(default_factory=Counter)
    records: list[Record] = field(default_factory=list)
    """All matches without their moves, which would fill the memory."""
    moves: set[tuple[Any, ...]] = field(default_factory=set)

    def add(self, pair: list[Record]) -> None:
        """Take the matches of a pair; it counts if all were played to an end."""
        self.records += [replace(record, turns=()) for record in pair]
        if not all(record.stop.rated for record in pair):
            return
        contest = self.contest
        observed = contest.observe(pair, {})
        self.raw.append(observed)
        luck = observed - contest.observe(pair, self.known.luck) if self.known.luck else 0.0
        self.luck.append(luck)
        self.corrected.append(observed - self.share * luck)
        self.mean.update(self.corrected[-1])
        if len(self.raw) == self.learns_at:
            self.learns_at += max(MIN_PAIRS, len(self.raw) // _GROWTH)
            self._learn()
        if len(self.moves) < 2:
            self.moves.add(tuple((r.entrants, *((t.seat, t.action) for t in r.turns)) for r in pair))
        if contest.role:
            self.outcomes[int(np.sign(observed))] += 1
            return
        results = [int(np.sign(r.returns[r.entrants.index(contest.first)] or 0.0)) for r in pair]
        self.outcomes.update(results)
        self.counts[sum(results) + 2] += 1

    def _learn(self) -> None:
        """Choose from the pairs so far, and so without bias, the share of luck that leaves least variance."""
        if np.any(self.luck):
            covariance = np.cov(self.raw, self.luck, bias=True)
            self.share = float(np.clip(covariance[0, 1] / max(covariance[1, 1], 1e-12), 0.0, 1.0))

    def ended(self, limits: _Limits) -> Ended | None:
        """Return why the comparison is over, if it is."""
        pairs, interval = len(self.raw), self.mean.interval
        if self.known.exact is not None and pairs:
            return Ended.EXACT
        if pairs >= max(MIN_PAIRS, limits.least) and len(self.moves) == 1:
            return Ended.REPEATED
        if self.test is None and not interval.low <= 0 <= interval.high:
            return Ended.DECIDED
        if self.test is not None and pairs >= limits.least and self.test.decide(self.counts) is not Decision.OPEN:
            return Ended.DECIDED
        if pairs and (interval.high - interval.low) / 2 <= limits.precision:
            return Ended.PRECISE
        if pairs >= max(_EVEN_PAIRS, limits.least) and not any(self.raw):
            return Ended.EVEN
        return None

    def note(self) -> str:
        """Return what a watcher is shown."""
        if self.test is not None:
            lower, upper = self.test.bounds
            return f"LLR {float(self.test.llr(self.counts)):+.2f} ({lower:.2f}, {upper:.2f})"
        value, low, high = self.mean.interval
        return f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"

    def verdict(self, ended: Ended) -> Verdict:
        """Return the verdict on what is here."""
        # Rounded, so that exchanged players get the same numbers to the last digit.
        mean, low, high = (round(float(end), 9) for end in self.mean.interval)
        variances = np.var(self.raw), np.var(self.corrected)
        return Verdict(
            first=self.contest.first,
            second=self.contest.second,
            mean=mean,
            low=low,
            high=high,
            wins=self.outcomes[1],
            draws=self.outcomes[0],
            losses=self.outcomes[-1],
            pairs=len(self.raw),
            stops=dict(Counter(str(record.stop) for record in self.records)),
            ended=ended,
            test=self.test,
            counts=tuple(self.counts),
            alpha=self.mean.alpha,
            exact=self.known.exact,
            results=self.known.results,
            saved=float(variances[0] / variances[1]) if self.known.luck and variances[1] > 0 else 1.0,
            role=self.contest.role,
            against=self.contest.against,
        )


@dataclass(eq=False)
class _Pit:
    """The comparison on its way: rounds of pairs, with a look at the evidence after each."""

    contest: Contest
    players: Mapping[str, Player]
    evidence: _Evidence
    limits: _Limits
    store: Store | None
    tell: Tell
    told: int = 0

    def run(self) -> Verdict:
        """Compare; whoever interrupts is told what is known, and that a verdict it is not."""
        try:
            return self._rounds()
        except KeyboardInterrupt:
            if self.evidence.raw:
                verdict = self.evidence.verdict(Ended.INTERRUPTED)
                self.tell(Progress(self.told, 2 * self.limits.most, self.evidence.note(), verdict))
            raise

    def _rounds(self) -> Verdict:
        kept = {record.key: record for record in self.store.records()} if self.store else {}
        for begin, end in pairwise([0, *looks(self.limits.least, self.limits.most)]):
            self._play(range(begin, end), kept)
            waits = self._crashes_too_often(end)
            ended = self.evidence.ended(self.limits)
            if ended and not waits:
                return self.evidence.verdict(ended)
        if not self.evidence.raw:
            raise RatingError("no pair of matches was played to an end, so there is no verdict")
        return self.evidence.verdict(Ended.LIMIT)

    def _play(self, numbers: range, kept: Mapping[str, Record]) -> None:
        """Play the pairs, or take what was kept of them, and add them to the evidence in their order."""
        pairs = [self.contest.fixtures(number) for number in numbers]
        found = {fixture.key: kept[fixture.key] for pair in pairs for fixture in pair if fixture.key in kept}
        missing = [fixture for pair in pairs for fixture in pair if fixture.key not in found]
        self.told += len(found)
        note = self.evidence.note() if self.evidence.raw else ""
        rounds = play_rounds(self.contest.game, missing, self.players)
        unplayed = Unplayed()
        try:
            for record in self.store.keep(rounds) if self.store else chain.from_iterable(rounds):
                if unplayed.takes(record):
                    continue
                found[record.key] = record.without_traces()
                self.told += 1
                self.tell(Progress(self.told, 2 * self.limits.most, note))
        finally:  # also of an interrupted round
            self._add(pairs, found)
        again = "the same command plays what is left"
        unplayed.check(again if self.store else f"with --run FOLDER what was played stays, and {again}")

    def _add(self, pairs: list[list[Fixture]], found: Mapping[str, Record]) -> None:
        """Add the pairs that are complete, up to the first that is not."""
        for pair in pairs:
            if not all(fixture.key in found for fixture in pair):
                return
            self.evidence.add([found[fixture.key] for fixture in pair])

    def _crashes_too_often(self, number: int) -> bool:
        """Return whether the verdict has to wait for more matches; raises RatingError where they cannot help."""
        records = self.evidence.records
        for name, (bad, played) in count_crashes((r.entrants, r.crashes) for r in records).items():
            if bad <= MAX_CRASH_RATE * played:
                continue
            if number < self.limits.most and bad <= MAX_CRASH_RATE * played * self.limits.most / number:
                return True
            abandoned = (r for r in records if r.stop is StopReason.ABANDONED and r.culprit is not None)
            reasons = (r.reason for r in abandoned if r.entrants[r.culprit or 0] == name)
            reason = next(reasons, "each was played at a later try")
            raise RatingError(
                f"{name} crashed in {bad} of its {played} matches, more than {MAX_CRASH_RATE:.0%}, "
                f"so there is no verdict ({reason})"
            )
        return False


def _begin(store: Store, contest: Contest, specs: Mapping[str, str]) -> None:
    """Write the comparison into the store, or check that it is the one that the store holds."""
    names = [name for name in (contest.first, contest.second, contest.against) if name]
    members = [Member(name, specs.get(name, name), "entrant") for name in names]
    members = [member._replace(digest=checkpoint_digest(member.spec)) for member in members]
    config = {
        "game": contest.game.spec,
        "entrants": {member.name: [member.spec, member.digest] for member in members},
        "seed": contest.seed,
        "role": contest.role,
    }
    if store.meta("format", "pit") != "pit":
        raise ConfigError(f"{store.folder} holds a {store.meta('format')}, not a pit: use another folder")
    for key, kept in (store.meta("config") or {}).items():
        if kept != config[key]:
            raise ConfigError(
                f"{store.folder} was begun with {key} = {kept!r}, not {config[key]!r}: use another folder"
            )
    if store.meta("fingerprint", contest.game.fingerprint) != contest.game.fingerprint:
        raise ConfigError(f"{store.folder} holds matches of {contest.game.spec} under other rules: use another folder")
    with store.transaction():
        store.put_meta({"format": "pit", "config": config, "fingerprint": contest.game.fingerprint})
        store.put_players(members)
