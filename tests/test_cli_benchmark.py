"""Benchmarks on the command line: real processes, some of them killed in the middle."""

import os
import signal
import subprocess
import sys
import time

import pytest

from arena.benchmarking import Score
from arena.cli.benchmark import describe
from arena.errors import StoreError
from arena.interval import Interval
from arena.question_file import read
from arena.store import Store
from tests.command_line import run, succeed

# Knows what is expected, but not always; says which matches it was asked in, and takes its time.
PLAYERS = """
import os
import time
from pathlib import Path
from arena.player import Move

class Knows:
    name = "knows"

    def act(self, batch):
        time.sleep(float(os.environ.get("PAUSE", "0")))
        with Path(__file__).with_suffix(".asked").open("a") as asked:
            asked.writelines(f"{request.match}\\n" for request in batch)
        answers = {question.question: question.answer for question in batch.game.questions}
        return [Move(answers[r.text] if r.sample([0.8, 0.2]) == 0 else "1/7") for r in batch]

class Crash:
    name = "crash"

    def act(self, batch):
        raise ValueError("out of paper")
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder with a file of questions, and players of a user's own."""
    here = tmp_path_factory.mktemp("benchmark")
    (here / "players.py").write_text(PLAYERS)
    text = succeed("new", "questions", "gambles.jsonl", "--kind", "expected_value", "--count", 40, cwd=here)
    assert text.splitlines() == [
        "written: gambles.jsonl, 40 questions",
        "next: arena benchmark gambles.jsonl --player PLAYER",
    ]
    return here


def test_a_file_is_made_and_a_player_is_measured_by_it(here):
    assert len(read(here / "gambles.jsonl")) == 40
    done = run("benchmark", "gambles.jsonl", "--player", "players.py:Knows", "--samples", 3, "--run", "out", cwd=here)
    assert done.returncode == 0, done.stderr
    first, second, third, last = done.stdout.splitlines()
    assert first.startswith("pass@1 ")
    assert first.endswith("%], 40 questions, 3 samples each")
    assert second.startswith("maj@3 ")
    assert third.startswith("  graded by ")
    assert third.endswith("; 0.0% of the replies held no answer")
    assert last == "kept in out; arena replay out shows what was answered"
    assert "asking: 120 of 120 replies" in done.stderr
    assert "grading: 40 of 40 questions" in done.stderr
    listed = succeed("replay", "out", cwd=here).splitlines()
    assert len([line for line in listed if "players.py:Knows" in line]) == 20, "the latest"
    story = succeed("replay", "out", listed[0].split()[0], "--whole", cwd=here)
    assert "Give a whole number, or a fraction" in story
    assert "expected: " in story
    for command in ("ratings", "report"):
        done = run(command, "out", cwd=here)
        assert done.returncode == 2
        assert "out holds the answers to a benchmark, graded by arena benchmark: it has no ladder" in done.stderr


def test_a_killed_benchmark_goes_on_and_asks_nothing_twice_that_was_kept(here):
    command = ["benchmark", "gambles.jsonl", "--player", "players.py:Knows", "--samples", "4", "--seed", "3"]
    whole = succeed(*command, "--run", "whole", cwd=here)
    asked_file = here / "players.asked"
    kept = set()
    for _ in range(2):
        asked_file.unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "arena", *command, "--run", "killed"],
            cwd=here, env={**os.environ, "PAUSE": "0.2"}, start_new_session=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while stored(here / "killed") == kept and time.monotonic() < deadline:
            assert process.poll() is None, process.communicate()[0].decode()
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert not kept & set(asked_file.read_text().split()), "what was kept was asked again"
        kept = stored(here / "killed")
        assert 0 < len(kept) < 160, "it was killed too late"
    asked_file.unlink()
    assert succeed(*command, "--run", "killed", cwd=here) == whole.replace("whole", "killed")
    assert set(asked_file.read_text().split()) == stored(here / "whole") - kept
    with Store.read(here / "whole") as one, Store.read(here / "killed") as other:
        assert sorted(one.records(), key=str) == sorted(other.records(), key=str)


def stored(folder):
    """Return the keys of the matches that a run has kept so far."""
    try:
        with Store.read(folder) as store:
            return {record.key for record in store.records()}
    except StoreError:  # it has not begun
        return set()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["benchmark", "none.jsonl", "--player", "uniform"], "none.jsonl cannot be read: no such file or directory"),
        (["benchmark", "gambles.jsonl", "--player", "players.py:Crash"], "crashed at 40 of 40 questions, more than 3%"),
        (["new", "questions", "gambles.jsonl", "--kind", "arithmetic"], "gambles.jsonl exists already"),
        (
            ["new", "questions", "new.jsonl", "--kind", "algebra"],
            "there is no problem 'algebra'; known: arithmetic, expected_value",
        ),
    ],
)
def test_mistakes_are_one_sentence(here, arguments, sentence):
    done = run(*arguments, cwd=here)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_one_sample_has_no_majority_and_trouble_is_told():
    share = Interval(0.5, 0.25, 0.75)
    score = Score(1, 1, share, share, "exact rules", 0.25, hung=1, crashed=2)
    assert describe(score) == [
        "pass@1 50.0% [25.0%, 75.0%], 1 question",
        "  graded by exact rules; 25.0% of the replies held no answer",
        "  (terms need math-verify: pip install 'selfplay-arena[math]')",
        "  1 comparison did not end in time and so counts as unequal",
        "  2 comparisons broke the grader and so count as unequal",
    ]
