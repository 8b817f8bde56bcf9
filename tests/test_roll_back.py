"""When a learner goes back, to which snapshot, and that it cannot do so for ever."""

import json

from hypothesis import given
from hypothesis import strategies as st

from arena.config.monitoring import AlarmsConfig
from arena.trainers.alarms import alarms
from arena.trainers.roll_back import RollBack, Snapshot, remembered, roll_back
from tests import simulated_runs as made_up

CONFIG = AlarmsConfig(roll_backs=2)


def snapshots(*steps):
    return [Snapshot(f"main-{step}", step) for step in steps]


def lengths(*values):
    return [(i, {"length_mean": float(value)}) for i, value in enumerate(values, start=1)]


COLLAPSED = lengths(*[100] * 60, *[5] * 20)


def test_it_goes_back_to_the_last_snapshot_from_before_the_trouble() -> None:
    back = roll_back(COLLAPSED, snapshots(20, 40, 60, 80), [], CONFIG)
    assert back is not None
    assert (back.at, back.to, back.step) == (80, "main-40", 40)  # the window in which it began reaches back to 57
    assert back.why == alarms(COLLAPSED, CONFIG)[0].sentence


def test_a_healthy_run_goes_on() -> None:
    assert roll_back(lengths(*[100] * 80), snapshots(20, 40, 60), [], CONFIG) is None
    assert roll_back([], snapshots(20), [], CONFIG) is None


def test_an_alarm_that_is_not_severe_goes_on() -> None:
    assert roll_back(COLLAPSED, snapshots(40), [], AlarmsConfig(roll_backs=2, severe=["draws"])) is None


def test_nothing_goes_back_unless_it_is_asked_for() -> None:
    assert roll_back(COLLAPSED, snapshots(40), [], AlarmsConfig()) is None


def test_without_a_healthy_snapshot_it_goes_on() -> None:
    assert roll_back(COLLAPSED, snapshots(60, 80), [], CONFIG) is None
    assert roll_back(COLLAPSED, [], [], CONFIG) is None


def test_a_snapshot_that_was_in_trouble_itself_is_passed_over() -> None:
    """It was short of breath at 40, recovered, and is now again."""
    run = lengths(*[100] * 25, *[5] * 15, *[100] * 30, *[5] * 15)
    assert alarms(run[:40], CONFIG)
    back = roll_back(run, snapshots(20, 40), [], CONFIG)
    assert back is not None
    assert back.to == "main-20"


def test_what_was_undone_raises_no_alarm_and_is_no_place_to_go_back_to() -> None:
    back = roll_back(COLLAPSED, snapshots(20, 40, 60, 80), [], CONFIG)
    assert back is not None
    assert [step for step, _ in remembered(COLLAPSED, [back])] == list(range(1, 41))
    going_on = [*COLLAPSED, *[(step, {"length_mean": 100.0}) for step in range(81, 91)]]
    assert roll_back(going_on, snapshots(20, 40, 60, 80), [back], CONFIG) is None
    again = [*going_on, *[(step, {"length_mean": 5.0}) for step in range(91, 101)]]
    second = roll_back(again, snapshots(20, 40, 60, 80, 100), [back], CONFIG)
    assert second is not None
    assert (second.at, second.to) == (100, "main-20")  # not 40 once more, and neither 60 nor 80


def test_it_goes_back_no_more_often_than_it_may_and_what_is_remembered_survives_a_restart() -> None:
    """A run that collapses over and over, with a restart after every update."""
    kept, history, made = "[]", [], []
    for step in range(1, 400):
        history.append((step, {"length_mean": 5.0 if step % 50 > 25 else 100.0}))
        if step % 10 == 0:
            made.append(Snapshot(f"main-{step}", step))
        past = RollBack.of(json.loads(kept))
        if back := roll_back(history, made, past, AlarmsConfig(roll_backs=3, start=10)):
            kept = json.dumps([one._asdict() for one in [*past, back]])
    past = RollBack.of(json.loads(kept))
    assert len(past) == 3
    assert len({one.to for one in past}) == 3


def test_a_fall_against_the_anchors_goes_back_to_a_snapshot_that_had_not_fallen() -> None:
    run = made_up.simulated(1000, 200, made_up.weaker)
    made = snapshots(*range(20, 201, 20))
    backs = (roll_back(run[:i], made[: i // 20], [], CONFIG) for i in range(20, 201, 20))
    found = next(back for back in backs if back is not None)
    assert found.at == 140
    assert found.step <= 100
    rates = {step: said["anchor_low"] for step, said in run if "anchor_low" in said}
    assert rates[found.step] > dict(run)[140]["anchor_high"]


@given(
    st.lists(st.sampled_from([1.0, 100.0]), min_size=20, max_size=60),
    st.sets(st.integers(1, 60)),
    st.lists(st.tuples(st.integers(0, 30), st.integers(30, 60)), max_size=2),
)
def test_wherever_it_goes_back_to_is_older_than_the_trouble_new_to_it_and_not_undone(values, steps, undone) -> None:
    config = AlarmsConfig(roll_backs=3, window=4, start=4)
    history, made = lengths(*values), snapshots(*steps)
    past = [RollBack(at, f"main-{step}", step, "") for step, at in undone]
    back = roll_back(history, made, past, config)
    if back is None:
        return
    seen = remembered(history, past)
    assert Snapshot(back.to, back.step) in made
    assert back.step < min(alarm.since for alarm in alarms(seen, config) if alarm.severe)
    assert back.to not in {one.to for one in past}
    assert not any(one.step < back.step <= one.at for one in past)
