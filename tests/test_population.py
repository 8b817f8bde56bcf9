"""The rule of population-based training, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.config import LeagueConfig
from arena.interval import Interval
from arena.trainers.population import Population, explored, heirs


def rng(seed=0):
    return np.random.default_rng(seed)


def strengths(*values, half_width=1.0):
    return {chr(97 + i): Interval.around(value, half_width) for i, value in enumerate(values)}


def test_the_worst_goes_on_from_the_best():
    assert heirs(strengths(0, 10, 20, 30, 40), rng()) == {"a": "e"}
    assert heirs(strengths(40, 0), rng()) == {"b": "a"}


def test_a_fifth_gives_and_a_fifth_takes_and_no_parent_has_two_heirs():
    found = [heirs(strengths(*range(0, 100, 10)), rng(seed)) for seed in range(20)]
    assert all(set(pairs) == {"a", "b"} and set(pairs.values()) == {"i", "j"} for pairs in found)
    assert {pairs["a"] for pairs in found} == {"i", "j"}


def test_nobody_inherits_luck():
    assert heirs(strengths(0, 10, half_width=5.1), rng()) == {}
    assert heirs(strengths(0, 10, half_width=4.9), rng()) == {"a": "b"}


@pytest.mark.parametrize("alone", [{}, strengths(3)])
def test_who_is_alone_has_nobody_to_learn_from(alone):
    assert heirs(alone, rng()) == {}


@given(st.lists(st.floats(-1000, 1000), max_size=12), st.integers(0, 99))
def test_parents_are_stronger_and_nobody_is_both(values, seed):
    strength = strengths(*values)
    found = heirs(strength, rng(seed))
    assert len(set(found.values())) == len(found) <= max(1, len(values) // 5)
    assert not set(found) & set(found.values())
    assert all(strength[heir].value < strength[parent].value for heir, parent in found.items())


def test_every_hyper_parameter_is_changed_by_a_fifth():
    found = [explored({"learning_rate": 0.1, "kl_weight": 0.2}, rng(seed)) for seed in range(40)]
    assert {round(values["learning_rate"], 9) for values in found} == {0.08, 0.12}
    assert {round(values["kl_weight"], 9) for values in found} == {0.16, 0.24}
    assert len({tuple(values.values()) for values in found}) == 4, "each by itself"


def test_learners_that_are_to_be_tuned_differ_from_the_start():
    learners = {f"learner_{i}": {} for i in range(8)}
    values = {"game": "kuhn_poker", "training": {"updates": 10, "kl_weight": 0.5}, "learners": learners}
    alike = Population.begun(LeagueConfig.model_validate(values), None)
    assert alike == Population(hyper={name: {} for name in learners}), "nothing of their own: [training] says it all"
    tuned = LeagueConfig.model_validate({**values, "population": {"every": 300, "tune": ["kl_weight"]}})
    begun = Population.begun(tuned, None)
    assert {round(own["kl_weight"], 9) for own in begun.hyper.values()} == {0.4, 0.6}
    assert Population.begun(tuned, begun._asdict()) == begun
