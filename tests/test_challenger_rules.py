"""Presets are what was published, and what is no rule gets one sentence."""

import pytest

from arena.errors import ConfigError
from arena.games.challenger_rules import PRESETS, Rules, rules_of


def test_the_published_numbers():
    assert (PRESETS["r_zero"].solvers, PRESETS["r_zero"].low, PRESETS["r_zero"].high) == (10, 0.3, 0.8)
    assert (PRESETS["serl"].solvers, PRESETS["serl"].low, PRESETS["serl"].high) == (16, 0.2, 0.8)
    assert (PRESETS["serl"].examples, PRESETS["serl"].kept_examples, PRESETS["serl"].alike) == (6, 2, 0.7)
    assert (PRESETS["ttrl"].solvers, PRESETS["ttrl"].learning) == (64, 32)
    assert (PRESETS["eva"].solvers, PRESETS["eva"].chosen, PRESETS["eva"].unchanged) == (6, 0.25, 0.2)


def test_of_the_published_ones_only_r_zeros_challenger_is_paid():
    assert [name for name, rules in PRESETS.items() if rules.pays != "nothing"] == ["ours", "r_zero"]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_game_and_a_single_rule_can_be_changed(preset):
    assert rules_of(preset, {}) == PRESETS[preset]
    assert rules_of(preset, {"solvers": 40}) == PRESETS[preset]._replace(solvers=40)


@pytest.mark.parametrize(
    ("preset", "changed", "sentence"),
    [
        ("rzero", {}, "there is no preset 'rzero'; there are ours, r_zero"),
        ("ours", {"solver": 3}, "there is no rule 'solver'; there are solvers, tasks"),
        ("ours", {"solvers": 0}, "solvers = 0 and learning = 0: give one solver or more"),
        ("ours", {"solvers": "3"}, "solvers = '3': give a whole number"),
        ("ours", {"solvers": True}, "solvers = True: give a whole number"),
        ("ours", {"agreement": 1}, "agreement = 1: give true or false"),
        ("ours", {"floor": "low"}, "floor = 'low' is no number"),
        ("ours", {"floor": 1.5}, "floor = 1.5 is a share: give 0 to 1"),
        ("ours", {"floor": float("nan")}, "floor = nan is a share: give 0 to 1"),
        ("ours", {"low": 0.9}, "low = 0.9 and high = 0.8: give 0 ≤ low ≤ high ≤ 1"),
        ("ours", {"tasks": "drawn"}, "tasks = 'drawn': choose written or rewritten or given"),
        ("ours", {"tasks": "given"}, "tasks = 'given' has nobody to be paid for writing them"),
        ("ours", {"solvers": 1}, "agreement is one of two halves of the solvers"),
        ("ours", {"repetition": -1}, "examples, kept_examples and repetition are 0 or more"),
        ("ours", {"unreadable": 1}, "unreadable = 1: what is no task pays from -1 to 0"),
        ("eva", {"informativeness": "leave_one_out"}, "informativeness = 'leave_one_out': choose gap or above_mean"),
        ("serl", {"most_words": 3}, "least_words = 4 and most_words = 3 leave no task"),
        ("ttrl", {"learning": 65}, "solvers = 64 and learning = 65"),
    ],
)
def test_what_is_no_rule_gets_one_sentence(preset, changed, sentence):
    with pytest.raises(ConfigError) as caught:
        rules_of(preset, changed)
    assert sentence in str(caught.value)


def test_rules_are_plain_values():
    assert all(type(value) in (int, float, bool, str) for value in Rules())
