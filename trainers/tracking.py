"""What the training loop tells after every update, once: to the run's own log and to the trackers it was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from arena.config.monitoring import TrackingConfig
from arena.run_log import RunLog
from arena.trainers.alarms import Alarm
from arena.trainers.columns import History
from arena.trainers.trackers import Run, Tracker, open_tracker


class Tracking:
    """The log and the trackers of a run. Use as a context manager; `open` makes one."""

    def __init__(self, log: RunLog, trackers: Sequence[Tracker], ends: ExitStack) -> None:
        self.log, self.trackers, self._ends = log, trackers, ends

    @classmethod
    def open(cls, folder: Path, config: TrackingConfig, step: int, settings: Mapping[str, Any]) -> Self:
        """Open all for a run whose last checkpoint is that of `step`; of its `settings` trackers see the numbers.

        Raises ConfigError where a tracker cannot be had, and StoreError where the log cannot.
        """
        with ExitStack() as ends:
            log = ends.enter_context(RunLog.open(folder, step))
            run = Run(folder, log.run, config.project, step, dict(numbers(settings)))
            trackers = []
            for name in dict.fromkeys(config.to):
                trackers.append(open_tracker(name, run))
                ends.callback(trackers[-1].close)
            return cls(log, trackers, ends.pop_all())

    def write(self, step: int, learner: str, values: Mapping[str, float], alarms: Sequence[Alarm] = ()) -> None:
        """Tell what an update of a learner told, or its rating at this step, and the alarms that are new.

        What the log has already is told to nobody. After a crash, trackers that forget nothing hear of no update twice.
        """
        if not self.log.write(step, learner, values, [alarm.sentence for alarm in alarms]):
            return
        named = {f"{learner}/{name}": value for name, value in values.items()}
        for tracker in self.trackers:
            if tracker.forgets or step > self.log.told:
                tracker.write(step, named)
                for alarm in alarms:
                    tracker.alarm(step, f"{learner}/{alarm.name}", alarm.sentence)

    def history(self, learner: str) -> History:
        """Return what a learner's updates have told so far, before restarts too."""
        return self.log.history(learner)

    def close(self) -> None:
        """Close all."""
        self._ends.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def numbers(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Yield the numbers of nested settings under their dotted names; no text, since that may hold a secret."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from numbers(value, f"{prefix}{key}.")
        elif isinstance(value, (int, float)):
            yield f"{prefix}{key}", float(value)
