"""Challenger against solver: one sets a task, several answer it at once, and nobody need know the answer beforehand.

The game of R-Zero (Huang et al., 2025), and by other rules (games/challenger_rules.py) those of SeRL, TTRL and eva. A
challenger that is paid for uncertainty wants tasks that the solvers answer half of the time, and solvers are paid for
the right answer: what most of them say, or where a task is a term, what it comes to.

What a task pays here follows from its own match. What follows from all earlier ones (repetition, which tasks solvers
learn from, which are shown or rewritten next) is games/task_history.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError
from arena.game import CHANCE, OVER, Game, IllegalAction, Text, Uniform
from arena.games.challenger_rules import REWRITTEN, UNCHANGED, rules_of
from arena.games.problems import SAMPLE, term, whole
from arena.games.success import INFORMATIVENESS, Success, agreed, is_right, majority, success
from arena.games.task_history import TaskHistory
from arena.games.terms import worth
from arena.json_lines import digest
from arena.positions import Positions
from arena.question_file import read
from arena.quoting import quote
from arena.seeds import generator

TASK_CHARS = 2000
ANSWER_CHARS = 2000
"""Characters of a task and of an answer."""
TERMS = 200
"""Terms to draw from, where no file is given and tasks are worked out."""


class State(NamedTuple):
    """What was drawn, the task, and the answers so far."""

    drawn: tuple[str, ...] = ()
    """Tasks: examples for the challenger, or the one that is rewritten or given."""
    change: str = ""
    """Whether a task that was drawn is played as it is."""
    task: str | None = None
    answers: tuple[str, ...] = ()
    """By solver; empty where a solver gave none."""


class ChallengerSolver(Game[State]):
    """In this game a challenger sets a task, and several solvers answer it without seeing each other's answers.

    The challenger writes the whole task, and nothing but it. A good task has one short answer, such as a number, that
    some of the solvers find and others do not. A solver's text is its final answer and nothing else, and it wins if
    that is right. Nobody may know the right answer beforehand: then it is the one that most solvers give.
    """

    name = "challenger_solver"
    zero_sum = False
    adversarial = True
    hidden = True
    scoring = "payoff"
    payoff_range = (-1.0, 1.0)

    def __init__(self, preset: str = "ours", file: str = "", *, changed: Mapping[str, Any] | None = None) -> None:
        """Play by the rules of a preset (games/challenger_rules.py), of which `changed` changes some.

        The tasks that are given, rewritten or shown to the challenger are the questions of a file
        (arena/question_file.py), or without one some that are made up. Raises ConfigError for what makes no game.
        """
        if not isinstance(changed, Mapping | None):
            raise ConfigError(f"changed = {changed!r}: give a table of rules, such as {{'solvers': 4}}")
        if not isinstance(file, str) or not isinstance(preset, str):
            raise ConfigError(f"preset = {preset!r} and file = {file!r}: give the name of a preset, and a path as text")
        self.preset, self.file, self.changed = preset, file, dict(changed or {})
        self.by = rules_of(preset, self.changed)
        self.given: tuple[str, ...] = self._given()
        """Tasks that are drawn from; games/task_history.py may put others in their place."""
        self.kept: tuple[str, ...] = ()
        """Tasks that were written, to be shown as examples."""
        self.roles = ("challenger", *("solver",) * self.by.solvers)
        self.sides = (0, *(1,) * self.by.solvers)

    def _given(self) -> tuple[str, ...]:
        if self.file:
            questions = read(self.file)
            self.data = digest(questions)
            given = tuple(question.question for question in questions)
        elif self.by.truth == "worked":
            rng = generator(0, "terms")
            given = tuple(term(rng, whole(rng, 2, 3))[0] for _ in range(TERMS))
        else:
            given = tuple(question.question for question in SAMPLE)
        for task in given:
            if why := self.unfit(task):
                raise ConfigError(f"{self.file or 'what is made up'} has a task that cannot be set: {why}")
        return given

    def drawing(self, given: Sequence[str], kept: Sequence[str]) -> ChallengerSolver:
        """Return the same game with other tasks to draw from; its matches are replayed by the rules of either."""
        game = copy(self)
        Positions.forget(game)  # what can be drawn is another now
        game.given, game.kept = tuple(given) or self.given, tuple(kept)
        return game

    # What happens, in turn.

    def start(self) -> State:
        return State()

    def turn(self, s: State) -> int:
        if len(s.drawn) < self._draws or (self.by.tasks == "rewritten" and not s.change):
            return CHANCE
        if s.task is None:
            return 0
        return 1 + len(s.answers) if len(s.answers) < self.by.solvers and not self.unfit(s.task) else OVER

    @cached_property
    def _draws(self) -> int:
        return self.by.examples + self.by.kept_examples if self.by.tasks == "written" else 1

    def ready(self, s: State) -> Sequence[int]:
        seat = self.turn(s)
        return range(seat, len(self.roles)) if seat > 0 else (seat,)

    def forgives(self, seat: int) -> bool:
        return seat > 0

    def history(self, seed: int) -> TaskHistory:
        return TaskHistory(self, seed)

    def chance(self, s: State) -> Sequence[tuple[str, float]]:
        if len(s.drawn) == self._draws:
            return [(UNCHANGED, self.by.unchanged), (REWRITTEN, 1 - self.by.unchanged)]
        own = self.kept and self.by.tasks == "written" and len(s.drawn) < self.by.kept_examples
        return Drawn.of(self.kept if own else self.given)

    def legal(self, s: State, seat: int) -> Text:
        return Text(TASK_CHARS if seat == 0 else ANSWER_CHARS)

    def step(self, s: State, action: str) -> State:
        seat = self.turn(s)
        if seat == OVER:
            raise IllegalAction("there is no move here: all solvers have answered, or there is no task")
        if seat == CHANCE:
            return self._after_draw(s, action)
        if len(action) > (most := self.legal(s, seat).max_chars):
            raise IllegalAction(f"a text has at most {most:,} characters here, not {len(action):,}")
        return s._replace(task=action) if seat == 0 else s._replace(answers=(*s.answers, action))

    def _after_draw(self, s: State, action: str) -> State:
        if len(s.drawn) == self._draws:
            if action not in (UNCHANGED, REWRITTEN):
                raise IllegalAction(f"{action!r} is neither {UNCHANGED} nor {REWRITTEN}")
            return s._replace(change=action, task=s.drawn[0] if action == UNCHANGED else None)
        if len(action) > TASK_CHARS:
            raise IllegalAction(f"a task has at most {TASK_CHARS:,} characters, not {len(action):,}")
        drawn = (*s.drawn, action)
        return s._replace(drawn=drawn, task=action if self.by.tasks == "given" else None)

    def unfit(self, task: str) -> str:
        """Return why a text is no task, so that nobody is asked; empty where it is one."""
        words, by = len(task.split()), self.by
        if not by.least_words <= words <= by.most_words or not words:
            return f"a task has {max(by.least_words, 1)} to {by.most_words:,} words, and this text has {words:,}"
        if by.truth == "worked" and worth(task) is None:
            return "a task is a term here, such as (3 + 4) / 2, and this text cannot be worked out"
        return ""

    # What it pays.

    def works_out(self, task: str) -> str | None:
        """Return what a term comes to; None for what is no term."""
        value = worth(task)
        return None if value is None else str(value)

    def right_answer(self, s: State) -> str | None:
        """Return the answer that counts as right; None where nobody has given any and nothing can be worked out."""
        if s.task is not None and self.by.truth == "worked":
            return self.works_out(s.task)
        return majority(s.answers)

    def success(self, s: State) -> Success:
        """Return how many of the solvers were right."""
        return success(s.answers, self.right_answer(s))

    def wins(self, s: State) -> list[float]:
        """Return 1 for every solver that was right and 0 for the others."""
        right = self.right_answer(s)
        return [float(is_right(answer, right)) for answer in s.answers]

    def returns(self, s: State) -> tuple[float | None, ...]:
        if not s.answers:
            return self.forfeit(0)
        return (self._for_challenger(s), *self.wins(s))

    def _for_challenger(self, s: State) -> float | None:
        if self.by.pays == "nothing" or s.change == UNCHANGED:
            return None
        if self.by.pays == "informativeness":
            return self.informativeness(s)
        found = self.success(s)
        if found.rate < self.by.floor or (self.by.agreement and not agreed(s.answers)):
            return 0.0
        return found.uncertainty

    def informativeness(self, s: State) -> float:
        """Return how much a task tells its solvers apart, by the rules' measure."""
        return INFORMATIVENESS[self.by.informativeness](self.wins(s))

    def forfeit(self, culprit: int) -> tuple[float | None, ...]:
        paid = self.by.unreadable if culprit == 0 and self.by.pays != "nothing" else None
        return (paid, *(None,) * self.by.solvers)

    # What it looks like.

    def view(self, s: State, seat: int) -> str:
        if seat == 0:
            return "\n".join(self._for_writer(s))
        if s.task is None:
            return "There is no task yet."
        lines = [quote("task", s.task, 2 * TASK_CHARS), "", "What is the answer?"]
        if len(s.answers) >= seat:
            lines.append(quote("you", s.answers[seat - 1], 2 * ANSWER_CHARS))
        return "\n".join(lines)

    def _for_writer(self, s: State) -> list[str]:
        if self.by.tasks == "given" or s.change == UNCHANGED:
            return ["You are not asked for a task."]
        shown = [quote(f"example {i + 1}", task, 2 * TASK_CHARS) for i, task in enumerate(s.drawn)]
        form = "a term such as (3 + 4) / 2" if self.by.truth == "worked" else "a task that has one short answer"
        asked = [f"Write {form}."]
        if self.by.tasks == "rewritten":
            shown = [quote("task", task, 2 * TASK_CHARS) for task in s.drawn]
            asked = [f"Write a harder variant of it: {form}."] if s.change else []
        elif s.drawn:
            asked = [f"Write {form}, unlike these."]
        if s.task is not None:
            asked += [quote("you", s.task, 2 * TASK_CHARS), *([why] if (why := self.unfit(s.task)) else [])]
        return [*shown, *asked]

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return shape (2,): 1 for the challenger or 1 for a solver. Texts are for whoever reads."""
        whose: NDArray[np.float32] = np.eye(2, dtype=np.float32)[min(seat, 1)]
        return whose

    def draw(self, s: State, seat: int | None = None) -> str:
        if seat is not None or s.task is None:
            return self.view(s, seat or 0)
        answers = [quote(f"solver {i + 1}", answer) for i, answer in enumerate(s.answers)]
        found = []
        if len(s.answers) == self.by.solvers:
            right = self.right_answer(s)
            found = [
                f"{self.success(s).right} of {self.by.solvers} are right",
                quote("right", right or "(nobody knows)"),
            ]
        return "\n".join([quote("task", s.task, 2 * TASK_CHARS), *answers, *found])


@dataclass(frozen=True)
class Drawn(Uniform):
    """Tasks, of which one is drawn. Which there are changes as tasks are kept, so a record may hold any other."""

    texts: tuple[str, ...] = ()

    @classmethod
    def of(cls, texts: tuple[str, ...]) -> Drawn:
        return cls(len(texts), texts=texts)

    def has(self, outcome: str) -> bool:
        return isinstance(outcome, str) and len(outcome) <= TASK_CHARS

    @overload
    def __getitem__(self, index: int) -> tuple[str, float]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[str, float]]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, float] | Sequence[tuple[str, float]]:
        if isinstance(index, slice):
            return [(text, 1.0 / self.n) for text in self.texts[index]]
        return self.texts[index], 1.0 / self.n
