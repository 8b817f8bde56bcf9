"""Problems that are made: right, by other ways of working them out, and never the same in training and in a test."""

import ast
import operator
import re
from fractions import Fraction
from itertools import product
from math import comb

import pytest

from arena.errors import ConfigError, UnknownName
from arena.games.problems import SAMPLE, arithmetic, expected_value, part_of
from arena.registry import find, names

KINDS = [arithmetic, expected_value]
SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def worth(node):
    """Work a term out, as Python reads it."""
    if isinstance(node, ast.Constant):
        return Fraction(node.value)
    assert isinstance(node, ast.BinOp)
    return SIGNS[type(node.op)](worth(node.left), worth(node.right))


def test_arithmetic_is_worked_out_right():
    for question, answer in arithmetic(300, "test", 1):
        term = re.fullmatch(r"What is (.+)\? Give .*", question)[1]
        assert worth(ast.parse(term, mode="eval").body) == Fraction(answer)


def by_chance(p, win, lose):
    return p * win - (1 - p) * lose


def die(sides, least, win, lose):
    return by_chance(Fraction(sides - least + 1, sides), win, lose)


def two_dice(_, total, win, lose):
    over = 13 - total if total >= 7 else 0
    ways = over * (over + 1) // 2 if total >= 7 else 36 - (total - 1) * (total - 2) // 2
    return by_chance(Fraction(ways, 36), win, lose)


def cards(red, black, win, lose):
    alike = Fraction(red * (red - 1) + black * (black - 1), (red + black) * (red + black - 1))
    return by_chance(alike, win, lose)


def coins(price, flips, prize, heads):
    return sum(Fraction(comb(flips, k), 2**flips) * prize * k for k in range(heads, flips + 1)) - price


def call(pot, bet, bluffs, of, _):
    return by_chance(Fraction(bluffs, of), pot + bet, bet)


def queen(ante, bet, calls, of):
    """Walk through what happens: half of the time the other holds the king."""
    total = Fraction(0)
    for king, would_call in product((True, False), (True, False)):
        p = Fraction(1, 2) * (Fraction(calls, of) if would_call else 1 - Fraction(calls, of))
        stake = ante + bet if king or would_call else ante
        total += p * (-stake if king else stake)
    return total


SOLVERS = {
    "You roll a fair die": die,
    "You roll two": two_dice,
    "A deck": cards,
    "For ": coins,
    "There are": call,
    "Two players": queen,
}


def test_every_gamble_is_worth_what_another_way_of_counting_says():
    met = set()
    for question, answer in expected_value(600, "training", 2):
        kind = next(begin for begin in SOLVERS if question.startswith(begin))
        story = question.partition("numbered from 1.")
        story = (
            (story[0] + story[2]).partition(" Give a whole number")[0].replace("6 sides. If their", "sides. If their")
        )
        numbers = [int(number) for number in re.findall(r"\d+", story)]
        if kind == "You roll two":
            numbers = [0, *numbers]
        assert SOLVERS[kind](*numbers) == Fraction(answer), question
        met.add(kind)
    assert met == set(SOLVERS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_makes_the_same_problems_and_another_makes_others(kind):
    assert kind(50, "test", 3) == kind(50, "test", 3)
    assert kind(50, "test", 3)[:20] == kind(20, "test", 3)
    assert kind(50, "test", 3) != kind(50, "test", 4)


@pytest.mark.parametrize("kind", KINDS)
def test_no_question_is_both_for_training_and_for_a_test(kind):
    training = {question.question for seed in range(5) for question in kind(300, "training", seed)}
    test = {question.question for seed in range(5) for question in kind(300, "test", seed)}
    assert not training & test
    assert {part_of(question) for question in training} == {"training"}
    assert {part_of(question) for question in test} == {"test"}


@pytest.mark.parametrize("kind", KINDS)
def test_no_question_comes_twice(kind):
    assert len({question.question for question in kind(1000, "test", 0)}) == 1000


def test_too_few_and_too_many_are_refused(monkeypatch):
    with pytest.raises(ConfigError, match="0 questions are none"):
        arithmetic(0, "test", 0)
    monkeypatch.setattr("arena.games.problems._sum", lambda rng: SAMPLE[0])
    with pytest.raises(ConfigError, match="only 1 different questions of this kind"):
        arithmetic(2, "training", 0)


def test_kinds_are_found_by_name():
    assert names("problems") == ["arithmetic", "expected_value"]
    assert find("problems", "arithmetic") is arithmetic
    with pytest.raises(UnknownName, match="there is no problem 'arithmetics'; did you mean 'arithmetic'"):
        find("problems", "arithmetics")
