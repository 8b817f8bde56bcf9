"""Problems with their steps: right by another way of solving them, the same for the same seed, and in one part only."""

import pickle
import re
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.errors import ConfigError
from arena.game import Uniform
from arena.games.problems import part_of
from arena.games.worked import EXACT, check, unchanged
from arena.games.worked_problems import KINDS, MANY, Source, worked
from tests.solving import chance, quantities, root

each_kind = pytest.mark.parametrize("kind", KINDS)
sources = st.builds(Source, st.sampled_from(list(KINDS)).map(lambda kind: (kind,)), st.just("training"), st.integers(0))


def test_the_kinds_are_those_that_can_be_worked_out_again():
    assert set(KINDS) == set(EXACT)


@settings(max_examples=200, deadline=None)
@given(source=sources, number=st.integers(0, MANY - 1))
def test_every_step_is_right_in_its_place_and_nowhere_later(source, number):
    problem = source[number]
    assert 3 <= len(problem.steps) <= 6
    assert problem.wrong is None
    assert problem.kind == source.kinds[0]
    for place, step in enumerate(problem.steps):
        assert "\n" not in step
        assert check(problem, place, step) is True
        assert unchanged(problem, place, step)
        assert all(check(problem, later, step) is None for later in range(place + 1, len(problem.steps)))
    assert problem.steps[-1] == f"The answer is {problem.answer}."
    assert str(Fraction(problem.answer)) == problem.answer


def test_arithmetic_is_worked_out_right():
    for problem in worked(300, ["arithmetic"], "test", 1):
        values = quantities(problem.question)
        assert values[max(values)] == Fraction(problem.answer)
        assert all(values.values()), "a factor of 0 would hide an error"
        for name, step in zip(values, problem.steps, strict=False):
            assert step.startswith(f"{name} = ")
            assert Fraction(step.rpartition(" = ")[2]) == values[name]


def test_equations_are_solved_right_and_every_step_has_the_same_solution():
    forms = Counter()
    for problem in worked(300, ["equation"], "test", 1):
        asked = re.match(r"Solve (.+) for x", problem.question)[1]
        for step in (asked, *problem.steps[:-1]):
            first, last = step.split(" = ")[0], step.split(" = ")[-1]
            assert root(f"{first} = {last}") == Fraction(problem.answer), problem
        forms[("(" in asked, "x/" in asked, asked.count("x"), "/" in problem.answer)] += 1
    assert len(forms) >= 6, "with brackets, divided, x on both sides; whole and fractional solutions"


def test_probabilities_are_right_by_counting():
    for problem in worked(300, ["probability"], "test", 1):
        assert chance(problem.question) == Fraction(problem.answer)
        assert 0 < Fraction(problem.answer) < 1


@each_kind
def test_no_question_is_both_for_training_and_for_a_test(kind):
    training, test = (
        {p.question for s in range(3) for p in worked(100, [kind], part, s)} for part in ("training", "test")
    )
    assert not training & test
    assert {part_of(question) for question in training} == {"training"}
    assert {part_of(question) for question in test} == {"test"}


def test_the_same_seed_makes_the_same_problems_and_another_makes_others():
    assert worked(50, KINDS, "test", 3) == worked(50, KINDS, "test", 3)
    assert worked(50, KINDS, "test", 3)[:20] == worked(20, KINDS, "test", 3)
    assert worked(50, KINDS, "test", 3) != worked(50, KINDS, "test", 4)
    assert worked(50, ["equation"], "test", 3) != worked(50, ["equation"], "training", 3)


def test_no_problem_comes_twice():
    assert len({problem.question for problem in worked(600, KINDS, "test", 0)}) == 600


def test_a_source_makes_number_i_alone_and_always_the_same():
    source = Source(tuple(KINDS), "training", 7)
    again = pickle.loads(pickle.dumps(Source(tuple(KINDS), "training", 7)))
    numbers = [MANY - 1, 12, 999_999, 0]
    assert [source[i] for i in numbers] == [again[i] for i in numbers[::-1]][::-1]
    assert source[-1] == source[MANY - 1]
    assert source[3:6] == [source[3], source[4], source[5]]
    assert len(source) == MANY
    assert [problem.kind for problem in source[:3]] == list(KINDS)
    assert source == again
    assert hash(source) == hash(again)
    with pytest.raises(IndexError):
        source[MANY]


def test_chance_may_draw_from_a_source():
    source = Source(("arithmetic",), "training", 0)
    drawn, probability = Uniform(len(source))[123_456_789]
    assert source[int(drawn)].kind == "arithmetic"
    assert probability == 1 / MANY


def test_different_numbers_are_hardly_ever_the_same_problem():
    for kind in KINDS:
        questions = [problem.question for problem in Source((kind,), "training", 1)[:1000]]
        assert len(set(questions)) > 850, kind


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: worked(0, KINDS, "test", 0), "0 problems are none"),
        (lambda: Source((), "test", 0), "kinds = .* are no kinds of problems: choose from arithmetic, equation, prob"),
        (lambda: Source(("algebra",), "test", 0), "kinds = .'algebra',. are no kinds"),
        (lambda: Source(("equation",), "tests", 0), "part = 'tests' is none: write training or test"),
    ],
)
def test_what_cannot_be_made_is_refused(call, sentence):
    with pytest.raises(ConfigError, match=sentence):
        call()


def test_a_source_that_has_no_more_says_so(monkeypatch):
    only = worked(1, ["equation"], "training", 0)[0]
    monkeypatch.setitem(KINDS, "equation", lambda rng: only)
    with pytest.raises(ConfigError, match="only 1 different problems of these kinds"):
        worked(2, ["equation"], "training", 99)


def test_one_kind_may_be_given_by_its_name():
    assert Source("equation", "test", 0) == Source(("equation",), "test", 0)
