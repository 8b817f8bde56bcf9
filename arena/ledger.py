"""What players leave with their answers in one match, for those that keep their traces: traces by turn, and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from arena.player import Move
from arena.record import Cost, Turn


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
