"""The stories of probability: all six come, and each of their steps counts."""

from fractions import Fraction

import pytest

from arena.games.chance_problems import chances
from arena.games.worked import check
from arena.seeds import generator
from tests.solving import chance, continued

PROBLEMS = [chances(generator(0, "stories", i)) for i in range(400)]

STORIES = {
    "that both are red": "P(first red), P(second red after red), P(both red)",
    "different colours": "P(red then blue), P(blue then red), P(different)",
    "or both": "P(first is less), P(second is less), P(both are less), P(one or other)",
    "that it is red": "P(bag two), P(one and red), P(two and red), P(red)",
    "came from bag one": "P(bag two), P(one and red), P(two and red), P(red), P(one given red)",
    "exactly one of them": "P(ann misses), P(bob misses), P(ann alone), P(bob alone), P(exactly one)",
}


@pytest.mark.parametrize("story", STORIES)
def test_every_story_names_its_quantities(story):
    told = [problem for problem in PROBLEMS if story in problem.question]
    assert len(told) > 20
    for problem in told:
        assert ", ".join(step.partition(" = ")[0] for step in problem.steps[:-1]) == STORIES[story]


def test_the_answer_is_the_one_of_counting_and_of_the_formulas():
    for problem in PROBLEMS:
        assert Fraction(problem.answer) == chance(problem.question) == continued(problem, {})


@pytest.mark.parametrize("off", [Fraction(1, 97), Fraction(-3, 89), None])
def test_whoever_goes_on_from_another_value_comes_to_another_answer_or_to_none(off):
    for problem in PROBLEMS:
        for place, step in enumerate(problem.steps[:-1]):
            name, result = step.partition(" = ")[0], Fraction(step.rpartition(" = ")[2])
            spoilt = -result if off is None else result + off
            assert check(problem, place, f"{name} = {spoilt}") is False
            try:
                assert continued(problem, {name: spoilt}) != Fraction(problem.answer)
            except ZeroDivisionError:
                assert name == "P(one and red)", "minus a half and a half make a bag that no ball comes from"
