"""Trackers by what their own readers find: real packages, no network. Those that are not installed are skipped."""

import json
import os
import sqlite3
import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from arena.errors import ConfigError
from arena.trainers import trackers
from arena.trainers.trackers import Run, open_tracker


def run_of(folder, step=0):
    return Run(Path(folder), "9f86d081884c7d65", "arena", step, {"training.updates": 3.0})


def needs(package):
    return pytest.mark.skipif(find_spec(package) is None, reason=f"{package} is not installed")


def tell(folder, name, step, *steps):
    """Tell a tracker of these steps, and of an alarm after the last, in a process of its own."""
    code = (
        "import sys\nsys.path.insert(0, '.')\n"
        "from tests.test_trackers import open_tracker, run_of\n"
        "tracker = open_tracker(sys.argv[2], run_of(sys.argv[1], int(sys.argv[3])))\n"
        "for step in map(int, sys.argv[4:]): tracker.write(step, {'main/entropy': step / 8})\n"
        "tracker.alarm(int(sys.argv[-1]), 'main/invalid', 'Half of it is invalid.')\n"
        "tracker.close()\n"
    )
    arguments = [str(folder), name, str(step), *map(str, steps)]
    quiet = {key: value for key, value in os.environ.items() if not key.startswith(("WANDB", "TRACKIO"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        env={**quiet, "TRACKIO_DIR": str(folder / "trackio"), "WANDB_API_KEY": f"{'very-secret':->40}"},
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def everything(folder):
    """Return all that lies in files below a folder, as bytes."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_the_extra_of_a_missing_package_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    for name in ("tensorboard", "trackio", "wandb"):
        with pytest.raises(ConfigError, match=rf"tracking.to names '{name}'.*pip install 'selfplay-arena\[{name}\]'"):
            open_tracker(name, run_of(tmp_path))


def test_a_run_is_called_after_its_folder_and_told_apart_by_its_id(tmp_path) -> None:
    assert run_of(tmp_path / "kuhn").name == "kuhn-9f86d0"


def scalars(folder):
    """Return what TensorBoard's own reader finds: (step, value) of main/entropy, and the texts by tag."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder / "tensorboard"))
    found.Reload()
    tensors = {
        tag: [event.tensor_proto.string_val[0] for event in found.Tensors(tag)] for tag in found.Tags()["tensors"]
    }
    return [(event.step, event.value) for event in found.Scalars("main/entropy")], tensors


@needs("tensorboard")
def test_tensorboard_reads_back_what_was_written(tmp_path) -> None:
    tracker = open_tracker("tensorboard", run_of(tmp_path))
    for step in (1, 2, 3):
        tracker.write(step, {"main/entropy": step / 8})
    tracker.alarm(3, "main/invalid", "Half of it is invalid.")
    # Before it is closed: a kill loses nothing.
    values, texts = scalars(tmp_path)
    assert values == [(1, 0.125), (2, 0.25), (3, 0.375)]
    assert texts["alarms/main/invalid/text_summary"] == [b"Half of it is invalid."]
    assert texts["settings/text_summary"] == [b"    training.updates = 3"]
    tracker.close()


@needs("tensorboard")
def test_tensorboard_forgets_what_is_done_again(tmp_path) -> None:
    first = open_tracker("tensorboard", run_of(tmp_path))
    for step in (1, 2, 3, 4):
        first.write(step, {"main/entropy": 1.0})
    again = open_tracker("tensorboard", run_of(tmp_path, step=2))
    for step in (3, 4, 5):
        again.write(step, {"main/entropy": 2.0})
    assert scalars(tmp_path)[0] == [(1, 1.0), (2, 1.0), (3, 2.0), (4, 2.0), (5, 2.0)]
    first.close()
    again.close()


@needs("trackio")
def test_trackio_keeps_what_was_written_and_goes_on_with_the_same_run(tmp_path) -> None:
    assert tell(tmp_path, "trackio", 0, 1, 2) == ""
    tell(tmp_path, "trackio", 2, 3)
    with sqlite3.connect(tmp_path / "trackio" / "arena.db") as database:
        rows = database.execute("SELECT run_name, step, metrics FROM metrics ORDER BY step").fetchall()
        alarms = database.execute("SELECT step, title, text, level FROM alerts ORDER BY step").fetchall()
        runs = database.execute("SELECT COUNT(DISTINCT run_id) FROM metrics").fetchone()
    assert [(name, step, json.loads(said)) for name, step, said in rows] == [
        (run_of(tmp_path).name, step, {"main/entropy": step / 8}) for step in (1, 2, 3)
    ]
    assert alarms == [(step, "main/invalid", "Half of it is invalid.", "warn") for step in (2, 3)]
    assert runs == (1,)


def wandb_records(path):
    """Yield the records of an offline run, whose file is a log in the manner of LevelDB in blocks of 32 KiB."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, place, parts = path.read_bytes(), 7, b""
    while place + 7 <= len(data):
        if (left := 32768 - place % 32768) < 7:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + 7])
        parts += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or the last part
            record = Record()
            record.ParseFromString(parts)
            parts = b""
            yield record


@needs("wandb")
def test_wandb_keeps_what_was_written_on_this_machine(tmp_path) -> None:
    assert tell(tmp_path, "wandb", 0, 1, 2) == ""
    (path,) = tmp_path.glob("wandb/offline-run-*/run-9f86d081884c7d65.wandb")
    records = list(wandb_records(path))
    rows = [
        {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
        for record in records
        if record.HasField("history")
    ]
    assert [(row["_step"], row["main/entropy"]) for row in rows] == [(1, 0.125), (2, 0.25)]
    assert [record.alert.text for record in records if record.HasField("alert")] == ["Half of it is invalid."]
    (run,) = [record.run for record in records if record.HasField("run")]
    assert (run.project, run.display_name) == ("arena", run_of(tmp_path).name)
    assert not run.git.remote_url


@needs("wandb")
def test_wandb_online_without_a_key_is_refused_at_once(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match=r"tracking\.to names 'wandb', which refuses: "):
        open_tracker("wandb", run_of(tmp_path))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs(name)) for name in ("tensorboard", "trackio", "wandb")]
)
def test_no_tracker_writes_down_what_is_secret(tmp_path, name) -> None:
    said = tell(tmp_path, name, 0, 1)
    assert "very-secret" not in said
    assert b"very-secret" not in everything(tmp_path)
    assert everything(tmp_path)
