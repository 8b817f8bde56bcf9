"""Where the numbers of a run go beside its own log: TensorBoard, trackio and Weights & Biases, each an extra.

Nothing leaves this machine unless the environment says so: TensorBoard writes into the run's folder, trackio into its
own (TRACKIO_DIR), and wandb into the run's folder too, from where `wandb sync` sends it, unless WANDB_MODE is "online".
Names, numbers, and sentences of alarms are all that they are given; their own habit of collecting (code, the command
line, what the terminal shows, the machine's load) is switched off.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from arena.config.monitoring import TrackerName
from arena.errors import ConfigError


class Run(NamedTuple):
    """What a tracker knows of a run."""

    folder: Path
    id: str
    """No other run has it."""
    project: str
    step: int
    """The last checkpoint; 0 for a run that begins."""
    settings: Mapping[str, float]
    """Numbers of its configuration."""

    @property
    def name(self) -> str:
        """What people read."""
        return f"{self.folder.resolve().name}-{self.id[:6]}"


class Tracker(Protocol):
    """Takes numbers and alarms."""

    forgets: bool
    """Whether it has forgotten what came after the last checkpoint, so that it can be told again."""

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Take what an update told."""

    def alarm(self, step: int, name: str, sentence: str) -> None:
        """Take an alarm."""

    def close(self) -> None:
        """Bring everything to its place."""


class TensorBoard:
    """Event files in the run's folder: `tensorboard --logdir RUN/tensorboard`."""

    forgets = True

    def __init__(self, run: Run) -> None:
        from torch.utils.tensorboard import SummaryWriter

        # The steps that are done again replace what a killed run wrote of them.
        purge = run.step + 1 if run.step else None
        self._writer: Any = SummaryWriter(str(run.folder / "tensorboard"), purge_step=purge)
        if not run.step:
            table = "\n".join(f"    {name} = {value:g}" for name, value in run.settings.items())
            self._writer.add_text("settings", table, 0)

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Take what an update told."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()  # which it would otherwise do once in two minutes

    def alarm(self, step: int, name: str, sentence: str) -> None:
        """Take an alarm."""
        self._writer.add_text(f"alarms/{name}", sentence, step)
        self._writer.flush()

    def close(self) -> None:
        """Close the event file."""
        self._writer.close()


class Trackio:
    """A database on this machine, of all runs: `trackio show`."""

    forgets = False

    def __init__(self, run: Run) -> None:
        import trackio

        self._trackio: Any = trackio
        with _silence():
            self._run: Any = trackio.init(
                project=run.project,
                name=run.name,
                resume="allow",
                config=dict(run.settings),
                embed=False,
                auto_log_gpu=False,
                auto_log_cpu=False,
            )

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Take what an update told."""
        self._run.log(dict(values), step=step)

    def alarm(self, step: int, name: str, sentence: str) -> None:
        """Take an alarm."""
        with _silence():
            self._run.alert(name, text=sentence, level=self._trackio.AlertLevel.WARN, step=step)

    def close(self) -> None:
        """Wait until all is written."""
        with _silence():
            self._trackio.finish()


class Wandb:
    """A folder of the run that `wandb sync` sends, or the service itself if WANDB_MODE is "online"."""

    forgets = False

    def __init__(self, run: Run) -> None:
        import wandb

        quiet = wandb.Settings(
            console="off", disable_code=True, disable_git=True, silent=True, x_disable_meta=True, x_disable_stats=True
        )
        mode = os.environ.get("WANDB_MODE") or "offline"
        try:
            self._run: Any = wandb.init(
                project=run.project,
                name=run.name,
                id=run.id,
                dir=str(run.folder),
                config=dict(run.settings),
                resume=None if mode == "offline" else "allow",
                mode=mode,
                settings=quiet,
            )
        except wandb.errors.Error as error:
            raise ConfigError(f"tracking.to names 'wandb', which refuses: {error}") from None

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Take what an update told."""
        self._run.log(dict(values), step=step)

    def alarm(self, step: int, name: str, sentence: str) -> None:
        """Take an alarm."""
        self._run.alert(name, sentence)

    def close(self) -> None:
        """Wait until all is written."""
        self._run.finish()


@contextmanager
def _silence() -> Iterator[None]:
    """Keep words that are meant for a notebook out of what the run shows."""
    with redirect_stdout(StringIO()):
        yield


_KINDS: dict[TrackerName, Callable[[Run], Tracker]] = {"tensorboard": TensorBoard, "trackio": Trackio, "wandb": Wandb}


def open_tracker(name: TrackerName, run: Run) -> Tracker:
    """Return a tracker that is ready. Raises ConfigError where its package is missing, or it refuses."""
    if find_spec(name) is None:  # each is called like its package and like the extra that brings it
        raise ConfigError(
            f"tracking.to names {name!r}, and the package {name} is not installed: pip install 'selfplay-arena[{name}]'"
        )
    return _KINDS[name](run)
