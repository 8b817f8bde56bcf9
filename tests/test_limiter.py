"""Places for requests: their number, their order, and what a refusal does to them."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.players.engines.http.limiter import Limiter, backoff


def test_places_are_given_in_order_and_a_second_try_goes_first() -> None:
    async def play() -> list[str]:
        limiter, order = Limiter(1), []

        async def take(name: str, first: bool = False) -> None:
            async with limiter.place(first):
                order.append(name)
                await asyncio.sleep(0)

        async with limiter.place():
            waiting = [asyncio.create_task(take(name)) for name in "abc"]
            await asyncio.sleep(0)
            waiting.append(asyncio.create_task(take("again", first=True)))
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)
        assert limiter.busy == 0
        return order

    assert asyncio.run(play()) == ["again", "a", "b", "c"]


def test_a_burst_halves_once_and_ten_answers_give_one_back() -> None:
    async def play() -> None:
        limiter = Limiter(16)
        async with limiter.place() as one, limiter.place() as other:
            limiter.refused(one)
            limiter.refused(other)
        assert limiter.limit == 8
        async with limiter.place() as later:
            limiter.refused(later)
        assert limiter.limit == 4
        for _ in range(9):
            limiter.succeeded()
        assert limiter.limit == 4
        limiter.succeeded()
        assert limiter.limit == 5
        for _ in range(1000):
            limiter.succeeded()
        assert limiter.limit == 16

    asyncio.run(play())


def test_the_limit_never_falls_below_one() -> None:
    async def play() -> None:
        limiter = Limiter(3)
        for _ in range(5):
            async with limiter.place() as burst:
                limiter.refused(burst)
        assert limiter.limit == 1

    asyncio.run(play())


def test_fewer_places_are_given_after_a_halving() -> None:
    async def play() -> None:
        limiter = Limiter(4)
        peak = 0

        async def take() -> None:
            nonlocal peak
            async with limiter.place():
                peak = max(peak, limiter.busy)
                await asyncio.sleep(0)

        async with limiter.place() as burst:
            limiter.refused(burst)
        await asyncio.gather(*(take() for _ in range(20)))
        assert peak == 2

    asyncio.run(play())


def test_a_pause_holds_everybody_until_it_ends() -> None:
    async def play() -> None:
        limiter = Limiter(4)
        clock = asyncio.get_running_loop().time
        began = clock()
        limiter.pause(0.1)
        limiter.pause(0.05)  # the longer one holds

        async def take() -> float:
            async with limiter.place():
                return clock() - began

        assert min(await asyncio.gather(*(take() for _ in range(6)))) >= 0.1

    asyncio.run(play())


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=40), st.integers(1, 3))
def test_whoever_gives_up_waiting_leaves_no_place_taken(moves: list[tuple[int, bool]], most: int) -> None:
    """Tasks come, and are cancelled at any moment, while they wait or while they hold a place."""

    async def play() -> None:
        limiter = Limiter(most)
        tasks: dict[int, asyncio.Task[None]] = {}

        async def take() -> None:
            async with limiter.place():
                assert limiter.busy <= most
                await asyncio.sleep(0)
                await asyncio.sleep(0)

        for number, tick in moves:
            if number in tasks:
                tasks.pop(number).cancel()
            else:
                tasks[number] = asyncio.create_task(take())
            if tick:
                await asyncio.sleep(0)
        await asyncio.wait_for(asyncio.gather(*tasks.values()), 5)
        for _ in range(3):
            await asyncio.sleep(0)
        assert limiter.busy == 0

    asyncio.run(play())


def test_waits_double_with_a_jitter_of_the_seed() -> None:
    waits = [backoff(1.0, attempt, seed=7) for attempt in range(1, 8)]
    assert waits == [backoff(1.0, attempt, seed=7) for attempt in range(1, 8)]
    for attempt, wait in enumerate(waits):
        assert 0.5 <= wait / min(60.0, 2.0**attempt) < 1.5
    assert len({backoff(1.0, 1, seed) for seed in range(100)}) == 100
    assert backoff(1.0, 10_000, 0) <= 90.0
    assert sum(backoff(1.0, 1, seed) for seed in range(1000)) / 1000 == pytest.approx(1.0, abs=0.03)
