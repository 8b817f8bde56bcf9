"""Tables of results, line by line: what a line says, or in one clause what is wrong with it.

The first line names the columns, in any order and separated by commas, semicolons or tabs::

    first     who sat first
    second    who sat second
    score     1, 0.5 or 0 for whoever sat first          } one of these three
    winner    the winner's name, or draw                  }
    payoff    what whoever sat first won (below 0: lost)  }
    pair      optional: the two matches with seats swapped share it
    step      optional: a whole number, for results over time

Other columns are passed over. Every line is read on its own, so that an open quote spoils one line only.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from arena.errors import ConfigError

OUTCOMES = ("score", "winner", "payoff")
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


def read(lines: Iterable[str], layout: Layout, least: float, greatest: float) -> Iterator[tuple[int, str, Row | str]]:
    """Yield (line number, the line, its match or what is wrong) for the lines after the first; empty ones are skipped.

    Payoffs outside [least, greatest] are wrong.
    """
    good: set[str] = set()  # names that were looked at
    for number, line in enumerate(lines, 2):
        line = line.rstrip("\r\n")
        if not line.strip():
            continue
        try:
            yield number, line, _row(line, layout, good, least, greatest)
        except (ValueError, csv.Error) as error:
            yield number, line, str(error)


def _row(line: str, layout: Layout, good: set[str], least: float, greatest: float) -> Row:
    """Return the match of one line. Raises ValueError that says what is wrong."""
    cells = _cells(line, layout.delimiter)
    if len(cells) != layout.width:
        raise ValueError(f"it has {len(cells)} columns where the first line has {layout.width}")
    first, second = cells[layout.first].strip(), cells[layout.second].strip()
    for name in (first, second):
        if name not in good:
            if not name.isprintable() or "|" in name or not 0 < len(name) <= 100:
                raise ValueError(f"the name {name[:100]!r} will not do: 1 to 100 printable characters without |")
            good.add(name)
    if first == second:
        raise ValueError(f"{first!r} plays against itself")
    payoff = _payoff(cells[layout.outcome].strip(), layout.kind, first, second)
    if not least <= payoff <= greatest:
        raise ValueError(f"the payoff {payoff:g} is not between {least:g} and {greatest:g}")
    step = cells[layout.step].strip() if layout.step is not None else ""
    if step and not (step.isascii() and step.isdigit() and len(step) < 19):
        raise ValueError(f"the step {step[:40]!r} is no whole number")
    pair = cells[layout.pair].strip() if layout.pair is not None else ""
    return Row(first, second, payoff, pair, int(step or 0))


def _payoff(text: str, kind: str, first: str, second: str) -> float:
    if kind == "winner":
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
    return payoff


def _cells(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return line.split(delimiter)
    return next(csv.reader([line], delimiter=delimiter, strict=True))
