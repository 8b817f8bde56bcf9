"""Short lines of arithmetic, such as "b = 3 * 7 = 21", read and worked out exactly.

Nothing is evaluated as code, and no text can take long: a line has a bounded length, its numbers are short, its
brackets nest a few deep, and there are no powers. A line is a statement: two or more terms that it says are equal. Its
names are single small letters and P(some words); "The answer is 3." is a statement about the name `ANSWER`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, TypeAlias

MAX_CHARS = 200
"""Characters of a line; longer ones are not read."""
MAX_DIGITS = 12
"""Characters of a number."""
MAX_DEPTH = 20
"""Brackets within each other."""

ANSWER = "answer"
"""The name of what is asked for."""

Term: TypeAlias = "Number | Name | Operation"
Statement: TypeAlias = tuple[Term, ...]
"""Terms that are said to be equal, two or more."""


class Number(NamedTuple):
    """A whole number or a decimal."""

    value: Fraction


class Name(NamedTuple):
    """An unknown, or a quantity that has a name."""

    name: str


class Operation(NamedTuple):
    """Two terms and one of the signs +, -, * and / between them."""

    sign: str
    left: Term
    right: Term


class _Unreadable(Exception):  # noqa: N818 - says the finding, and never leaves this file
    """The text is no statement."""


PLAIN = str.maketrans({"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/"})
_ANSWER = re.compile(
    r"(?:(?:so|thus|hence|therefore),?\s+)?(?:the\s+)?(?:final\s+)?answer\s*(?:is\b\s*:?|[:=])",
    re.ASCII | re.IGNORECASE,
)
_TOKEN = re.compile(
    r" *(?:(?P<number>\d{1,3}(?:,\d{3})+(?![\d.])|\d+(?:\.\d+)?)"
    r"|(?P<name>P\([a-z0-9 ]+\)|[a-z](?![a-z]))|(?P<sign>[-+*/()=]))",
    re.ASCII,
)


# Reading.


def read(line: str) -> Statement | None:
    """Return what a line says is equal, or None where it is no such line. It never raises, whatever the text."""
    return _statement(line) if len(line) <= MAX_CHARS else None


@lru_cache(maxsize=4096)
def _statement(line: str) -> Statement | None:
    try:
        return _Reader(line).statement()
    except _Unreadable:
        return None


def _tokens(line: str) -> Iterator[str]:
    line = line.translate(PLAIN).strip().removesuffix(".").strip("$ ")
    at = 0
    if answer := _ANSWER.match(line):
        yield from (ANSWER, "=")
        at = answer.end()
    while at < len(line):
        found = _TOKEN.match(line, at)
        if found is None or len(found["number"] or "") > MAX_DIGITS:
            raise _Unreadable
        yield " ".join(found[0].split())
        at = found.end()


class _Reader:
    """Reads the tokens of a line from left to right, products before sums."""

    def __init__(self, line: str) -> None:
        self._left = list(_tokens(line))[::-1]
        self._depth = 0

    def _next(self) -> str:
        return self._left[-1] if self._left else ""

    def statement(self) -> Statement:
        parts = [self._sum()]
        while self._next() == "=":
            self._left.pop()
            parts.append(self._sum())
        if self._left or len(parts) == 1:
            raise _Unreadable
        return tuple(parts)

    def _sum(self) -> Term:
        term = self._product()
        while self._next() in {"+", "-"}:
            term = Operation(self._left.pop(), term, self._product())
        return term

    def _product(self) -> Term:
        """Read factors; in 3x and 2(x + 1) the sign is left out. Whether 1/2x divides by x nobody knows: unreadable."""
        term, divided = self._factor(), False
        while following := self._next():
            if following == "/":
                self._left.pop()
                term, divided = Operation("/", term, self._factor()), True
            elif following == "*":
                self._left.pop()
                factor, divided = self._fraction()
                term = Operation("*", term, factor)
            elif (following == "(" or following[0].isalpha()) and not divided:
                term = Operation("*", term, self._factor())
            else:
                break
        return term

    def _fraction(self) -> tuple[Term, bool]:
        """Read a factor, and whether it is a fraction: 1/2 * 3/4 comes to the same as from left to right."""
        factor = self._factor()
        if isinstance(factor, Number) and self._next() == "/" and "".join(self._left[-2:-1])[:1].isdigit():
            self._left.pop()
            return Operation("/", factor, self._atom()), True
        return factor, False

    def _factor(self) -> Term:
        if self._next() != "-":
            return self._atom()
        self._left.pop()
        term = self._atom()
        return Number(-term.value) if isinstance(term, Number) else Operation("*", Number(Fraction(-1)), term)

    def _atom(self) -> Term:
        first = self._left.pop() if self._left else ""
        if first == "(":
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise _Unreadable
            term = self._sum()
            if not self._left or self._left.pop() != ")":
                raise _Unreadable
            self._depth -= 1
            return term
        if first[:1].isdigit():
            return Number(Fraction(first.replace(",", "")))
        if first[:1].isalpha():
            return Name(first)
        raise _Unreadable


# Working out.


@lru_cache(maxsize=16384)
def worth(text: str) -> Fraction | None:
    """Return what a term comes to that has numbers alone; None for any other text, and for a division by 0."""
    statement = read(f"{text} = 0")
    if statement is None or len(statement) != 2 or names(statement):
        return None
    return value(statement[0], {})


def value(term: Term, values: Mapping[str, Fraction]) -> Fraction | None:
    """Return what a term comes to, or None where it divides by zero. All its names must have values."""
    if isinstance(term, Number):
        return term.value
    if isinstance(term, Name):
        return values[term.name]
    a, b = value(term.left, values), value(term.right, values)
    if a is None or b is None:
        return None
    if term.sign == "/":
        return a / b if b else None
    return a + b if term.sign == "+" else a - b if term.sign == "-" else a * b


def linear(term: Term, name: str) -> tuple[Fraction, Fraction] | None:
    """Return (a, b) where the term is a times the named one plus b; None where it is not of that form."""
    if isinstance(term, Number):
        return Fraction(0), term.value
    if isinstance(term, Name):
        return (Fraction(1), Fraction(0)) if term.name == name else None
    left, right = linear(term.left, name), linear(term.right, name)
    if left is None or right is None:
        return None
    (a, b), (c, d) = left, right
    if term.sign in {"+", "-"}:
        way = 1 if term.sign == "+" else -1
        return a + way * c, b + way * d
    if term.sign == "*" and not (a and c):
        return a * d + b * c, b * d
    return (a / d, b / d) if term.sign == "/" and not c and d else None


def names(statement: Statement) -> frozenset[str]:
    """Return the names that occur in a statement."""
    return frozenset(term.name for part in statement for term in walk(part) if isinstance(term, Name))


def walk(term: Term) -> Iterator[Term]:
    """Yield a term and all terms within it, from left to right."""
    yield term
    if isinstance(term, Operation):
        yield from walk(term.left)
        yield from walk(term.right)


def is_number(term: Term) -> bool:
    """Return whether a term is worked out: 7, -2.5, and 3/8, which needs its stroke; 8/4 does not."""
    if isinstance(term, Number):
        return True
    if not isinstance(term, Operation) or term.sign != "/":
        return False
    above, below = term.left, term.right
    if not isinstance(above, Number) or not isinstance(below, Number) or not below.value:
        return False
    return (above.value / below.value).denominator > 1


def shape(term: Term) -> str:
    """Return a key that two terms share if they differ in the order of summands and factors alone."""
    if not isinstance(term, Operation):
        return str(term[0])
    inner, outer = ("+", "-") if term.sign in {"+", "-"} else ("*", "/")
    return f"({' '.join(sorted(_operands(term, inner, outer)))})"


def _operands(term: Term, plain: str, inverse: str) -> Iterator[str]:
    """Yield the summands (or factors) of a term, each after its sign."""
    if isinstance(term, Operation) and term.sign in {plain, inverse}:
        yield from _operands(term.left, plain, inverse)
        if term.sign == plain:
            yield from _operands(term.right, plain, inverse)
        else:
            yield f"{inverse}{shape(term.right)}"
    else:
        yield f"{plain}{shape(term)}"


# Writing.


def number(amount: Fraction | int) -> Term:
    """Return the term that a number is: a whole one, or a fraction in lowest terms."""
    amount = Fraction(amount)
    above, below = Number(Fraction(amount.numerator)), Number(Fraction(amount.denominator))
    return above if amount.denominator == 1 else Operation("/", above, below)


def write(statement: Statement) -> str:
    """Return a statement as a line, which reads as the same statement again."""
    first, *others = map(show, statement)
    told = " = ".join(others)
    return f"The answer is {told}." if first == ANSWER else f"{first} = {told}"


def line(subject: str, working: str) -> str:
    """Return a line with what its working comes to, such as "x = 15/3 = 5" for x and 15/3. The working has no names."""
    read_back = read(f"{subject} = {working}")
    assert read_back is not None, f"{working} is no term"
    amount = value(read_back[-1], {})
    assert amount is not None, f"{working} divides by zero"
    result = show(number(amount))
    return f"{subject} = {working}" if working == result else f"{subject} = {working} = {result}"


def answer(amount: Fraction) -> str:
    """Return the line that ends a solution."""
    return write((Name(ANSWER), number(amount)))


def show(term: Term) -> str:
    """Return a term as text, with no more brackets than it needs."""
    if isinstance(term, Name):
        return term.name
    if isinstance(term, Number):
        if term.value.denominator == 1:  # a quotient of decimals is rounded
            return str(term.value.numerator)
        return f"{Decimal(term.value.numerator) / term.value.denominator:f}"
    sign, left, right = term
    a, b = show(left), show(right)
    if sign == "*" and a in {"1", "-1"} and isinstance(right, Name):
        return f"{a[:-1]}{b}"
    if sign in {"*", "/"} and isinstance(left, Operation) and left.sign in {"+", "-"}:
        a = f"({a})"
    inner = isinstance(right, Operation) and (sign in {"*", "/"} or right.sign in {"+", "-"})
    if sign == "*" and isinstance(right, Operation) and right.sign == "/":
        inner = not (isinstance(right.left, Number) and isinstance(right.right, Number))
    if inner or b.startswith("-"):
        b = f"({b})"
    if sign == "*" and isinstance(left, Number) and any(isinstance(term, Name) for term in walk(right)):
        return f"{a}{b}"
    return f"{a}/{b}" if sign == "/" else f"{a} {sign} {b}"


def size(term: Term) -> int:
    """Return how many numbers, names, signs and brackets a term takes to write."""
    return len(_TOKEN.findall(show(term)))
