"""Alarms on made-up runs (tests/simulated_runs.py): hardly ever on healthy ones, soon on collapses that were seen."""

from collections import Counter
from statistics import NormalDist

import numpy as np
import pytest

from arena.config.monitoring import AlarmsConfig
from arena.trainers import alarms as rules
from arena.trainers.alarms import alarms, new_alarms
from tests import simulated_runs as made_up

CONFIG = AlarmsConfig()


def names(history, config=CONFIG):
    return [alarm.name for alarm in alarms(history, config)]


def first(run, name, config=CONFIG):
    """Return the alarm `name` when it is first raised; None if it never is."""
    for i in range(1, len(run) + 1):
        if found := [alarm for alarm in alarms(run[:i], config) if alarm.name == name]:
            return found[0]
    return None


def told(**columns):
    """Return a history from columns of equal length."""
    return [(i + 1, dict(zip(columns, row, strict=True))) for i, row in enumerate(zip(*columns.values(), strict=True))]


def test_healthy_runs_raise_hardly_any_alarm() -> None:
    """One of 200 runs of 400 updates raised one when this was written: anchors, whose error rate is 5%."""
    raised = Counter()
    for seed in range(20):
        run = made_up.simulated(seed, 200)
        raised.update({name for i in range(5, len(run) + 1, 5) for name in names(run[:i])})
    assert raised.total() <= 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("change", "name", "begins", "found"),
    [
        (made_up.thinking_collapse, "gradient_spike", 120, 140),
        (made_up.thinking_collapse, "length_collapse", 60, 180),  # a quarter is left at 150, if nothing else changes
        (made_up.thinking_collapse, "gradient_vanished", 155, 170),
        (made_up.illegal_collapse, "invalid", 75, 95),
        (made_up.illegal_collapse, "anchors", 81, 120),
        (made_up.always_the_same, "entropy_collapse", 10, 60),
        (made_up.one_baseline, "seat", 30, 80),
        (made_up.stale_engine, "stale_weights", 55, 80),
        (made_up.echo_trap, "repetition", 95, 130),
        (made_up.echo_trap, "echo", 95, 150),
        (made_up.weaker, "anchors", 81, 160),
    ],
)
def test_collapses_are_found_before_they_are_complete(seed, change, name, begins, found) -> None:
    run = made_up.simulated(1000 + seed, 200, change)
    alarm = first(run, name)
    assert alarm is not None
    assert begins <= alarm.since <= alarm.step <= found


def test_nothing_else_is_said_of_an_engine_that_is_stale() -> None:
    run = made_up.simulated(5, 120, made_up.stale_engine)
    assert {name for i in range(1, 121) for name in names(run[:i])} == {"stale_weights"}


def test_an_alarm_is_one_sentence_that_says_what_is_normal_and_what_helps() -> None:
    changes = (
        *(made_up.thinking_collapse, made_up.illegal_collapse, made_up.always_the_same),
        *(made_up.one_baseline, made_up.stale_engine, made_up.echo_trap, made_up.weaker),
    )
    raised = {alarm.name: alarm for change in changes for alarm in alarms(made_up.simulated(9, 200, change), CONFIG)}
    assert len(raised) >= 8
    for alarm in raised.values():
        assert alarm.sentence[0].isupper() or alarm.sentence[0].isdigit()
        assert alarm.sentence.endswith(".")
        assert ". " not in alarm.sentence
        assert "normal is" in alarm.sentence
        assert "what usually helps is" in alarm.sentence
        assert alarm.severe == (alarm.name in CONFIG.severe)


def test_the_words_of_an_alarm() -> None:
    run = told(length_mean=[100.0] * 20 + [20.0] * 10)
    assert alarms(run, CONFIG) == [
        rules.Alarm(
            "length_collapse",
            30,
            17,  # the median of updates 17 to 26 is below half way, that of 16 to 25 is not
            "The mean length of replies in tokens has fallen to 20 over updates 21 to 30, from 100 at the start, and "
            "normal is 25 or more: what usually helps is a baseline per role, a loss divided by a constant length, a "
            "lower learning rate and a KL to a reference.",
            True,
        )
    ]


@pytest.mark.parametrize(
    ("values", "raised"),
    [
        ([100.0] * 20 + [26.0] * 10, []),
        ([100.0] * 20 + [24.0] * 10, ["length_collapse"]),
        ([100.0] * 20 + [24.0] * 4 + [100.0] * 6, []),  # a few short updates are noise
        ([100.0] * 20 + [24.0] * 9, []),  # and so is less than a window
        ([100.0] * 20 + [390.0] * 10, []),
        ([100.0] * 20 + [410.0] * 10, ["length_explosion"]),
        ([0.0] * 20 + [410.0] * 10, []),  # nothing to compare with
    ],
)
def test_lengths_are_compared_with_the_runs_own_start(values, raised) -> None:
    assert names(told(length_mean=values)) == raised


