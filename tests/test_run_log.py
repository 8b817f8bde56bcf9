"""The run's own log: what is in the file, what a crash leaves of it, and that nothing is there twice."""

import json
import math
import os
import signal
import subprocess
import sys

import pytest

from arena.errors import StoreError
from arena.run_log import FILE, RunLog


def lines(folder):
    return [json.loads(text) for text in (folder / FILE).read_text(encoding="utf-8").splitlines()]


def steps(folder):
    return [line["step"] for line in lines(folder)[1:]]


def write(folder, *these, step=0):
    """Open at the checkpoint `step` and write a line for each of these updates; returns the log, closed."""
    with RunLog.open(folder, step) as log:
        for one in these:
            log.write(one, "main", {"entropy": one / 10})
    return log


def test_a_line_is_in_the_file_once_it_is_written(tmp_path) -> None:
    with RunLog.open(tmp_path, 0) as log:
        log.write(1, "main", {"entropy": 0.5, "length_mean": 31.25}, ["It is short."])
        header, line = lines(tmp_path)
        assert line == {
            "step": 1, "learner": "main", "entropy": 0.5, "length_mean": 31.25, "alarms": ["It is short."]
        }  # fmt: skip
        assert header == {"step": 0, "run": log.run, "told": 0}


def test_a_history_is_a_learners_own_and_survives_a_restart(tmp_path) -> None:
    with RunLog.open(tmp_path, 0) as log:
        log.write(1, "main", {"a": 0.1 + 0.2})
        log.write(1, "rival", {"a": 5.0})
        log.write(2, "main", {"a": 2.0}, ["Oh."])
        log.write(2, "main", {"anchor_win_rate": 0.7})
        wanted = [(1, {"a": 0.1 + 0.2}), (2, {"a": 2.0, "anchor_win_rate": 0.7})]
        assert log.history("main") == wanted
        assert log.history("nobody") == []
    with RunLog.open(tmp_path, 2) as again:
        assert again.history("main") == wanted
        assert again.history("rival") == [(1, {"a": 5.0})]
        assert again.run == log.run


def test_what_came_after_the_checkpoint_is_cut_and_done_again_once(tmp_path) -> None:
    write(tmp_path, 1, 2, 3, 4, 5)
    log = write(tmp_path, 4, 5, 6, step=3)
    assert steps(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert [step for step, _ in log.history("main")] == [1, 2, 3, 4, 5, 6]


def test_how_far_it_was_ever_told_is_remembered_over_several_crashes(tmp_path) -> None:
    assert write(tmp_path, 1, 2, 3, 4, 5).told == 0
    assert write(tmp_path, 3, step=2).told == 5
    assert write(tmp_path, step=2).told == 5
    assert write(tmp_path, 3, 4, 5, 6, 7, step=2).told == 5
    assert write(tmp_path, step=7).told == 7


def test_a_run_that_never_came_to_a_checkpoint_begins_anew_under_its_name(tmp_path) -> None:
    first = write(tmp_path, 1, 2)
    assert write(tmp_path, step=0).run == first.run
    assert steps(tmp_path) == []


def test_a_line_that_a_kill_tore_is_dropped(tmp_path) -> None:
    write(tmp_path, 1, 2)
    with (tmp_path / FILE).open("a") as file:
        file.write('{"step": 2, "learner": "ma')
    write(tmp_path, 3, step=2)
    assert steps(tmp_path) == [1, 2, 3]


def test_a_rating_that_is_done_again_at_the_checkpoint_is_not_there_twice(tmp_path) -> None:
    write(tmp_path, 1, 2)
    with RunLog.open(tmp_path, 2) as log:
        assert log.write(2, "main", {"anchor_win_rate": 0.7})
    with RunLog.open(tmp_path, 2) as log:
        assert not log.write(2, "main", {"anchor_win_rate": 0.7})
        assert log.write(2, "rival", {"anchor_win_rate": 0.7})
    assert steps(tmp_path) == [1, 2, 2, 2]


def test_a_number_that_is_none_is_json_all_the_same(tmp_path) -> None:
    with RunLog.open(tmp_path, 0) as log:
        log.write(1, "main", {"gradient_norm": math.inf, "entropy": math.nan})
        now = log.history("main")
    assert "NaN" not in (tmp_path / FILE).read_text()
    assert lines(tmp_path)[1]["gradient_norm"] is None
    with RunLog.open(tmp_path, 1) as again:
        for history in (now, again.history("main")):
            assert all(math.isnan(value) for value in history[0][1].values())


@pytest.mark.parametrize("text", ["no json", "[1]", '{"step": "2", "learner": "main"}', '{"learner": "main"}', "7"])
def test_a_line_that_nobody_can_have_written_is_named(tmp_path, text) -> None:
    write(tmp_path, 1)
    with (tmp_path / FILE).open("a") as file:
        file.write(text + "\n")
    with pytest.raises(StoreError, match="line 3 cannot be read; restore it"):
        RunLog.open(tmp_path, 1)


def test_a_folder_that_cannot_be_written_is_told(tmp_path) -> None:
    with pytest.raises(StoreError, match="cannot be written: no such file"):
        RunLog.open(tmp_path / "nowhere", 0)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full disk to write to")
def test_a_full_disk_is_told(tmp_path) -> None:
    log = write(tmp_path)
    log._file = open("/dev/full", "w")  # noqa: SIM115 - the log closes it
    with pytest.raises(StoreError, match="no space left"):
        log.write(1, "main", {"entropy": 1.0})
    with pytest.raises(OSError, match="No space"):
        log.close()


def test_a_killed_process_leaves_every_line_that_it_wrote(tmp_path) -> None:
    code = (
        "import os, signal, pathlib\nfrom arena.run_log import RunLog\n"
        f"log = RunLog.open(pathlib.Path({str(tmp_path)!r}), 0)\n"
        "for step in range(1, 51): log.write(step, 'main', {'entropy': 1.0})\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    assert steps(tmp_path) == list(range(1, 51))
