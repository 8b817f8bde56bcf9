"""The table of phases, and what a mistake in it is told."""

import re

import pytest

from arena.config.phases import PhasesConfig
from arena.config.reading import check
from arena.errors import ConfigError


def test_without_a_word_it_is_self_play_alone():
    assert (PhasesConfig().opening, PhasesConfig().after, PhasesConfig().frozen) == (0, "self_play", 0.0)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"after": "sched"}, "after = 'sched' will not do: input should be 'self_play', 'interleaved' or 'random'"),
        ({"opening": -1}, "opening = -1 will not do"),
        ({"supervised": 0}, "supervised = 0 will not do"),
        ({"frozen": 1.5}, "frozen = 1.5 will not do"),
        ({"suprevised": 3}, "there is no key 'suprevised'; did you mean 'supervised'?"),
    ],
)
def test_a_bad_table_gets_one_sentence(values, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        check(values, PhasesConfig, "file")
