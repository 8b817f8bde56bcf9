"""What a run remembers of all tasks that were set: so that repeating them costs, and good ones are gone on from.

A challenger that is paid for one task alone soon writes the same one for ever. Here every task is held against the
others of its update and against all that were set before, whoever keeps them, a crash included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, NamedTuple, Protocol, cast

import numpy as np

from arena.game import Game
from arena.games.challenger_rules import REWRITTEN, Rules
from arena.games.near_duplicates import near, repetition, sketches
from arena.games.success import Success, shares
from arena.history import Payoffs
from arena.record import Record, StopReason
from arena.seeds import generator


class SetsTasks(Protocol):
    """What is asked of the game (games/challenger_solver.py)."""

    by: Rules
    given: tuple[str, ...]

    def drawing(self, given: Sequence[str], kept: Sequence[str]) -> Any: ...
    def success(self, s: Any) -> Success: ...
    def informativeness(self, s: Any) -> float: ...


class Played(NamedTuple):
    """A match in which a task was set and answered."""

    place: int
    """Its number among the records."""
    task: str
    state: Any


class TaskHistory:
    """The tasks of one learner's training, and what becomes of them."""

    def __init__(self, rules: SetsTasks, seed: int) -> None:
        self.rules, self.by, self.seed = rules, rules.by, seed
        self.tasks: list[str] = []
        """All that a challenger wrote, oldest first."""
        self.kept: list[str] = []
        """Those from which solvers have learned."""
        self.given: list[str] = []
        """What is rewritten next; empty: what the game itself gives."""
        self.updates = 0
        self._past, self._given = sketches([]), sketches(rules.given)

    def game(self) -> Any:
        """Return the game with the tasks that are drawn from now."""
        return self.rules.drawing(self.given, self.kept)

    def payoffs(self, records: Sequence[Record]) -> list[Payoffs]:
        """Return the returns of matches less the price of repetition; None for solvers who do not learn from theirs."""
        paid: list[Payoffs] = [record.returns for record in records]
        played = self._played(records)
        written = [match for match in played if self._is_new(match)]
        these = sketches([match.task for match in written])
        batch = max(sum(record.stop.rated for record in records), 1)  # what was no task takes its place, too
        price = self.by.repetition * repetition(these, self._past, batch, self.by.alike)
        for match, cost in zip(written, price.tolist(), strict=True):
            challenger, *solvers = paid[match.place]
            paid[match.place] = (None if challenger is None else challenger - cost, *solvers)
        repeated = self._repeated(written)
        for match in played:
            learns = self._in_band(match) and match.place not in repeated
            challenger, *solvers = paid[match.place]
            number = (self.by.learning or len(solvers)) if learns else 0
            paid[match.place] = (challenger, *solvers[:number], *(None,) * (len(solvers) - number))
        return paid

    def remember(self, records: Sequence[Record]) -> None:
        """Take the tasks of an update: into the past, among the examples, and what is to be rewritten next."""
        played = self._played(records)
        written = [match for match in played if self._is_new(match)]
        repeated = self._repeated(written)
        self._add([match.task for match in written])
        if self.by.kept_examples:
            kept = [m.task for m in written if self._in_band(m) and m.place not in repeated]
            self.kept = list(dict.fromkeys([*self.kept, *kept]))  # each is shown as often as any other
        if self.by.tasks == "rewritten" and played:
            self.given = self._chosen(played) or self.given
        self.updates += 1

    def state(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {"tasks": self.tasks, "kept": self.kept, "given": self.given, "updates": self.updates}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take what `state` returned."""
        self.tasks, self._past = [], sketches([])
        self._add(state["tasks"])
        self.kept, self.given, self.updates = list(state["kept"]), list(state["given"]), state["updates"]

    def _add(self, tasks: Sequence[str]) -> None:
        self.tasks += tasks
        self._past = np.concatenate([self._past, sketches(tasks)])

    def _played(self, records: Sequence[Record]) -> list[Played]:
        """Return the matches in which a task was answered."""
        found, game = [], cast(Game[Any], self.rules)  # which replays whatever was drawn
        for place, record in enumerate(records):
            if record.stop is StopReason.FINISHED:
                *_, (s, _) = record.replay(game)
                if s.task is not None and s.answers:
                    found.append(Played(place, s.task, s))
        return found

    def _is_new(self, match: Played) -> bool:
        """Return whether somebody wrote the task for this match."""
        return self.by.tasks != "given" and match.state.change in ("", REWRITTEN)

    def _in_band(self, match: Played) -> bool:
        """Return whether a task is neither too hard nor too easy to be learned from."""
        return self.by.low <= self.rules.success(match.state).rate <= self.by.high

    def _repeated(self, written: Sequence[Played]) -> set[int]:
        """Return the places of tasks that are dropped, since an earlier one is nearly the same."""
        if not self.by.drops_repeats:
            return set()
        these, dropped = sketches([match.task for match in written]), set()
        before = near(these, np.concatenate([self._past, self._given]), self.by.alike)
        for i, match in enumerate(written):
            if before[i] or near(these[i : i + 1], these[:i], self.by.alike)[0]:
                dropped.add(match.place)
        return dropped

    def _chosen(self, played: Sequence[Played]) -> list[str]:
        """Return the tasks to go on from: a share of those that were set, drawn by how much they tell solvers apart."""
        told: dict[str, list[float]] = {}
        for match in played:
            told.setdefault(match.task, []).append(self.rules.informativeness(match.state))
        tasks = list(told)
        weight = np.array(shares([float(np.mean(told[task])) for task in tasks]))
        number = min(ceil(self.by.chosen * len(tasks)), int((weight > 0).sum()))
        rng = generator(self.seed, "chosen tasks", self.updates)
        return [tasks[i] for i in rng.choice(len(tasks), number, replace=False, p=weight)]
