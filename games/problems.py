"""Problems with exact answers, made without end: arithmetic, and expected values of small gambles.

For measuring and training where no benchmark can be fetched. A term is worked out in fractions, and a gamble over all
that can happen. Whether a question is for training or for a test follows from its own words (`part_of`), so that no
question of a training file is ever in a test file, whatever the seeds were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from hashlib import blake2b
from itertools import combinations, product
from typing import Literal, TypeAlias

import numpy as np

from arena.errors import ConfigError
from arena.question_file import Question
from arena.seeds import generator

Maker: TypeAlias = Callable[[np.random.Generator], Question]
Part: TypeAlias = Literal["training", "test"]

_TEST_SHARE = 4
"""One question in so many belongs to the test part."""
_PATIENCE = 200
"""Draws for one new question, after which a kind is taken to have no more."""

FORM = "Give a whole number, or a fraction in lowest terms such as -7/3."
"""What a question adds whose answer may be a fraction."""


def arithmetic(count: int, part: Part, seed: int) -> list[Question]:
    """Return so many different terms of two to four numbers with brackets, such as "What is (12 - 5) / 8?".

    The same for the same seed. Raises ConfigError for none, or for more than there are.
    """
    return _different(_sum, count, part, seed)


def expected_value(count: int, part: Part, seed: int) -> list[Question]:
    """Return so many different gambles, asking what each is worth: dice, cards, coins, a bluff, a hand of poker.

    The same for the same seed. Raises ConfigError for none, or for more than there are.
    """
    return _different(_gamble, count, part, seed)


def _different(make: Maker, count: int, part: Part, seed: int) -> list[Question]:
    if count < 1:
        raise ConfigError(f"{count} questions are none: ask for 1 or more")
    rng = generator(seed, "problems", part)
    found: dict[str, Question] = {}
    for _ in range(_PATIENCE * count):
        problem = make(rng)
        if part_of(problem.question) == part:
            found.setdefault(problem.question, problem)
        if len(found) == count:
            return list(found.values())
    raise ConfigError(f"only {len(found):,} different questions of this kind were found: ask for no more")


def part_of(question: str) -> Part:
    """Return the part that a question belongs to, by a hash of its words."""
    drawn = blake2b(question.encode(), digest_size=8).digest()
    return "test" if int.from_bytes(drawn) % _TEST_SHARE == 0 else "training"


# Arithmetic.


def _sum(rng: np.random.Generator) -> Question:
    text, value = term(rng, whole(rng, 2, 4))
    return Question(f"What is {text}? {FORM}", str(value))


def term(rng: np.random.Generator, numbers: int) -> tuple[str, Fraction]:
    """Return a term of so many numbers, as text and as its value; only the outermost goes without brackets."""
    if numbers == 1:
        number = whole(rng, 1, 20)
        return str(number), Fraction(number)
    left = whole(rng, 1, numbers - 1)
    (a, x), (b, y) = term(rng, left), term(rng, numbers - left)
    a, b = (f"({text})" if " " in text else text for text in (a, b))
    sign = "+-*/"[whole(rng, 0, 3)]
    if sign == "/" and not y:
        sign = "+"
    value = {"+": x + y, "-": x - y, "*": x * y}.get(sign)
    return f"{a} {sign} {b}", x / y if value is None else value


# Expected values.


def _gamble(rng: np.random.Generator) -> Question:
    makers = (_die, _two_dice, _draw_two, _coins, _call, _bet_queen)
    return makers[whole(rng, 0, len(makers) - 1)](rng)


def _worth(story: str, gains: Sequence[Fraction | int]) -> Question:
    """Return a gamble as a question, of which all equally likely outcomes are given by what they pay."""
    return Question(f"{story} {FORM}", str(Fraction(sum(gains), len(gains))))


def _die(rng: np.random.Generator) -> Question:
    sides, win, lose = (4, 6, 8, 10, 12, 20)[whole(rng, 0, 5)], whole(rng, 1, 12), whole(rng, 1, 12)
    least = whole(rng, 2, sides)
    return _worth(
        f"You roll a fair die with {sides} sides, numbered from 1. If it shows {least} or more you win {win} coins, "
        f"otherwise you lose {lose} coins. What is your expected gain in coins?",
        [win if face >= least else -lose for face in range(1, sides + 1)],
    )


def _two_dice(rng: np.random.Generator) -> Question:
    total, win, lose = whole(rng, 3, 12), whole(rng, 1, 20), whole(rng, 1, 12)
    return _worth(
        f"You roll two fair dice with 6 sides. If their sum is {total} or more you win {win} coins, otherwise you lose "
        f"{lose} coins. What is your expected gain in coins?",
        [win if sum(faces) >= total else -lose for faces in product(range(1, 7), repeat=2)],
    )


def _draw_two(rng: np.random.Generator) -> Question:
    red, black, win, lose = (whole(rng, 2, 6), whole(rng, 2, 6), whole(rng, 1, 12), whole(rng, 1, 12))
    cards = "r" * red + "b" * black
    return _worth(
        f"A deck has {red} red and {black} black cards. You draw two of them without putting any back. If they have "
        f"the same colour you win {win} coins, otherwise you lose {lose} coins. What is your expected gain in coins?",
        [win if first == second else -lose for first, second in combinations(cards, 2)],
    )


def _coins(rng: np.random.Generator) -> Question:
    flips, prize, price = whole(rng, 2, 5), whole(rng, 1, 12), whole(rng, 1, 12)
    heads = whole(rng, 1, flips)
    return _worth(
        f"For {price} coins you may flip a fair coin {flips} times. You are paid {prize} coins for every head if there "
        f"are {heads} heads or more, otherwise nothing. What is your expected gain in coins, the price included?",
        [(prize * sum(flip) if sum(flip) >= heads else 0) - price for flip in product((0, 1), repeat=flips)],
    )


def _call(rng: np.random.Generator) -> Question:
    pot, bet, of = whole(rng, 1, 20), whole(rng, 1, 20), whole(rng, 2, 10)
    bluffs = whole(rng, 1, of - 1)
    return _worth(
        f"There are {pot} chips in the pot, and the other player bets {bet} more. You beat nothing but a bluff, and "
        f"{bluffs} of {of} such bets are bluffs. What is the expected gain in chips of calling the bet of {bet}, "
        "compared with folding?",
        [pot + bet] * bluffs + [-bet] * (of - bluffs),
    )


def _bet_queen(rng: np.random.Generator) -> Question:
    ante, bet, of = whole(rng, 1, 5), whole(rng, 1, 5), whole(rng, 2, 10)
    calls = whole(rng, 0, of)
    return _worth(
        f"Two players put {ante} chips each into the pot and get one card each from a deck of a jack, a queen and a "
        f"king; the higher card wins. You have the queen and bet {bet} chips. The other player always calls with the "
        f"king, and calls with the jack {calls} times out of {of}; otherwise it folds, and the pot is yours. What is "
        "your expected gain in chips over the whole hand, your ante included?",
        [-ante - bet] * of + [ante + bet] * calls + [ante] * (of - calls),
    )


def whole(rng: np.random.Generator, least: int, greatest: int) -> int:
    """Return a whole number, both ends included."""
    return int(rng.integers(least, greatest, endpoint=True))


def _sample() -> Iterator[Question]:
    for kind in (arithmetic, expected_value):
        yield from kind(4, "training", 0)


SAMPLE = tuple(_sample())
"""A few problems of each kind, for whoever has no file at hand."""
