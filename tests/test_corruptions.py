"""Errors of every kind: wrong, harmful, different from the true step, and of the kind that was asked for."""

import re
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.errors import UnknownName
from arena.games.corruptions import KINDS, corrupt
from arena.games.worked import Worked, check, unchanged
from arena.games.worked_problems import KINDS as PROBLEMS
from arena.games.worked_problems import MANY, Source, worked
from arena.seeds import generator
from tests.solving import continued, quantities, root

SUM = Worked("Let a = 36 - 15 and b = 4a. What is b?", ("a = 36 - 15 = 21", "b = 4 * 21 = 84"), "84", "arithmetic")
each_kind = pytest.mark.parametrize("kind", KINDS)


def all_of(worked, place, kind):
    """Return all that many draws make."""
    return {corrupt(worked, place, kind, generator(seed, kind)) for seed in range(60)}


def test_there_are_at_least_six_and_each_is_told_in_a_sentence():
    assert len(KINDS) >= 6
    for told in KINDS.values():
        assert re.fullmatch(r"[A-Z][^.]+\.", told)


@settings(max_examples=200, deadline=None)
@given(
    kind=st.sampled_from(list(KINDS)),
    problems=st.sampled_from(list(PROBLEMS)),
    number=st.integers(0, MANY - 1),
    seed=st.integers(0, 99),
)
def test_every_corruption_is_wrong_and_not_the_same_in_another_form(kind, problems, number, seed):
    problem = Source((problems,), "training", 0)[number]
    for place in range(len(problem.steps)):
        step = corrupt(problem, place, kind, generator(seed))
        if step is not None:
            assert check(problem, place, step) is False
            assert not unchanged(problem, place, step)
            assert step == corrupt(problem, place, kind, generator(seed)), "the same draw is the same step"


def answer_after(problem, step):
    """Return the answer of somebody who goes on from what a step says last."""
    first, last = step.removesuffix(".").split(" = ")[0], step.removesuffix(".").split(" = ")[-1]
    if step.startswith("The answer is "):
        return Fraction(step.removeprefix("The answer is ").removesuffix("."))
    if problem.kind == "equation":
        return root(f"{first} = {last}")
    if problem.kind == "probability":
        return continued(problem, {first: Fraction(last)})
    values = quantities(problem.question, **{first: Fraction(last)})
    return values[max(values)]


@pytest.mark.parametrize("problems", PROBLEMS)
def test_whoever_goes_on_from_a_corruption_comes_to_another_answer(problems):
    made = 0
    for number, problem in enumerate(worked(40, [problems], "training", 1)):
        for place in range(len(problem.steps)):
            for kind in KINDS:
                step = corrupt(problem, place, kind, generator(number))
                if step is None:
                    continue
                made += 1
                try:
                    assert answer_after(problem, step) != Fraction(problem.answer), (problem, step)
                except ZeroDivisionError:
                    continue  # then there is no answer at all
    assert made > 500


@each_kind
def test_every_kind_applies_to_every_sort_of_problem(kind):
    for problems in PROBLEMS:
        steps = [
            corrupt(problem, place, kind, generator(0))
            for problem in worked(40, [problems], "training", 2)
            for place in range(len(problem.steps))
        ]
        assert sum(step is not None for step in steps) > 5, problems


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("off_by_one", {"a = 36 - 15 = 20", "a = 36 - 15 = 22"}, {"b = 4 * 21 = 83", "b = 4 * 21 = 85"}),
        ("swapped_digits", {"a = 36 - 15 = 12"}, {"b = 4 * 21 = 48"}),
        ("sign_error", {"a = 36 + 15 = 51", "a = -36 - 15 = -51"} - {"a = -36 - 15 = -51"}, {"b = -4 * 21 = -84"}),
        ("wrong_operation", {"a = 36 * 15 = 540"}, {"b = 4 + 21 = 25", "b = 4/21"}),
        ("dropped_term", {"a = 36", "a = -15"}, {"b = 4", "b = 21"}),
        ("inverted", {"a = 15 - 36 = -21"}, {None}),
        ("wrong_divisor", {None}, {None}),
    ],
)
def test_what_a_kind_makes(kind, first, second):
    assert all_of(SUM, 0, kind) == first
    assert all_of(SUM, 1, kind) == second


def test_a_slip_leaves_the_working_and_a_misreading_goes_on_from_there():
    assert all(step.startswith("a = 36 - 15 = ") for step in all_of(SUM, 0, "slip"))
    for step in all_of(SUM, 0, "misread_number"):
        working, result = step.removeprefix("a = ").split(" = ")
        one, other = map(int, working.split(" - "))
        assert one - other == int(result)
        assert (one == 36) != (other == 15)


def test_divisors_and_fractions():
    half = Worked("Solve 5x = 20 for x.", ("x = 20/5 = 4", "The answer is 4."), "4", "equation")
    assert all_of(half, 0, "wrong_divisor") == {"x = 20/6 = 10/3", "x = 20/4 = 5", "x = 20/7"}
    both = Worked("?", ("P(both) = 3/8 * 2/7 = 3/28", "The answer is 3/28."), "3/28", "probability")
    assert all_of(both, 0, "dropped_term") == {"P(both) = 3/8", "P(both) = 2/7"}
    assert "P(both) = 3/8 + 2/7 = 37/56" in all_of(both, 0, "wrong_operation")


def test_nothing_is_made_of_recorded_steps_or_of_words():
    for kind in KINDS:
        assert corrupt(SUM._replace(kind="gsm8k"), 0, kind, generator(0)) is None
        assert corrupt(SUM._replace(steps=("He has 36 pies.",)), 0, kind, generator(0)) is None


def test_every_wrong_step_is_as_likely():
    drawn = Counter(corrupt(SUM, 0, "off_by_one", generator(seed)) for seed in range(400))
    assert len(drawn) == 2
    assert min(drawn.values()) > 150


def test_an_unknown_kind_is_refused():
    with pytest.raises(UnknownName, match="no kind of error 'typo': choose from slip, off_by_one"):
        corrupt(SUM, 0, "typo", generator(0))
