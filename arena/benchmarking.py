"""How many questions a player answers correctly: a benchmark of reasoning, asked through the referee like any game.

Each question of a file is asked so many times, one reply to each, and what was replied is kept; then it is graded in
child processes (arena/grading). pass@1 is the share of replies that are right, and maj@k the share of questions at
which the majority of k replies is. What varies between questions is most of the uncertainty, so a question with all its
replies is one observation (Miller, 2024, "Adding error bars to evals").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import chain, count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from arena.attendance import Unplayed
from arena.errors import ConfigError, RatingError
from arena.fixture import Fixture, Patience
from arena.game import Game
from arena.grading.grader import Grader
from arena.grading.marks import Marks, Sheet, mark_all
from arena.interval import Interval, share
from arena.match import play_rounds
from arena.player import Continuous, Player
from arena.question_file import Question, read
from arena.rating import MAX_CRASH_RATE
from arena.record import Record, StopReason, match_key
from arena.registry import checkpoint_digest, load_game
from arena.seeds import derive, nth, uniforms
from arena.store import Member, Store

KIND = "benchmark"
"""Of matches that nobody is rated by."""

_AT_ONCE = 16
"""Questions that a player is asked together, if it answers them all before any is kept: a kill loses so many."""
_DRAWN = 4096
"""Seeds that are looked at together."""


class Score(NamedTuple):
    """What a player made of a file of questions."""

    questions: int
    samples: int
    """Replies to each question, k."""
    pass_at_1: Interval
    """The share of replies that are right."""
    maj_at_k: Interval
    """The share of questions at which the answer that most of the k replies agree on is right."""
    grader: str
    """Who judged the answers."""
    unanswered: float
    """The share of replies that held no answer; they are wrong."""
    hung: int
    """Comparisons that did not end in time, and count as unequal."""
    crashed: int
    """Comparisons that the grader died of, and that count as unequal."""

    def measures(self) -> dict[str, float]:
        """Return the score as numbers by name, as `Store.put_measures` takes them."""
        return {
            "pass_at_1": self.pass_at_1.value,
            "pass_at_1_low": self.pass_at_1.low,
            "pass_at_1_high": self.pass_at_1.high,
            "maj_at_k": self.maj_at_k.value,
            "maj_at_k_low": self.maj_at_k.low,
            "maj_at_k_high": self.maj_at_k.high,
            "unanswered": self.unanswered,
        }


class Progress(NamedTuple):
    """What a watcher is told after every reply, and after every question that was graded."""

    what: str
    """"asking" or "grading"."""
    done: int
    total: int
    unit: str


Tell = Callable[[Progress], None]


def questions_of(file: str | Path) -> Game[Any]:
    """Return the game in which a file's questions are asked, which players are loaded for."""
    return load_game(f"questions(file={str(file)!r})")


def measure(
    player: Player,
    file: str | Path,
    samples: int = 1,
    seed: int = 0,
    *,
    folder: Path | None = None,
    step: int = 0,
    spec: str = "",
    tell: Tell = lambda _: None,
) -> Score:
    """Ask a player every question of a file `samples` times, and grade its answers.

    In `folder` the replies are kept, as a run of its own: what is there already is not asked again, so a benchmark
    goes on after a kill, and more samples may be added. A learner is measured at several steps of its training, each
    with replies of its own. `spec` is what the player was made of, and another one under its name is refused.

    Raises StoppedError where questions are left because the player was not available: the same call asks them.
    """
    if samples < 1:
        raise ConfigError(f"{samples} samples are none: ask for 1 or more")
    game, questions = questions_of(file), read(file)
    planned = fixtures(game, len(questions), player.name, samples, seed, step)
    if folder is None:
        return _score(questions, _asked(game, planned, player, None, tell), tell)
    with Store.open(folder) as store:
        digest = checkpoint_digest(spec) if spec else ""
        _begin(store, game, Member(player.name, spec or player.name, "entrant", 0, digest), seed)
        score = _score(questions, _asked(game, planned, player, store, tell), tell)
        with store.transaction():
            store.put_measures(step, player.name, score.measures())
    return score


def fixtures(game: Game[Any], questions: int, name: str, samples: int, seed: int, step: int = 0) -> list[Fixture]:
    """Return a match for each sample of each question, round by round: every question once, then every one again.

    Which question a match asks is drawn by chance from its seed, as in any game; so of a long sequence of seeds those
    are taken, for each question, at which it is drawn. More samples leave the matches of the others as they are.
    """
    seeds = _seeds(questions, samples, derive(seed, KIND))
    keys = ((sample, number) for sample in range(samples) for number in range(questions))
    return [
        Fixture(
            match_key(game, KIND, (name,), sample, seed, step, number), KIND, (name,), seeds[number][sample],
            str(number), step,
        )
        for sample, number in keys
    ]  # fmt: skip


