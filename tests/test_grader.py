"""The grader and its child: real processes, of which some hang, some die, and all are started anew."""

import os
import signal
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from arena.errors import ConfigError
from arena.grading.grader import Grader, Verdict
from tests.test_child import TOWER, needs_math_verify

# Judges by the first letters of an answer; leaves its process id, and its variables, in files beside it.
DOUBLE = """
import json, os, pathlib, sys, time
here = pathlib.Path(__file__)
with here.with_suffix(".pids").open("a") as pids:
    print(os.getpid(), file=pids)
here.with_suffix(".env").write_text(json.dumps(dict(os.environ)))
for line in sys.stdin:
    expected, answer = json.loads(line)
    if answer.startswith("hang"):
        time.sleep(600)
    if answer == "die":
        os.abort()
    print(json.dumps(expected == answer or (expected, answer) == ("1/2", "0.5")), flush=True)
"""


@pytest.fixture
def double(tmp_path):
    file = tmp_path / "double.py"
    file.write_text(DOUBLE)
    return file


def pids(double):
    return [int(line) for line in double.with_suffix(".pids").read_text().split()]


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def grader(double, seconds=20.0):
    return Grader(seconds, (sys.executable, str(double)))


def test_a_child_judges_many_answers_and_ends_with_the_grader(double):
    with grader(double) as judging:
        assert [judging.judge("a", answer) for answer in ("a", "b", "a")] == [
            Verdict.RIGHT,
            Verdict.WRONG,
            Verdict.RIGHT,
        ]
        (pid,) = pids(double)
        assert is_running(pid)
    assert not is_running(pid)


def test_a_child_that_hangs_is_killed_and_the_next_answer_has_a_new_one(double):
    with grader(double, seconds=0.5) as judging:
        began = time.monotonic()
        assert judging.judge("hang", "hang") is Verdict.HUNG
        assert time.monotonic() - began < 60
        (first,) = pids(double)
        assert not is_running(first)
        assert judging.judge("a", "a") is Verdict.RIGHT
        assert len(pids(double)) == 2


def test_an_answer_that_kills_the_child_is_wrong_and_stops_nothing(double):
    with grader(double) as judging:
        assert judging.judge("die", "die") is Verdict.CRASHED
        assert judging.judge("a", "a") is Verdict.RIGHT


def test_a_child_that_somebody_kills_is_started_anew(double):
    with grader(double) as judging:
        judging.judge("a", "a")
        os.kill(pids(double)[0], signal.SIGKILL)
        assert {judging.judge("a", "a"), judging.judge("a", "a")} <= {Verdict.CRASHED, Verdict.RIGHT}
        assert judging.judge("a", "a") is Verdict.RIGHT
        assert len(pids(double)) == 2


def test_the_child_is_given_no_secrets(double, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with grader(double) as judging:
        judging.judge("a", "a")
    told = double.with_suffix(".env").read_text()
    assert "secret" not in told
    assert "PYTHONPATH" in told


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import sys; sys.exit('no module named sympy')", "no module named sympy"),
        (
            "import sys\nfor line in sys.stdin:\n    print('false', flush=True)",
            "it takes 0.5 for another number than 1/2",
        ),
    ],
)
def test_a_child_that_cannot_judge_at_all_is_an_error_and_no_wrong_answer(tmp_path, source, why):
    (tmp_path / "broken.py").write_text(source)
    with pytest.raises(ConfigError, match=f"answers cannot be judged by .*: .*{why}"):
        grader(tmp_path / "broken.py").judge("a", "a")


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), 1e9])
def test_a_deadline_is_a_number_of_seconds(seconds):
    with pytest.raises(ConfigError, match="seconds for a verdict will not do"):
        Grader(seconds)


@needs_math_verify
def test_math_verify_hangs_at_a_tower_of_powers_and_the_answers_after_it_are_judged():
    with Grader(2.0) as judging:
        assert judging.name.startswith("math-verify 0.")
        assert judging.judge("1", TOWER) is Verdict.HUNG
        assert judging.judge("1/2", r"\frac{2}{4}") is Verdict.RIGHT


def test_without_math_verify_the_rules_are_exact_and_say_so(monkeypatch):
    def without(name):
        return None if name == "math_verify" else find_spec(name)

    monkeypatch.setattr("arena.grading.grader.find_spec", without)
    with Grader() as judging:
        assert judging.name == "exact rules"
        verdicts = [judging.judge("1/2", answer) for answer in ("0.5", r"\frac{1}{2}", r"\sqrt{1/4}")]
        assert verdicts == [Verdict.RIGHT, Verdict.RIGHT, Verdict.WRONG]
