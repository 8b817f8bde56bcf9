"""Many programs in order; nothing runs without walls unless the risk was accepted by its name."""

import os
import signal
import time

import pytest

from arena.errors import ConfigError
from arena.sandbox import pool as module
from arena.sandbox.ending import Kind
from arena.sandbox.pool import LONGEST_SOURCE, Pool, isolation, run
from arena.sandbox.program_limits import Limits
from arena.sandbox.slot import Slot

AT_ANY_RISK = {"run_untrusted_code_without_isolation": True}


@pytest.fixture(scope="module")
def pool():
    with Pool(slots=2, **AT_ANY_RISK) as pool:
        yield pool


@pytest.fixture
def no_walls(monkeypatch):
    """A machine on which no zygote can be isolated."""

    def slot(*, isolated: bool) -> Slot:
        if isolated:
            raise ConfigError("programs cannot be isolated here: user and other namespaces: Operation not permitted")
        return Slot(isolated=False)

    monkeypatch.setattr(module, "Slot", slot)


def test_endings_come_in_the_order_of_the_programs(pool) -> None:
    programs = [f"import time\ntime.sleep({0.2 if n % 5 == 0 else 0})\nresult = {n}" for n in range(25)]
    assert [ending.value for ending in pool.run(programs)] == list(range(25))
    assert pool.run([]) == []


def test_each_is_called_what_it_is(pool) -> None:
    kinds = [
        ending.kind for ending in pool.run(["result = 1", "1 / 0", "print('x' * 10**6)", "import sys; sys.exit(1)"])
    ]
    assert kinds == [Kind.DONE, Kind.ERROR, Kind.OUTPUT, Kind.ERROR]


def test_an_exception_is_shown_as_python_shows_it(pool) -> None:
    (ending,) = pool.run(["def divide(n):\n    return 1 / n\n\ndivide(0)\n"])
    assert ending.sentence == "it raised ZeroDivisionError: division by zero"
    assert [line for line in ending.stderr.splitlines() if set(line) - {*" ~^"}] == [
        "Traceback (most recent call last):",
        '  File "program.py", line 4, in <module>',
        "    divide(0)",
        '  File "program.py", line 2, in divide',
        "    return 1 / n",
        "ZeroDivisionError: division by zero",
    ]


def test_a_program_that_leaves_by_itself_has_a_result_too(pool) -> None:
    (ending,) = pool.run(["import atexit, sys\natexit.register(print, 'bye')\nresult = 3\nsys.exit()"])
    assert (ending.kind, ending.value, ending.stdout) == (Kind.DONE, 3, "bye\n")


def test_a_program_is_not_run_if_it_is_too_long(pool) -> None:
    refused, done = pool.run(["#" * (LONGEST_SOURCE + 1), "result = '\ud800'"])
    assert (refused.kind, refused.sentence) == (
        Kind.REFUSED,
        "it was not run: it has 1,048,577 bytes, and 1,048,576 are the most",
    )
    assert done.value == "?"  # half a character is none


def test_a_zygote_that_died_between_programs_is_replaced(pool) -> None:
    victim = pool._slots[0]._process
    os.kill(victim.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while victim.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [ending.value for ending in pool.run(["result = 1"] * 4)] == [1] * 4


def test_nothing_is_run_without_walls(no_walls) -> None:
    with pytest.raises(ConfigError, match=r"Operation not permitted; .* run_untrusted_code_without_isolation = true$"):
        Pool()
    with pytest.raises(ConfigError):
        run("result = 1")
    assert isolation().walls == ()
    assert isolation().sentence.startswith("programs cannot be isolated here: user and other namespaces")


def test_whoever_accepts_the_risk_is_told(no_walls) -> None:
    with Pool(slots=1, **AT_ANY_RISK) as pool:
        assert pool.isolation.walls == ()
        assert pool.isolation.sentence == "programs are not isolated: they may do anything that you may do"
        assert pool.run(["result = 1"])[0].value == 1
    assert run("result = 2", **AT_ANY_RISK).value == 2


def test_the_risk_is_not_taken_where_there_are_walls() -> None:
    if not isolation().walls:
        pytest.skip(isolation().sentence)
    with Pool(slots=1, **AT_ANY_RISK) as pool:
        assert pool.isolation.walls == isolation().walls


def test_limits_hold_without_walls(no_walls) -> None:
    with Pool(Limits(wall_seconds=0.5, file_bytes=1000), 1, **AT_ANY_RISK) as pool:
        late, large, bomb = pool.run(["while True: pass", "open('x', 'wb').write(bytes(9999))", "bytearray(1 << 40)"])
    assert (late.kind, large.kind, bomb.kind) == (Kind.TIME, Kind.FILES, Kind.MEMORY)


def test_a_pool_without_slots_is_refused() -> None:
    with pytest.raises(ConfigError, match="0 slots"):
        Pool(slots=0)
