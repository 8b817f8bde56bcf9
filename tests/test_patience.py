"""Tries, waits and deadlines, with a server that follows a script."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from arena.players.engines.http.completion import Answer
from arena.players.engines.http.failures import Failed
from arena.players.engines.http.limiter import Limiter
from arena.players.engines.http.patience import Patience
from arena.players.engines.http.prices import Bill, Usage

GOOD = Answer("[bet]", "end", Usage(dollars=1.0))


def ask(
    *script: Answer | Failed, tries: int = 3, total: float = 5.0, wait: float = 0.001, most: float | None = None
) -> tuple[str, Any]:
    """Return the answer, or why there is none, and what is left of the script, the limiter and the bill."""
    left, limiter, bill = list(script), Limiter(8), Bill(most=most)

    deadlines = set()

    async def complete(body: Any, deadline: float) -> Answer:
        assert limiter.busy == 1
        deadlines.add(deadline)
        outcome = left.pop(0)
        if isinstance(outcome, Failed):
            raise outcome
        return outcome

    async def play() -> str:
        server: Any = SimpleNamespace(complete=complete, total_seconds=total)
        try:
            return (await Patience(server, limiter, bill, tries, wait).ask({}, seed=5)).text
        except Failed as failed:
            return str(failed)

    said = asyncio.run(play())
    assert limiter.busy == 0
    assert len(deadlines) <= 1, "all tries of a request have the same"
    return said, SimpleNamespace(left=left, limit=limiter.limit, dollars=bill.dollars)


def test_it_asks_until_there_is_an_answer() -> None:
    said, after = ask(Failed("one"), Failed("two"), GOOD, GOOD)
    assert (said, len(after.left), after.dollars) == ("[bet]", 1, 1.0)


def test_after_the_last_try_it_says_why() -> None:
    assert ask(Failed("one"), Failed("two"), Failed("three"), GOOD)[0] == "three"


def test_what_will_not_pass_is_not_tried_again() -> None:
    said, after = ask(Failed("mend me", again=False), GOOD)
    assert (said, len(after.left)) == ("mend me", 1)


def test_only_a_429_halves_the_limit() -> None:
    assert ask(Failed("busy", status=429), GOOD)[1].limit == 4
    assert ask(Failed("down", status=503), GOOD)[1].limit == 8


@pytest.mark.parametrize("wait", [5.0, 1e300])
def test_no_wait_goes_beyond_the_deadline(wait: float) -> None:
    said, after = ask(Failed("busy", status=429, wait=wait), GOOD, total=1.0)
    assert said == "busy; the next try would come after the 1 s that a request may take"
    assert len(after.left) == 1
    assert "would come after" in ask(Failed("down"), GOOD, wait=100.0)[0]


def test_a_spent_purse_ends_the_tries_too() -> None:
    said, after = ask(GOOD, most=0.0)
    assert said == "is asked nothing more, since 0.00 of 0.00 dollars are spent: raise most_dollars to go on"
    assert len(after.left) == 1


def test_no_time_is_no_wait() -> None:
    assert ask(Failed("busy", wait=0.0), GOOD, wait=1000.0)[0] == "[bet]"


def test_a_second_try_goes_before_those_that_wait() -> None:
    order: list[str] = []

    async def complete(body: Any, deadline: float) -> Answer:
        order.append(body["name"])
        await asyncio.sleep(0.05)
        if order == ["a"]:
            raise Failed("once")
        return GOOD

    async def play() -> None:
        server: Any = SimpleNamespace(complete=complete, total_seconds=60.0)
        patience = Patience(server, Limiter(1), Bill(), 3, 0.001)
        await asyncio.gather(*(patience.ask({"name": name}, 0) for name in "abcd"))

    asyncio.run(play())
    assert order == ["a", "b", "a", "c", "d"]
