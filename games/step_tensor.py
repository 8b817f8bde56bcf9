"""A step of a solution as a tensor, for nets: the numbers in it, digit by digit, and those of the line before.

A net that is to notice a wrong step has to compare numbers. Each has a slot of its own, counted from the end of its
line, and a digit always stands at its own place, so that equal digits meet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_NUMBER = re.compile(r"-?\d+")
_DIGITS = 4
"""Of a number that are told, from the last one on."""
_SLOT = 1 + 11 * _DIGITS
"""Whether it is negative, and for each digit which it is: 0 to 9, or none."""
OF_STEP, BEFORE = 6, 4
"""How many numbers of a step are told, and of the line before it."""

LENGTH = (OF_STEP + BEFORE) * (_SLOT + 1)


def step_tensor(step: str, before: str) -> NDArray[np.float32]:
    """Return shape (LENGTH,): the last numbers of a step, and the last ones of the line before it, from the end.

    Each takes 46 entries: whether there is such a number, whether it is negative, and for its last four digits, the
    last one first, eleven each, of which one is 1: 0 to 9, or that the number is shorter.
    """
    return np.concatenate([_slots(step, OF_STEP), _slots(before, BEFORE)])


def _slots(line: str, most: int) -> NDArray[np.float32]:
    slots = np.zeros((most, _SLOT + 1), np.float32)
    for slot, number in zip(slots, _last(_NUMBER.findall(line)), strict=False):
        slot[:2] = 1, number.startswith("-")
        for place, digit in enumerate(_last(number.removeprefix("-").rjust(_DIGITS))[:_DIGITS]):
            slot[2 + 11 * place + (10 if digit == " " else int(digit))] = 1
    return slots.ravel()


def _last(items: Sequence[str]) -> Sequence[str]:
    return items[::-1]
