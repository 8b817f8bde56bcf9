"""How a program ended: a kind for code, a sentence for people, and what it said. All of it is data of bounded size."""

from __future__ import annotations

import json
import os
import signal
from enum import StrEnum
from typing import Any, NamedTuple

from arena.sandbox.program_limits import Limits

_LONGEST = 300
"""Characters of what an exception says that a sentence takes over."""


class Kind(StrEnum):
    """What ended a program; only the first is success."""

    DONE = "done"
    ERROR = "error"
    """An exception, or an exit code other than 0."""
    TIME = "time"
    MEMORY = "memory"
    PROCESSES = "processes"
    FILES = "files"
    OUTPUT = "output"
    KILLED = "killed"
    """A signal: a crash in C, or the machine ran out of memory."""
    REFUSED = "refused"
    """It was never run."""


_OF_EXCEPTIONS = {Kind.ERROR, Kind.MEMORY, Kind.PROCESSES, Kind.FILES}
"""What the end of a program that raised something may be called by whoever saw the exception."""


class Ending(NamedTuple):
    """How one program ended, and what it said until then."""

    kind: Kind
    sentence: str
    value: Any = None
    """What its global `result` was at the end, read from JSON; None if it set none."""
    stdout: str = ""
    """All of it: more than `Limits.output_bytes` would have ended the program. Bytes that are no UTF-8 are escaped."""
    stderr: str = ""
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0


class Facts(NamedTuple):
    """What was seen of a program from outside."""

    stopped: Kind | None
    """Why it was stopped from here; None if it ended by itself."""
    status: int | None
    """Of its first process, as the system reports it (os.waitpid); None if the whole sandbox went down with it."""
    report: bytes
    """What came through the pipe for results. The program can write there too, so it is not believed much."""
    stdout: bytes
    stderr: bytes
    cpu_seconds: float
    wall_seconds: float


def ending(facts: Facts, limits: Limits) -> Ending:
    """Return what the facts amount to: what was seen from outside counts before what the program says of itself."""
    kind, sentence, value = _judged(facts, limits)
    stdout, stderr = (
        stream[: limits.output_bytes].decode("utf-8", "backslashreplace") for stream in (facts.stdout, facts.stderr)
    )
    return Ending(kind, sentence, value, stdout, stderr, facts.cpu_seconds, facts.wall_seconds)


def _judged(facts: Facts, limits: Limits) -> tuple[Kind, str, Any]:
    if facts.stopped is Kind.OUTPUT:
        return Kind.OUTPUT, f"it was stopped after {limits.output_bytes:,} bytes of output", None
    if facts.stopped is Kind.TIME:
        return Kind.TIME, f"it was stopped after {limits.wall_seconds:g} s", None
    if facts.status is None:
        return Kind.KILLED, "its sandbox went down with it", None
    code = os.waitstatus_to_exitcode(facts.status)
    if code == -signal.SIGKILL and facts.cpu_seconds > 0.9 * limits.cpu_seconds:
        return Kind.TIME, f"it was stopped after {limits.cpu_seconds} s of computing", None
    if code < 0:
        return Kind.KILLED, f"it was killed by {_name(-code)}", None
    said, what = _read(facts.report)
    if code == 0:
        if said == Kind.DONE:
            return Kind.DONE, "it ended well", what
        if not facts.report:
            return Kind.DONE, "it ended well without a result", None
        return Kind.ERROR, "what it gave as its result is no JSON that can be read", None
    if said in _OF_EXCEPTIONS and isinstance(what, str):
        return Kind(said), f"it raised {_line(what)}", None
    if said == Kind.REFUSED:
        return Kind.REFUSED, f"it was not run: {_line(str(what))}", None
    return Kind.ERROR, f"it ended with exit code {code}", None


def _name(number: int) -> str:
    return signal.Signals(number).name if number in {known.value for known in signal.Signals} else f"signal {number}"


def _line(text: str) -> str:
    """Return the beginning of a text as one line in which nothing can steer a terminal."""
    words = " ".join(text[: 2 * _LONGEST].split())
    shown = words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
    return "".join(letter if letter.isprintable() else "?" for letter in shown)


def _read(report: bytes) -> tuple[str, Any]:
    """Return the kind and the value in a report, which may hold anything; ("", None) for what is none."""
    try:
        found = json.loads(report, parse_constant=_no_number)
        json.dumps(
            found, ensure_ascii=False, allow_nan=False
        ).encode()  # half a character can be written in JSON, and nowhere else
    except (ValueError, RecursionError):  # no JSON, no UTF-8, an endless number, or a thousand brackets
        return "", None
    if isinstance(found, list) and len(found) == 2 and isinstance(found[0], str):
        return found[0], found[1]
    return "", None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
