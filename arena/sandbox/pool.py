"""Runs programs that nobody has read, many at a time, each where it can harm neither the machine nor the next one.

    with Pool(Limits(wall_seconds=2)) as pool:
        endings = pool.run(["result = 6 * 7", "while True: pass"])
    endings[0].value      # 42
    endings[1].sentence   # "it was stopped after 2 s"

A program is the text of a Python file, run with the standard library alone, in an empty folder, with an empty
environment and an empty standard input. What it leaves in the global `result` comes back through JSON. It can forge
its own result: so code that is to be judged and the code that judges it are two programs.

Linux alone has the walls (`jail.py`). Where one is missing nothing is run, unless the caller accepts the risk by name.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Self

from arena.errors import ConfigError
from arena.sandbox.ending import Ending, Kind
from arena.sandbox.program_limits import STANDARD, Limits
from arena.sandbox.slot import Slot
from arena.sandbox.watching import Watch

LONGEST_SOURCE = 1 << 20
"""Bytes of a program."""


class Isolation(NamedTuple):
    """What stands between programs and this machine."""

    walls: tuple[str, ...]
    """The names of `jail.WALLS`: all of them, or none."""
    sentence: str


def isolation() -> Isolation:
    """Return which walls this machine has, by building them once."""
    try:
        slot = Slot(isolated=True)
    except ConfigError as error:
        return Isolation((), str(error))
    slot.close()
    return _described(slot)


class Pool:
    """Zygotes that run programs side by side. Use as a context manager, or `close` it; from one thread at a time.

    Raises ConfigError where programs cannot be isolated, unless `run_untrusted_code_without_isolation`: then a program
    can read and delete whatever this user can, use the network, and start processes that outlive it.
    """

    def __init__(
        self,
        limits: Limits = STANDARD,
        slots: int | None = None,
        *,
        run_untrusted_code_without_isolation: bool = False,
    ) -> None:
        """`slots`: programs at one time; as many as there are cores, if not given."""
        count = _cores() if slots is None else slots
        if count < 1:
            raise ConfigError(f"a pool with {count} slots runs nothing: give 1 or more")
        self.limits = limits
        self._isolated = True
        self._slots: list[Slot] = []
        try:
            self._slots.append(Slot(isolated=True))
        except ConfigError as error:
            if not run_untrusted_code_without_isolation:
                raise ConfigError(
                    f"{error}; run them on a Linux machine that allows namespaces, or accept that they may do anything "
                    "you may do, with run_untrusted_code_without_isolation = true"
                ) from None
            self._isolated = False
            self._slots.append(Slot(isolated=False))
        self._slots += [Slot(isolated=self._isolated) for _ in range(count - 1)]
        self.isolation = _described(self._slots[0])

    def run(self, programs: Sequence[str]) -> list[Ending]:
        """Return how each program ended, in their order."""
        endings: dict[int, Ending] = {}
        waiting: deque[tuple[int, bytes]] = deque()
        for number, text in enumerate(programs):
            source = text.encode("utf-8", "replace")
            if len(source) > LONGEST_SOURCE:
                sentence = f"it was not run: it has {len(source):,} bytes, and {LONGEST_SOURCE:,} are the most"
                endings[number] = Ending(Kind.REFUSED, sentence)
            else:
                waiting.append((number, source))
        with Watch() as watch:
            while waiting or len(watch):
                for place in range(len(self._slots)):
                    if waiting and self._slots[place] not in watch:
                        watch.start(self._ready(place), *waiting.popleft(), self.limits)
                endings.update(watch.wait())
        return [endings[number] for number in range(len(programs))]

    def _ready(self, place: int) -> Slot:
        """Return the slot of a place, or a new one if it went down."""
        if not self._slots[place].is_up():
            self._slots[place].close()
            self._slots[place] = Slot(isolated=self._isolated)
        return self._slots[place]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the zygotes, and whatever runs in them."""
        for slot in self._slots:
            slot.close()


def run(program: str, limits: Limits = STANDARD, *, run_untrusted_code_without_isolation: bool = False) -> Ending:
    """Run one program in a sandbox of its own. For several, a `Pool` takes a fraction of the time."""
    with Pool(limits, 1, run_untrusted_code_without_isolation=run_untrusted_code_without_isolation) as pool:
        return pool.run([program])[0]


def _described(slot: Slot) -> Isolation:
    if slot.walls:
        return Isolation(slot.walls, f"programs are isolated by all of these walls: {', '.join(slot.walls)}")
    return Isolation((), "programs are not isolated: they may do anything that you may do")


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
