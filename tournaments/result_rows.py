"""Tables of results, line by line: what a line says, or in one clause what is wrong with it.

The first line names the columns, in any order and separated by commas, semicolons or tabs::

    first     who sat first
    second    who sat second
    score     1, 0.5 or 0 for whoever sat first          } one of these three
    winner    the winner's name, or draw                  }
    payoff    what whoever sat first won (below 0: lost)  }
    pair      optional: the two matches with seats swapped share it
    step      optional: a whole number, for results over time

Other columns are passed over. Every line is read on its own, so that an open quote spoils one line only. A last
line without a line end may be half written, so it is left out until it has one (`echo >> FILE` gives it one).

A spreadsheet takes a cell that begins with =, +, - or @ for a formula and runs it. `guarded` puts ' before such a
name, as spreadsheets do themselves, and reading takes it away again.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from arena.config import wrong_name
from arena.errors import ConfigError

OUTCOMES = ("score", "winner", "payoff")
MAX_PAIR = 1000
"""Characters of a pair's name."""
_LEAST, _GREATEST = 1e-9, 1e15
"""The absolute value of a payoff, where it is not 0: sums of squares of many stay exact enough."""
_FORMULA = ("=", "+", "-", "@")
_SCORES = {"1": 1.0, "1.0": 1.0, "0.5": 0.0, ".5": 0.0, "1/2": 0.0, "½": 0.0, "0": -1.0, "0.0": -1.0}


class Row(NamedTuple):
    """One match."""

    first: str
    second: str
    payoff: float
    """What the first won; 1, 0 or −1 where the file says who won."""
    pair: str = ""
    step: int = 0


class Layout(NamedTuple):
    """Where the columns are."""

    delimiter: str
    width: int
    first: int
    second: int
    outcome: int
    kind: str
    """Which of `OUTCOMES`."""
    pair: int | None
    step: int | None

    @classmethod
    def of(cls, header: str, source: str) -> Layout:
        """Return the layout that a first line describes; ConfigError where a column is missing or there twice."""
        header = header.removeprefix("\ufeff").rstrip("\r\n")
        if "\r" in header:
            raise ConfigError(
                f"{source} ends its lines in CR alone, as old Macs did: tr '\\r' '\\n' < OLD > NEW makes a file to read"
            )
        delimiter = max(",;\t", key=header.count)
        names = [name.strip().lower() for name in _cells(header, delimiter)]
        known = [name for name in names if name in ("first", "second", "pair", "step", *OUTCOMES)]
        kinds = [name for name in OUTCOMES if name in names]
        if "first" not in names or "second" not in names or len(kinds) != 1 or len(set(known)) < len(known):
            raise ConfigError(
                f"{source}: its first line should name the columns first, second and one of score, winner and payoff "
                f"(and may name pair and step), each once; it is {header[:100]!r}"
            )
        at = {name: i for i, name in enumerate(names)}
        return cls(
            delimiter, len(names), at["first"], at["second"], at[kinds[0]], kinds[0], at.get("pair"), at.get("step")
        )


def measurable(payoff: float) -> bool:
    """Return whether a payoff is 0 or of a size that ratings can work with."""
    return payoff == 0 or _LEAST <= abs(payoff) <= _GREATEST


def guarded(cell: str) -> str:
    """Return a text so that no spreadsheet runs it; what begins with ' before such a text gets another one."""
    return "'" + cell if cell.lstrip("'").startswith(_FORMULA) else cell


def _unguarded(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell


def read(lines: Iterable[str], layout: Layout, least: float, greatest: float) -> Iterator[tuple[int, str, Row | str]]:
    """Yield (line number, the line, its match or what is wrong) for the lines after the first; empty ones are skipped.

    Payoffs outside [least, greatest] are wrong. Nothing is read after a line without an end.
    """
    good: set[str] = set()  # names that were looked at
    for number, line in enumerate(lines, 2):
        ended, line = line.endswith("\n"), line.rstrip("\r\n")
        if not line.strip():
            continue
        if not ended:
            yield number, line, "the last line has no end yet and may be half written; end it to have it read"
            return
        try:
            yield number, line, _row(line, layout, good, least, greatest)
        except (ValueError, csv.Error) as error:
            text = not any("\udc80" <= letter <= "\udcff" for letter in line)  # what decoding left of other bytes
            yield number, line, str(error) if text else "it is no UTF-8 text: save the file as UTF-8"


def _row(line: str, layout: Layout, good: set[str], least: float, greatest: float) -> Row:
    """Return the match of one line. Raises ValueError that says what is wrong."""
    cells = _cells(line, layout.delimiter)
    if len(cells) != layout.width:
        raise ValueError(f"it has {len(cells)} columns where the first line has {layout.width}")
    first, second = _unguarded(cells[layout.first]), _unguarded(cells[layout.second])
    for name in (first, second):
        if name not in good:
            if wrong := wrong_name(name):
                raise ValueError(wrong)
            good.add(name)
    if first == second:
        raise ValueError(f"{first!r} plays against itself")
    payoff = _payoff(cells[layout.outcome].strip(), layout.kind, first, second)
    if not least <= payoff <= greatest:
        raise ValueError(f"the payoff {payoff:g} is not between {least:g} and {greatest:g}")
    step = cells[layout.step].strip() if layout.step is not None else ""
    if step and not (step.isascii() and step.isdigit() and len(step) < 19):
        raise ValueError(f"the step {step[:40]!r} is no whole number")
    pair = _unguarded(cells[layout.pair]) if layout.pair is not None else ""
    if not pair.isprintable() or len(pair) > MAX_PAIR:
        raise ValueError(f"the pair {pair[:100]!r} will not do: up to {MAX_PAIR} printable characters")
    return Row(first, second, payoff, pair, int(step or 0))


def _payoff(text: str, kind: str, first: str, second: str) -> float:
    if kind == "winner":
        text = _unguarded(text)
        if text in (first, second):
            return 1.0 if text == first else -1.0
        if text.lower() == "draw":
            return 0.0
        raise ValueError(f"the winner {text[:100]!r} is neither {first!r} nor {second!r} nor draw")
    if kind == "score":
        if text not in _SCORES:
            raise ValueError(f"the score {text[:40]!r} is none of 1, 0.5 and 0")
        return _SCORES[text]
    try:
        payoff = float(text)
    except ValueError:
        raise ValueError(f"the payoff {text[:40]!r} is no number") from None
    if not math.isfinite(payoff):
        raise ValueError(f"the payoff {text[:40]!r} is not finite")
    if not measurable(payoff):
        raise ValueError(f"the payoff {text[:40]!r} is beyond all measure: 0, or from {_LEAST:g} to {_GREATEST:g}")
    return payoff


def _cells(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return line.split(delimiter)
    return next(csv.reader([line], delimiter=delimiter, strict=True))
