"""Tasks for the tools of games/tool_world.py that are judged by a program (Code-as-Task: Zhou et al., 2025).

A task is an instruction, a function that judges what came of it, an example solution, and one or more failures: ways
that look like solutions and are none. It is written as one text, in parts that each begin with a line of its own::

    ### instruction
    Double the apples, and say how many there are then.
    ### verification
    def verify(world, answer):
        return world.get("apples") == 6 and answer == "6"
    ### solution
    set apples 6
    done 6
    ### failure
    done 6

Solutions and failures are lines for the tools, the last of them with the answer: data, not code. The body of a part may
stand in a fence of Markdown, from a line such as ```python to a line of ``` alone. A file of tasks has a JSON object a
line, with the store that the task begins with as "world"::

    {"world": {"apples": 3}, "instruction": "…", "verification": "…", "solution": ["set apples 6", "done 6"],
     "failures": [["done 6"]]}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from arena.errors import ConfigError, reason
from arena.games.tool_world import MAX_CHARS, World, answer, play, store
from arena.json_lines import rows
from arena.verification import FALSE, OUTCOMES, TRUE, Call

Lines = tuple[str, ...]

INSTRUCTION_CHARS = 600
PROGRAM_CHARS = 2000
MAX_FAILURES = 5
TASK_CHARS = 8000
"""Characters of an instruction, of a verification and of a whole task, and how many failures it may have."""

FUNCTION = "verify"
"""The name of the function that judges: verify(world: dict, answer: str) -> bool."""

PARTS = ("instruction", "verification", "solution", "failure")
_HEADS = {f"### {part}": part for part in PARTS}
_FENCE = re.compile(r"\s*```[ \t]*\w*[ \t]*\n(.*\n)?[ \t]*```\s*", re.DOTALL)

UNREADABLE, SOLUTION_FAILS, FAILURE_PASSES = "unreadable", "solution fails", "failure passes"
REFUSALS = (UNREADABLE, SOLUTION_FAILS, FAILURE_PASSES, *(word for word in OUTCOMES if word not in (TRUE, FALSE)))
"""Why a task is not played: by its form, by what its program said, or by what became of the program."""

SHIPPED = Path(__file__).with_suffix(".jsonl")
"""A few tasks that were written by hand."""


class Task(NamedTuple):
    """What a challenger writes."""

    instruction: str
    program: str
    solution: Lines
    failures: tuple[Lines, ...]

    @property
    def cases(self) -> tuple[Lines, ...]:
        """What has to be judged before anybody plays: the solution, then each failure."""
        return (self.solution, *self.failures)


class Posed(NamedTuple):
    """A task with the store that it begins with."""

    world: World
    task: Task


def call(posed: Posed, lines: Lines) -> Call:
    """Return the call that judges what came of these lines, of which the last gives an answer."""
    episode = play(posed.world, lines)
    return Call(posed.task.program, FUNCTION, (dict(episode.world), episode.answer))


# The filter.


def refusal(outcomes: Sequence[str]) -> str:
    """Return why a task is refused whose program came to these outcomes on its cases, in order; "" for no reason yet.

    Its solution has to be judged true, and each of its failures false.
    """
    for place, outcome in enumerate(outcomes):
        if outcome not in (TRUE, FALSE):
            return outcome
        if outcome != (FALSE if place else TRUE):
            return FAILURE_PASSES if place else SOLUTION_FAILS
    return ""


# Tasks as texts.


def write(task: Task) -> str:
    """Return a task as the text that `read` reads."""
    bodies = [task.instruction, task.program, *("\n".join(lines) for lines in task.cases)]
    heads = [*PARTS, *PARTS[-1:] * (len(task.failures) - 1)]
    return "\n".join(f"### {head}\n{body}" for head, body in zip(heads, bodies, strict=True))


@lru_cache(maxsize=4096)
def read(text: str, turns: int) -> Task | str:
    """Return the task that a text holds, or what is wrong with it, in one sentence.

    Its solution and failures may have `turns` lines each. Nothing of it is run.
    """
    parts = _parts(text)
    found = [part for part, _ in parts]
    if found[:3] != list(PARTS[:3]) or set(found[3:]) != {"failure"}:
        said = ", ".join(found) or "none"
        return f"a task has the parts instruction, verification, solution and failure, in this order, and here: {said}"
    (_, instruction), (_, program), *cases = parts
    task = Task(instruction, program, *_cases([_lines(body) for _, body in cases]))
    return _wrong(task, turns) or task


def _parts(text: str) -> list[tuple[str, str]]:
    """Return the parts of a text by their names, in order, without fences; what stands before the first is talk."""
    parts: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if part := _HEADS.get(line.strip().lower()):
            parts.append((part, []))
        elif parts:
            parts[-1][1].append(line)
    return [(part, _unfenced("\n".join(lines)).strip("\n")) for part, lines in parts]


def _unfenced(body: str) -> str:
    """Return what stands in the one fence that is all of a body; any other body as it is, with whatever it holds."""
    found = _FENCE.fullmatch(body)
    return (found[1] or "") if found and body.count("```") == 2 else body


def _lines(body: str) -> Lines:
    return tuple(line.strip() for line in body.splitlines() if line.strip())


def _cases(cases: Sequence[Lines]) -> tuple[Lines, tuple[Lines, ...]]:
    return cases[0], tuple(cases[1:])


def _wrong(task: Task, turns: int) -> str:
    """Return what is wrong with a task, as far as that can be seen without running it; "" for nothing."""
    for part, body, most in (
        ("instruction", task.instruction, INSTRUCTION_CHARS),
        ("verification", task.program, PROGRAM_CHARS),
    ):
        if not body.strip() or len(body) > most:
            return f"the {part} has {len(body):,} characters: write 1 to {most:,}"
    if not 1 <= len(task.failures) <= MAX_FAILURES:
        return f"there are {len(task.failures)} failures: write 1 to {MAX_FAILURES}"
    for part, lines in zip(("solution", *["failure"] * len(task.failures)), task.cases, strict=True):
        if not lines or [line for line in lines if answer(line) is not None] != [lines[-1]]:
            return f"a {part} is lines that call tools, and at its end one line with done and the answer"
        if len(lines) > turns:
            return f"a {part} has {len(lines)} lines, and at most {turns} can be played"
        if any(len(line) > MAX_CHARS for line in lines):
            return f"a {part} has a line of more than {MAX_CHARS} characters"
    return ""


# Tasks in files.


def load(path: str | Path, turns: int) -> list[Posed]:
    """Return the tasks of a file. Raises ConfigError with the line for what is none.

    They are taken as they are: nobody runs their verifications before they are played.
    """
    lines = rows(path)
    if not lines:
        raise ConfigError(f"{path} holds no tasks: write one JSON object a line, as arena/games/tool_task.py shows")
    return [_posed(line, turns, f"{path}, line {number}") for number, line in lines]


def _posed(line: str, turns: int, where: str) -> Posed:
    try:
        found: Any = json.loads(line)
        world = store(dict(found["world"]))
        task = Task(
            _text(found["instruction"]),
            _text(found["verification"]),
            *_cases([tuple(_each(lines)) for lines in (found["solution"], *found["failures"])]),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        said = f"it has no {error}" if isinstance(error, KeyError) else reason(error)
        raise ConfigError(
            f"{where} is no task ({said}): give an object with world, instruction, verification, solution and failures"
        ) from None
    if wrong := _wrong(task, turns):
        raise ConfigError(f"{where} is no task: {wrong}")
    return Posed(world, task)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _each(lines: Any) -> Iterator[str]:
    if not isinstance(lines, list):
        raise TypeError(f"{lines!r} is no list of lines")
    return (_text(line) for line in lines)