def _seeds(questions: int, samples: int, begin: int) -> list[list[int]]:
    """Return for each question the first so many seeds from which it is drawn, by the rule of `Position.draw`."""
    found: list[list[int]] = [[] for _ in range(questions)]
    for looked_at in count(0, _DRAWN):
        seeds = [nth(begin, looked_at + i) for i in range(_DRAWN)]
        for seed, question in zip(seeds, (uniforms(seeds) * questions).astype(int).tolist(), strict=True):
            found[question].append(seed)
        if min(map(len, found)) >= samples:
            break
    return found


def _asked(
    game: Game[Any], planned: Sequence[Fixture], player: Player, store: Store | None, tell: Tell
) -> list[Record]:
    """Return the records of these matches in their order; those that the store does not hold are played now."""
    known = store.known(fixture.key for fixture in planned) if store else set()
    found = {key: next(iter(store.records(key))) for key in known} if store else {}
    tell(Progress("asking", len(found), len(planned), "replies"))
    missing = [fixture for fixture in planned if fixture.key not in known]
    at_once = 512 if isinstance(player, Continuous) else _AT_ONCE
    rounds = _without_traces(
        play_rounds(game, missing, {player.name: player}, patience=Patience(retries=0), concurrent=at_once)
    )
    unplayed = Unplayed()
    for record in store.keep(rounds) if store else chain.from_iterable(rounds):
        if not unplayed.takes(record):
            found[record.key] = record
            tell(Progress("asking", len(found), len(planned), "replies"))
    unplayed.check("the same command asks what is left" if store else "keep the replies in a folder, and none is lost")
    records = [found[fixture.key] for fixture in planned]
    _refuse_crashes(player.name, records)
    return records


def _without_traces(rounds: Iterator[list[Record]]) -> Iterator[list[Record]]:
    """Yield the records as they are kept: nobody is trained on a benchmark."""
    for records in rounds:
        yield [record.without_traces() for record in records]


def _refuse_crashes(name: str, records: Sequence[Record]) -> None:
    """Raise RatingError where a player broke down too often to say how well it answers."""
    gone = [record for record in records if record.stop is StopReason.ABANDONED]
    if len(gone) > MAX_CRASH_RATE * len(records):
        raise RatingError(
            f"{name} crashed at {len(gone)} of {len(records)} questions, more than {MAX_CRASH_RATE:.0%}, so there "
            f"is no score ({gone[0].reason}): mend it, and begin in another folder"
        )


def _score(questions: Sequence[Question], records: Sequence[Record], tell: Tell) -> Score:
    """Grade the replies, of which each question has as many as every other, round by round."""
    n, samples = len(questions), len(records) // len(questions)
    answers = [record.turns[-1].action if record.stop is StopReason.FINISHED else None for record in records]
    sheets = [Sheet(question.answer, tuple(answers[number::n])) for number, question in enumerate(questions)]
    marks = list[Marks]()
    with closing(mark_all(sheets)) as marking:
        for found in marking:
            marks.append(found)
            tell(Progress("grading", len(marks), n, "questions"))
    return Score(
        questions=n,
        samples=samples,
        pass_at_1=share(np.array([found.right for found in marks], np.float64)),
        maj_at_k=share(np.array([[found.majority] for found in marks], np.float64)),
        grader=Grader().name,
        unanswered=answers.count(None) / len(answers),
        hung=sum(found.hung for found in marks),
        crashed=sum(found.crashed for found in marks),
    )


def _begin(store: Store, game: Game[Any], member: Member, seed: int) -> None:
    """Write the benchmark into the store, or check that what it holds goes together with this one."""
    if store.meta("format", KIND) != KIND:
        raise ConfigError(f"{store.folder} holds a {store.meta('format')}, not a benchmark: use another folder")
    config = {"game": game.spec, "fingerprint": game.fingerprint, "seed": seed}
    for key, kept in (store.meta("config") or {}).items():
        if kept != config[key]:
            raise ConfigError(
                f"{store.folder} was begun with {key} = {kept!r}, not {config[key]!r}: use another folder"
            )
    old = next((old for old in store.players() if old.name == member.name), member)
    if old != member:
        raise ConfigError(
            f"{member.name!r} was {old.spec!r} {old.digest} in {store.folder} and is now {member.spec!r} "
            f"{member.digest}: use another folder"
        )
    with store.transaction():
        store.put_meta({"format": KIND, "config": config, "fingerprint": game.fingerprint})
        store.put_players([member])
