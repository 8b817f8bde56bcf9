"""Several engines of one kind that play as one, each on a GPU of its own: a prompt goes where the least is open.

Members are in all of them, and all of them change their weights together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError, PlayerError
from arena.players.engines.engine import Prompt, Reply, Sampling, Texts

_PAUSE = 5e-4
"""Seconds between two rounds in which no engine had anything to say."""


class Several:
    """`engines` of what `make` makes with the other arguments, and with the number of each as its `gpu`.

    Raises ConfigError for a number that is none, and what `make` raises, with no engine left open.
    """

    def __init__(self, make: Any, engines: int, **arguments: Any) -> None:
        if type(engines) is not int or engines < 1:
            raise ConfigError(f"engines = {engines!r} is no number of engines: give a whole number from 1")
        self._engines: list[Any] = []
        self._where: dict[int, tuple[int, int]] = {}
        """Ticket → the engine that has it, and its ticket there."""
        self._ready: dict[int, Reply] = {}
        """Replies that nobody has been given yet."""
        self._tickets = 0
        try:
            for place in range(engines):
                self._engines.append(make(**arguments, gpu=place))
        except BaseException:
            self.close()
            raise

    def submit(self, prompt: Prompt, sampling: Sampling, member: str = "") -> int:
        """Take a prompt; see `Engine`."""
        load = self._load()
        place = load.index(min(load))
        ticket = self._tickets
        self._where[ticket] = place, self._at(place).submit(prompt, sampling, member)
        self._tickets += 1
        return ticket

    def collect(self, tickets: Collection[int], seconds: float) -> dict[int, Reply]:
        """Go on answering until one of these tickets has its reply, or the time is up; see `Engine`."""
        strange = set(tickets) - self._where.keys()
        if strange:
            raise PlayerError(f"there is no open ticket {min(strange)}: each is collected once")
        wanted: dict[int, dict[int, int]] = {}
        for ticket in tickets:
            place, theirs = self._where[ticket]
            if ticket not in self._ready:
                wanted.setdefault(place, {})[theirs] = ticket
        end = monotonic() + seconds
        while tickets:
            for place, mine in wanted.items():  # they compute in processes of their own, so nobody waits for another
                found = self._at(place).collect(list(mine), 0)
                self._ready |= {mine[theirs]: reply for theirs, reply in found.items()}
            if not self._ready.keys().isdisjoint(tickets) or monotonic() >= end:
                break
            sleep(_PAUSE)
        ready = {ticket: self._ready.pop(ticket) for ticket in tickets if ticket in self._ready}
        for ticket in ready:
            del self._where[ticket]
        return ready

    def score(self, asked: Sequence[Texts], member: str = "") -> list[list[NDArray[np.float32]]]:
        """Return the log-probability of each token of each text and of the end; see `Engine`."""
        said: list[list[NDArray[np.float32]]] = self._at(0).score(asked, member)
        return said

    def tokenise(self, prompt: Prompt, answer: str) -> tuple[list[int], list[int]]:
        """Return the ids of a prompt, and those of a whole answer with its end; see `Tokenising`."""
        said: tuple[list[int], list[int]] = self._at(0).tokenise(prompt, answer)
        return said

    def renew(self, member: str, version: int, folder: Path | None = None) -> None:
        """Let a member answer with other weights from now on, in all engines; see `Renewable`."""
        for engine in self._engines:
            engine.renew(member, version, folder)

    def rest(self) -> None:
        """Let all engines give up their memory until `renew`, where they can."""
        for engine in self._engines:
            engine.rest()

    def close(self) -> None:
        """Let go of all engines, and of all that is not answered."""
        with ExitStack() as ends:  # all are closed, also where one of them cannot be
            for engine in self._engines:
                ends.callback(engine.close)
            self._engines = []
            self._where.clear()
            self._ready.clear()

    def _at(self, place: int) -> Any:
        if not self._engines:
            raise PlayerError("this engine is closed: make another one")
        return self._engines[place]

    def _load(self) -> list[int]:
        """Return how many replies of each engine are open."""
        load = [0] * max(len(self._engines), 1)
        for place, _ in self._where.values():
            load[place] += 1
        return load
