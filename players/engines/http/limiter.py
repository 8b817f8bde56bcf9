"""How many requests may be under way at once: fewer when a server says that they are too many, more when all is well.

Additive increase, multiplicative decrease, as TCP does it (Chiu and Jain, 1989).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from arena.seeds import derive, uniform

_SUCCESSES = 10
"""Replies in a row after which one more may be under way."""
_LONGEST = 60.0
"""Seconds of the longest wait that is our own choice."""


class Limiter:
    """Places for requests, given out in order of arrival; used from one event loop."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = most
        """How many may be under way now: from 1 to `most`."""
        self.busy = 0
        """How many are."""
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._bursts = 0
        self._successes = 0
        self._resume = 0.0  # when the pause ends, 0 without one

    @asynccontextmanager
    async def place(self, first: bool = False) -> AsyncIterator[int]:
        """Wait for a place and hold it; a request that was sent before goes `first`. Gives what `refused` wants."""
        await self._enter(first)
        try:
            yield self._bursts
        finally:
            self.busy -= 1
            self._fill()

    def succeeded(self) -> None:
        """Say that the server answered."""
        self._successes += 1
        if self._successes >= _SUCCESSES and self.limit < self.most:
            self.limit += 1
            self._successes = 0
            self._fill()

    def refused(self, burst: int) -> None:
        """Say that the server has too much to do. Of many requests that were under way at once, only one halves."""
        self._successes = 0
        if burst == self._bursts:
            self._bursts += 1
            self.limit = max(1, self.limit // 2)

    def pause(self, seconds: float) -> None:
        """Let no request begin for so long, because the server asked for it."""
        loop = asyncio.get_running_loop()
        resume = loop.time() + seconds
        if resume > self._resume:
            self._resume = resume
            loop.call_at(resume, self._go_on, resume)

    def _go_on(self, resume: float) -> None:
        if resume == self._resume:  # no longer pause has begun meanwhile
            self._resume = 0.0
            self._fill()

    def _open(self) -> bool:
        return self.busy < self.limit and not self._resume

    async def _enter(self, first: bool) -> None:
        if self._open() and (first or not self._waiting):
            self.busy += 1
            return
        turn = asyncio.get_running_loop().create_future()
        if first:
            self._waiting.appendleft(turn)
        else:
            self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the place was given in the same instant: hand it on
                self.busy -= 1
                self._fill()
            raise

    def _fill(self) -> None:
        """Give out what places there are."""
        while self._waiting and self._open():
            turn = self._waiting.popleft()
            if not turn.cancelled():  # whoever gave up waiting is still in the row
                self.busy += 1
                turn.set_result(None)


def backoff(first: float, attempt: int, seed: int) -> float:
    """Return the seconds to wait before try `attempt` + 1: `first` doubled each time, at most a minute.

    Jitter by the request's own seed, from half of it to one and a half, spreads those that failed together.
    """
    return min(_LONGEST, first * 2.0 ** min(attempt - 1, 30)) * (0.5 + uniform(derive(seed, "backoff", attempt)))
