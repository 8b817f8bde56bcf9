"""Who watches a run: every update is logged, alarms are raised, and a learner may go back to its last healthy snapshot.

The rules are those of `monitors.py`, `alarms.py` and `roll_back.py`; here they meet the run's store and its log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from arena.league import League, learner_of
from arena.record import Record
from arena.store import Member
from arena.trainers.alarms import Alarm, new_alarms
from arena.trainers.learner import Learner
from arena.trainers.monitors import against_anchors, expected, measure
from arena.trainers.roll_back import RollBack, Snapshot, remembered, roll_back
from arena.trainers.token_policy_gradient import TokenPolicyGradient
from arena.trainers.tracking import Tracking
from arena.trainers.trainer import Report


class Watch:
    """The watcher of one run."""

    def __init__(self, league: League, tracking: Tracking) -> None:
        self._league, self._tracking, self._config = league, tracking, league.config.alarms
        self._measured: dict[str, dict[str, float]] = {}

    def played(self, learner: Learner, records: Sequence[Record]) -> None:
        """Take the matches of a language model before it learns from them, which moves its baselines."""
        game = self._league.game
        measured = measure(records, [learner.name], game.scale)
        for trainer in learner.trainers.values():
            if isinstance(trainer, TokenPolicyGradient):
                measured |= expected(game, trainer.baselines, trainer.options.baseline)
        self._measured[learner.name] = measured

    def updated(self, learner: str, step: int, report: Report) -> list[Alarm]:
        """Log what an update of a learner told, and return the alarms that are new."""
        told = {"entropy": report.entropy, "kl": report.kl, "payoff": report.payoff, **report.others}
        measured = self._measured.pop(learner, None)
        found: list[Alarm] = []
        if measured is not None:
            told |= measured
            seen = remembered([*self._tracking.history(learner), (step, told)], self.past(learner))
            found = new_alarms(seen, self._config)
        self._tracking.write(step, learner, told, found)
        return found

    def rated(self, snapshot: Member, values: dict[str, float]) -> None:
        """Log what a snapshot was rated."""
        league = self._league
        anchors = list(league.config.anchors)
        won = against_anchors(league.store.results(league.game), league.game, [snapshot.name], anchors)
        told = {**won.get(snapshot.name, {}), **values}
        self._tracking.write(snapshot.step, learner_of(snapshot.name), told)

    def past(self, learner: str) -> list[RollBack]:
        """Return the times that a learner has gone back, oldest first."""
        gone_back: list[RollBack] = RollBack.of(self._league.store.meta("roll_backs", {}).get(learner, []))
        return gone_back

    def roll_back(self, learner: str) -> RollBack | None:
        """Decide whether a learner goes back now, and remember that it did."""
        if not self._config.roll_backs:
            return None
        store, past = self._league.store, self.past(learner)
        own = [Snapshot(m.name, m.step) for m in self._league.members("snapshot") if learner_of(m.name) == learner]
        back = roll_back(self._tracking.history(learner), own, past, self._config)
        if back is not None:
            kept: dict[str, Any] = store.meta("roll_backs", {})
            with store.transaction():
                store.put_meta({"roll_backs": {**kept, learner: [one._asdict() for one in [*past, back]]}})
        return back
