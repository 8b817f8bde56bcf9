"""How large a tree may grow: a limit in nodes, and one in bytes, which are estimated from a sample of the states."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, NoReturn

from arena.errors import ConfigError, TooLarge

NODE_LIMIT = 500_000
"""States that a tree may have: a few seconds, where the rules are simple."""

MEMORY_LIMIT = 1_000_000_000
"""Bytes that a walk may take: the states, and the arrays that come of them."""

BYTES_PER_NODE, BYTES_PER_BRANCH, BYTES_PER_ENTRY = 120, 20, 9
"""What is held besides the states: a place in the walk's index, its notes, the arrays, a policy table; measured."""

_LOOK_EVERY, _SAMPLE_EVERY = 1024, 64


class Limits:
    """Watches one walk over a game's states, and stops it where it outgrows what is allowed."""

    def __init__(self, name: str, nodes: int, memory: int) -> None:
        """`name` is the game's; `nodes` and `memory` (bytes) may be reached, but not passed."""
        if min(nodes, memory) < 1:
            raise ConfigError(f"no game fits into {nodes:,} states and {memory:,} bytes: allow 1 or more of both")
        self.name, self.nodes, self.memory = name, nodes, memory
        self._looked, self._sampled, self._sampled_bytes = 0, 0, 0
        self._known: set[int] = set()
        self.next_check = min(_LOOK_EVERY, nodes + 1)
        """The number of states at which `check` is due."""

    def check(self, states: Sequence[Any], branches: int, entries: int) -> None:
        """Raise TooLarge if there are too many states, or too many bytes with `entries` in an (I, A) table.

        There is nothing to see before `next_check` states.
        """
        for s in states[self._looked :: _SAMPLE_EVERY]:
            self._sampled += 1
            self._sampled_bytes += _bytes(s, self._known)
        self._looked = len(states)
        self.next_check = min(self._looked + _LOOK_EVERY, self.nodes + 1)
        if len(states) > self.nodes:
            self._refuse(f"has more than {self.nodes:,} states, too many", len(states), branches, entries)
        if self.bytes(len(states), branches, entries) > self.memory:
            self._refuse(f"needs more than {self.memory / 1e6:,.0f} MB, too much", len(states), branches, entries)

    def check_options(self, options: int, states: Sequence[Any], branches: int, entries: int) -> None:
        """Raise TooLarge before options are listed that are more than the states may be."""
        if options > self.nodes:
            reason = f"has a state with {options:,} branches, and may have {self.nodes:,} states: too many"
            self._refuse(reason, len(states), branches, entries)

    def bytes(self, nodes: int, branches: int, entries: int) -> int:
        """Return an estimate of what the walk and its arrays take."""
        per_state = self._sampled_bytes / max(self._sampled, 1)
        return int(nodes * (per_state + BYTES_PER_NODE) + branches * BYTES_PER_BRANCH + entries * BYTES_PER_ENTRY)

    def _refuse(self, reason: str, nodes: int, branches: int, entries: int) -> NoReturn:
        size = self.bytes(nodes, branches, entries) / 1e6
        raise TooLarge(
            f"{self.name} {reason} for exact tables: the walk stopped at {nodes:,} states and about {size:,.1f} MB, "
            "and how many there are is not known; compare players by matches instead (arena pit), or take a smaller "
            "game; in Python, enumerate_game(game, limit=…, memory=…) allows more"
        )


def _bytes(s: Any, known: set[int]) -> int:
    """Return the bytes of a state and of all that it holds, without what is `known` from other states."""
    size, pending = 0, [s]
    while pending:
        part = pending.pop()
        if id(part) in known or isinstance(part, (type, ModuleType, FunctionType, BuiltinFunctionType)):
            continue
        known.add(id(part))
        size += sys.getsizeof(part)
        pending += gc.get_referents(part)
    return size
