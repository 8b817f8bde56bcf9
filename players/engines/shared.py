"""One engine for all players of the same model, however many sit down; it is closed when the last one leaves."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from arena.players.engines.engine import Engine


@dataclass
class _Shared:
    engine: Engine
    users: int = 0


_Key = tuple[Callable[..., Engine], str]

_shared: dict[_Key, _Shared] = {}


class Lease:
    """The right to use an engine until `end` is called, or until nobody holds the lease any more."""

    def __init__(self, key: _Key, engine: Engine) -> None:
        self.engine = engine
        self._leave = weakref.finalize(self, _leave, key)

    def end(self) -> None:
        """Give the engine up; to do so twice means nothing."""
        self._leave()


def lease(make: Callable[..., Engine], /, **arguments: Any) -> Lease:
    """Return a lease of `make(**arguments)`: the engine of earlier leases that were given the same, or a new one."""
    key = make, repr(sorted(arguments.items()))
    if key not in _shared:
        _shared[key] = _Shared(make(**arguments))
    shared = _shared[key]
    shared.users += 1
    return Lease(key, shared.engine)


def _leave(key: _Key) -> None:
    shared = _shared[key]
    shared.users -= 1
    if not shared.users:
        del _shared[key]
        shared.engine.close()
