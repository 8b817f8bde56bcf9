"""Small problems of probability, solved in steps: draws from bags, dice, throws that hit or miss.

Each step gives a named probability, such as "P(both red) = 3/8 * 2/7 = 3/28".
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from arena.games.problems import whole
from arena.games.terms import answer, line
from arena.games.worked import Worked

_FORM = "Give a fraction in lowest terms."


def chances(rng: np.random.Generator) -> Worked:
    """Return one of six stories with its numbers drawn."""
    makers = (_both_red, _one_of_each, _one_or_other, _two_bags, _which_bag, _exactly_one)
    return makers[whole(rng, 0, len(makers) - 1)](rng)


def _solved(story: str, steps: Sequence[str]) -> Worked:
    """Return a story with its steps, of which the last one ends in what is asked for."""
    asked = Fraction(_result(steps[-1]))
    return Worked(f"{story} {_FORM}", (*steps, answer(asked)), str(asked), "probability")


def _result(step: str) -> str:
    return step.rpartition(" = ")[2]


def _bag(rng: np.random.Generator) -> tuple[int, int]:
    return whole(rng, 2, 20), whole(rng, 2, 20)


def _part(rng: np.random.Generator) -> Fraction:
    """Return a probability that is neither 0 nor 1."""
    below = whole(rng, 2, 12)
    return Fraction(whole(rng, 1, below - 1), below)


def _both_red(rng: np.random.Generator) -> Worked:
    red, blue = _bag(rng)
    first = line("P(first red)", f"{red}/({red} + {blue})")
    second = line("P(second red after red)", f"{red - 1}/({red} + {blue} - 1)")
    both = line("P(both red)", f"{_result(first)} * {_result(second)}")
    return _solved(
        f"A bag holds {red} red and {blue} blue balls. Two are drawn, and none is put back. What is the probability "
        "that both are red?",
        (first, second, both),
    )


def _one_of_each(rng: np.random.Generator) -> Worked:
    red, blue = _bag(rng)
    balls = red + blue
    ways = (
        line("P(red then blue)", f"{red}/{balls} * {blue}/{balls - 1}"),
        line("P(blue then red)", f"{blue}/{balls} * {red}/{balls - 1}"),
    )
    return _solved(
        f"A bag holds {red} red and {blue} blue balls. Two are drawn, and none is put back. What is the probability "
        "that they have different colours?",
        (*ways, line("P(different)", " + ".join(map(_result, ways)))),
    )


def _one_or_other(rng: np.random.Generator) -> Worked:
    sides = [(6, 8, 10, 12, 20)[whole(rng, 0, 4)] for _ in range(2)]
    least = [whole(rng, 2, faces) for faces in sides]
    less = (
        line("P(first is less)", f"{least[0] - 1}/{sides[0]}"),
        line("P(second is less)", f"{least[1] - 1}/{sides[1]}"),
    )
    both = line("P(both are less)", " * ".join(map(_result, less)))
    return _solved(
        f"Two fair dice are rolled, the first with {sides[0]} sides and the second with {sides[1]}, numbered from 1. "
        f"What is the probability that the first shows {least[0]} or more, or the second {least[1]} or more, or both?",
        (*less, both, line("P(one or other)", f"1 - {_result(both)}")),
    )


def _bags(rng: np.random.Generator) -> tuple[str, tuple[str, ...]]:
    """Return the story of a ball from one of two bags, and the steps up to the probability that it is red."""
    first, (red, blue), (red_too, blue_too) = _part(rng), _bag(rng), _bag(rng)
    other = line("P(bag two)", f"1 - {first}")
    ways = (
        line("P(one and red)", f"{first} * {red}/{red + blue}"),
        line("P(two and red)", f"{_result(other)} * {red_too}/{red_too + blue_too}"),
    )
    return (
        f"Bag one holds {red} red and {blue} blue balls, bag two holds {red_too} red and {blue_too} blue ones. A ball "
        f"is drawn from bag one with probability {first}, otherwise from bag two."
    ), (other, *ways, line("P(red)", " + ".join(map(_result, ways))))


def _two_bags(rng: np.random.Generator) -> Worked:
    story, steps = _bags(rng)
    return _solved(f"{story} What is the probability that it is red?", steps)


def _which_bag(rng: np.random.Generator) -> Worked:
    story, steps = _bags(rng)
    one_and_red, red = _result(steps[1]), _result(steps[-1])
    return _solved(
        f"{story} It is red. What is the probability that it came from bag one?",
        (*steps, line("P(one given red)", f"({one_and_red})/({red})")),
    )


def _exactly_one(rng: np.random.Generator) -> Worked:
    ann, bob = _part(rng), _part(rng)
    misses = line("P(ann misses)", f"1 - {ann}"), line("P(bob misses)", f"1 - {bob}")
    alone = (
        line("P(ann alone)", f"{ann} * {_result(misses[1])}"),
        line("P(bob alone)", f"{bob} * {_result(misses[0])}"),
    )
    return _solved(
        f"Ann hits a target with probability {ann} and Bob with probability {bob}, each for themselves. Both throw "
        "once. What is the probability that exactly one of them hits?",
        (*misses, *alone, line("P(exactly one)", " + ".join(map(_result, alone)))),
    )
