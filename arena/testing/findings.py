"""What a check found: a broken promise, where it was seen, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """A promise is broken: results of this game or player mean nothing until it is mended."""
    WARNING = "warning"
    """Allowed, but seldom meant."""
    NOTE = "note"
    """Worth knowing."""


@dataclass(frozen=True)
class Finding:
    """One thing that was found, where it was seen first."""

    severity: Severity
    code: str
    """A short name for the promise, the same in every run: "zero_sum", "legal_leak"."""
    seen: str
    """What was seen."""
    advice: str
    """What to do."""
    moves: tuple[str, ...] | None = None
    """The moves and chance outcomes that lead there; None where no position matters."""
    times: int = 1
    """How often it was seen."""

    def __str__(self) -> str:
        where = "" if self.moves is None else f"; on the moves {list(self.moves)}"
        often = f" (and {self.times - 1:,} times more)" if self.times > 1 else ""
        return f"{self.seen}{where}{often}; {self.advice}"


class Broken(Exception):  # noqa: N818 - no error of the library: it ends one line of checking, and is always caught
    """What was to be checked cannot be asked any further; the finding is written down already."""


class Findings:
    """Everything that was found so far; each promise once, with the place where it was first seen broken."""

    def __init__(self) -> None:
        self.moves: Sequence[str] | None = None
        """Where the check is now; what is found from here on is found there."""
        self._found: dict[str, Finding] = {}

    def __contains__(self, code: object) -> bool:
        return code in self._found

    def sorted(self) -> tuple[Finding, ...]:
        """Return the findings, errors first, otherwise in the order in which they were found."""
        return tuple(sorted(self._found.values(), key=lambda finding: list(Severity).index(finding.severity)))

    def error(self, code: str, seen: str, advice: str) -> None:
        """Write down a broken promise."""
        self._add(Severity.ERROR, code, seen, advice)

    def warning(self, code: str, seen: str, advice: str) -> None:
        """Write down what is allowed, but seldom meant."""
        self._add(Severity.WARNING, code, seen, advice)

    def note(self, code: str, seen: str, advice: str) -> None:
        """Write down what is worth knowing."""
        self._add(Severity.NOTE, code, seen, advice)

    @contextmanager
    def at(self, moves: Sequence[str] | None) -> Iterator[None]:
        """Say for a while on which moves things are found."""
        before, self.moves = self.moves, moves
        try:
            yield
        finally:
            self.moves = before

    @contextmanager
    def attempt(self, what: str) -> Iterator[None]:
        """Do a part of the check; where it cannot go on, that is a finding, and the next part begins."""
        try:
            yield
        except Broken:
            pass
        except Exception as error:  # noqa: BLE001 - foreign code answers what it likes
            self.error("unreadable", f"{what} cannot go on: {error!r}", "keep to the types that arena.game names")

    def _add(self, severity: Severity, code: str, seen: str, advice: str) -> None:
        if (known := self._found.get(code)) is not None:
            self._found[code] = replace(known, times=known.times + 1)
            return
        moves = None if self.moves is None else tuple(self.moves)
        self._found[code] = Finding(severity, code, seen, advice, moves)


def short(value: object, limit: int = 200) -> str:
    """Return how a value is written, cut in the middle where it is long."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 60]} … {text[-50:]}"
