"""The tables that say what is watched, and where numbers go."""

from typing import get_args

import pytest

from arena.config import check
from arena.config.monitoring import AlarmName, AlarmsConfig, TrackingConfig
from arena.errors import ConfigError


def test_nothing_is_sent_anywhere_and_nothing_rolls_back_unless_it_is_asked_for() -> None:
    assert TrackingConfig().to == []
    assert AlarmsConfig().roll_backs == 0


def test_every_alarm_may_be_severe() -> None:
    assert AlarmsConfig(severe=list(get_args(AlarmName))).severe == list(get_args(AlarmName))
    assert set(AlarmsConfig().severe) < set(get_args(AlarmName))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"severe": ["length_colapse"]}, "did you mean 'length_collapse'"),
        ({"window": 1}, "window = 1 will not do"),
        ({"length_shrink": 1.5}, "length_shrink = 1.5 will not do"),
        ({"length_growth": 0.5}, "length_growth = 0.5 will not do"),
        ({"invalid": float("nan")}, "invalid = nan will not do"),
        ({"roll_back": 3}, "did you mean 'roll_backs'"),
    ],
)
def test_a_threshold_that_means_nothing_is_refused(values, words) -> None:
    with pytest.raises(ConfigError, match=words):
        check(values, AlarmsConfig, "file")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"to": ["tensorbord"]}, "did you mean 'tensorboard'"),
        ({"project": "a/b"}, "project = 'a/b' will not do"),
        ({"key": "secret"}, "there is no key 'key'"),
    ],
)
def test_a_tracker_that_nobody_knows_is_refused(values, words) -> None:
    with pytest.raises(ConfigError, match=words):
        check(values, TrackingConfig, "file")
