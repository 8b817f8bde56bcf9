"""The table of filters, and what a mistake in it is told."""

import re

import pytest

from arena.config.filters import FilterConfig
from arena.config.reading import check
from arena.errors import ConfigError


def test_without_a_word_everything_is_learned_from():
    config = FilterConfig()
    assert (config.varied, config.overlong, config.draws, config.draw_worth) == (1.0, "keep", "keep", 0.0)


def test_the_published_filter_is_a_table_away():
    assert check({"varied": 0.25, "overlong": "penalty"}, FilterConfig, "file").varied == 0.25


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"varied": 0.0}, "varied = 0.0 will not do: input should be greater than 0"),
        ({"overlong": "cut"}, "overlong = 'cut' will not do: input should be 'keep', 'drop' or 'penalty'"),
        ({"overlong_from": 1.0}, "overlong_from = 1.0 will not do: input should be less than 1"),
        ({"draw_worth": -2.0}, "draw_worth = -2.0 will not do"),
        ({"draw_value": -0.1}, "there is no key 'draw_value'"),
    ],
)
def test_a_bad_table_gets_one_sentence(values, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        check(values, FilterConfig, "file")
