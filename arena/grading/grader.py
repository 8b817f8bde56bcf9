"""Judges answers in a child process, which is killed when it hangs and started anew: a hang costs one answer."""

from __future__ import annotations

import json
import os
import sys
from enum import StrEnum
from importlib.metadata import version
from importlib.util import find_spec
from math import ceil
from typing import Self

from arena.errors import ConfigError
from arena.worker import Ended, Late, Worker

SECONDS = 10.0
"""For one verdict. Nearly all take a thousandth of it, babble up to two seconds, on a machine that is not busy."""
_START_SECONDS = 120.0
"""For the first verdict of a child, which imports SymPy, on a machine that may be busy."""
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Variables that Python may need. The child gets no others: answers come from anywhere, and keys lie in variables."""
_TRIAL = "1/2", "0.5"


class Verdict(StrEnum):
    """What became of an answer; only the first is right."""

    RIGHT = "right"
    WRONG = "wrong"
    HUNG = "hung"
    """It was not judged in time, so it counts as wrong."""
    CRASHED = "crashed"
    """The child died of it, so it counts as wrong."""


class Grader:
    """Judges one answer after another. Use as a context manager, or `close` it; the child starts with the first answer.

    With math-verify where that is installed, and else by exact rules (exact.py): `name` says which, for results.
    """

    def __init__(self, seconds: float = SECONDS, command: tuple[str, ...] = ()) -> None:
        """`command` is another program that judges as `child.py` does."""
        if not 0 < seconds < 1e6:
            raise ConfigError(f"{seconds!r} seconds for a verdict will not do: give a number above 0")
        kind = "exact" if find_spec("math_verify") is None else "math-verify"
        self.name = f"{kind} {version(kind)}" if kind == "math-verify" else "exact rules"
        self.seconds = seconds
        # Later than the deadline, so that it ends nothing but a child whose parent was killed.
        alarm = str(ceil(2 * seconds + _START_SECONDS))
        self._command = command or (sys.executable, "-m", "arena.grading.child", kind, alarm)
        self._worker: Worker | None = None

    def judge(self, expected: str, answer: str) -> Verdict:
        """Return whether an answer is the expected one. Raises ConfigError where no child can be started."""
        if self._worker is None:
            self._worker = self._start()
        try:
            return self._ask(self._worker, expected, answer, self.seconds)
        except Late:
            self.close()
            return Verdict.HUNG
        except Ended:
            self.close()
            return Verdict.CRASHED

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the child, if there is one."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def _start(self) -> Worker:
        worker = None
        try:
            worker = Worker(self._command, _environment())
            if self._ask(worker, *_TRIAL, _START_SECONDS) is Verdict.RIGHT:
                return worker
            why = "it takes 0.5 for another number than 1/2"
        except (Late, Ended) as error:
            why = str(error)
        if worker is not None:
            worker.kill()
        raise ConfigError(f"answers cannot be judged by {self.name}: {why}")

    @staticmethod
    def _ask(worker: Worker, expected: str, answer: str, seconds: float) -> Verdict:
        said = worker.ask(json.dumps([expected, answer]), seconds)
        return Verdict.RIGHT if said == "true" else Verdict.WRONG


def _environment() -> dict[str, str]:
    """Return the variables of a child: those of `_KEPT`, and where this process finds its modules."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
