r"""Answers that are equal as numbers or as words: nothing is evaluated, so any text may come.

The numbers are whole ones (also 1,234), decimals (also 1.5e3), fractions (3/4, 1 3/4, \frac{3}{4}) and percentages.
They are compared exactly: 0.75 is 3/4, and 0.333 is not 1/3. Other answers are compared as words.
"""

from __future__ import annotations

import re
from fractions import Fraction

_LONGEST = 1000
"""Characters of a number; longer ones are compared as text."""

_WRAPPED = re.compile(r"\\boxed\{(.*)\}|\\text\{([^{}]*)\}|\\\((.*)\\\)|\\\[(.*)\\\]|\$(.*)\$", re.DOTALL)
_LATEX_FRACTION = re.compile(r"([+-]?)\\[dt]?frac\{([+-]?\d+)\}\{(\d+)\}", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_FRACTION = re.compile(r"([+-]?)(?:(\d+)\s+)?(\d+)\s*/\s*(\d+)", re.ASCII)


def same(first: str, second: str) -> bool:
    """Return whether two answers are one number, or the same words."""
    return normal(first) == normal(second)


def normal(answer: str) -> Fraction | str:
    """Return the number that an answer is; else its words, without regard to case, spaces and a full stop."""
    text = _bare(answer)
    number = _number(text) if len(text) <= _LONGEST else None
    return " ".join(text.casefold().split()) if number is None else number


def _bare(text: str) -> str:
    """Return a text without the full stop, the dollars and the boxes around it."""
    while True:
        text = text.strip().removesuffix(".").rstrip()
        found = _WRAPPED.fullmatch(text)
        if found is None:
            return text.replace("−", "-").removeprefix("$").strip()
        text = next(part for part in found.groups() if part is not None)


def _number(text: str) -> Fraction | None:
    percent = text.endswith("%")
    if percent:
        text = text[:-1].rstrip().removesuffix("\\").rstrip()
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if _DECIMAL.fullmatch(text):
        number = Fraction(text)
    elif (latex := _LATEX_FRACTION.fullmatch(text)) and int(latex[3]):
        number = Fraction(int(latex[2]), int(latex[3])) * (-1 if latex[1] == "-" else 1)
    elif (mixed := _FRACTION.fullmatch(text)) and int(mixed[4]):
        number = (int(mixed[2] or 0) + Fraction(int(mixed[3]), int(mixed[4]))) * (-1 if mixed[1] == "-" else 1)
    else:
        return None
    return number / 100 if percent else number
