"""Whom a learner meets, worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.config import OpponentConfig
from arena.matchmaking import opponent_distribution

WEIGHT = st.sampled_from([0.0, 0.3, 1.0, 7.0])


def draw(past=("a", "b", "c"), rates=None, **weights):
    return opponent_distribution(OpponentConfig(**{"latest": 0.0, **weights}), "me", past, rates or {})


def test_without_a_past_a_learner_meets_itself():
    assert draw(past=(), uniform=1.0) == {"me": 1.0}


def test_latest_is_self_play():
    assert draw(latest=1.0) == {"me": 1.0}


def test_uniform_is_fictitious_self_play():
    assert draw(uniform=2.0) == pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})


def test_prioritised_prefers_those_who_win():
    """(1 − x) ** 2 at .9, .5 and .1 is .01, .25 and .81 (Vinyals et al., 2019)."""
    share = draw(prioritised=1.0, rates={"a": 0.9, "b": 0.5, "c": 0.1})
    assert share == pytest.approx({"a": 0.01 / 1.07, "b": 0.25 / 1.07, "c": 0.81 / 1.07})


def test_hardness_is_the_exponent():
    rates = {"a": 0.75, "b": 0.5, "c": 0.5}
    assert draw(prioritised=1.0, hardness=1.0, rates=rates) == pytest.approx({"a": 0.2, "b": 0.4, "c": 0.4})
    assert draw(prioritised=1.0, hardness=0.0, rates=rates) == pytest.approx(dict.fromkeys("abc", 1 / 3))


def test_whom_nobody_has_met_counts_as_even():
    assert draw(past=("a", "b"), prioritised=1.0, rates={"a": 0.5}) == pytest.approx({"a": 0.5, "b": 0.5})


def test_whom_it_always_beats_it_need_not_meet():
    assert draw(prioritised=1.0, rates={"a": 1.0, "b": 0.5, "c": 1.0}) == {"b": 1.0}


def test_who_beats_everyone_meets_everyone():
    assert draw(prioritised=1.0, rates=dict.fromkeys("abc", 1.0)) == pytest.approx(dict.fromkeys("abc", 1 / 3))


def test_a_mixture_adds_by_weight():
    share = draw(past=("a", "b"), latest=2.0, uniform=1.0, prioritised=1.0, rates={"a": 1.0, "b": 0.0})
    assert share == pytest.approx({"me": 0.5, "a": 0.125, "b": 0.375})


@given(
    past=st.lists(st.sampled_from("abcdefgh"), unique=True),
    rates=st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0, 1)),
    weights=st.tuples(WEIGHT, WEIGHT, WEIGHT).filter(any),
    hardness=st.floats(0, 5),
)
def test_it_is_always_a_distribution_over_whom_there_is(past, rates, weights, hardness):
    share = draw(
        past, rates, **dict(zip(("latest", "uniform", "prioritised"), weights, strict=True)), hardness=hardness
    )
    assert sum(share.values()) == pytest.approx(1)
    assert set(share) <= {"me", *past}
    assert all(p > 0 for p in share.values())
