"""Asking a server until it answers: with a place among the others, several tries, one deadline, and a purse."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Mapping
from typing import Any

from arena.players.engines.http.completion import Answer
from arena.players.engines.http.failures import Failed
from arena.players.engines.http.limiter import Limiter, backoff
from arena.players.engines.http.prices import Bill
from arena.players.engines.http.server import Server


class Patience:
    """Asks at most `tries` times; before the second try it waits `wait_seconds`, doubled for each further one."""

    def __init__(self, server: Server, limiter: Limiter, bill: Bill, tries: int, wait_seconds: float) -> None:
        self._server, self._limiter, self._bill = server, limiter, bill
        self._tries, self._wait_seconds = tries, wait_seconds

    async def ask(self, body: Mapping[str, Any], seed: int) -> Answer:
        """Return the answer, and put it on the bill. Raises Failed with the last try's reason if there is none.

        The deadline runs from when the request is first sent: waiting for a place is not the server's fault.
        """
        clock = asyncio.get_running_loop().time
        deadline = math.inf
        for attempt in itertools.count(1):
            async with self._limiter.place(first=attempt > 1) as burst:
                if self._bill.used_up:
                    raise Failed(self._bill.sentence(), again=False)
                deadline = min(deadline, clock() + self._server.total_seconds)
                try:
                    answer = await self._server.complete(body, deadline)
                except Failed as failed:
                    failure = failed
                    if failed.status == 429:
                        self._limiter.refused(burst)
                    if failed.wait is not None and clock() + failed.wait < deadline:
                        self._limiter.pause(failed.wait)  # before the place is free, or the next would go into the wall
                else:
                    self._limiter.succeeded()
                    self._bill.charge(answer.usage)
                    return answer
            if not failure.again or attempt == self._tries:
                raise failure
            wait = backoff(self._wait_seconds, attempt, seed) if failure.wait is None else failure.wait
            if clock() + wait >= deadline:
                limit = f"{self._server.total_seconds:g} s"
                raise Failed(f"{failure}; the next try would come after the {limit} that a request may take")
            await asyncio.sleep(wait)
        raise AssertionError("the tries are counted")
