"""What players leave with their answers in one match, for those that keep their traces: traces by turn, and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.player import Move, is_unicode
from arena.record import Cost, Turn

_DEAREST = 1e12
"""Dollars or tokens of one answer beyond which somebody miscounted."""


def wrong_trace(trace: Mapping[str, NDArray[Any]]) -> str:
    """Return why a trace cannot be kept; empty where it can."""
    for name, value in trace.items():
        array = np.asarray(value)
        if not isinstance(name, str) or not is_unicode(name):
            return f"its name {name!r} is no text"
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            return f"{name!r} is of {array.dtype}: give an array of plain numbers"
        if name in Cost._fields and not (array.size == 1 and 0 <= array.item() < _DEAREST):
            return f"{name!r} is {value}: give one number, 0 or more"
    return ""


class Ledger:
    """The traces and costs of one match. `traced` are the names of the players whose traces are kept."""

    def __init__(self, entrants: Sequence[str], traced: frozenset[str]) -> None:
        self._kept = [name in traced for name in entrants]
        self.traces: dict[int, Mapping[str, NDArray[Any]]] = {}
        """By the number of the turn."""
        self._costs = [Cost()] * len(entrants)

    @property
    def costs(self) -> tuple[Cost, ...]:
        """By seat; empty where nobody told any."""
        return tuple(self._costs) if any(map(any, self._costs)) else ()

    def pay(self, seat: int, answer: Move | BaseException) -> None:
        """Count what an answer has cost, whatever becomes of it."""
        if self._kept[seat] and isinstance(answer, Move):
            self._costs[seat] += Cost.of(answer.trace)

    def keep(self, turns: Sequence[Turn], move: Move) -> None:
        """Keep the trace of the turn that was written last."""
        if self._kept[turns[-1].seat] and move.trace:
            self.traces[len(turns) - 1] = move.trace

    def begin_again(self) -> None:
        """Forget the traces of an attempt that was void; what it has cost was paid."""
        self.traces = {}
