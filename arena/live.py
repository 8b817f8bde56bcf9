"""What a run shows while it runs: bars and the current table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich import live
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

_LINE_SECONDS = 10.0
"""Where output is no terminal, a line at most this often; the last line is always said."""
_TABLE_SECONDS = 3.0
_TABLE_SHARE = 0.05
"""The table is made anew at most so often, and never takes more than this share of the run's time."""


class Live:
    """Progress of one command. Use as a context manager.

    `table` makes the table that stands below the bars, or returns None as long as there is nothing to show.
    """

    def __init__(self, console: Console, table: Callable[[], RenderableType | None] = lambda: None) -> None:
        self.console = console
        self._make_table = table
        self._table: RenderableType | None = None
        self._table_due = time.monotonic() + _TABLE_SECONDS
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[count]}", markup=False),
            TextColumn("{task.fields[rate]}", markup=False),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
        )
        self._screen = live.Live(console=console, get_renderable=self._picture, transient=True, refresh_per_second=4)
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, tuple[float, int]] = {}
        self._said = time.monotonic()

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._screen.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._screen.stop()

    def show(self, what: str, done: int, total: int | None, unit: str, note: str = "") -> None:
        """Say how far `what` is; `unit` names what is counted."""
        now = time.monotonic()
        began, first = self._began.setdefault(what, (now, done))
        speed = (done - first) / (now - began) if now > began else 0.0
        rate = f"{speed:,.0f} {unit}/s" if speed >= 10 else f"{speed:.1f} {unit}/s"
        if self.console.is_terminal:
            if what not in self._tasks:
                self._tasks[what] = self._bars.add_task(what, total=total, count="", rate="", note="")
            count = f"{done:,}/{total:,}" if total else f"{done:,}"
            self._bars.update(self._tasks[what], completed=done, total=total, count=count, rate=rate, note=note)
            self._renew_table(now)
        elif now - self._said > _LINE_SECONDS or done == total:
            self._said = now
            of = f" of {total:,}" if total else ""
            line = f"{what}: {done:,}{of} {unit}, {rate}{', ' + note if note else ''}"
            self.console.print(line, markup=False)

    def say(self, text: str) -> None:
        """Print a line above the bars and the table."""
        self.console.print(text, markup=False)

    def _renew_table(self, now: float) -> None:
        if now >= self._table_due:
            self._table = self._make_table()
            took = time.monotonic() - now
            self._table_due = now + max(_TABLE_SECONDS, took / _TABLE_SHARE)

    def _picture(self) -> RenderableType:
        return self._bars if self._table is None else Group(self._bars, self._table)
