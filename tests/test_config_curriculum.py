"""The table [curriculum], and what a mistake in it is told."""

import re

import pytest

from arena.config.curriculum import CurriculumConfig
from arena.config.reading import check
from arena.errors import ConfigError


def test_without_a_word_it_is_progress():
    assert CurriculumConfig().method == "progress"


def test_every_method_has_its_parameters():
    config = check({"method": "sec", "sec": {"temperature": 1.0}, "progress": {"window": 4}}, CurriculumConfig, "file")
    assert (config.sec.temperature, config.sec.rate, config.progress.window) == (1.0, 0.5, 4)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"methd": "sec"}, "there is no key 'methd'; did you mean 'method'?"),
        ({"weights": {"kuhn_poker": 2.0}}, 'weights are for the method "fixed", and the method is "progress"'),
        ({"method": "fixed", "weights": {"kuhn_poker": -1.0}}, "weights.kuhn_poker = -1.0 will not do"),
        ({"progress": {"window": 2}}, "progress.window = 2 will not do"),
        ({"progress": {"exploration": 0.0}}, "progress.exploration = 0.0 will not do"),
        ({"sec": {"temperature": 0.0}}, "sec.temperature = 0.0 will not do"),
    ],
)
def test_a_bad_table_gets_one_sentence(values, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        check(values, CurriculumConfig, "file")
