"""What a run shows while it runs: bars and a table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

_LINE_SECONDS = 10.0
"""Where output is no terminal, a line at most this often; what is worth a line of its own is always said."""


class Live:
    """Progress of one command. Use as a context manager."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}", markup=False),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, tuple[float, float]] = {}
        self._said = time.monotonic()

    def __enter__(self) -> Self:
        self._bars.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.__exit__(kind, error, trace)

    def show(self, what: str, done: int, total: int | None, unit: str, note: str = "") -> None:
        """Say how far `what` is; `unit` names what is counted."""
        now = time.monotonic()
        began, first = self._began.setdefault(what, (now, done))
        speed = (done - first) / (now - began) if now > began else 0.0
        rate = f"{speed:,.0f} {unit}/s" if speed >= 10 else f"{speed:.1f} {unit}/s"
        if not self.console.is_terminal:
            if now - self._said > _LINE_SECONDS or done == total:
                self._said = now
                of = f" of {total:,}" if total else ""
                line = f"{what}: {done:,}{of} {unit}, {rate}{', ' + note if note else ''}"
                self.console.print(line, markup=False)
            return
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total, rate="", note="")
        self._bars.update(self._tasks[what], completed=done, total=total, rate=rate, note=note)

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(text, markup=False)
