"""A problem is solved step by step, which is what a critic of steps is good for: see players/step_filter.py.

The problems are those of `sneaky_critic`: made up without end (games/worked_problems.py), or from a file of recorded
ones (games/worked_files.py), of which all count whose answer is known. What is paid is the answer alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError
from arena.game import CHANCE, OVER, Game, IllegalAction, Text, Uniform
from arena.games.problems import Part
from arena.games.step_tensor import step_tensor
from arena.games.worked import EXACT, Worked
from arena.games.worked_files import load
from arena.games.worked_problems import Source
from arena.games.worked_text import so_far, stated_answer
from arena.grading.exact import same
from arena.json_lines import digest
from arena.question_file import Question

STEP_CHARS = 1000
"""Characters of a step."""


class State(NamedTuple):
    """What is asked, and the steps that have been written.

    The right answer follows from the question, as in chess the best move does from the board. So nothing is hidden,
    and problems with one question are one problem. (A view shows some characters as others that look alike.)
    """

    asked: Question | None = None
    steps: tuple[str, ...] = ()


class StepByStep(Game[State]):
    """You solve a problem step by step.

    A step is one line. In each turn you write the next step, or several, each on a line of its own. The step that says
    "The answer is …", with nothing behind the answer, ends the solution; so does the last step that you may write. You
    get 1 if the answer is right, and 0 if it is not or if there is none.
    """

    name = "step_by_step"
    roles = ("solver",)
    zero_sum = False
    scoring = "payoff"
    payoff_range = (0.0, 1.0)

    def __init__(
        self, file: str = "", kinds: Sequence[str] = EXACT, part: Part = "training", seed: int = 0, most: int = 16
    ) -> None:
        """Ask the problems of a file, or without one those that are made up: of `kinds`, for training or for a test
        (`part`), from a seed. A solution has at most `most` steps. Raises ConfigError for what is no game.
        """
        if type(most) is not int or most < 1:
            raise ConfigError(f"most = {most!r} steps solve nothing: give a whole number from 1")
        self.file, self.kinds, self.part, self.seed, self.most = file, tuple(kinds), part, seed, most
        self.problems: Sequence[Worked] = Source(self.kinds, part, seed)
        if file:
            self.problems = _answered(file)
            self.data = digest(self.problems)

    def start(self) -> State:
        return State()

    def turn(self, s: State) -> int:
        if s.asked is None:
            return CHANCE
        return OVER if len(s.steps) == self.most or self.answer(s) is not None else 0

    def chance(self, s: State) -> Uniform:
        return Uniform(len(self.problems))

    def legal(self, s: State, seat: int) -> Text:
        return Text((STEP_CHARS + 1) * self.most)

    def step(self, s: State, action: str) -> State:
        if s.asked is None:
            if not self.chance(s).has(action):
                raise IllegalAction(f"{action!r} is no problem: there are {len(self.problems):,}, counted from 0")
            drawn = self.problems[int(action)]
            return State(Question(drawn.question, drawn.answer))
        if self.turn(s) == OVER:
            raise IllegalAction("the solution has ended")
        lines = [line.strip() for line in action.splitlines() if line.strip()]
        if not lines:
            raise IllegalAction("a step has at least one word")
        for line in lines:
            if len(line) > STEP_CHARS:
                raise IllegalAction(f"a step has at most {STEP_CHARS:,} characters, not {len(line):,}")
            s = s._replace(steps=(*s.steps, line))
            if self.turn(s) == OVER:  # what is written behind the answer is none of the solution
                break
        return s

    def returns(self, s: State) -> tuple[float]:
        answer = self.answer(s)
        return (float(s.asked is not None and answer is not None and same(answer, s.asked.answer)),)

    def solution(self, s: State) -> tuple[str, tuple[str, ...]]:
        """Return the question, and the steps that have been written; both empty before a problem is drawn."""
        return ("" if s.asked is None else s.asked.question), s.steps

    def answer(self, s: State) -> str | None:
        """Return the answer that the solution states, right or not; None as long as there is none."""
        return stated_answer(s.steps[-1]) if s.steps else None

    def view(self, s: State, seat: int) -> str:
        if s.asked is None:
            return "no problem has been drawn yet"
        lines = so_far(s.asked.question, s.steps)
        if self.turn(s) == 0:
            lines += ["", f"Write the next step. You may write {self.most - len(s.steps)} more."]
        return "\n".join(lines)

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return the numbers of the last step and of the line before it, shape (LENGTH,): games/step_tensor.py."""
        question, steps = self.solution(s)
        lines = ["", question, *steps]
        return step_tensor(lines[-1], lines[-2])

    def draw(self, s: State, seat: int | None = None) -> str:
        if seat is not None or s.asked is None:
            return self.view(s, 0)
        return "\n".join([*so_far(s.asked.question, s.steps), f"expected: {s.asked.answer}"])


def _answered(file: str) -> list[Worked]:
    """Return the problems of a file whose answers are known, each once, without regard to who solved it and how.

    Raises ConfigError where there is none, and for two answers to one question.
    """
    found: dict[str, Worked] = {}
    for one in load(file):
        if one.answer and not same((known := found.setdefault(one.question, one)).answer, one.answer):
            raise ConfigError(f"{file} answers {one.question!r} by {known.answer!r} and by {one.answer!r}: mend it")
    if not found:
        raise ConfigError(f"{file} has no problem whose answer is known, so no solution could be paid")
    return list(found.values())
