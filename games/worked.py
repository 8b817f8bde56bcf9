"""Problems with solutions in steps, and what is to be said of a step that somebody else writes in one's place.

A step of an exact problem (`EXACT`) is a statement: some terms that it says are equal, such as "b = 3 * 7 = 21",
"3x = 15" or "The answer is 5." (games/terms.py reads them). All its names have values, which follow from the problem:
"b" comes to 21, "x" to 5. So a statement is true or false by itself, and nothing is guessed:

- **False** is a step that hands on something false: its names, or the work of a step that is still to come, do not
  come to its result (its last number), as in "b = 3 * 7 = 24", "b = 3 + 7 = 10", "3 * 7 = 24" or "3x = 23". This is
  what a corruption must be: it can be read, it is not the true step, and whoever goes on from it comes to another
  answer or to none, for every quantity counts in the answer, and x does not solve such an equation.
- **True** is a step in which all terms are equal and which goes forward: it works out a quantity that no step before
  it did (also one that the true solution comes to later), or it brings an equation nearer to "x = …".
- **None** is everything else, and nobody may win or lose by it. It cannot be read, or speaks of strange names. It holds
  but helps nothing: it is repeated ("b = 21" again, "6x = 30" after "3x = 15"), only says what the question says
  ("b = 3a"), or belongs elsewhere ("2 + 2 = 4"). Or it is false but does no harm: its result is right all the same
  ("b = 3 * 9 = 21"), it belongs elsewhere ("2 + 2 = 5"), or it has decimals, which may have been rounded.

Of problems that were recorded (games/worked_files.py) no other step is known than theirs: always None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from arena.games import terms
from arena.games.terms import ANSWER, Name, Number, Operation, Statement, Term
from arena.grading.exact import normal

EXACT = ("arithmetic", "equation", "probability")
"""The kinds of problems whose steps can be worked out again."""

_UNKNOWN = "x"
_EQUATION = re.compile(r"Solve (.+?)(?: for x\b|[.?]? *$)")
_LOOSE_SPACE = re.compile(r"(?<!\w) | (?!\w)")


class Worked(NamedTuple):
    """A problem with a solution in steps."""

    question: str
    steps: tuple[str, ...]
    answer: str
    """What is right, also where the steps go wrong; empty where it is not known."""
    kind: str = ""
    """Where it comes from: "arithmetic", "equation", "probability", "gsm8k", …"""
    wrong: int | None = None
    """The first step that is wrong, counted from 0; None: all are right."""


def check(worked: Worked, place: int, step: str) -> bool | None:
    """Return whether `step` would be right as step number `place`, counted from 0, in place of the true one.

    None where nobody may win or lose by it; what exactly is right and wrong is said above. A valid corruption is one
    of which this is False, and `unchanged` too. It never raises, whatever the text.
    """
    if worked.kind not in EXACT:
        return None
    said, values = terms.read(step), dict(_values(worked))
    if said is None or not terms.names(said) <= values.keys():
        return None
    amounts = {terms.value(part, values) for part in said}
    if len(amounts) == 1:
        return True if _goes_forward(worked, place, said) else None
    return False if _does_harm(worked, place, said, values) else None


def unchanged(worked: Worked, place: int, step: str) -> bool:
    """Return whether `step` says the same as the true step number `place`, whatever the spacing and formatting.

    "b=7×3 = 21" says the same as "b = 3 * 7 = 21", and of recorded steps those in the same words.
    """
    true = worked.steps[place]
    if _words(step) == _words(true):
        return True
    said, meant = terms.read(step), terms.read(true)
    return said is not None and meant is not None and _shapes(said) == _shapes(meant)


def _words(text: str) -> str:
    plain = text.translate(terms.PLAIN).casefold().replace("$", "").strip().removesuffix(".")
    return _LOOSE_SPACE.sub("", " ".join(plain.split()))


def _shapes(statement: Iterable[Term]) -> list[str]:
    return sorted(map(terms.shape, statement))


@lru_cache(maxsize=4096)
def _values(worked: Worked) -> tuple[tuple[str, Fraction], ...]:
    """Return what each name of an exact problem comes to: what is asked for, and what its right steps work out."""
    values: dict[str, Fraction] = {}
    if isinstance(answer := normal(worked.answer), Fraction):
        values[ANSWER] = answer
        if worked.kind == "equation":
            values[_UNKNOWN] = answer
    for statement in _read(worked.steps[: worked.wrong]):
        for name in _settled([statement]):
            amount = next(terms.value(part, {}) for part in statement if terms.is_number(part))
            assert amount is not None, "a number does not divide by zero"
            values[name] = amount
    return tuple(values.items())


def _read(steps: Iterable[str]) -> list[Statement]:
    return [statement for step in steps if (statement := terms.read(step)) is not None]


def _settled(statements: Iterable[Statement]) -> set[str]:
    """Return the names that statements work out: they stand alone, and a number stands for them."""
    return {
        part.name
        for statement in statements
        if any(map(terms.is_number, statement))
        for part in statement
        if isinstance(part, Name)
    }


def _goes_forward(worked: Worked, place: int, said: Statement) -> bool:
    """Return whether a true statement brings something new as step number `place`."""
    before = _read(worked.steps[:place])
    if _settled([said]) - _settled(before):
        return True
    if not terms.names(said):
        return any(map(terms.is_number, said)) and bool(_work_ahead(worked, place, said))
    if worked.kind == "equation" and _UNKNOWN in terms.names(said) - _settled(before):
        asked = _EQUATION.search(worked.question)
        behind = [_way_left(line) for line in (*_read([asked[1]] if asked else []), *before)]
        left = _way_left(said)
        return left is not None and all(other is None or left < other for other in behind)
    return False


def _does_harm(worked: Worked, place: int, said: Statement, values: Mapping[str, Fraction]) -> bool:
    """Return whether a false statement hands on a false value, and not only by rounding."""
    if any(isinstance(term, Number) and term.value.denominator > 1 for part in said for term in terms.walk(part)):
        return False
    named = [part for part in said if terms.names((part,))]
    numbers = [part for part in said if terms.is_number(part)]
    result = (numbers or [part for part in said if part not in named] or named)[-1]
    about = named or _work_ahead(worked, place, said)
    return any(terms.value(part, values) != terms.value(result, values) for part in about)


def _work_ahead(worked: Worked, place: int, said: Statement) -> list[Term]:
    """Return the terms of a statement that a step works out from number `place` on."""
    ahead = {terms.shape(part) for line in _read(worked.steps[place:]) for part in line if _is_work(part)}
    return [part for part in said if _is_work(part) and terms.shape(part) in ahead]


def _is_work(term: Term) -> bool:
    return isinstance(term, Operation) and not terms.is_number(term)


def _way_left(equation: Statement) -> tuple[int, int] | None:
    """Return how far an equation is from "x = number"; None where it does not say what x is.

    First what must still go, from 0 to 3: x on both sides, a number beside x, a factor of x. Then its length in tokens.
    """
    ways = []
    for left, right in combinations(equation, 2):
        line, other = terms.linear(left, _UNKNOWN), terms.linear(right, _UNKNOWN)
        if line is None or other is None or line[0] == other[0]:
            continue
        (a, b), (c, d) = line, other
        both, beside, factor = bool(a and c), bool((a and b) or (c and d)), a + c != 1
        ways.append((both + beside + factor, terms.size(left) + terms.size(right)))
    return min(ways, default=None)
