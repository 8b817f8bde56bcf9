"""What lists of moves lead to, kept for a while: so a game whose engine changes in place has states that are values.

The state of such a game is the list of moves so far. The engine's own object for it is made from the one that
stands a move earlier, and only if that one is gone from as far back as needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

M = TypeVar("M")
N = TypeVar("N")


class Replays(Generic[M, N]):
    """The engine's object after a list of moves; the `kept` lists that were asked for last cost one look-up."""

    def __init__(self, first: Callable[[], N], after: Callable[[N, M], N], kept: int) -> None:
        """`first` makes the object before any move; `after` makes the next one and leaves its argument as it is."""
        self._first, self._after, self._limit = first, after, kept
        self._kept: dict[tuple[M, ...], N] = {}

    def __call__(self, moves: tuple[M, ...]) -> N:
        """Return the object after these moves."""
        node = self._kept.pop(moves, None)
        if node is None:
            node = self._make(moves)
        self._kept[moves] = node  # at the end, so that what stands first was not asked for the longest
        if len(self._kept) > self._limit:
            self._kept.pop(next(iter(self._kept)), None)
        return node

    def _make(self, moves: tuple[M, ...]) -> N:
        """Replay from the longest beginning that is kept."""
        known = len(moves)
        node = None
        while node is None and known > 0:
            known -= 1
            node = self._kept.get(moves[:known])
        if node is None:
            node = self._first()
        for move in moves[known:]:
            node = self._after(node, move)
        return node
