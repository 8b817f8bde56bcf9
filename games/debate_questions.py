"""Questions for a debate: each with two answers, of which at most one is known to be right.

A file has one per line, as JSON; "right" is one of the answers, and is left out where nobody knows::

    {"question": "What is 2 + 3?", "answers": ["5", "6"], "right": "5"}

Without a file there are problems that can be worked out (games/problems.py), each with its right answer and one that is
near it, so that it is known which debater a judge should believe.
"""

from __future__ import annotations

import json
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, get_args

from arena.errors import ConfigError, reason
from arena.games.problems import Part, arithmetic, expected_value
from arena.grading.exact import same
from arena.json_lines import rows
from arena.player import is_unicode
from arena.seeds import generator

KINDS = {"arithmetic": arithmetic, "expected_value": expected_value}
"""Kinds of problems that are made up."""
MADE_UP = 200
"""How many of a kind."""
QUESTION_CHARS, ANSWER_CHARS = 2000, 500
"""Characters of a question and of an answer, so that every seat is shown the whole of them."""

_FORM = '{"question": "2 + 3", "answers": ["5", "6"], "right": "5"}'


class Dispute(NamedTuple):
    """One question, and what can be said to it."""

    question: str
    answers: tuple[str, str]
    right: int | None
    """Which answer is the right one, 0 or 1; None where that is not known."""


@lru_cache(maxsize=8)
def made_up(kind: str, part: Part) -> tuple[Dispute, ...]:
    """Return problems of a kind; whether they are for training or for a test follows from their words.

    Raises ConfigError for a kind or a part that there is not.
    """
    if kind not in KINDS:
        raise ConfigError(f"kind = {kind!r} is no kind of problem: write {' or '.join(KINDS)}")
    if part not in get_args(Part):
        raise ConfigError(f"part = {part!r} is none: write {' or '.join(get_args(Part))}")
    problems = KINDS[kind](MADE_UP, part, 0)
    return tuple(Dispute(question, (answer, _near(question, answer)), 0) for question, answer in problems)


def read(file: str | Path) -> tuple[Dispute, ...]:
    """Return what stands in a file. Raises ConfigError, with the number of the line, for what is no such question."""
    lines: dict[str, int] = {}
    disputes = []
    for number, line in rows(file):
        dispute = _dispute(line, f"{file}, line {number}")
        if (first := lines.setdefault(dispute.question, number)) != number:
            raise ConfigError(f"{file}, line {number} asks what line {first} asks: delete one of them")
        disputes.append(dispute)
    if not disputes:
        raise ConfigError(f"{file} holds no questions: write one per line, as {_FORM}")
    return tuple(disputes)


def _near(question: str, answer: str) -> str:
    """Return a wrong answer that looks like the right one; always the same for a question."""
    value = Fraction(answer)
    wrong = sorted({value - 2, value - 1, value + 1, value + 2, -value} - {value})
    return str(wrong[int(generator(0, "near", question).integers(len(wrong)))])


def _dispute(line: str, where: str) -> Dispute:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where} is no JSON ({reason(error)}): write one object per line, as {_FORM}") from None
    if not isinstance(found, dict) or not {"question", "answers"} <= found.keys():
        raise ConfigError(f"{where} lacks a question or its answers: write {_FORM}")
    answers = found["answers"]
    if not isinstance(answers, list) or len(answers) != 2:
        raise ConfigError(f"{where} has {answers!r} as its answers: give a list of two")
    question = _text(found["question"], "question", QUESTION_CHARS, where)
    one, other = (_text(answer, "answer", ANSWER_CHARS, where) for answer in answers)
    if same(one, other):
        raise ConfigError(f"{where} has the same answer twice, {one!r}: there is nothing to debate")
    right = found.get("right")
    if right is not None and right not in answers:
        raise ConfigError(f"{where} says that {right!r} is right, which is none of its answers: copy one of them")
    return Dispute(question, (one, other), None if right is None else answers.index(right))


def _text(value: Any, name: str, most: int, where: str) -> str:
    """Return the text of a field; a number is taken as it is written."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not str(value).strip():
        raise ConfigError(f"{where} has {value!r} as its {name}: give text, or a number")
    text = str(value).strip()
    if not is_unicode(text):
        raise ConfigError(f"{where} has half of a surrogate pair in its {name}, which is no text: mend it")
    if len(text) > most:
        raise ConfigError(f"{where} has {len(text):,} characters in its {name}: at most {most:,} are shown whole")
    return text
