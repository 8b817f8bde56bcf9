"""Log and trackers together: what is told to whom after a crash, and what no tracker is given."""

import json
from importlib.util import find_spec

import pytest

from arena.config.monitoring import AlarmsConfig, TrackingConfig
from arena.errors import ConfigError
from arena.run_log import FILE
from arena.trainers import tracking
from arena.trainers.alarms import Alarm, new_alarms
from arena.trainers.roll_back import RollBack, Snapshot, remembered, roll_back
from arena.trainers.tracking import Tracking, numbers
from tests import simulated_runs as made_up

ALARM = Alarm("invalid", 2, 1, "Half of it is invalid.", True)


class Remembers:
    """A tracker that keeps what it is told over restarts, as a service does."""

    def __init__(self, told, forgets) -> None:
        self.told, self.forgets, self.closed = told, forgets, False

    def write(self, step, values) -> None:
        self.told.append((step, values))

    def alarm(self, step, name, sentence) -> None:
        self.told.append((step, name, sentence))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def opened(monkeypatch):
    """Return (all that "wandb" was told, all that "tensorboard" was told, trackers that were opened)."""
    kept, fresh, made = [], [], []

    def open_tracker(name, run):
        made.append(Remembers(fresh if name == "tensorboard" else kept, forgets=name == "tensorboard"))
        return made[-1]

    monkeypatch.setattr(tracking, "open_tracker", open_tracker)
    return kept, fresh, made


def go(folder, step, *steps, alarms=()):
    with Tracking.open(folder, TrackingConfig(to=["wandb", "tensorboard"]), step, {}) as told:
        for one in steps:
            told.write(one, "main", {"entropy": one / 10}, alarms if one == 2 else ())
        return list(told.history("main"))


class Killed(Exception):  # noqa: N818 - no error, but an end
    """Stands for kill -9: whatever is not in a file is lost."""


def watched(folder, kill_at=()):
    """Train a made-up learner that collapses, as the loop would, with a checkpoint in ten updates.

    The one file beside the log stands for what the store keeps at a checkpoint. Returns how it has gone back.
    """
    kept = folder / "kept.json"
    step, past = json.loads(kept.read_text()) if kept.exists() else (0, [])
    past, config, kills = RollBack.of(past), AlarmsConfig(roll_backs=2), set(kill_at)
    run = dict(made_up.simulated(3, 200, made_up.thinking_collapse))
    with Tracking.open(folder, TrackingConfig(), step, {}) as told:
        while step < 200:
            step += 1
            seen = remembered([*told.history("main"), (step, run[step])], past)
            told.write(step, "main", run[step], new_alarms(seen, config))
            if step in kills:
                raise Killed
            if step % 10 == 0:
                made = [Snapshot(f"main-{i}", i) for i in range(10, step + 1, 10)]
                back = roll_back(told.history("main"), made, past, config)
                past = past if back is None else [*past, back]
                kept.write_text(json.dumps([step, [one._asdict() for one in past]]))
    return past


def test_a_run_that_is_killed_over_and_over_tells_rings_and_goes_back_as_one_that_is_not(tmp_path) -> None:
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    for folder in (whole, torn):
        folder.mkdir()
    past = watched(whole)
    for kill_at in (7, 43, 41, 130, 132, 189):
        with pytest.raises(Killed):
            watched(torn, [kill_at])
    assert watched(torn) == past
    assert 1 <= len(past) <= 2
    texts = [(folder / FILE).read_text().splitlines()[1:] for folder in (whole, torn)]
    assert texts[0] == texts[1]
    assert len(texts[0]) == 200
    assert any("alarms" in json.loads(text) for text in texts[0])


def test_everybody_hears_of_every_update_and_alarm(tmp_path, opened) -> None:
    kept, fresh, made = opened
    history = go(tmp_path, 0, 1, 2, alarms=[ALARM])
    assert history == [(1, {"entropy": 0.1}), (2, {"entropy": 0.2})]
    assert kept == [(1, {"main/entropy": 0.1}), (2, {"main/entropy": 0.2}), (2, "main/invalid", ALARM.sentence)]
    assert fresh == kept
    assert all(tracker.closed for tracker in made)
    assert json.loads((tmp_path / FILE).read_text().splitlines()[-1])["alarms"] == [ALARM.sentence]


def test_after_a_crash_nobody_hears_twice_who_cannot_forget(tmp_path, opened) -> None:
    kept, fresh, _ = opened
    go(tmp_path, 0, 1, 2, 3, 4)
    fresh.clear()
    assert [step for step, _ in go(tmp_path, 2, 3)] == [1, 2, 3]  # and it crashes once more
    assert [step for step, _ in go(tmp_path, 2, 3, 4, 5)] == [1, 2, 3, 4, 5]
    assert [step for step, *_ in kept] == [1, 2, 3, 4, 5]
    assert [step for step, *_ in fresh] == [3, 3, 4, 5]


def test_a_line_that_the_log_has_is_told_to_nobody(tmp_path, opened) -> None:
    kept, fresh, _ = opened
    go(tmp_path, 0, 1, 2)
    go(tmp_path, 2, 2)
    assert len(kept) == len(fresh) == 2


def test_without_trackers_there_is_the_log_alone(tmp_path) -> None:
    with Tracking.open(tmp_path, TrackingConfig(), 0, {}) as told:
        told.write(1, "main", {"entropy": 0.5})
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_of_settings_only_numbers_are_passed_on() -> None:
    settings = {
        "seed": 3,
        "training": {"learning_rate": 1e-4, "algorithm": "reinforce", "deep": {"on": True, "key": "sk-secret"}},
        "anchors": {"api": "chat(model='m', engine='openai')"},
        "to": ["wandb"],
    }
    assert dict(numbers(settings)) == {"seed": 3.0, "training.learning_rate": 1e-4, "training.deep.on": 1.0}


def test_a_tracker_that_cannot_be_had_stops_the_run_before_it_begins_and_lets_go_of_the_others(
    tmp_path, monkeypatch
) -> None:
    made = []

    def open_tracker(name, run):
        if name == "wandb":
            raise ConfigError("tracking.to names 'wandb'")
        made.append(Remembers([], True))
        return made[-1]

    monkeypatch.setattr(tracking, "open_tracker", open_tracker)
    with pytest.raises(ConfigError, match="names 'wandb'"):
        Tracking.open(tmp_path, TrackingConfig(to=["tensorboard", "wandb"]), 0, {})
    assert made[0].closed


@pytest.mark.skipif(find_spec("tensorboard") is None, reason="tensorboard is not installed")
def test_a_real_tracker_shows_each_step_once_after_a_crash(tmp_path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    config = TrackingConfig(to=["tensorboard"])
    for step, steps in ((0, (1, 2, 3, 4)), (2, (3, 4, 5))):
        with Tracking.open(tmp_path, config, step, {"seed": 1}) as told:
            for one in steps:
                told.write(one, "main", {"entropy": float(one)})
    found = EventAccumulator(str(tmp_path / "tensorboard"))
    found.Reload()
    assert [(event.step, event.value) for event in found.Scalars("main/entropy")] == [(i, i) for i in range(1, 6)]
