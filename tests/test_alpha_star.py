"""AlphaStar's kinds of agents, worked out by hand from the paper's and the published pseudo-code's rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.alpha_star import RESET, Standing, joins, opponents

ROLES = {"main": "main", "spy": "main_exploiter", "hunter": "league_exploiter"}
PAST = {"main-1": "main", "main-2": "main", "spy-2": "main_exploiter", "main-3": "main"}


def standing(learner="main", rates=None, past=("main-1", "main-2", "main-3"), roles=ROLES, beaten=0.7):
    return Standing(learner, roles, {name: name.partition("-")[0] for name in past}, rates or {}, beaten)


# Main agents.


def test_before_there_is_a_past_mains_play_themselves_and_each_other():
    assert opponents(standing(past=())) == {"main": 1.0}
    two = {"main": "main", "other": "main", "spy": "main_exploiter"}
    assert opponents(standing(past=(), roles=two)) == {"main": 0.5, "other": 0.5}


def test_a_main_that_has_nothing_to_fear_plays_itself_half_of_the_time():
    """50% PFSP with (1 − x)², and the 15% for the forgotten become self-play: .35 + .15."""
    rates = {"main-1": 0.9, "main-2": 0.8, "main-3": 0.7}
    share = opponents(standing(rates=rates))
    assert share == pytest.approx(
        {"main": 0.5, "main-1": 0.5 * 0.01 / 0.14, "main-2": 0.5 * 0.04 / 0.14, "main-3": 0.5 * 0.09 / 0.14}
    )


def test_exploiters_that_win_come_first_in_the_15_percent():
    share = opponents(standing(rates={"main-1": 0.0, "spy-2": 0.2}, past=("main-1", "spy-2")))
    assert share == pytest.approx({"main": 0.35, "main-1": 0.5 / 1.64, "spy-2": 0.15 + 0.5 * 0.64 / 1.64})
    beaten = opponents(standing(rates={"main-1": 1.0, "spy-2": 0.31}, past=("main-1", "spy-2")))
    assert beaten == pytest.approx({"main": 0.5, "spy-2": 0.5}), "an exploiter that loses enough is none to fear"


def test_a_forgotten_past_is_met_without_those_that_are_simply_close():
    """Rates .5, .4, .9, .6, .5: after .9 they only fall, so the last two are near, and the first two forgotten."""
    past = [f"main-{i}" for i in range(1, 6)]
    rates = dict(zip(past, [0.5, 0.4, 0.9, 0.6, 0.5], strict=True))
    share = opponents(standing(rates=rates, past=past))
    everyone = 0.25 + 0.36 + 0.01 + 0.16 + 0.25
    forgotten = 0.25 + 0.36 + 0.01
    assert share["main"] == pytest.approx(0.35)
    assert share["main-2"] == pytest.approx(0.36 * (0.5 / everyone + 0.15 / forgotten))
    assert share["main-5"] == pytest.approx(0.25 * 0.5 / everyone)


@pytest.mark.parametrize("rates", [[0.6], [0.5, 0.5], [0.9, 0.6, 0.2], []])
def test_a_past_along_which_rates_only_fall_is_not_forgotten(rates):
    past = [f"main-{i}" for i in range(len(rates))]
    share = opponents(standing(rates=dict(zip(past, rates, strict=True)), past=past))
    assert share["main"] == pytest.approx(0.5 if past else 1.0)


def test_a_main_that_is_too_strong_is_met_in_its_past():
    """Above 30% it is met as it is now; below, its snapshots by x (1 − x)."""
    two = {"main": "main", "other": "main"}
    past = ("other-1", "other-2")
    rates = {"other": 0.2, "other-1": 0.5, "other-2": 0.1}
    share = opponents(standing(rates=rates, past=past, roles=two))
    assert "other" not in share
    assert opponents(standing(rates={**rates, "other": 0.31}, past=past, roles=two))["other"] > 0.1
    assert opponents(standing(rates={"other": 0.2}, past=(), roles=two))["other"] == 0.5, "it has no past yet"


def test_what_was_counted_against_itself_does_not_matter():
    assert opponents(standing(rates={"main": 0.0}, past=())) == {"main": 1.0}
    assert opponents(standing(rates={"main": 0.1, "main-1": 1.0}, past=("main-1",)))["main"] == pytest.approx(0.5)


# Exploiters.


def test_a_main_exploiter_plays_the_main_and_half_of_the_time_its_past():
    rates = {"main": 0.3, "main-1": 0.5, "main-2": 0.1, "spy-2": 0.5}
    share = opponents(standing("spy", rates, ("main-1", "main-2", "spy-2")))
    assert share == pytest.approx({"main": 0.5, "main-1": 0.5 * 0.25 / 0.34, "main-2": 0.5 * 0.09 / 0.34})


def test_a_main_exploiter_that_always_loses_learns_from_the_past_first():
    share = opponents(standing("spy", {"main": 0.19, "main-1": 0.5, "main-2": 0.5}, ("main-1", "main-2")))
    assert share == pytest.approx({"main-1": 0.5, "main-2": 0.5})
    assert opponents(standing("spy", {"main": 0.0}, ("spy-2",))) == {"main": 1.0}, "mains have no past yet"


def test_a_main_exploiter_is_fair_to_mains_with_and_without_a_past():
    roles = {"main": "main", "other": "main", "spy": "main_exploiter"}
    share = opponents(standing("spy", {}, ("main-1",), roles))
    assert share == pytest.approx({"main": 0.25, "main-1": 0.25, "other": 0.5})


def test_a_league_exploiter_plays_all_of_the_past():
    """min(½, 1 − x): the paper's code caps it here, and does not square it."""
    share = opponents(standing("hunter", {"main-1": 0.0, "main-2": 0.5, "spy-2": 0.9}, ("main-1", "main-2", "spy-2")))
    assert share == pytest.approx({"main-1": 0.5 / 1.1, "main-2": 0.5 / 1.1, "spy-2": 0.1 / 1.1})
    assert opponents(standing("hunter", past=())) == {"main": 1.0}


