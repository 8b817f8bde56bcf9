"""One engine for all players of a model: when it is made, and when it is closed."""

from __future__ import annotations

import gc

import pytest

from arena.players.engines.shared import lease


class Heavy:
    """Counts how many of it there are."""

    alive = 0

    def __init__(self, model: str, options: dict | None = None) -> None:
        if model == "broken":
            raise ValueError("no such model")
        Heavy.alive += 1

    def close(self) -> None:
        Heavy.alive -= 1


@pytest.fixture(autouse=True)
def _nothing_is_left():
    yield
    gc.collect()
    assert Heavy.alive == 0


def test_the_same_arguments_are_the_same_engine() -> None:
    one, two = (lease(Heavy, model="a", options={"x": [1]}) for _ in range(2))
    other = lease(Heavy, options={"x": [2]}, model="a")
    assert one.engine is two.engine
    assert other.engine is not one.engine
    assert Heavy.alive == 2
    other.end()


def test_it_is_closed_by_the_last_to_leave() -> None:
    one, two = lease(Heavy, model="a"), lease(Heavy, model="a")
    one.end()
    one.end()
    assert Heavy.alive == 1
    two.end()
    assert Heavy.alive == 0
    assert lease(Heavy, model="a").engine is not one.engine  # and this one is given up at once


def test_whoever_is_forgotten_has_left() -> None:
    held = lease(Heavy, model="a")
    assert Heavy.alive == 1
    del held
    gc.collect()
    assert Heavy.alive == 0


def test_what_could_not_be_made_is_not_remembered() -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="no such model"):
            lease(Heavy, model="broken")
