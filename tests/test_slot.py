"""One zygote, spoken to as the pool does; without walls, so that it runs wherever the tests do."""

import os
import select
import signal
import sys
import time
from pathlib import Path

import pytest

from arena.errors import ConfigError
from arena.sandbox.ending import Ending, Kind
from arena.sandbox.program_limits import Limits
from arena.sandbox.slot import Slot


@pytest.fixture
def slot():
    slot = Slot(isolated=False)
    yield slot
    slot.close()


def run(slot: Slot, source: str) -> Ending:
    program = slot.start(0, source.encode(), Limits())
    assert select.select([slot.control], [], [], 60)[0]
    told = slot.hear()
    return program.end(told["status"], told["cpu"])


def test_it_runs_one_program_after_another(slot) -> None:
    assert [run(slot, f"result = {n} * 2").value for n in range(3)] == [0, 2, 4]
    assert slot.walls == ()


def test_a_program_is_in_a_folder_of_its_own(slot) -> None:
    ending = run(slot, "import os\nresult = [os.getcwd(), os.listdir(), dict(os.environ)]")
    folder, files, variables = ending.value
    assert files == ["program.py"]
    assert variables == {}
    assert not Path(folder).exists()


def test_a_word_kills_the_program_and_not_the_zygote(slot) -> None:
    program = slot.start(0, b"import time\nprint('here')\ntime.sleep(600)", Limits())
    assert select.select([program.open[0]], [], [], 60)[0]
    slot.kill_program()
    assert select.select([slot.control], [], [], 60)[0]
    told = slot.hear()
    assert os.WTERMSIG(told["status"]) == signal.SIGKILL
    assert program.end(told["status"], told["cpu"]).kind is Kind.KILLED
    assert run(slot, "result = 1").value == 1


def test_a_word_that_comes_too_late_kills_nobody(slot) -> None:
    assert run(slot, "result = 1").value == 1
    slot.kill_program()
    assert run(slot, "result = 2").value == 2


def test_it_is_killed_before_its_first_line_too(slot) -> None:
    for _ in range(20):
        program = slot.start(0, b"import time\ntime.sleep(600)", Limits())
        slot.kill_program()
        assert select.select([slot.control], [], [], 4)[0]
        told = slot.hear()
        assert program.end(told["status"], told["cpu"]).kind is Kind.KILLED


def test_a_zygote_that_is_gone_is_noticed(slot) -> None:
    assert slot.is_up()
    os.kill(slot._process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while slot.is_up() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not slot.is_up()
    program = slot.start(0, b"result = 1", Limits())
    assert slot.hear() is None
    assert program.end(None, 0.0).kind is Kind.KILLED


def test_hanging_up_ends_it(slot) -> None:
    slot.start(0, b"import time\ntime.sleep(600)", Limits()).end(None, 0.0)
    began = time.monotonic()
    slot.close()
    assert slot._process.returncode == 0
    assert time.monotonic() - began < 20
    assert not slot.is_up()


def test_a_child_that_does_not_start_is_explained(monkeypatch, tmp_path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'it is not installed' >&2\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(ConfigError, match=r"^programs cannot be isolated here: it is not installed$"):
        Slot(isolated=True)


def test_a_system_that_cannot_fork_is_refused(monkeypatch) -> None:
    monkeypatch.delattr(os, "fork")
    with pytest.raises(ConfigError, match=r"^programs cannot be run on \w+: it cannot fork$"):
        Slot(isolated=False)