# When a copy joins.


@pytest.mark.parametrize(
    ("learner", "rates", "since", "does"),
    [
        ("main", {"main-1": 1.0, "main-2": 1.0, "main-3": 1.0}, 99, False),
        ("main", {}, 100, True),
        ("spy", {"main": 0.7}, 10, False),
        ("spy", {"main": 0.71}, 10, True),
        ("spy", {"main": 0.5}, 199, False),
        ("spy", {"main": 0.5}, 200, True),
        ("hunter", {"main-1": 0.8, "main-2": 0.8}, 10, False),  # it has not met the third
        ("hunter", {"main-1": 0.8, "main-2": 0.8, "main-3": 0.71}, 10, True),
        ("hunter", {}, 100, True),
    ],
)
def test_exploiters_join_when_they_have_done_their_work_or_in_time(learner, rates, since, does):
    assert joins(standing(learner, rates), since, 100) is does


def test_a_league_exploiter_without_a_league_has_not_beaten_it():
    assert not joins(standing("hunter", past=()), 10, 100)


def test_who_starts_afresh():
    assert RESET == {"main": 0, "main_exploiter": 1, "league_exploiter": 0.25}


# Games in which little can be won.


def test_rates_are_stretched_until_beaten_stands_at_seventy_percent():
    """With beaten = .52 a tenth of the distance from ½ is enough for everything."""
    narrow = {name: 0.5 + (x - 0.5) / 10 for name, x in {"main": 0.31, "main-1": 0.9, "main-2": 0.1}.items()}
    wide = {"main": 0.31, "main-1": 0.9, "main-2": 0.1}
    for learner in ROLES:
        stretched = opponents(standing(learner, narrow, beaten=0.52))
        assert stretched == pytest.approx(opponents(standing(learner, wide)))
    assert joins(standing("spy", {"main": 0.521}, beaten=0.52), 1, 100)
    assert not joins(standing("spy", {"main": 0.519}, beaten=0.52), 1, 100)
    assert standing("spy", {"main": 0.9}, beaten=0.52).rate("main") == 1, "never outside of what a rate can be"


# All of them.


@given(
    learner=st.sampled_from(sorted(ROLES)),
    past=st.lists(st.sampled_from([f"{who}-{i}" for who in ROLES for i in range(4)]), unique=True),
    rates=st.dictionaries(
        st.sampled_from(["main", *(f"{who}-{i}" for who in ROLES for i in range(4))]),
        st.one_of(st.sampled_from([0.0, 1.0, float("nan")]), st.floats(0, 1)),
    ),
)
def test_it_is_always_a_distribution_over_whom_there_is(learner, past, rates):
    share = opponents(standing(learner, rates, past))
    assert sum(share.values()) == pytest.approx(1)
    assert set(share) <= {"main", *past}
    assert all(p > 0 for p in share.values())
    assert joins(standing(learner, rates, past), 0, 100) in (False, True)
