"""One program under way: the pipes it speaks through, what came through them, and until when it may run."""

from __future__ import annotations

import os
import shutil
import tempfile
from time import monotonic

from arena.sandbox.ending import Ending, Facts, Kind, ending
from arena.sandbox.program_limits import Limits

GRACE = 5.0
"""Seconds between the order to kill a program and the end of a zygote that has not done it."""


class Program:
    """A program that was ordered; `number` is the caller's. With `in_folder` it has a folder here until it ends."""

    def __init__(self, number: int, limits: Limits, *, in_folder: bool) -> None:
        self.number = number
        self.folder = tempfile.mkdtemp(prefix="arena-program-") if in_folder else None
        self.stopped: Kind | None = None
        """Why it was stopped from here."""
        self.open: list[int] = []
        """Our ends of its pipes, as long as they are open: for its output, its errors and its report."""
        self.theirs: list[int] = []
        self._heard: dict[int, bytes] = {}
        self._limits = limits
        self._began = monotonic()
        self.deadline = self._began + limits.wall_seconds
        for _ in range(3):
            reader, writer = os.pipe()
            os.set_blocking(reader, False)
            self.open.append(reader)
            self.theirs.append(writer)
            self._heard[reader] = b""

    def read(self, handle: int) -> bool:
        """Take what has come through a pipe; False when that was the last, or already too much."""
        try:
            chunk = os.read(handle, 65536)
        except BlockingIOError:
            return True
        self._heard[handle] += chunk
        if len(self._heard[handle]) > self._limits.output_bytes:
            self.stop(Kind.OUTPUT)
            return False
        return bool(chunk)

    def stop(self, why: Kind) -> None:
        """Note that it is being stopped. The first reason counts, and leaves it a grace."""
        if self.stopped is None:
            self.stopped = why
            self.deadline = monotonic() + GRACE

    def shut(self, handle: int) -> None:
        """Close one of our ends."""
        self.open.remove(handle)
        os.close(handle)

    def let_go(self) -> None:
        """Close their ends, which the program has now."""
        while self.theirs:
            os.close(self.theirs.pop())

    def end(self, status: int | None, cpu_seconds: float) -> Ending:
        """Return how it ended, after a last look into the pipes. Nothing of it is left: no handle and no folder."""
        took = monotonic() - self._began
        self.let_go()
        for handle in list(self.open):
            heard = -1
            while heard != len(self._heard[handle]):
                heard = len(self._heard[handle])
                self.read(handle)
            self.shut(handle)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        stdout, stderr, report = self._heard.values()
        return ending(Facts(self.stopped, status, report, stdout, stderr, cpu_seconds, took), self._limits)
