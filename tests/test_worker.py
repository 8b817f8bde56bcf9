"""A worker is a real process: asked in time, killed when late, explained when it dies."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from arena.worker import Ended, Late, Worker

ECHO = "import sys\nfor line in sys.stdin:\n    print(line.strip().upper(), flush=True)\n"


@pytest.fixture
def program(tmp_path: Path):
    """Return a function that starts a Python program, and leave none behind."""
    started: list[Worker] = []

    def start(source: str) -> Worker:
        path = tmp_path / f"bot{len(started)}.py"
        path.write_text(source)
        started.append(Worker([sys.executable, str(path)]))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_lines_go_there_and_back(program) -> None:
    worker = program(ECHO)
    assert [worker.ask(word, 20) for word in ("a", "b", "ü")] == ["A", "B", "Ü"]


def test_a_line_longer_than_a_pipe_goes_through(program) -> None:
    assert program(ECHO).ask("x" * 300_000, 20) == "X" * 300_000


def test_what_was_said_unasked_is_no_answer(program) -> None:
    worker = program("print('hello', flush=True)\n" + ECHO)
    time.sleep(0.5)
    first = worker.ask("a", 20)
    assert first in ("hello", "A")  # the greeting, where the program started slowly
    assert worker.ask("b", 20) in ("A", "B")


def test_a_hung_program_is_late(program) -> None:
    worker = program("import time\ntime.sleep(600)\n")
    began = time.monotonic()
    with pytest.raises(Late, match=r"no answer came within 0.3 s"):
        worker.ask("a", 0.3)
    assert time.monotonic() - began < 5


def test_a_program_that_never_reads_is_late_too(program) -> None:
    with pytest.raises(Late):
        program("import time\ntime.sleep(600)\n").ask("x" * 1_000_000, 0.5)


def test_a_program_that_dribbles_is_late(program) -> None:
    source = "import time\nwhile True:\n    print('x', end='', flush=True)\n    time.sleep(0.05)\n"
    with pytest.raises(Late):
        program(source).ask("a", 0.6)


def test_an_endless_line_is_cut_off(program) -> None:
    with pytest.raises(Ended, match="without the end of a line"):
        program("while True:\n    print('x' * 65536, end='', flush=True)\n").ask("a", 20)


def test_a_dead_program_leaves_its_last_words(program) -> None:
    worker = program("import sys\nsys.stdin.readline()\nsys.exit('out of paper')\n")
    with pytest.raises(Ended, match=r"its process ended \(exit code 1\): out of paper"):
        worker.ask("a", 20)


def test_a_chatty_program_does_not_wait_on_standard_error(program) -> None:
    worker = program("import sys\nsys.stderr.write('x' * 1_000_000)\n" + ECHO)
    assert worker.ask("a", 20) == "A"


def test_a_program_that_cannot_start_is_named(tmp_path: Path) -> None:
    script = tmp_path / "bot"
    script.write_text("no program")
    script.chmod(0o755)
    with pytest.raises(Ended, match="could not be started"):
        Worker([str(script)])


def test_its_children_die_with_it(program) -> None:
    source = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "sys.stdin.readline()\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.readline()\n"
    )
    worker = program(source)
    child = int(worker.ask("a", 20))
    assert is_running(child)
    worker.kill()
    deadline = time.monotonic() + 5
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(child)
