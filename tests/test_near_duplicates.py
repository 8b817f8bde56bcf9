"""Near duplicates: the sketch estimates what counting runs of words finds, and repeating costs more each time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.games.near_duplicates import LONGEST_RUN, near, repetition, sketches

NONE = sketches([])
STORY = "Anna has {} apples and gives {} of them to Ben, who eats one. How many apples does Anna have now?"


def jaccard(first, second):
    """Return the share of runs of one to three words that two texts have in common, by counting."""

    def runs(text):
        words = text.lower().replace("?", " ?").replace(",", " ,").replace(".", " .").split()
        return {tuple(words[i : i + n]) for n in range(1, LONGEST_RUN + 1) for i in range(len(words) - n + 1)}

    return len(runs(first) & runs(second)) / len(runs(first) | runs(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (STORY.format(7, 2), STORY.format(9, 2)),
        (STORY.format(7, 2), STORY.format(31, 18)),
        ("What is 7 + 8 ?", "What is 7 + 9 ?"),
        ("one two three four", "four three two one"),
        ("one two three", "four five six"),
    ],
)
def test_a_sketch_estimates_the_share_of_common_runs(first, second):
    a, b = sketches([first, second])
    assert (a == b).mean() == pytest.approx(jaccard(first, second), abs=4 * 0.044)


def test_a_story_with_another_number_is_nearly_the_same_and_another_story_is_not():
    past = sketches([STORY.format(7, 2), "A train leaves at noon and goes 80 km an hour. When has it gone 200 km?"])
    assert near(sketches([STORY.format(8, 2)]), past, 0.5).tolist() == [1]


@given(st.text(), st.text())
def test_equal_texts_are_equal_and_case_and_spaces_mean_nothing(first, second):
    assert near(sketches([first]), sketches([first, second]), 1.0)[0] >= 1
    assert (sketches([f"  {first.upper().lower()}\n"]) == sketches([first.upper().lower()])).all()


def test_sketches_are_the_same_for_ever():
    assert sketches(["What is 7 + 8?"])[0, :3].tolist() == [645802667, 49006524, 373403533]


def test_a_task_that_is_like_no_other_is_its_own_share_of_the_batch():
    these = sketches([f"word{i} thing{i} stuff{i}" for i in range(8)])
    assert repetition(these, NONE, 8, 0.5).tolist() == [1 / 8] * 8


def test_a_batch_of_one_task_repeats_itself_wholly():
    assert repetition(sketches(["the same task"] * 8), NONE, 8, 0.5).tolist() == [1.0] * 8


def test_each_time_that_a_task_was_set_before_costs_more_and_never_more_than_all():
    task, past, costs = sketches(["the same task"]), NONE, []
    for _ in range(200):
        costs.append(repetition(task, past, 16, 0.5)[0])
        past = np.concatenate([past, task, sketches([f"another {len(past)}"])])
    assert costs[0] == 1 / 16
    assert (np.diff(costs) > 0).all() or max(costs) == 1.0
    assert costs[1] == pytest.approx(1 / 16 + 1 / 17)  # like one more in the batch
    assert max(costs) <= 1.0
