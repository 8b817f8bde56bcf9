"""A loop on a thread of its own: it runs what it is given, and goes when it is told to."""

import asyncio
import threading
import time

import pytest

from arena.players.engines.http.background import Background


async def nothing() -> None:
    pass


def test_work_runs_elsewhere_and_its_errors_come_back() -> None:
    async def where() -> str:
        return threading.current_thread().name

    async def fail() -> None:
        raise ValueError("no")

    background = Background("elsewhere", nothing)
    assert background.start(where()).result(5) == "elsewhere"
    with pytest.raises(ValueError, match="no"):
        background.start(fail()).result(5)
    background.close(5)
    assert "elsewhere" not in {thread.name for thread in threading.enumerate()}


def test_closing_cancels_what_runs_and_then_does_the_last() -> None:
    order = []

    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            order.append("cancelled")

    async def last() -> None:
        order.append("last")

    background = Background("elsewhere", last)
    works = [background.start(wait()) for _ in range(3)]
    background.close(5)
    assert all(work.cancelled() for work in works)
    assert order == ["cancelled"] * 3 + ["last"]
    background.close(5)


def test_closing_does_not_wait_for_what_will_not_end() -> None:
    free = threading.Event()

    async def stubborn() -> None:
        free.wait(10)  # holds the loop itself

    background = Background("elsewhere", nothing)
    background.start(stubborn())
    began = time.monotonic()
    background.close(0.1)
    assert time.monotonic() - began < 5
    free.set()
    background.close(5)
