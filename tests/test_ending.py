"""How a program ended is judged by what was seen of it first, and by what it says of itself last."""

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.sandbox.ending import Ending, Facts, Kind, ending
from arena.sandbox.program_limits import Limits

LIMITS = Limits(cpu_seconds=2, wall_seconds=3, output_bytes=1000)


def judged(status: int | None = 0, report: bytes = b"", stopped: Kind | None = None, cpu: float = 0.1) -> Ending:
    return ending(Facts(stopped, status, report, b"out", b"err", cpu, 0.2), LIMITS)


def exited(code: int) -> int:
    """Return the status that the system gives for an exit code."""
    return code << 8


@pytest.mark.parametrize(
    ("kind", "sentence", "facts"),
    [
        (Kind.DONE, "it ended well", {"report": b'["done", 1]'}),
        (Kind.DONE, "it ended well without a result", {}),
        (Kind.ERROR, "it ended with exit code 3", {"status": exited(3)}),
        (Kind.ERROR, "it raised E: x y", {"status": exited(1), "report": b'["error", "E: x\\n y"]'}),
        (Kind.MEMORY, "it raised MemoryError", {"status": exited(1), "report": b'["memory", "MemoryError"]'}),
        (Kind.ERROR, "what it gave as its result is no JSON that can be read", {"report": b"[1"}),
        (Kind.TIME, "it was stopped after 2 s of computing", {"status": signal.SIGKILL, "cpu": 2.0}),
        (Kind.TIME, "it was stopped after 3 s", {"status": signal.SIGKILL, "stopped": Kind.TIME}),
        (Kind.OUTPUT, "it was stopped after 1,000 bytes of output", {"stopped": Kind.OUTPUT}),
        (Kind.KILLED, "it was killed by SIGSEGV", {"status": signal.SIGSEGV | 0x80}),
        (Kind.KILLED, "it was killed by SIGKILL", {"status": signal.SIGKILL}),
        (Kind.KILLED, "it was killed by signal 40", {"status": 40}),
        (Kind.KILLED, "its sandbox went down with it", {"status": None}),
        (Kind.REFUSED, "it was not run: no space", {"status": exited(1), "report": b'["refused", "no space"]'}),
    ],
)
def test_it_says_how_it_ended(kind, sentence, facts) -> None:
    found = judged(**facts)
    assert (found.kind, found.sentence) == (kind, sentence)
    assert (found.stdout, found.stderr, found.cpu_seconds, found.wall_seconds)[:2] == ("out", "err")


@pytest.mark.parametrize(
    "facts",
    [
        {"status": exited(1), "report": b'["done", true]'},
        {"status": signal.SIGSEGV, "report": b'["done", true]'},
        {"status": None, "report": b'["done", true]'},
        {"stopped": Kind.TIME, "report": b'["done", true]'},
        {"report": b'["error", true]'},
        {"report": b'{"done": true}'},
        {"report": b'["done", true, true]'},
    ],
)
def test_nobody_has_done_well_by_saying_so(facts) -> None:
    found = judged(**facts)
    assert found.kind is not Kind.DONE
    assert found.value is None


def test_an_end_cannot_be_called_time_or_output_by_the_program() -> None:
    assert judged(exited(1), b'["time", "x"]').kind is Kind.ERROR
    assert judged(exited(1), b'["output", "x"]').kind is Kind.ERROR


@pytest.mark.parametrize(
    "value", [b"NaN", b"-Infinity", b'"\\ud800"', b"9" * 5000, b"[" * 9000 + b"]" * 9000, b"\xff", b'{"a": NaN}']
)
def test_a_value_that_could_do_harm_later_is_not_read(value) -> None:
    assert judged(report=b'["done", ' + value + b"]").kind is Kind.ERROR


def test_what_an_exception_says_is_one_short_line() -> None:
    found = judged(exited(1), b'["error", "E: ' + b"\\u001b[2J\\u0000 x\\n" * 500 + b'"]')
    assert found.sentence.startswith("it raised E: ?[2J? x ?[2J")
    assert len(found.sentence) < 320
    assert found.sentence.isprintable()


def test_bytes_that_are_no_text_are_escaped_and_what_is_too_much_is_cut() -> None:
    found = ending(Facts(None, 0, b"", b"\xff" * 5000, b"\xe2\x82", 0, 0), LIMITS)
    assert found.stdout == "\\xff" * 1000
    assert found.stderr == "\\xe2\\x82"


@given(report=st.binary(max_size=60) | st.text(alphabet='[]{}",:donemry1\\u', max_size=60).map(str.encode))
def test_no_report_breaks_the_judgement(report) -> None:
    for status in (0, exited(1), signal.SIGKILL, None):
        assert judged(status, report).sentence.isprintable()
