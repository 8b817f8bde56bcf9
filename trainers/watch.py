"""Who watches a run: every update is logged, alarms are raised, and a learner may go back to its last healthy snapshot.

The rules are those of `monitors.py`, `alarms.py` and `roll_back.py`; here they meet the run's store and its log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite, nan
from typing import Any

import numpy as np

from arena.interval import Floats, Interval
from arena.league import learner_of
from arena.record import Record
from arena.store import Member
from arena.trainers.alarms import Alarm, new_alarms
from arena.trainers.circuit import Circuit
from arena.trainers.columns import History
from arena.trainers.learner import Learner
from arena.trainers.monitors import ANCHOR, against_anchors, expected, measure
from arena.trainers.phases import learning_role
from arena.trainers.roll_back import RollBack, Snapshot, remembered, roll_back
from arena.trainers.token_policy_gradient import TokenPolicyGradient
from arena.trainers.tracking import Tracking
from arena.trainers.trainer import Report
from arena.trainers.venue import Venue


class Watch:
    """The watcher of one run."""

    def __init__(self, circuit: Circuit, tracking: Tracking) -> None:
        self._circuit, self._tracking, self._config = circuit, tracking, circuit.config.alarms
        self._measured: dict[str, dict[str, float]] = {}

    def played(self, learner: Learner) -> None:
        """Look at the matches of a language model before it learns from them, which moves its baselines.

        Of several games all replies count together, and those of each game under its name.
        """
        found = {venue: venue.records for venue in self._circuit.played if venue.records}
        if not found:
            return
        each = [(venue, measure(of, [learner.name], venue.league.game.scale)) for venue, of in found.items()]
        if self._circuit.several:
            measured = measure(_in_one_unit(found), [learner.name], 1.0)
            measured |= {f"{venue.label}/{name}": value for venue, of in each for name, value in of.items()}
        else:
            measured = each[0][1]
            for trainer in learner.trainers.values():
                if isinstance(trainer, TokenPolicyGradient):
                    game = self._circuit.first.game
                    measured |= expected(game, trainer.baselines, trainer.options.baseline)
        self._measured[learner.name] = measured

    def updated(self, learner: str, step: int, report: Report) -> list[Alarm]:
        """Log what an update of a learner told, and return the alarms that are new."""
        told = {"entropy": report.entropy, "kl": report.kl, "payoff": report.payoff, **report.others}
        measured = self._measured.pop(learner, None)
        found: list[Alarm] = []
        if measured is not None:
            told |= measured
            history = self._alike(self._tracking.history(learner), step)
            seen = remembered([*history, (step, told)], self.past(learner))
            found = new_alarms(seen, self._config)
        self._tracking.write(step, learner, told, found)
        return found

    def _alike(self, history: History, step: int) -> History:
        """Return what was told of the updates that are like this one: where roles learn in turn, those of its role."""
        phases = self._circuit.config.training.phases
        role = learning_role(phases, step - 1)
        return [(at, told) for at, told in history if learning_role(phases, at - 1) == role]

    def rated(self, venue: Venue, snapshot: Member, values: Mapping[str, float]) -> None:
        """Log what a snapshot was rated in a game; of several games, once all have been, their mean too."""
        league, learner = venue.league, learner_of(snapshot.name)
        won = against_anchors(league.store.results(league.game), league.game, [snapshot.name], list(league.anchors))
        told = {**won.get(snapshot.name, {}), **values}
        if not self._circuit.several:
            self._tracking.write(snapshot.step, learner, told)
            return
        self._tracking.write(snapshot.step, learner, {f"{venue.label}/{name}": value for name, value in told.items()})
        said = next((told for step, told in self._tracking.history(learner)[::-1] if step == snapshot.step), {})
        rates = [[said.get(f"{one.label}/{name}", nan) for name in ANCHOR] for one in self._circuit.all]
        if isfinite(np.sum(rates)):
            self._tracking.write(snapshot.step, learner, dict(zip(ANCHOR, _mean(np.array(rates)), strict=True)))

    def past(self, learner: str) -> list[RollBack]:
        """Return the times that a learner has gone back, oldest first."""
        gone_back: list[RollBack] = RollBack.of(self._circuit.run.meta("roll_backs", {}).get(learner, []))
        return gone_back

    def roll_back(self, learner: str) -> RollBack | None:
        """Decide whether a learner goes back now, and remember that it did."""
        if not self._config.roll_backs:
            return None
        store, past = self._circuit.run, self.past(learner)
        own = [
            Snapshot(m.name, m.step) for m in self._circuit.first.members("snapshot") if learner_of(m.name) == learner
        ]
        back = roll_back(self._tracking.history(learner), own, past, self._config)
        if back is not None:
            kept: dict[str, Any] = store.meta("roll_backs", {})
            with store.transaction():
                store.put_meta({"roll_backs": {**kept, learner: [one._asdict() for one in [*past, back]]}})
        return back


def _in_one_unit(found: Mapping[Venue, Sequence[Record]]) -> list[Record]:
    """Return the matches of several games with what they paid as shares of the most that their game pays."""
    return [
        replace(
            record, returns=tuple(None if paid is None else paid / venue.league.game.scale for paid in record.returns)
        )
        for venue, records in found.items()
        for record in records
    ]


def _mean(rates: Floats) -> Interval:
    """Return the mean of (G, 3) rates of G games with their intervals, which are of different matches."""
    value = rates[:, 0].mean()
    below, above = (float(np.linalg.norm(rates[:, end] - rates[:, 0])) / len(rates) for end in (1, 2))
    return Interval(float(value), float(value) - below, float(value) + above)
