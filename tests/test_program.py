"""A program under way, with a test at the other end of its pipes."""

import os
from pathlib import Path

from arena.sandbox.ending import Kind
from arena.sandbox.program import GRACE, Program
from arena.sandbox.program_limits import Limits

LIMITS = Limits(output_bytes=1000, wall_seconds=30)


def test_what_it_says_is_kept_by_stream_until_the_end() -> None:
    program = Program(3, LIMITS, in_folder=False)
    out, err, report = program.theirs
    os.write(out, b"first ")
    assert program.read(program.open[0])
    assert program.read(program.open[0])  # nothing has come, and that is not the end
    os.write(out, b"second")
    os.write(err, b"oh")
    os.write(report, b'["done", [1]]')
    ending = program.end(0, 0.5)
    assert (ending.kind, ending.value, ending.stdout, ending.stderr) == (Kind.DONE, [1], "first second", "oh")
    assert ending.cpu_seconds == 0.5
    assert 0 <= ending.wall_seconds < 30


def test_whoever_says_too_much_is_stopped() -> None:
    program = Program(0, LIMITS, in_folder=False)
    os.write(program.theirs[1], b"x" * 1000)
    assert program.read(program.open[1])
    assert program.stopped is None
    before = program.deadline
    os.write(program.theirs[1], b"x")
    assert not program.read(program.open[1])
    assert program.stopped is Kind.OUTPUT
    assert program.deadline < before - 30 + GRACE + 5
    assert len(program.end(0, 0.0).stderr) == 1000


def test_too_much_is_found_at_the_end_too() -> None:
    program = Program(0, LIMITS, in_folder=False)
    os.write(program.theirs[0], b"x" * 5000)
    assert program.end(0, 0.0).kind is Kind.OUTPUT


def test_the_first_reason_counts() -> None:
    program = Program(0, LIMITS, in_folder=False)
    program.stop(Kind.TIME)
    program.stop(Kind.OUTPUT)
    assert program.end(9, 0.0).kind is Kind.TIME


def test_a_pipe_that_somebody_still_holds_does_not_delay_the_end() -> None:
    program = Program(0, LIMITS, in_folder=False)
    held = os.dup(program.theirs[0])
    program.let_go()
    assert program.end(0, 0.0).kind is Kind.DONE
    os.close(held)


def test_nothing_is_left_of_it() -> None:
    before = set(os.listdir("/dev/fd"))
    program = Program(0, LIMITS, in_folder=True)
    folder = Path(program.folder)
    (folder / "left").write_text("x")
    program.shut(program.open[0])
    program.end(0, 0.0)
    assert not folder.exists()
    assert set(os.listdir("/dev/fd")) == before
