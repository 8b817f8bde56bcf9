r"""Questions with one right answer each, in a file of JSON lines, as benchmarks of reasoning are published.

::

    {"question": "What is 2 + 3?", "answer": "5"}

A question may also be called "problem", and an answer "solution". Of an answer that ends in "#### 5" (GSM8K: Cobbe et
al., 2021, "Training verifiers to solve math word problems") what follows counts, and of a solution with a
\boxed{…} (MATH: Hendrycks et al., 2021) what stands in the last one. Other fields are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from arena.errors import ConfigError, reason
from arena.json_lines import rows
from arena.player import is_unicode

_NAMES = {"question": ("question", "problem"), "answer": ("answer", "solution")}
_BOX = "\\boxed{"


class Question(NamedTuple):
    """One question, and the answer that is expected."""

    question: str
    answer: str


def read(file: str | Path) -> tuple[Question, ...]:
    """Return the questions of a file. Raises ConfigError, with the number of the line, for what is none."""
    lines: dict[str, int] = {}
    questions = []
    for number, line in rows(file):
        question = _question(line, f"{file}, line {number}")
        if (first := lines.setdefault(question.question, number)) != number:
            raise ConfigError(
                f"{file}, line {number} asks what line {first} asks, and would count twice: delete one of them"
            )
        questions.append(question)
    if not questions:
        raise ConfigError(f'{file} holds no questions: write one per line, as {{"question": "2 + 3", "answer": "5"}}')
    return tuple(questions)


def write(file: Path, questions: Iterable[Question]) -> None:
    """Write a new file of questions. Raises ConfigError where there is one already, or none can be."""
    try:
        with file.open("x", encoding="utf-8") as out:
            out.writelines(json.dumps(question._asdict(), ensure_ascii=False) + "\n" for question in questions)
    except FileExistsError:
        raise ConfigError(f"{file} exists already, and nothing is overwritten: choose another name") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {reason(error)}") from None


def _question(line: str, where: str) -> Question:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where} is no JSON ({reason(error)}): write one object per line") from None
    if not isinstance(found, dict):
        raise ConfigError(f'{where} is no object: write {{"question": "2 + 3", "answer": "5"}}')
    question, answer = (_field(found, field, where) for field in _NAMES)
    final = _final(answer)
    if not final:
        raise ConfigError(f"{where} has an empty answer: nobody could give it")
    return Question(question, final)


def _field(found: Mapping[str, Any], field: str, where: str) -> str:
    """Return the text of a field under any of its names; a number is taken as it is written."""
    name = next((name for name in _NAMES[field] if name in found), None)
    if name is None:
        known = ", ".join(found) or "nothing"
        raise ConfigError(f"{where} has no {' or '.join(map(repr, _NAMES[field]))}, but {known}")
    value = found[name]
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not str(value).strip():
        raise ConfigError(f"{where} has {value!r} as its {name}: give text, or a number")
    if not is_unicode(str(value)):
        raise ConfigError(f"{where} has half of a surrogate pair in its {name}, which is no text: mend it")
    return str(value).strip()


def _final(answer: str) -> str:
    """Return the result alone of an answer that is written out."""
    _, marked, result = answer.rpartition("####")
    if marked:
        return result.strip()
    found = boxed(answer)
    return answer if found is None else found


def boxed(text: str) -> str | None:
    r"""Return what stands in the last \boxed{…} of a text, or None where there is none that is closed."""
    _, box, rest = text.rpartition(_BOX)
    depth = 1
    for i, char in enumerate(rest if box else ""):
        depth += (char == "{") - (char == "}")
        if depth == 0:
            return rest[:i].strip()
    return None
