"""Whom a learner meets, worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.config import OpponentConfig
from arena.matchmaking import WEIGHTINGS, delta_uniform, meta_mixture, opponent_distribution, prioritised

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


# The rules by name.


@pytest.mark.parametrize(
    ("weighting", "hardness", "shares"),
    [
        ("hard", 1.0, (0.36, 0.28, 0.20, 0.12, 0.04, 0)),
        ("hard", 2.0, (0.49, 0.30, 0.15, 0.06, 0.006, 0)),
        ("variance", 2.0, (0.11, 0.25, 0.29, 0.25, 0.11, 0)),
        ("linear", 2.0, (0.36, 0.28, 0.20, 0.12, 0.04, 0)),
        ("capped", 2.0, (0.26, 0.26, 0.26, 0.16, 0.05, 0)),
    ],
)
def test_weightings_of_pfsp(weighting, hardness, shares):
    """At win rates of .1, .3, .5, .7, .9 and 1, by the formulas of Vinyals et al. (2019)."""
    rates = dict(zip("abcdef", (0.1, 0.3, 0.5, 0.7, 0.9, 1.0), strict=True))
    share = prioritised(list("abcdef"), rates, weighting, hardness)
    assert [share.get(name, 0) for name in "abcdef"] == pytest.approx(shares, abs=0.006)
    f = {"hard": lambda x: (1 - x) ** hardness, "variance": lambda x: x * (1 - x)}
    f |= {"linear": lambda x: 1 - x, "capped": lambda x: min(0.5, 1 - x)}
    total = sum(f[weighting](x) for x in rates.values())
    assert share == pytest.approx({name: f[weighting](x) / total for name, x in rates.items() if x < 1})


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_pfsp_has_an_answer_where_there_is_nothing_to_go_by(weighting):
    assert prioritised([], {}, weighting) == {}
    assert prioritised(["a", "b"], {"a": 1.0, "b": 1.0}, weighting) == {"a": 0.5, "b": 0.5}
    assert prioritised(["a", "b"], {"a": float("nan"), "b": 0.5}, weighting) == pytest.approx({"a": 0.5, "b": 0.5})
    assert prioritised(["a", "b"], {"a": 1 + 1e-12, "b": 0.5}, weighting) == {"b": 1.0}


@pytest.mark.parametrize(
    ("delta", "recent"), [(0, "abcd"), (0.25, "abcd"), (0.5, "bcd"), (0.75, "cd"), (0.8, "d"), (1, "d")]
)
def test_delta_uniform_begins_at_delta_of_the_past(delta, recent):
    """From ⌈δ v⌉ to v (Bansal et al., 2018)."""
    assert delta_uniform("abcd", delta) == pytest.approx(dict.fromkeys(recent, 1 / len(recent)))
    assert delta_uniform("a", delta) == {"a": 1.0}
    assert delta_uniform("", delta) == {}
    assert draw(past="abcd", uniform=1.0, delta=delta) == delta_uniform("abcd", delta)


def test_anchors_are_met_alike_also_before_there_is_a_past():
    weights = OpponentConfig(latest=1.0, uniform=1.0, anchors=2.0)
    share = opponent_distribution(weights, "me", ["a"], {}, anchors=["x", "y"])
    assert share == {"me": 0.25, "a": 0.25, "x": 0.25, "y": 0.25}
    assert opponent_distribution(weights, "me", [], {}, anchors=["x"]) == pytest.approx({"me": 1 / 3, "x": 2 / 3})
    alone = OpponentConfig(latest=0.0, uniform=1.0, anchors=1.0)
    assert opponent_distribution(alone, "me", [], {}, anchors=["x"]) == {"x": 1.0}


def test_a_meta_solver_mixes_the_past():
    weights = OpponentConfig(latest=1.0, meta=3.0)
    assert opponent_distribution(weights, "me", ["a", "b"], {}, {"b": 1.0}) == {"me": 0.25, "b": 0.75}
    assert opponent_distribution(weights, "me", [], {}) == {"me": 1.0}


def test_nash_leaves_out_who_is_beaten_and_latest_takes_the_last():
    chain = np.array([[0, 1, 1], [-1, 0, 1], [-1, -1, 0]], float)
    assert meta_mixture("nash", ["a", "b", "c"], chain, {}) == pytest.approx({"a": 1.0})
    assert meta_mixture("latest", ["a", "b", "c"], chain, {}) == {"c": 1.0}
    assert meta_mixture("nash", [], np.zeros((0, 0)), {}) == {}


def test_rectified_nash_meets_those_that_the_learner_does_not_lose_to():
    circle = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], float)
    mixture = meta_mixture("rectified_nash", ["a", "b", "c"], circle, {"a": 0.6, "b": 0.49})
    assert mixture == pytest.approx({"a": 0.5, "c": 0.5})
    loses = dict.fromkeys("abc", 0.1)
    assert meta_mixture("rectified_nash", ["a", "b", "c"], circle, loses) == pytest.approx(dict.fromkeys("abc", 1 / 3))
