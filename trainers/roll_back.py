"""Whether a learner whose run has gone wrong goes back, and to which of its snapshots.

All that is remembered is the list of times that it did (`RollBack`), plain JSON values, so a restart knows it too. The
count of updates goes on: a learner that went back to update 60 after update 85 makes update 86 next, with randomness
that it has not met before. What happened between is nothing that later alarms should look at: see `remembered`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from arena.config.monitoring import AlarmsConfig
from arena.trainers.alarms import alarms
from arena.trainers.columns import History


class Snapshot(NamedTuple):
    """A frozen copy of a learner."""

    name: str
    step: int
    """The update after which it was made."""


class RollBack(NamedTuple):
    """One time that a learner went back."""

    at: int
    """The update after which it was decided."""
    to: str
    """The name of the snapshot."""
    step: int
    """The update after which the snapshot was made."""
    why: str
    """The sentences of the alarms."""

    @classmethod
    def of(cls, kept: Sequence[Mapping[str, Any]]) -> list[RollBack]:
        """Return what was kept as JSON, a list of `_asdict()`."""
        return [cls(**one) for one in kept]


def roll_back(
    history: History, snapshots: Sequence[Snapshot], past: Sequence[RollBack], config: AlarmsConfig
) -> RollBack | None:
    """Return how a learner goes back after the last update of its history, or None if it goes on.

    It goes back if a severe alarm holds, to the last snapshot from before the trouble began at whose own time no severe
    alarm held, and which has not been gone back to before: what collapsed twice from one place would do so again. It
    goes on where there is none, or where it has gone back as often as it may.
    """
    seen = remembered(history, past)
    reasons = [alarm for alarm in alarms(seen, config) if alarm.severe]
    if not reasons or len(past) >= config.roll_backs:
        return None
    begun = min(alarm.since for alarm in reasons)
    tried = {one.to for one in past}
    kept = {step for step, _ in seen}
    for snapshot in sorted(snapshots, key=lambda snapshot: snapshot.step, reverse=True):
        if snapshot.step >= begun or snapshot.name in tried or snapshot.step not in kept:
            continue
        then = [(step, said) for step, said in seen if step <= snapshot.step]
        if not any(alarm.severe for alarm in alarms(then, config)):
            return RollBack(history[-1][0], snapshot.name, snapshot.step, " ".join(a.sentence for a in reasons))
    return None


def remembered(history: History, past: Sequence[RollBack]) -> History:
    """Return the history without what was undone: the updates after a snapshot until the learner went back to it."""
    return [(step, said) for step, said in history if not any(one.step < step <= one.at for one in past)]
