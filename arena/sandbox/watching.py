"""Listens to many programs under way in one thread, and stops those that are late or say too much."""

from __future__ import annotations

import selectors
from time import monotonic
from typing import Any, Self

from arena.sandbox.ending import Ending, Kind
from arena.sandbox.program import Program
from arena.sandbox.program_limits import Limits
from arena.sandbox.slot import Slot


class Watch:
    """The slots that run a program now. As a context manager it leaves none running, whatever happens."""

    def __init__(self) -> None:
        self._busy: dict[Slot, Program] = {}
        self._selector = selectors.DefaultSelector()

    def __len__(self) -> int:
        return len(self._busy)

    def __contains__(self, slot: Slot) -> bool:
        return slot in self._busy

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End what still runs, after an exception such as a keyboard's."""
        for slot in list(self._busy):
            self._end(slot, None)
        self._selector.close()

    def start(self, slot: Slot, number: int, source: bytes, limits: Limits) -> None:
        """Let a slot run a program. `wait` calls it by its number."""
        program = self._busy[slot] = slot.start(number, source, limits)
        for handle in (slot.control.fileno(), *program.open):
            self._selector.register(handle, selectors.EVENT_READ, slot)

    def wait(self) -> dict[int, Ending]:
        """Listen until something is said or due, and return what has ended by then, by number."""
        due = min(program.deadline for program in self._busy.values())
        ready = self._selector.select(max(0.0, due - monotonic()))
        for key, _ in ready:
            if key.fd != key.data.control.fileno():
                self._listen(key.data, key.fd)
        ended = {}
        for key, _ in ready:
            slot: Slot = key.data
            if key.fd == slot.control.fileno():
                number = self._busy[slot].number
                ended[number] = self._end(slot, slot.hear())
        for slot, program in list(self._busy.items()):
            if monotonic() < program.deadline:
                continue
            if program.stopped is None:
                program.stop(Kind.TIME)
                slot.kill_program()
            else:  # even the zygote does not obey
                ended[program.number] = self._end(slot, None)
        return ended

    def _listen(self, slot: Slot, handle: int) -> None:
        program = self._busy[slot]
        if program.read(handle):
            return
        self._selector.unregister(handle)
        program.shut(handle)
        if program.stopped is Kind.OUTPUT:
            slot.kill_program()

    def _end(self, slot: Slot, told: dict[str, Any] | None) -> Ending:
        """Return how a program ended, by the word of its zygote; without one, the zygote ends too."""
        program = self._busy.pop(slot)
        for handle in (slot.control.fileno(), *program.open):
            self._selector.unregister(handle)
        if told is None:
            slot.close()
            return program.end(None, 0.0)
        return program.end(told["status"], told["cpu"])
