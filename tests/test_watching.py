"""Many programs at a time, without walls; and zygotes that do not obey."""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from arena.sandbox import program
from arena.sandbox.ending import Ending, Kind
from arena.sandbox.program_limits import Limits
from arena.sandbox.slot import Slot
from arena.sandbox.watching import Watch

QUICK = Limits(wall_seconds=0.3)


@pytest.fixture
def slots():
    slots = [Slot(isolated=False) for _ in range(2)]
    yield slots
    for slot in slots:
        with suppress(ProcessLookupError):
            os.kill(slot._process.pid, signal.SIGCONT)
        slot.close()


def all_of(watch: Watch) -> dict[int, Ending]:
    endings: dict[int, Ending] = {}
    while len(watch):
        endings.update(watch.wait())
    return endings


def ended(pid: int) -> bool:
    """Return whether a process ends within some seconds."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_each_ending_comes_under_its_number(slots) -> None:
    with Watch() as watch:
        watch.start(slots[0], 7, b"result = 'seven'", Limits())
        watch.start(slots[1], 5, b"result = 'five'", Limits())
        assert slots[0] in watch
        endings = all_of(watch)
        assert slots[0] not in watch
    assert {number: ending.value for number, ending in endings.items()} == {7: "seven", 5: "five"}


def test_a_late_one_is_stopped_while_the_other_goes_on(slots) -> None:
    with Watch() as watch:
        watch.start(slots[0], 0, b"import time\nprint('here')\ntime.sleep(600)", QUICK)
        watch.start(slots[1], 1, b"import time\ntime.sleep(0.6)\nresult = 1", Limits())
        endings = all_of(watch)
    assert (endings[0].kind, endings[0].stdout) == (Kind.TIME, "here\n")
    assert endings[1].value == 1


def test_a_zygote_that_does_not_obey_is_put_down(slots, monkeypatch) -> None:
    monkeypatch.setattr(program, "GRACE", 0.3)
    with Watch() as watch:
        os.kill(slots[0]._process.pid, signal.SIGSTOP)
        watch.start(slots[0], 0, b"result = 1", QUICK)
        watch.start(slots[1], 1, b"result = 1", Limits())
        endings = all_of(watch)
    assert endings[0].kind is Kind.TIME
    assert endings[1].value == 1
    assert not slots[0].is_up()
    assert slots[1].is_up()


def test_a_zygote_that_dies_takes_only_its_program_along(slots) -> None:
    with Watch() as watch:
        watch.start(slots[0], 0, b"import os, time\nprint(os.getpid())\ntime.sleep(600)", Limits())
        assert watch.wait() == {}  # until it has spoken
        watch.start(slots[1], 1, b"result = 1", Limits())
        os.kill(slots[0]._process.pid, signal.SIGKILL)
        endings = all_of(watch)
    assert (endings[0].kind, endings[0].sentence) == (Kind.KILLED, "its sandbox went down with it")
    if sys.platform == "linux":
        assert ended(int(endings[0].stdout))
    assert endings[1].value == 1


def test_an_exception_leaves_nothing_running(slots) -> None:
    def interrupted() -> None:
        with Watch() as watch:
            watch.start(slots[0], 0, b"import time\ntime.sleep(600)", Limits())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert slots[0]._process.returncode is not None
    assert slots[1].is_up()
