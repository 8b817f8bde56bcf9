"""Problems with solutions in three to six steps, made without end, whose every step can be checked exactly.

The quantities of an arithmetic problem and of a probability have names, and each step works one out; a linear equation
is brought to "x = …". Every step counts: were its result another, so would be the answer. As in games/problems.py it
follows from a question's own words whether it is for training or for a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias, get_args, overload

import numpy as np

from arena.errors import ConfigError
from arena.games import terms
from arena.games.chance_problems import chances
from arena.games.problems import FORM, Part, part_of, whole
from arena.games.terms import Name, Number, Operation, Term, answer, line
from arena.games.worked import Worked
from arena.seeds import derive, generator

Maker: TypeAlias = Callable[[np.random.Generator], Worked]

MANY = 1_000_000_000
"""The problems of a source: few enough that a number is a short outcome of chance."""

_PATIENCE = 50
"""Problems drawn for each one wanted, after which a source is taken to have no more different ones."""
_LARGEST = 300
"""No quantity of an arithmetic problem is larger."""


@dataclass(frozen=True)
class Source(Sequence[Worked]):
    """Many problems, each made when it is asked for: number i is the same for the same kinds, part and seed.

    Some may be the same as others. Raises ConfigError for a kind or a part that there is not, and for no kinds.
    """

    kinds: tuple[str, ...]
    part: Part
    seed: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", (self.kinds,) if isinstance(self.kinds, str) else tuple(self.kinds))
        if not self.kinds or not set(self.kinds) <= KINDS.keys():
            raise ConfigError(f"kinds = {self.kinds!r} are no kinds of problems: choose from {', '.join(KINDS)}")
        if self.part not in get_args(Part):
            raise ConfigError(f"part = {self.part!r} is none: write {' or '.join(get_args(Part))}")

    def __len__(self) -> int:
        return MANY

    @overload
    def __getitem__(self, index: int) -> Worked: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Worked]: ...
    def __getitem__(self, index: int | slice) -> Worked | Sequence[Worked]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(MANY))]
        if not -MANY <= index < MANY:
            raise IndexError(index)
        return _made(self, index % MANY)


@lru_cache(maxsize=4096)
def _made(source: Source, number: int) -> Worked:
    # The kind takes turns rather than being drawn, so that any row of problems has as many of each.
    make = KINDS[source.kinds[number % len(source.kinds)]]
    rng = generator(derive(source.seed, "worked problems", source.part), number)
    while True:
        problem = make(rng)
        if part_of(problem.question) == source.part:
            return problem


def worked(count: int, kinds: Sequence[str], part: Part, seed: int) -> list[Worked]:
    """Return so many different problems: the first ones of the source. Raises ConfigError for none, or for too many."""
    if count < 1:
        raise ConfigError(f"{count} problems are none: ask for 1 or more")
    source = Source(tuple(kinds), part, seed)
    found: dict[str, Worked] = {}
    for number in range(_PATIENCE * count):
        problem = source[number]
        found.setdefault(problem.question, problem)
        if len(found) == count:
            return list(found.values())
    raise ConfigError(f"only {len(found):,} different problems of these kinds were found: ask for no more")


# Arithmetic: quantities in terms of earlier ones.


def _arithmetic(rng: np.random.Generator) -> Worked:
    """Return two to five quantities, each but the last in the definition of exactly one later one."""
    count = whole(rng, 2, 5)
    values: dict[str, Fraction] = {}
    unused: list[str] = []
    definitions, steps = [], []
    for i, name in enumerate("abcde"[:count]):
        alone = not unused or (len(unused) == 1 and i < count - 1 and whole(rng, 1, 4) == 1)
        used, unused = ([], unused) if alone else (unused, [])
        term, amount = _definition(rng, used, values)
        values[name] = amount
        unused.append(name)
        definitions.append(f"{name} = {terms.show(term)}")
        steps.append(line(name, terms.show(_filled_in(term, values))))
    *others, last = definitions
    question = f"Let {', '.join(others)} and {last}. What is {name}?"
    return Worked(question, (*steps, answer(values[name])), str(values[name]), "arithmetic")


def _definition(rng: np.random.Generator, used: Sequence[str], values: Mapping[str, Fraction]) -> tuple[Term, Fraction]:
    """Return a term in the given names, and a value that is whole, not 0 and not large.

    As no value is 0, every quantity counts in what is made of it.
    """
    while True:
        numbers = [Number(Fraction(whole(rng, 2, 12))) for _ in range(2)]
        named: list[Term] = [Name(name) for name in used]
        first, second, third = (*named, *numbers, Number(Fraction(whole(rng, 2, 20))))[:3]
        if len(named) == 1 and whole(rng, 0, 1):
            first, second = second, first
        sign = "+-*/"[whole(rng, 0, 3)]
        term: Term = Operation(sign, first, second)
        if len(used) < 2 and sign in {"+", "-"} and whole(rng, 0, 1):
            term = Operation("+-"[whole(rng, 0, 1)], term, third)
        amount = terms.value(term, values)
        if amount and amount.denominator == 1 and abs(amount) <= _LARGEST:
            return term, amount


def _filled_in(term: Term, values: Mapping[str, Fraction]) -> Term:
    if isinstance(term, Name):
        return Number(values[term.name])
    if isinstance(term, Operation):
        return Operation(term.sign, _filled_in(term.left, values), _filled_in(term.right, values))
    return term


# Linear equations.


def _equation(rng: np.random.Generator) -> Worked:
    """Return an equation of one of four forms. Its solution is whole, or has a denominator of 2 to 5."""
    form = (_one_side, _both_sides, _brackets, _divided)[whole(rng, 0, 3)]
    while True:
        x = Fraction(_nonzero(rng, 12), whole(rng, 2, 5) if whole(rng, 1, 4) == 1 else 1)
        made = form(rng, x)
        if made is not None:
            equation, steps = made
            return Worked(f"Solve {equation} for x. {FORM}", (*steps, answer(x)), str(x), "equation")


def _one_side(rng: np.random.Generator, x: Fraction) -> tuple[str, list[str]] | None:
    """Return ax + b = c; or nothing, as the other forms do, where some number is not whole."""
    a, b = whole(rng, 2, 9), _nonzero(rng, 20)
    c = a * x + b
    return (f"{_side(a, b)} = {c}", _isolated(a, b, c)) if c.denominator == 1 else None


def _both_sides(rng: np.random.Generator, x: Fraction) -> tuple[str, list[str]] | None:
    """Return ax + b = cx + d."""
    c, more, b = whole(rng, 1, 6), whole(rng, 2, 6), _nonzero(rng, 20)
    a, d = c + more, more * x + b
    if not d or d.denominator > 1:
        return None
    return f"{_side(a, b)} = {_side(c, d)}", [f"{_side(more, b)} = {d}", *_isolated(more, b, d)]


def _brackets(rng: np.random.Generator, x: Fraction) -> tuple[str, list[str]] | None:
    """Return a(x + b) = cx + d, or without cx."""
    a, b, c = whole(rng, 2, 9), _nonzero(rng, 9), whole(rng, 0, 6)
    d = a * (x + b) - c * x
    if a - c < 2 or not d or d.denominator > 1:
        return None
    multiplied = [f"{_side(a, a * b)} = {_side(c, d)}"]
    gathered = [f"{_side(a - c, a * b)} = {d}"] if c else []
    return f"{a}({_side(1, b)}) = {_side(c, d)}", [*multiplied, *gathered, *_isolated(a - c, a * b, d)]


def _divided(rng: np.random.Generator, x: Fraction) -> tuple[str, list[str]] | None:
    """Return x/a + b = c."""
    a, b = whole(rng, 2, 9), _nonzero(rng, 20)
    c = x / a + b
    if c.denominator > 1:
        return None
    first = line(f"x/{a}", _difference(c, b))
    return f"{_side(Fraction(1, a), b)} = {c}", [first, line("x", terms.show(_times(a, c - b)))]


def _isolated(a: int, b: int, c: Fraction) -> list[str]:
    """Return the last steps from ax + b = c to x."""
    return [line(f"{a}x", _difference(c, b)), line("x", f"{c - b}/{a}")]


def _difference(c: Fraction, b: int) -> str:
    return terms.show(Operation("-", Number(c), Number(Fraction(b))))


def _times(a: int, b: Fraction) -> Term:
    return Operation("*", Number(Fraction(a)), Number(b))


def _side(a: int | Fraction, b: int | Fraction) -> str:
    """Return ax + b as it is written: 3x - 4, x + 4, x/3 - 4, and 4 where a is 0."""
    if not a:
        return str(b)
    first = f"x/{a.denominator}" if a.denominator > 1 else "x" if a == 1 else f"{a}x"
    return f"{first} {'+' if b > 0 else '-'} {abs(b)}"


def _nonzero(rng: np.random.Generator, greatest: int) -> int:
    return whole(rng, 1, greatest) * (1 if whole(rng, 0, 1) else -1)


KINDS: Mapping[str, Maker] = {"arithmetic": _arithmetic, "equation": _equation, "probability": chances}
"""What makes a problem of each kind."""
