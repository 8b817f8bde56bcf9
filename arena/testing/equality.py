"""Positions that compare equal are one position to the referee, the tables and search; so they had better be one.

NamedTuples of two classes are equal whenever their fields are, and so are 1, 1.0 and True.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import IntEnum
from numbers import Number
from typing import Any

from arena.testing.asking import Asking
from arena.testing.facts import facts, first_difference
from arena.testing.findings import Broken, short

_QUESTIONS = 300
"""Pairs of equal states of which the game is asked whether they are one position."""

_PLAIN = (str, bytes, int, bool, type(None))
"""Types of which equal values cannot be told apart."""


class _Likeness(IntEnum):
    ONE = 0
    """The two values cannot be told apart."""
    UNSURE = 1
    OTHER = 2
    """They are of different classes."""


class Equality:
    """Holds every state against the one that was met before and compares equal to it."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._first: dict[Any, Any] = {}
        self._questions = _QUESTIONS

    def meet(self, s: Any) -> None:
        """Look at a state. Raises Broken, with the finding written down, if it equals another position."""
        first = self._first.setdefault(s, s)
        if first is s or (likeness := _compare(first, s)) is _Likeness.ONE:
            return
        difference = "" if likeness is _Likeness.OTHER else self._differ(first, s)
        if difference is not None:
            seen = f"two different positions compare equal: {short(first)} and {short(s)}{difference}"
            advice = (
                "give one of them a field or type that tells them apart (NamedTuples compare as plain tuples, frozen "
                "dataclasses by class too)"
            )
            self._asking.findings.error("equal", seen, advice)
            raise Broken

    def _differ(self, first: Any, s: Any) -> str | None:
        """Return by which answer the game tells two states apart; None if it does not."""
        self._questions -= 1
        if self._questions < 0:
            return None
        game = self._asking.game
        try:
            one, other = facts(game, first, encode=False), facts(game, s, encode=False)
            name = first_difference(one, other)
            if name is None or first_difference(one, facts(game, first, encode=False)):
                return None  # whoever answers anew each time is found by the same question asked twice
        except Exception:  # noqa: BLE001 - it is a finding as soon as one of them is looked at
            return None
        return f", but {name} is {short(one[name])} and {short(other[name])}"


def _compare(one: Any, other: Any) -> _Likeness:
    """Return how alike two values are that compare equal."""
    if type(one) is not type(other):
        harmless = any(isinstance(one, kind) and isinstance(other, kind) for kind in (Number, str))
        return _Likeness.UNSURE if harmless else _Likeness.OTHER
    if type(one) in _PLAIN:
        return _Likeness.ONE
    if isinstance(one, tuple) and len(one) == len(other):
        least = _Likeness.ONE if type(one).__eq__ is tuple.__eq__ else _Likeness.UNSURE
        return max([least, *(_compare(a, b) for a, b in zip(one, other, strict=True))])
    if is_dataclass(one):
        parts = [(getattr(one, field.name), getattr(other, field.name)) for field in fields(one) if field.compare]
        return max([_Likeness.UNSURE, *(_compare(a, b) for a, b in parts if a == b)])
    return _Likeness.UNSURE
