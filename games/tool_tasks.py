"""Challenger against executor: one writes a task that a program judges, the other does it with tools, in several turns.

Code-as-Task of Self-Challenging Agents (Zhou et al., 2025). What the challenger writes (games/tool_task.py) is played
only if it passes a filter: the program says true of its own solution, and false of each of its failures. The failures
keep out programs that let everything pass, the solution keeps out what cannot be done, and a program that breaks, hangs
or says neither is refused by the name of what it did. A seat of the cast runs the programs (arena/verification.py).

As published the executor alone is trained, by 1 for a task that is done and 0 for one that is not, and the challenger
is paid nothing. Paying the challenger is ours: `pay_challenger`. Pay for what the executor fails at would make it write
tasks that hang on a word nobody is told; pay for what is done, tasks without content. So it is paid for what some of
several attempts come to and others do not, 2 min(p, 1 − p) with p the share that do, and it pays for a refused task.
A program that throws dice would earn the same. Every call is run twice (players/verifier.py), so most throws come out
as unsteady: a case that does keeps the task from being played, and an attempt that does spoils the match, for which the
challenger pays as for a refused task and executors are paid nothing. Any other end is the attempt's failure, since an
answer may rightly make a program raise, as int(answer) does, or run into a limit. A program that decides by something
as good as dice, such as a hash of the answer, is not noticed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from inspect import cleandoc
from math import isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError
from arena.game import CHANCE, OVER, Game, IllegalAction, Text, Uniform
from arena.games import tool_task
from arena.games.tool_task import SHIPPED, TASK_CHARS, UNREADABLE, Lines, Posed, Task, call, load, refusal
from arena.games.tool_world import DONE, MAX_CHARS, TOOLS, World, answer, play, store
from arena.json_lines import digest
from arena.quoting import quote
from arena.seeds import generator
from arena.verification import OUTCOMES, TRUE, UNSTEADY, question

WORLDS = 1_000_000_000
"""Stores that may be drawn for a challenger."""

_NAMES = ("apples", "pears", "coins", "stamps", "price", "total", "north", "south", "width", "height")


class Rewards(NamedTuple):
    """What each outcome pays; the first word says whom."""

    executor_done: float = 1.0
    executor_failed: float = 0.0
    challenger_uncertain: float = 1.0
    """Times 2 min(p, 1 − p), if the challenger is paid."""
    challenger_refused: float = -1.0
    """If it is paid: for a task that is refused, or unsteady on an attempt."""


class State(NamedTuple):
    """What was drawn, the task, what its program said of the cases, and what each executor wrote and was told."""

    number: int | None = None
    """Of the store, or of the task in the file."""
    text: str | None = None
    """As the challenger wrote it."""
    filtered: tuple[str, ...] = ()
    """Outcomes of the solution and of each failure."""
    lines: tuple[Lines, ...] = ()
    """By attempt."""
    verdicts: tuple[str, ...] = ()
    """Outcomes by attempt, of those that gave an answer."""


class ToolTasks(Game[State]):
    """There is a store that keeps values under names, and a calculator. A task is to be done with them.

    The challenger sees a store and writes a task: an instruction, a Python function that judges what came of it, an
    example solution, and failures, which are ways that look like solutions and are none. The task counts only if the
    function returns True for the solution and False for every failure. The executor is given the instruction alone. It
    calls tools, one in each turn, is told what came of each call, and ends with an answer. The function then judges
    the store and the answer.
    """

    name = "tool_tasks"
    zero_sum = False
    adversarial = True
    hidden = True
    version = 2
    scoring = "payoff"

    def __init__(
        self,
        tasks: str = "",
        turns: int = 8,
        challenger: bool = True,
        attempts: int = 1,
        words: bool = True,
        examples: int = 2,
        seed: int = 0,
        *,
        pay_challenger: bool = False,
        rewards: Mapping[str, float] | None = None,
    ) -> None:
        """Play in `turns` lines, the answer among them, so many `attempts` at each task side by side.

        `tasks` is a file of tasks (games/tool_task.py), by default the shipped one. The challenger is shown `examples`
        of them, and a store that is drawn from `seed`. Without `challenger` a task of the file is drawn and played as
        it is. Without `words` besides, the executor's moves are the lines of the task's own solution and failures, so
        that tables and nets can play. `pay_challenger` and `rewards` (some of `Rewards`) say what is paid.

        Raises ConfigError for what is no game.
        """
        for name, count, least in (("turns", turns, 1), ("attempts", attempts, 1), ("examples", examples, 0)):
            if type(count) is not int or count < least:
                raise ConfigError(f"{name} = {count!r}: give a whole number from {least}")
        if challenger and not words:
            raise ConfigError("a challenger needs words: give challenger = False, or leave words = True")
        if pay_challenger and (attempts < 2 or not challenger):
            raise ConfigError(
                "a challenger is paid for tasks that some attempts do and others do not: give attempts = 2 or more, "
                "and challenger = True"
            )
        for name, reward in (rewards or {}).items():
            if name not in Rewards._fields or not isinstance(reward, int | float) or not isfinite(reward):
                raise ConfigError(
                    f"rewards: {name} = {reward!r}: give numbers for some of {', '.join(Rewards._fields)}"
                )
        self.tasks, self.turns, self.challenger, self.attempts = tasks, turns, challenger, attempts
        self.words, self.examples, self.seed = words, examples, seed
        self.pay_challenger, self.rewards = pay_challenger, dict(rewards or {})
        self.pays = Rewards(**self.rewards)
        self.posed = load(tasks or SHIPPED, turns)
        self.data = digest(self.posed)
        self.roles = ("challenger", *("executor",) * attempts, "verifier")
        self.sides = (0, *(1,) * attempts, -1)
        self.actions = () if words else tuple(dict.fromkeys((*_moves(self.posed), *OUTCOMES)))
        paid = self.pays if pay_challenger else self.pays[:2]
        self.payoff_range = (min(*paid, 0.0), max(*paid, 0.0))

    # What happens, in turn.

    def start(self) -> State:
        return State()

    def turn(self, s: State) -> int:
        if s.number is None:
            return CHANCE
        if self.challenger and not self._accepted(s):
            return 0 if s.text is None else OVER if self.refusal(s) else self.seats - 1
        if playing := self._playing(s):
            return playing[0]
        return self.seats - 1 if len(s.verdicts) < len(self._answered(s)) else OVER

    def ready(self, s: State) -> Sequence[int]:
        seat = self.turn(s)
        return self._playing(s) if 0 < seat < self.seats - 1 else (seat,)

    def chance(self, s: State) -> Uniform:
        return Uniform(WORLDS if self.challenger else len(self.posed))

    def legal(self, s: State, seat: int) -> Sequence[str] | Text:
        if seat == self.seats - 1:
            return OUTCOMES
        if seat == 0:
            return Text(TASK_CHARS)
        if self.words:
            return Text(MAX_CHARS)
        return tuple(dict.fromkeys(_moves([self.posed[s.number or 0]])))

    def step(self, s: State, action: str) -> State:
        seat = self.turn(s)
        if seat == OVER:
            raise IllegalAction("there is no move here: the task is done with")
        if seat == CHANCE:
            if not self.chance(s).has(action):
                raise IllegalAction(f"{action!r} cannot be drawn here")
            return State(int(action), lines=((),) * self.attempts)
        if action not in (legal := self.legal(s, seat)):
            raise IllegalAction(_refused(action, legal))
        if seat == 0:
            return s._replace(text=action)
        if seat < self.seats - 1:
            lines = list(s.lines)
            lines[seat - 1] = (*lines[seat - 1], action)
            return s._replace(lines=tuple(lines))
        if not self._accepted(s):
            return s._replace(filtered=(*s.filtered, action))
        return s._replace(verdicts=(*s.verdicts, action))

    # The task, and who is still at it.

    def task(self, s: State) -> Task | str:
        """Return the task that is played, or what is wrong with its text."""
        if not self.challenger:
            return self.posed[s.number or 0].task
        found: Task | str = tool_task.read(s.text or "", self.turns)
        return found

    def refusal(self, s: State) -> str:
        """Return why the challenger's task is not played (`tool_task.REFUSALS`); "" as long as there is no reason."""
        if not self.challenger or s.text is None:
            return ""
        why: str = UNREADABLE if isinstance(self.task(s), str) else refusal(s.filtered)
        return why

    def done(self, s: State) -> tuple[bool, ...]:
        """Return by attempt whether the task was done."""
        verdict = dict(zip(self._answered(s), s.verdicts, strict=False))
        return tuple(verdict.get(i) == TRUE for i in range(self.attempts))

    def unsteady(self, s: State) -> bool:
        """Return whether the program of a task that is played was unsteady on an attempt, so that the match counts for
        nothing.
        """
        return UNSTEADY in s.verdicts

    def _accepted(self, s: State) -> bool:
        """Return whether there is a task to play: one of the file, or one that has passed the filter."""
        task = self.task(s)
        passed = isinstance(task, Task) and len(s.filtered) == len(task.cases) and not self.refusal(s)
        return passed or not self.challenger

    def _playing(self, s: State) -> list[int]:
        """Return the seats that are to move, those of attempts that lie behind the others."""
        still = {i: len(lines) for i, lines in enumerate(s.lines) if not self._ended(lines)}
        return [i + 1 for i, count in still.items() if count == min(still.values())]

    def _ended(self, lines: Lines) -> bool:
        return len(lines) == self.turns or (bool(lines) and answer(lines[-1]) is not None)

    def _answered(self, s: State) -> list[int]:
        """Return the attempts that gave an answer; one that has used its turns up without any has failed."""
        return [i for i, lines in enumerate(s.lines) if lines and answer(lines[-1]) is not None]

    def _world(self, s: State) -> World:
        assert s.number is not None
        return _made(self.seed, s.number) if self.challenger else self.posed[s.number].world

    # What it pays.

    def returns(self, s: State) -> tuple[float | None, ...]:
        if self.refusal(s) or self.unsteady(s):
            refused = self.pays.challenger_refused if self.pay_challenger else None
            return (refused, *(None,) * (self.attempts + 1))
        done = self.done(s)
        share = sum(done) / self.attempts
        uncertain = self.pays.challenger_uncertain * 2 * min(share, 1 - share) if self.pay_challenger else None
        return (uncertain, *(self.pays.executor_done if one else self.pays.executor_failed for one in done), None)

    def forfeit(self, culprit: int) -> tuple[float | None, ...]:
        paid: list[float | None] = [None] * self.seats
        if 0 < culprit < self.seats - 1:
            paid[culprit] = self.pays.executor_failed
        elif culprit == 0 and self.pay_challenger:
            paid[0] = self.pays.challenger_refused
        return tuple(paid)

    def forgives(self, seat: int) -> bool:
        """Return whether a match goes on where the player of a seat fails to move: one attempt spoils no other."""
        return self.words and self.attempts > 1 and 0 < seat < self.seats - 1

    # What it looks like.

    def view(self, s: State, seat: int) -> str:
        if s.number is None:
            return "nothing has been drawn yet"
        if seat == self.seats - 1:
            return self._for_verifier(s)
        return self._for_executor(s, seat - 1) if seat else self._for_challenger(s)

    def _for_challenger(self, s: State) -> str:
        if not self.challenger:
            return "The task is one of a file: there is nothing for you to do."
        lines = [f"The store: {_told(self._world(s))}"]
        if s.text is not None:
            return "\n".join([*lines, "You wrote:", quote("you", s.text, TASK_CHARS * 2)])
        assert s.number is not None
        for i in range(min(self.examples, len(self.posed))):
            posed = self.posed[(s.number + i) % len(self.posed)]
            lines += ["", f"An example, for the store {_told(posed.world)}:", tool_task.write(posed.task)]
        return "\n".join([*lines, "", "Write a task for the store above."])

    def _for_executor(self, s: State, attempt: int) -> str:
        task = self.task(s)
        if isinstance(task, str) or not self._accepted(s):
            return "There is nothing for you to do yet."
        lines, shown = s.lines[attempt], ["The task:", quote("task", task.instruction), ""]
        told = play(self._world(s), lines).observations
        for number, line in enumerate(lines):
            shown += [quote("you", line), *(quote("tools", word) for word in told[number : number + 1])]
        left = self.turns - len(lines)
        shown.append("You are at the end." if self._ended(lines) else f"Turns left, your answer's among them: {left}")
        return "\n".join(shown)

    def _for_verifier(self, s: State) -> str:
        """Return all that the verifier was asked and said, and what it is asked now if it is its turn."""
        task, outcomes = self.task(s), (*s.filtered, *s.verdicts)
        due = len(outcomes) + (self.turn(s) == self.seats - 1)
        if isinstance(task, str) or not due:
            return "There is nothing for you to do yet."
        judged = [*(task.cases if self.challenger else ()), *(s.lines[i] for i in self._answered(s))]
        return question([call(Posed(self._world(s), task), lines) for lines in judged[:due]], outcomes)

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return shape (seats + T + turns · A,): the seat, which of the T tasks of the file it is, one-hot; and per
        turn which of the A actions an executor took. What is said in words is not told.
        """
        told = np.zeros(self.seats + len(self.posed) + self.turns * len(self.actions), np.float32)
        told[seat] = 1
        if s.number is None or not 0 < seat < self.seats - 1:
            return told
        if not self.challenger:
            told[self.seats + s.number] = 1
        for turn, line in enumerate(s.lines[seat - 1] if not self.words else ()):
            told[self.seats + len(self.posed) + turn * len(self.actions) + self.actions.index(line)] = 1
        return told

    def draw(self, s: State, seat: int | None = None) -> str:
        if seat is not None or s.number is None:
            return self.view(s, seat or 0)
        task = self.task(s)
        shown = [f"The store: {_told(self._world(s))}"]
        if s.text is not None:
            shown.append(quote("challenger", s.text, TASK_CHARS * 2))
        if isinstance(task, str):
            return "\n".join([*shown, f"Not played: {task}." if s.text is not None else ""]).rstrip()
        if not self.challenger:
            shown.append(quote("task", task.instruction))
        shown += [f"Of case {i + 1} the program says {word}." for i, word in enumerate(s.filtered)]
        shown += [f"Not played: {self.refusal(s)}."] * bool(self.refusal(s))
        for i, lines in enumerate(s.lines):
            shown += [quote("executor", line) for line in lines]
            shown += [f"It is {'done' if self.done(s)[i] else 'not done'}."] * (self.turn(s) == OVER and bool(lines))
        shown += ["It counts for nothing: the program is unsteady."] * self.unsteady(s)
        return "\n".join(shown)

    def rules(self, role: str) -> str:
        tools = "\n".join(f"{form}: {what}" for form, what in TOOLS.items())
        parts = [cleandoc(type(self).__doc__ or ""), f"The tools:\n{tools}"]
        if role == "executor":
            parts.append(
                f"In each of your turns write one line: a call of a tool, or {DONE} and your answer, which ends the "
                f"task. You have {self.turns} turns in all."
            )
        if role == "challenger":
            parts.append(cleandoc(_FORM).format(turns=self.turns, **vars(tool_task)))
        if role == "verifier":
            parts.append("You are asked what a call of a function comes to, and answer with one word.")
        return "\n\n".join(parts)


_FORM = """
    A task has four parts, each after a line of its own: ### instruction, ### verification, ### solution and
    ### failure; more failures may follow, {MAX_FAILURES} in all at most. The verification is Python with its standard
    library: def {FUNCTION}(world, answer) returns True or False; world is a dict of what the store keeps at the end,
    whole numbers as int and all else as str, and answer is a str. A solution and a failure are lines as the executor
    writes them, {turns} at most, the last of them done and an answer. The instruction has at most {INSTRUCTION_CHARS}
    characters, the verification {PROGRAM_CHARS}. Say in the instruction all that the verification asks for.
"""


def _moves(posed: Sequence[Posed]) -> list[str]:
    """Return the lines of all solutions and failures, in order."""
    return [line for one in posed for lines in one.task.cases for line in lines]


@lru_cache(maxsize=16384)
def _made(seed: int, number: int) -> World:
    """Return the store of a number, with two to four names."""
    rng = generator(seed, "store", number)
    names = rng.permutation(_NAMES)[: int(rng.integers(2, 5))]
    return store({str(name): int(rng.integers(1, 21)) for name in names})


def _told(world: World) -> str:
    return json.dumps(dict(world))


def _refused(action: str, legal: Sequence[str] | Text) -> str:
    if isinstance(legal, Text):
        return f"a text has at most {legal.max_chars:,} characters here, not {len(action):,}"
    return f"{action!r} is no move here: choose one of {', '.join(legal)}"
