"""Questions with one right answer, as a game of one seat: so whoever plays games can be asked, and is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError
from arena.game import CHANCE, OVER, Game, IllegalAction, Text, Uniform
from arena.games.problems import SAMPLE
from arena.grading.exact import same
from arena.json_lines import digest
from arena.question_file import read

MAX_CHARS = 10_000
"""Characters of an answer."""


class State(NamedTuple):
    """Which question was drawn, counted from 0, and what was answered."""

    number: int | None = None
    answer: str | None = None


class Questions(Game[State]):
    """You are asked one question, which has one right answer.

    Your text is your final answer and nothing else: a number such as 42 or -3.5, a fraction such as 3/4, an expression,
    or the words that are asked for. You get 1 if it is right and 0 if it is not.
    """

    name = "questions"
    roles = ("solver",)
    zero_sum = False
    scoring = "payoff"
    payoff_range = (0.0, 1.0)

    def __init__(self, file: str = "") -> None:
        """Ask what stands in a file of JSON lines (arena/question_file.py); without one, a few small problems.

        The returns know what is the same number or the same words (arena/grading/exact.py). A benchmark grades the
        recorded answers itself, with more knowledge of mathematics and outside this process.
        """
        if not isinstance(file, str | Path):
            raise ConfigError(f"file = {file!r} is no file of questions: give its path as text")
        self.file = str(file)
        self.questions = read(file) if self.file else SAMPLE
        self.data = digest(self.questions)

    def start(self) -> State:
        return State()

    def turn(self, s: State) -> int:
        return CHANCE if s.number is None else OVER if s.answer is not None else 0

    def chance(self, s: State) -> Uniform:
        return Uniform(len(self.questions))

    def legal(self, s: State, seat: int) -> Text:
        return Text(MAX_CHARS)

    def step(self, s: State, action: str) -> State:
        if s.number is None:
            if not self.chance(s).has(action):
                raise IllegalAction(f"{action!r} is no question: there are {len(self.questions)}, counted from 0")
            return State(int(action))
        if s.answer is not None:
            raise IllegalAction("the question has been answered already")
        if action not in self.legal(s, 0):
            raise IllegalAction(f"an answer has at most {MAX_CHARS:,} characters")
        return State(s.number, action)

    def returns(self, s: State) -> tuple[float]:
        assert s.number is not None
        assert s.answer is not None
        return (float(same(self.questions[s.number].answer, s.answer)),)

    def view(self, s: State, seat: int) -> str:
        if s.number is None:
            return ""
        question = self.questions[s.number].question
        return question if s.answer is None else f"{question}\n\nYour answer: {s.answer}"

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return which question it is, one-hot, shape (number of questions,); whether it is answered is not told."""
        one_hot = np.zeros(len(self.questions), np.float32)
        if s.number is not None:
            one_hot[s.number] = 1.0
        return one_hot

    def draw(self, s: State, seat: int | None = None) -> str:
        if seat is not None or s.number is None:
            return self.view(s, seat or 0)
        question, expected = self.questions[s.number]
        answered = [] if s.answer is None else [f"answer: {s.answer}"]
        return "\n".join([question, *answered, f"expected: {expected}"])
