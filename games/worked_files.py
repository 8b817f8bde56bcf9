r"""Solutions in steps from files, in the shapes in which benchmarks of reasoning are published: one JSON object a line.

- gsm8k (Cobbe et al., 2021): "question"; "answer" with a step a line, calculator marks <<2+3=5>>, and "#### 5" last.
- math (Hendrycks et al., 2021): "problem"; "solution" with the answer in \boxed{…}. A step is a sentence.
- prm800k (Lightman et al., 2023): "question" and "label", in which people rated steps -1, 0 or 1. One line gives
  several solutions: the one that was followed, up to its first wrong step, and one for each other step that was rated
  -1, or 1 where the followed one is wrong. A step that has no rating, or a flag, ends what is known; a problem that
  was called broken is left out.
- processbench (Zheng et al., 2024): "problem", "steps", and "label": the first wrong step from 0, or -1. Its answer is
  known where "final_answer_correct" says that the solution's own is right.
- deltabench (He et al., 2025): "question", "sections", and the numbers from 1 of those with an error or of no use; both
  count as wrong, as they do in its own evaluation. Sections after the first wrong one were not rated.

A file may also be one JSON list of such objects, as ProcessBench's are. Other fields are ignored. Nothing is fetched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from reprlib import repr as short
from typing import Any, NamedTuple

from arena.errors import ConfigError, reason
from arena.games.worked import Worked
from arena.player import is_unicode
from arena.question_file import boxed

_CALCULATOR = re.compile(r"<<[^<>]*>>")
_FORMULA = re.compile(
    r"(?<!\\)(?:\$\$.*?\$\$|\$.*?(?<!\\)\$)|\\\[.*?\\\]|\\\(.*?\\\)|\[asy\].*?\[/asy\]|\\begin\{(\w+\*?)\}.*?\\end\{\1\}",
    re.DOTALL,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z$\\])|(?<=[.!?]\$)\s+(?=[A-Z$\\])|\n\s*\n")


def load(path: str | Path, form: str = "auto") -> list[Worked]:
    """Return the solutions of a file. "auto" knows the form by the fields of the first object.

    Raises ConfigError with the file and the line for what cannot be read, and for a file without solutions.
    """
    if form != "auto" and form not in FORMS:
        raise ConfigError(f"form = {form!r} is none: choose from auto, {', '.join(FORMS)}")
    found: list[Worked] = []
    for fields in _objects(path):
        form = _form(fields) if form == "auto" else form
        for worked in FORMS[form].read(fields):
            if not worked.steps:
                raise ConfigError(f"{fields.where} has no steps: give a solution of one step or more")
            found.append(worked)
    if not found:
        raise ConfigError(f"{path} holds no solutions: give one JSON object a line, of one of: {_shapes()}")
    return found


class _Fields(NamedTuple):
    """A JSON object, and where it stands, for messages: in which file and line, and behind which names."""

    found: Mapping[str, Any]
    where: str
    path: str = ""

    def get(self, name: str, wanted: str) -> Any:
        if name not in self.found:
            known = ", ".join(map(str, self.found)) or "nothing"
            raise ConfigError(f"{self.where} has no {self.path}{name}, but {known}: give {wanted}")
        return self.found[name]

    def bad(self, name: str, wanted: str) -> ConfigError:
        return ConfigError(f"{self.where} has {short(self.found[name])} as its {self.path}{name}: give {wanted}")

    def text(self, name: str) -> str:
        value = self.get(name, "text")
        if isinstance(value, bool) or not isinstance(value, str | int | float) or not str(value).strip():
            raise self.bad(name, "text")
        if not is_unicode(str(value)):
            raise ConfigError(
                f"{self.where} has half of a surrogate pair in its {self.path}{name}, which is no text: mend it"
            )
        return str(value).strip()

    def whole(self, name: str, least: int, greatest: int) -> int:
        value = self.get(name, f"a whole number from {least} to {greatest}")
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= greatest:
            raise self.bad(name, f"a whole number from {least} to {greatest}")
        return value

    def truth(self, name: str) -> bool:
        value = self.get(name, "true or false")
        if not isinstance(value, bool):
            raise self.bad(name, "true or false")
        return value

    def inner(self, name: str) -> _Fields:
        if not isinstance(self.get(name, "an object"), dict):
            raise self.bad(name, "an object")
        return _Fields(self.found[name], self.where, f"{self.path}{name}.")

    def each(self, name: str) -> _Fields:
        """Return the items of a list as fields of their own, so that a message can say which one is wrong."""
        value = self.get(name, "a list")
        if not isinstance(value, list):
            raise self.bad(name, "a list")
        return _Fields({f"{name}[{i}]": item for i, item in enumerate(value)}, self.where, self.path)

    def objects(self, name: str) -> list[_Fields]:
        items = self.each(name)
        return [items.inner(item) for item in items.found]

    def texts(self, name: str) -> tuple[str, ...]:
        items = self.each(name)
        return tuple(map(items.text, items.found))

    def numbers(self, name: str, least: int, greatest: int) -> list[int]:
        items = self.each(name)
        return [items.whole(item, least, greatest) for item in items.found]


def _objects(path: str | Path) -> Iterator[_Fields]:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {reason(error)}") from None
    if text.lstrip().startswith("["):
        rows = _parsed(text, str(path))
        yield from (_object(row, f"{path}, item {number}") for number, row in enumerate(rows, 1))
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"{path}, line {number}"
            yield _object(_parsed(line, where), where)


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where} is no JSON ({reason(error)}): write one object a line") from None


def _object(row: Any, where: str) -> _Fields:
    if not isinstance(row, dict):
        raise ConfigError(f"{where} is {short(row)} and no object: give one of: {_shapes()}")
    return _Fields(row, where)


def _form(fields: _Fields) -> str:
    for name, form in FORMS.items():
        if fields.found.keys() >= form.names:
            return name
    known = ", ".join(map(str, fields.found)) or "nothing"
    raise ConfigError(f"{fields.where} has {known}, by which no form is known: give one of: {_shapes()}")


def _shapes() -> str:
    return "; ".join(f"{name} ({', '.join(sorted(form.names))})" for name, form in FORMS.items())


# One form after the other: from the fields of an object to its solutions.


def _gsm8k(fields: _Fields) -> Iterator[Worked]:
    solution, marked, answer = fields.text("answer").rpartition("####")
    if not marked or not answer.strip():
        raise fields.bad("answer", 'steps, a line each, and "#### 5" last')
    steps = [" ".join(_CALCULATOR.sub("", line).split()) for line in solution.split("\n")]
    yield Worked(fields.text("question"), tuple(filter(None, steps)), answer.strip(), "gsm8k")


def _math(fields: _Fields) -> Iterator[Worked]:
    solution = fields.text("solution")
    answer = boxed(solution)
    if not answer:
        raise fields.bad("solution", "a solution with its answer in \\boxed{…}")
    yield Worked(fields.text("problem"), sentences(solution), answer, "math")


def sentences(solution: str) -> tuple[str, ...]:
    """Return the sentences and paragraphs of a text. None ends within a formula, a drawing or an environment."""
    formulas = [found.span() for found in _FORMULA.finditer(solution)]
    ends = [
        found.span()
        for found in _SENTENCE_END.finditer(solution)
        if not any(begin < found.start() < end for begin, end in formulas)
    ]
    begins = [0, *(end for _, end in ends)]
    parts = [solution[a:b].strip() for a, (b, _) in zip(begins, [*ends, (len(solution), 0)], strict=True)]
    return tuple(filter(None, parts))


def _prm800k(fields: _Fields) -> Iterator[Worked]:
    question, label = fields.inner("question"), fields.inner("label")
    problem, answer = question.text("problem"), question.text("ground_truth_answer")
    if label.found.get("finish_reason") == "bad_problem":
        return
    followed: list[str] = []
    others: list[Worked] = []
    wrong = None
    for step in label.objects("steps"):
        rated, chosen = _ratings(step)
        text, rating = chosen
        for other, points in rated:
            if other != text and (points == -1 or (points == 1 and rating == -1)):
                at = len(followed) if points == -1 else None
                others.append(Worked(problem, (*followed, other), answer, "prm800k", at))
        if rating is None:
            break
        followed.append(text)
        if rating == -1:
            wrong = len(followed) - 1
            break
    if followed:
        yield Worked(problem, tuple(followed), answer, "prm800k", wrong)
    yield from others


def _ratings(step: _Fields) -> tuple[list[tuple[str, int | None]], tuple[str, int | None]]:
    """Return all steps that were offered at one place with their ratings, and the one that was followed.

    If none was chosen, a person's own step was followed; without one, the first step ended the solution.
    """
    offered = step.objects("completions") if step.found.get("completions") is not None else []
    rated = [_rating(completion) for completion in offered]
    if step.found.get("chosen_completion") is not None:
        return rated, rated[step.whole("chosen_completion", 0, len(rated) - 1)]
    human = step.found.get("human_completion")
    if human is not None:
        own = step.inner("human_completion").text("text") if isinstance(human, dict) else step.text("human_completion")
        return rated, (own, 1)
    return rated, rated[0] if rated else ("", None)


def _rating(completion: _Fields) -> tuple[str, int | None]:
    text = completion.get("text", "text")
    unknown = completion.found.get("flagged") is True or completion.get("rating", "-1, 0 or 1") is None
    if unknown or text == "":
        return str(text), None
    return completion.text("text"), completion.whole("rating", -1, 1)


def _processbench(fields: _Fields) -> Iterator[Worked]:
    steps = fields.texts("steps")
    label = fields.whole("label", -1, len(steps) - 1)
    answer = boxed(steps[-1]) if fields.truth("final_answer_correct") and steps else None
    yield Worked(fields.text("problem"), steps, answer or "", "processbench", None if label == -1 else label)


def _deltabench(fields: _Fields) -> Iterator[Worked]:
    steps = tuple(section.text("content") for section in fields.objects("sections"))
    faults = [
        number
        for name in ("reason_error_section_numbers", "reason_unuseful_section_numbers")
        for number in fields.numbers(name, 1, len(steps))
    ]
    answer = fields.text("answer") if fields.found.get("answer") else ""
    yield Worked(fields.text("question"), steps, answer, "deltabench", min(faults) - 1 if faults else None)


class _Form(NamedTuple):
    names: frozenset[str]
    """The fields by which it is known."""
    read: Callable[[_Fields], Iterator[Worked]]


FORMS: Mapping[str, _Form] = {
    "prm800k": _Form(frozenset({"question", "label"}), _prm800k),
    "processbench": _Form(frozenset({"problem", "steps", "label"}), _processbench),
    "deltabench": _Form(frozenset({"question", "sections", "reason_error_section_numbers"}), _deltabench),
    "math": _Form(frozenset({"problem", "solution"}), _math),
    "gsm8k": _Form(frozenset({"question", "answer"}), _gsm8k),
}
"""The forms by name, in the order in which they are tried: fields that several have come last."""