def test_two_leaps_of_the_gradient_are_bad_luck_and_three_are_not() -> None:
    usual = [1.0] * 30
    assert names(told(gradient_norm=[*usual, 50.0, 1.0, 50.0, 1.0])) == []
    assert names(told(gradient_norm=[*usual, 50.0, 1.0, 50.0, 1.0, 50.0])) == ["gradient_spike"]


def test_a_share_that_was_bad_from_the_start_is_given_time_to_improve() -> None:
    rng = np.random.Generator(np.random.PCG64(0))
    bad = (0.6 + rng.normal(0, 0.02, 100)).tolist()
    assert names(told(invalid=bad[:60])) == []
    assert names(told(invalid=bad)) == ["invalid"]
    improving = [value - 0.005 * i for i, value in enumerate(bad)]
    assert not any(names(told(invalid=improving[:i])) for i in range(1, 101))


def test_a_share_that_falls_back_is_found_though_it_began_worse() -> None:
    assert names(told(invalid=[0.6] * 20 + [0.05] * 20 + [0.3] * 10)) == ["invalid"]


def test_a_seat_that_its_baseline_explains_is_no_alarm() -> None:
    """The first player of a solved game wins for ever: nothing is wrong where its baseline says so."""
    wins = {"payoff_seat_0": [0.95] * 10, "payoff_seat_1": [-0.95] * 10, "win_rate_seat_0": [0.975] * 10}
    baselines = {"baseline_seat_0": [0.9] * 10, "baseline_seat_1": [-0.9] * 10}
    assert names(told(**wins)) == ["seat"]
    assert names(told(**wins, **baselines)) == []
    assert "Seat 0 wins 98% of its matches" in alarms(told(**wins), CONFIG)[0].sentence


def test_a_learner_that_beats_everybody_from_every_seat_has_no_seat_to_thank() -> None:
    assert names(told(payoff_seat_0=[0.95] * 10, payoff_seat_1=[0.9] * 10)) == []
    assert names(told(payoff_seat_0=[0.95] * 10)) == []


def test_a_number_that_is_none_is_an_alarm_at_once() -> None:
    run = [(1, {"gradient_norm": 1.0, "entropy": 0.5}), (2, {"gradient_norm": float("nan"), "entropy": 0.5})]
    (alarm,) = alarms(run, CONFIG)
    assert (alarm.name, alarm.since, alarm.severe) == ("not_finite", 2, True)
    assert "After update 2 there is no finite number for gradient_norm" in alarm.sentence


def test_what_the_last_update_did_not_tell_raises_no_alarm() -> None:
    run = told(length_mean=[100.0] * 20 + [1.0] * 10)
    assert names(run) == ["length_collapse"]
    assert names([*run, (31, {"entropy": 1.0})]) == []
    assert names([]) == []


def anchored(*rates, matches=400):
    return [
        (20 * i, {"anchor_win_rate": p, "anchor_low": p - 1.96 * h, "anchor_high": min(1.0, p + 1.96 * h)})
        for i, p in enumerate(rates, start=1)
        if (h := np.sqrt(p * (1 - p) / matches))
    ]


def test_a_fall_against_anchors_is_judged_by_its_interval_and_not_by_its_size() -> None:
    assert names(anchored(0.8, 0.68)) == ["anchors"]
    assert names(anchored(0.8, 0.68, matches=40)) == []
    (alarm,) = alarms(anchored(0.5, 0.8, 0.78, 0.6), CONFIG)
    assert alarm.since == 61  # the third was as good as the second
    assert "fallen to 60% (55% to 65%) at update 80, from 78% (74% to 82%) at update 60" in alarm.sentence


def test_the_more_snapshots_a_run_has_the_more_it_takes_so_that_chance_alone_raises_few_alarms() -> None:
    """At most error_rate of runs, whose strength never changes, in all their comparisons together."""
    rng = np.random.Generator(np.random.PCG64(1))
    raised = 0
    for _ in range(200):
        run = anchored(*(rng.binomial(400, 0.6, size=25) / 400))
        raised += any("anchors" in names(run[:i]) for i in range(2, 26))
    assert raised <= 0.05 * 200 + 3 * np.sqrt(0.05 * 0.95 * 200)
    spent = sum(m * (1 - NormalDist().cdf(rules._quantile(m, 0.05))) for m in range(1, 2000))
    assert 0.0499 < spent < 0.05


def test_an_alarm_is_told_once_while_it_lasts_and_again_when_it_comes_back() -> None:
    run = told(length_mean=[100.0] * 20 + [20.0] * 30 + [100.0] * 30 + [20.0] * 30)
    told_at = [alarm.step for i in range(1, len(run) + 1) for alarm in new_alarms(run[:i], CONFIG)]
    assert len(told_at) == 2
    assert 20 < told_at[0] <= 30
    assert 80 < told_at[1] <= 90


def test_a_window_longer_than_the_start_is_waited_for() -> None:
    config = AlarmsConfig(window=12, start=4)
    assert names(told(invalid=[0.0] * 12 + [0.9] * 11), config) == []
    assert names(told(invalid=[0.0] * 12 + [0.9] * 12), config) == ["invalid"]
