"""Marks and majorities: by brute force, by hand, and with children that hang."""

import sys
import time
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.grading.exact import same
from arena.grading.grader import Grader, Verdict
from arena.grading.marks import Marks, Sheet, mark, mark_all
from tests.test_grader import DOUBLE


def exactly(expected, answer):
    return Verdict.RIGHT if same(expected, answer) else Verdict.WRONG


def majority(expected, *answers):
    return mark(Sheet(expected, answers), exactly).majority


def test_each_answer_is_marked():
    marks = mark(Sheet("1/2", ("0.5", "2", None, r"\frac{2}{4}", "")), exactly)
    assert marks == Marks((True, False, False, True, False), True)


@pytest.mark.parametrize(
    ("answers", "right"),
    [
        (["1/2"], True),
        (["2"], False),
        ([None], False),
        (["0.5", "1/2", "3", "4"], True),
        (["0.5", "1/3", "2/6"], False),
        (["1/3", "0.5", "2/6", r"\frac12", "50%"], True),
        (["1", "0.5"], False),
        (["0.5", "1"], True),
        ([None, None, None, "0.5"], True),
        (["3", "0.5", "1/2", "3.0"], False),
        (["0.5", "3", "1/2", "3.0"], True),
    ],
)
def test_votes_count_by_what_they_mean_and_of_equally_many_the_first_counts(answers, right):
    if r"\frac12" in answers:
        answers = [answer if answer != r"\frac12" else r"\frac{1}{2}" for answer in answers]
    assert majority("1/2", *answers) is right


@given(answers=st.lists(st.sampled_from([None, "0", "1", "1.0", "2", "3"]), min_size=1, max_size=9))
def test_the_majority_is_that_of_a_plain_count(answers):
    normal = [None if answer is None else answer.removesuffix(".0") for answer in answers]
    votes = Counter(answer for answer in normal if answer is not None)  # in the order of the first vote
    assert majority("1", *answers) is (bool(votes) and votes.most_common(1)[0][0] == "1")


def test_where_no_two_agree_the_share_of_right_majorities_is_that_of_right_samples():
    """The rule for ties favours nobody: over all orders, a right answer among three is first in a third of them."""
    found = [majority("1", *order) for order in permutations(["1", "2", "3"])]
    assert found.count(True) == 2


def test_answers_agree_only_in_both_directions():
    """As math-verify says of "x = 5" and "5" in some cases: what is right for one need not be for the other."""

    def one_way(expected, answer):
        return Verdict.RIGHT if answer in {"1": "1", "2": "23", "3": "3"}[expected[0]] else Verdict.WRONG

    assert mark(Sheet("1", ("1", "2", "3")), one_way).majority
    both = mark(Sheet("1", ("1", "3", "3")), one_way)
    assert not both.majority


def test_nothing_is_judged_twice_and_nothing_without_need():
    asked = []

    def judge(expected, answer):
        asked.append((expected, answer))
        return exactly(expected, answer)

    mark(Sheet("1", ("1", "1", "1", "2", "3")), judge)
    assert asked == [("1", "1"), ("1", "2"), ("1", "3")], "three right ones of five: who agrees otherwise is no matter"
    asked.clear()
    mark(Sheet("1", ("2", "2", "3", None)), judge)
    assert asked == [("1", "2"), ("1", "3")], "none is right"


def test_what_hangs_and_what_crashes_is_counted_once():
    def judge(expected, answer):
        return {"hang": Verdict.HUNG, "die": Verdict.CRASHED}.get(answer, exactly(expected, answer))

    marks = mark(Sheet("1", ("hang", "1", "hang", "die", None)), judge)
    assert marks.right == (False, True, False, False, False)
    assert (marks.hung, marks.crashed) == (1, 1), "and not again beside each other"
    assert marks.majority is False, "the same words twice are two votes, whatever they mean"


@pytest.fixture
def double(tmp_path):
    (tmp_path / "double.py").write_text(DOUBLE)
    return lambda seconds: Grader(seconds, (sys.executable, str(tmp_path / "double.py")))


def test_many_sheets_are_marked_in_their_order_by_real_children(double):
    sheets = [Sheet(str(i % 7), (str(i % 3), str(i % 7))) for i in range(60)]
    marks = list(mark_all(sheets, make=double))
    assert marks == [mark(sheet, lambda a, b: Verdict.RIGHT if a == b else Verdict.WRONG) for sheet in sheets]


def test_hangs_hold_up_nobody_for_ever(double):
    sheets = [Sheet("1", ("1",)), Sheet("1", ("hang",)), Sheet("1", ("die",)), *[Sheet("1", ("1",))] * 20]
    marks = list(mark_all(sheets, 0.5, double))
    assert [found.right[0] for found in marks] == [True, False, False, *[True] * 20]
    assert sum(found.hung for found in marks) == sum(found.crashed for found in marks) == 1


def test_who_stops_early_waits_for_no_other_sheet(double):
    began = time.monotonic()
    hanging = Sheet("1", ("1", *(f"hang {i}" for i in range(100))))
    marking = mark_all([Sheet("1", ("1",)), *[hanging] * 100], 1.0, double)
    assert next(marking).majority
    marking.close()
    assert time.monotonic() - began < 60, "each sheet would take a hundred seconds"
