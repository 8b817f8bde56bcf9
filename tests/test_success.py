"""The one definition of success, against the tables of the papers and against tasks that are answered by guessing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.games.success import (
    INFORMATIVENESS,
    Success,
    agreed,
    answered,
    is_right,
    majority,
    shares,
    success,
)

ANSWERS = st.lists(st.sampled_from(["7", "7.0", "14/2", "8", "", "  ", "a dog", "A dog."]), max_size=12)


@pytest.mark.parametrize(("right", "reward"), [(1, 0.1), (3, 0.3), (5, 0.5), (8, 0.2), (10, 0.0)])
def test_r_zeros_table_is_exact(right, reward):
    """Of ten answers the majority's share s is .1, .3, .5, .8 or 1, and the task pays min(s, 1 − s)."""
    answers = ["7"] * right + [str(100 + i) for i in range(10 - right)]
    found = success(answers, majority(answers))
    assert found == Success(right, 10)
    assert found.uncertainty == reward


def test_whoever_does_not_answer_counts_among_all_and_is_never_right():
    assert success(["7", "", "7", " \n"], "7") == Success(2, 4)
    assert success(["", ""], "") == Success(0, 2)


def test_where_nobody_answers_the_success_is_0_and_nothing_is_uncertain():
    nobody = success([""] * 10, majority([""] * 10))
    assert (nobody.rate, nobody.uncertainty) == (0.0, 0.0)


def test_the_majority_counts_equal_numbers_as_one_answer():
    assert majority(["3", "7", "14/2", "7.0", "3"]) == "7"


def test_of_several_majorities_the_first_counts():
    assert majority(["3", "7", "7", "3", "1"]) == "3"


def test_silence_is_never_the_majority():
    assert majority(["", "", "", "7"]) == "7"
    assert majority([]) is None


@given(ANSWERS)
def test_the_majority_is_an_answer_that_no_other_outnumbers(answers):
    label = majority(answers)
    if label is None:
        assert not any(map(answered, answers))
        return
    most = success(answers, label).right
    assert 1 <= most == max(success(answers, other).right for other in answers if answered(other))


@given(ANSWERS)
def test_uncertainty_is_at_most_half_and_0_where_all_or_none_are_right(answers):
    found = success(answers, majority(answers))
    assert 0 <= found.uncertainty <= 0.5
    assert (found.uncertainty == 0) == (found.right in (0, found.of))


def test_halves_agree_if_they_have_one_majority():
    assert agreed(["7", "7", "1", "7", "2", "14/2"])
    assert not agreed(["7", "7", "1", "8", "8", "7"])
    assert not agreed(["", "", "7", "7"])


def test_the_measures_of_eva():
    rewards = (0.1, 0.4, 0.35, 0.9)
    found = {name: measure(rewards) for name, measure in INFORMATIVENESS.items()}
    assert found == pytest.approx({"gap": 0.8, "above_mean": 0.4625, "above_second": 0.5, "variance": 0.084218750})


@pytest.mark.parametrize("measure", INFORMATIVENESS.values(), ids=INFORMATIVENESS)
def test_what_all_solve_or_nobody_does_tells_nothing(measure):
    """A task that is mastered, one at the frontier and one without hope: only the second is drawn."""
    values = [measure([1.0] * 4), measure([1.0, 0.0, 0.0, 0.0]), measure([0.0] * 4)]
    assert shares(values) == [0.0, 1.0, 0.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_shares_add_up_and_never_fall_as_tasks_tell_more(values):
    found = shares(values)
    assert sum(found) == pytest.approx(1)
    order = np.argsort(values, kind="stable")
    assert (np.diff(np.array(found)[order]) >= -1e-12).all()


# Labels by majority sharpen whatever a solver begins with (TTRL). The expected gradient of the reward, step by step, on
# a solver that is a table of probabilities, the right answer first.


def sharpened(start, steps=600, samples=64, rate=1.0, seed=0):
    """Return the probabilities that a solver ends with, and how often its rewards were those of the truth."""
    rng = np.random.default_rng(seed)
    logits, true = np.log(start), []
    for _ in range(steps):
        law = np.exp(logits - logits.max())
        law /= law.sum()
        answers = [str(i) for i in rng.choice(len(law), samples, p=law)]
        label = majority(answers)
        rewards = np.array([is_right(answer, label) for answer in answers], float)
        true.append(np.mean([is_right(answer, label) == (answer == "0") for answer in answers]))
        drawn = np.array([int(answer) for answer in answers])
        for answer, advantage in zip(drawn, rewards - rewards.mean(), strict=True):
            logits += rate / samples * advantage * ((np.arange(len(law)) == answer) - law)
    return law, true


def test_a_mode_that_is_right_grows_to_certainty():
    law, _ = sharpened([0.30, *[0.1] * 7])
    assert law[0] > 0.99


def test_a_mode_that_is_wrong_drives_out_the_right_answer():
    law, true = sharpened([0.20, 0.45, 0.35])
    assert law[0] < 0.01
    assert 0.3 < np.mean(true[:2]) < 0.5  # of rewards are right at first: other wrong answers rightly get none
    assert np.mean(true[-20:]) < 0.05
