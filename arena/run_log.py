"""The run's own log: what every update told, a line of JSON each, in `log.jsonl` in the run's folder.

::

    {"step": 0, "run": "9f86d081884c7d65", "told": 0}
    {"step": 1, "learner": "main", "length_mean": 31.2, "entropy": 0.64}
    {"step": 2, "learner": "main", "length_mean": 30.8, "entropy": null, "alarms": ["After update 2 there is no …"]}

A line is in the file once `write` returns. A run that goes on after a crash does again what came after its last
checkpoint, so those lines are cut when the log is opened, and none is there twice. A number that is not finite is null.
Nothing but names, numbers and sentences of alarms is written, so no secret can be.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from math import isfinite, nan
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from arena.errors import StoreError, reason
from arena.folder import flush

FILE = "log.jsonl"
_ABOUT = ("step", "learner", "alarms")
"""Keys of a line that are no numbers."""


class RunLog:
    """An open log. Use as a context manager; it has one writer, who holds the run's store."""

    def __init__(self, path: Path, header: Mapping[str, Any], lines: Sequence[dict[str, Any]]) -> None:
        """Take the lines that stay; `open` makes one."""
        self.path = path
        self.run: str = header["run"]
        """Names this run for ever, wherever its folder lies."""
        self.told: int = header["told"]
        """The last update that was ever written here, or cut: what others may have been told of already."""
        self._history: dict[str, list[tuple[int, dict[str, float]]]] = {}
        self._latest: tuple[int, set[str]] = (0, set())
        for line in lines:
            self._remember(line)
        self._file: TextIO = path.open("a", encoding="utf-8")

    @classmethod
    def open(cls, folder: Path, step: int) -> Self:
        """Open the log of a run whose last checkpoint is that of `step`, 0 before the first; what came later is cut.

        Raises StoreError where it cannot be read or written.
        """
        path = folder / FILE
        try:
            texts = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
            whole = texts if not texts or texts[-1].endswith("\n") else texts[:-1]  # a kill tore the last one
            header, *lines = [_read(path, i, text) for i, text in enumerate(whole, start=1)] or [_new_header()]
            kept = [line for line in lines if line["step"] <= step]
            header["told"] = max([header["told"], *(line["step"] for line in lines)])
            if len(kept) + 1 != len(texts):
                _replace(path, [header, *kept])
            return cls(path, header, kept)
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {reason(error)}") from None

    def write(self, step: int, learner: str, values: Mapping[str, float], alarms: Sequence[str] = ()) -> bool:
        """Append what a learner's update told; a step may have several lines. Returns False for one that is there.

        Raises StoreError where it cannot be written, as on a full disk.
        """
        numbers = {name: float(value) if isfinite(value) else None for name, value in values.items()}
        line = {"step": step, "learner": learner, **numbers, **({"alarms": list(alarms)} if alarms else {})}
        if self._latest[0] == step and _text(line) in self._latest[1]:
            return False
        try:
            self._file.write(_text(line))
            self._file.flush()
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {reason(error)}") from None
        self._remember(line)
        return True

    def history(self, learner: str) -> Sequence[tuple[int, Mapping[str, float]]]:
        """Return (step, name → value) of a learner, oldest first, the lines of one step together."""
        return self._history.get(learner, [])

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _remember(self, line: Mapping[str, Any]) -> None:
        step = line["step"]
        if step != self._latest[0]:
            self._latest = (step, set())
        self._latest[1].add(_text(line))
        told = self._history.setdefault(line["learner"], [])
        if not told or told[-1][0] != step:
            told.append((step, {}))
        told[-1][1].update(
            {name: nan if value is None else value for name, value in line.items() if name not in _ABOUT}
        )


def _new_header() -> dict[str, Any]:
    return {"step": 0, "run": secrets.token_hex(8), "told": 0}


def _text(line: Mapping[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=False) + "\n"


def _read(path: Path, number: int, text: str) -> dict[str, Any]:
    """Return a line. Raises StoreError for one that nobody can have written."""
    needed = {"step": int, "run": str, "told": int} if number == 1 else {"step": int, "learner": str}
    try:
        line = json.loads(text)
        if all(isinstance(line[key], kind) for key, kind in needed.items()):
            return dict(line)
    except (ValueError, TypeError, LookupError):
        pass
    raise StoreError(f"{path}: line {number} cannot be read; restore it from a copy, or delete the file to begin anew")


def _replace(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write the file anew, whole or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text("".join(map(_text, lines)), encoding="utf-8")
    flush(draft)
    os.replace(draft, path)
    flush(path.parent)
