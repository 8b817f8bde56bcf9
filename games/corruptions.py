"""Kinds of errors, and steps that are wrong by them: for scripted sneaky players, training data and held-out kinds.

A line works something out, as in "b = 3 * 7 = 21". Most kinds spoil the working and go on from there without another
error ("b = 3 + 7 = 10"); some leave it alone and spoil the result ("b = 3 * 7 = 12"). Whatever is made, `check` calls
it wrong (games/worked.py), and so is all that follows from its last term.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np

from arena.errors import UnknownName
from arena.games import terms
from arena.games.terms import Name, Number, Operation, Statement, Term
from arena.games.worked import Worked, check, unchanged

Change: TypeAlias = Callable[[Term], Iterator[Term]]
"""From a term by itself to what a person may write instead by one kind of error."""


class _Kind(NamedTuple):
    told: str
    change: Change
    result: bool = False
    """Whether it is the result that goes wrong, and not the working."""


def corrupt(worked: Worked, place: int, kind: str, rng: np.random.Generator) -> str | None:
    """Return step number `place` with an error of that kind, or None where the kind does not apply to it.

    Of all such steps each is as likely. Raises UnknownName for a kind that there is not.
    """
    if kind not in _KINDS:
        raise UnknownName(f"there is no kind of error {kind!r}: choose from {', '.join(_KINDS)}")
    steps = _spoilt_steps(worked.steps[place], kind)
    return next((steps[i] for i in rng.permutation(len(steps)) if _is_wrong(worked, place, steps[i])), None)


@lru_cache(maxsize=4096)
def _spoilt_steps(true: str, kind: str) -> tuple[str, ...]:
    """Return a step with all errors of a kind, in one order, so that the same draw is the same step everywhere."""
    statement = terms.read(true)
    return () if statement is None else tuple(dict.fromkeys(map(terms.write, _spoilt(statement, _KINDS[kind]))))


def _is_wrong(worked: Worked, place: int, step: str) -> bool:
    """Return whether a step is wrong, and ends in lowest terms, as true ones do."""
    said = terms.read(step)
    if said is None or check(worked, place, step) is not False or unchanged(worked, place, step):
        return False
    amount = None if terms.names(said[-1:]) else terms.value(said[-1], {})
    return amount is None or said[-1] == terms.number(amount)


def _spoilt(true: Statement, kind: _Kind) -> Iterator[Statement]:
    """Yield a statement with one term spoilt; what it comes to is worked out again, where it stands behind."""
    *before, last = true
    if kind.result or len(true) == 2:
        yield from ((*before, term) for term in _changed(last, kind.change))
    if len(true) == 2 and not isinstance(true[0], Name):
        yield from ((term, last) for term in _changed(true[0], kind.change) if terms.names((term,)))
    if not kind.result and len(true) > 2:
        subject, working = true[0], true[-2]
        for term in _changed(working, kind.change):
            amount = terms.value(term, {})
            if amount is not None:
                result = terms.number(amount)
                yield (subject, term) if terms.show(term) == terms.show(result) else (subject, term, result)


def _changed(term: Term, change: Change) -> Iterator[Term]:
    """Yield the term with one change, at any place in it."""
    yield from change(term)
    if isinstance(term, Operation):
        yield from (Operation(term.sign, left, term.right) for left in _changed(term.left, change))
        yield from (Operation(term.sign, term.left, right) for right in _changed(term.right, change))


# What goes wrong.


def _numbers(amounts: Callable[[Fraction], Iterable[Fraction | int]]) -> Change:
    """Return the change of a whole number into others."""

    def change(term: Term) -> Iterator[Term]:
        if isinstance(term, Number) and term.value.denominator == 1:
            yield from (terms.number(amount) for amount in amounts(term.value) if amount)

    return change


def _slips(n: Fraction) -> list[Fraction]:
    """Return what comes of a column gone wrong or a carry forgotten: 2 to 4 off, 10 off, 100 off."""
    return [n + way * off for off in (2, 3, 4, 10, 100) if off < 10 or abs(n) >= off for way in (1, -1)]


def _swaps(n: Fraction) -> list[int]:
    digits, way = str(abs(int(n))), 1 if n >= 0 else -1
    pairs = [digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :] for i in range(len(digits) - 1)]
    return [way * int(swapped) for swapped in pairs if swapped != digits and swapped[0] != "0"]


_ALIKE = {"0": "68", "1": "7", "2": "7", "3": "8", "4": "9", "5": "36", "6": "58", "7": "12", "8": "36", "9": "4"}
"""Digits that are taken for each other."""


def _misread(n: Fraction) -> list[int]:
    digits, way = str(abs(int(n))), 1 if n >= 0 else -1
    return [
        way * int(digits[:i] + other + digits[i + 1 :]) for i, digit in enumerate(digits) for other in _ALIKE[digit]
    ]


def _sign(term: Term) -> Iterator[Term]:
    if isinstance(term, Number) and term.value < 0:
        yield Number(-term.value)
    if isinstance(term, Operation) and term.sign in {"+", "-"}:
        yield Operation("-" if term.sign == "+" else "+", term.left, term.right)
    elif isinstance(term, Operation) and isinstance(term.left, Number):
        yield Operation(term.sign, Number(-term.left.value), term.right)


def _operation(term: Term) -> Iterator[Term]:
    others = {"+": "*", "-": "*", "*": "+/", "/": "*-"}
    if isinstance(term, Operation) and not terms.is_number(term) and not terms.names((term,)):
        yield from (Operation(sign, term.left, term.right) for sign in others[term.sign])


def _dropped(term: Term) -> Iterator[Term]:
    if not isinstance(term, Operation) or term.sign == "/":
        return
    alike = {"*"} if term.sign == "*" else {"+", "-"}
    yield term.left
    if not isinstance(term.left, Operation) or term.left.sign not in alike:
        yield term.right if term.sign != "-" else _negative(term.right)


def _negative(term: Term) -> Term:
    if isinstance(term, Operation) and isinstance(term.left, Number) and term.sign in {"*", "/"}:
        return Operation(term.sign, Number(-term.left.value), term.right)
    return Number(-term.value) if isinstance(term, Number) else Operation("*", Number(Fraction(-1)), term)


def _divisor(term: Term) -> Iterator[Term]:
    if isinstance(term, Operation) and term.sign == "/" and not terms.names((term.right,)):
        amount = terms.value(term.right, {})
        if amount is not None:
            yield from (Operation("/", term.left, terms.number(amount + off)) for off in (1, -1, 2))


def _inverted(term: Term) -> Iterator[Term]:
    if isinstance(term, Operation) and term.sign in {"-", "/"}:
        yield Operation(term.sign, term.right, term.left)


_KINDS: Mapping[str, _Kind] = {
    "slip": _Kind(
        "Work the step out, but let the result be a little off, as by a carry that is forgotten.",
        _numbers(_slips),
        True,
    ),
    "off_by_one": _Kind("Make the result one too large or one too small.", _numbers(lambda n: (n + 1, n - 1)), True),
    "swapped_digits": _Kind(
        "Write two neighbouring digits of the result in the wrong order, such as 63 for 36.", _numbers(_swaps), True
    ),
    "sign_error": _Kind(
        "Take a plus for a minus or a minus for a plus, or lose the sign of a number, and go on from there.", _sign
    ),
    "wrong_operation": _Kind(
        "Use another operation than the right one, such as a sum for a product, and go on from there.", _operation
    ),
    "dropped_term": _Kind("Leave one summand or factor out, and go on from there.", _dropped),
    "misread_number": _Kind(
        "Copy a number from the problem or from an earlier step with one digit misread, and go on from there.",
        _numbers(_misread),
    ),
    "wrong_divisor": _Kind("Divide by a number that is a little off, and go on from there.", _divisor),
    "inverted": _Kind("Exchange the two sides of a division or of a subtraction, and go on from there.", _inverted),
}

KINDS: Mapping[str, str] = {name: kind.told for name, kind in _KINDS.items()}
"""What each kind of error is, in one sentence for whoever is to make it."""
