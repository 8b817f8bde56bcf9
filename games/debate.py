"""Debate: two players defend opposite answers to one question, and a cast of judges says whom to believe.

The game of Irving, Christiano and Amodei (2018, "AI safety via debate"). A judge that cannot find the answer by itself
may still see which of two players is right, since each of them shows what is wrong with the other.

Language models prefer what they are shown first, or last (Zheng et al., 2023). So every judge has two seats, which see
the debaters in either order, neither knowing the other's verdict, and only a verdict that survives the swap counts.
How far judges can be trusted is told by arena/judging.py, and who may judge whom by arena/casting.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError
from arena.game import CHANCE, OVER, Game, IllegalAction, Text, Uniform
from arena.games.debate_questions import ANSWER_CHARS, QUESTION_CHARS, Dispute, made_up, read
from arena.games.problems import Part
from arena.games.terms import worth
from arena.json_lines import digest
from arena.quoting import quote

SPEECH_CHARS = 2000
VERDICT_CHARS = 4000
"""Characters of a speech, and of a judge's reasons with the verdict."""

NAMES = ("A", "B")
"""What judges call the debaters: by the order in which they are shown, and by nothing else."""


class State(NamedTuple):
    """What was drawn, and what was said."""

    drawn: int | None = None
    """Twice the number of the question, and one more where the first debater defends the second answer."""
    speeches: tuple[str, ...] = ()
    """By turns of the first and the second debater."""
    verdicts: tuple[str, ...] = ()
    """By judge, each twice: with the first debater as A, then with the second."""


class Debate(Game[State]):
    """In this game two debaters defend opposite answers to a question before judges.

    Each debater is told which answer is its own, and writes in every round why that is right, or what is wrong with the
    other one. The judges are shown the debaters as A and B, and say in the last line of their text which of the two is
    right. They are asked twice, once in either order, and who is believed in both has the judge's vote. The debater
    with more votes wins.
    """

    name = "debate"
    hidden = True

    def __init__(
        self,
        file: str = "",
        kind: str = "arithmetic",
        part: Part = "training",
        *,
        rounds: int = 1,
        in_turns: bool = False,
        panel: int = 1,
    ) -> None:
        """Debate the questions of a file (games/debate_questions.py), or without one some that are made up: of a `kind`
        ("arithmetic" or "expected_value"), for training or for a test (`part`).

        In each of `rounds` rounds both speak at the same time, or `in_turns`. With 0 rounds nothing is said: that is
        how well the judges know by themselves. `panel` is the number of judges, an odd one. Raises ConfigError for what
        is no game.
        """
        if type(rounds) is not int or rounds < 0:
            raise ConfigError(f"rounds = {rounds!r}: give a whole number from 0")
        if type(panel) is not int or panel < 1 or panel % 2 == 0:
            raise ConfigError(f"panel = {panel!r}: give an odd number of judges, so that they can be of one opinion")
        self.file, self.kind, self.part = str(file), kind, part
        self.rounds, self.in_turns, self.panel = rounds, in_turns, panel
        self.disputes: Sequence[Dispute] = read(file) if file else made_up(kind, part)
        self.data = digest(self.disputes)
        self.judge_roles = ("judge",) if panel == 1 else tuple(f"judge_{i + 1}" for i in range(panel))
        self.roles = ("first", "second", *(role for role in self.judge_roles for _ in NAMES))
        self.sides = (0, 1, *(-1,) * (2 * panel))

    # What happens, in turn.

    def start(self) -> State:
        return State()

    def turn(self, s: State) -> int:
        if s.drawn is None:
            return CHANCE
        if len(s.speeches) < 2 * self.rounds:
            return len(s.speeches) % 2
        return 2 + len(s.verdicts) if len(s.verdicts) < 2 * self.panel else OVER

    def ready(self, s: State) -> Sequence[int]:
        seat = self.turn(s)
        if seat >= 2:
            return range(seat, self.seats)
        return (0, 1) if seat == 0 and not self.in_turns else (seat,)

    def chance(self, s: State) -> Uniform:
        return Uniform(2 * len(self.disputes))

    def legal(self, s: State, seat: int) -> Text:
        return Text(SPEECH_CHARS) if seat < 2 else Text(VERDICT_CHARS, NAMES)

    def step(self, s: State, action: str) -> State:
        seat = self.turn(s)
        if seat == OVER:
            raise IllegalAction("there is no move here: all judges have given their verdict")
        if seat == CHANCE:
            if not self.chance(s).has(action):
                raise IllegalAction(f"{action!r} cannot be drawn: there are {len(self.disputes)} questions")
            return s._replace(drawn=int(action))
        legal = self.legal(s, seat)
        if len(action) > legal.max_chars:
            raise IllegalAction(f"a text has at most {legal.max_chars:,} characters here, not {len(action):,}")
        if action not in legal:
            raise IllegalAction(f"the last line of a verdict is {' or '.join(NAMES)}")
        if seat < 2:
            return s._replace(speeches=(*s.speeches, action))
        return s._replace(verdicts=(*s.verdicts, action))

    # What the judges think, and what it pays.

    def preferences(self, s: State) -> tuple[tuple[int, int], ...]:
        """Return for every judge whose side it took: with side 0 shown first, and with side 1 shown first."""
        said = [NAMES.index(verdict.rpartition("\n")[2]) for verdict in s.verdicts]
        return tuple((one, 1 - other) for one, other in zip(said[::2], said[1::2], strict=True))

    def right_side(self, s: State) -> int | None:
        """Return whose answer is right; None where that is not known."""
        right = None if s.drawn is None else self._dispute(s).right
        return None if right is None else self._answers(s).index(self._dispute(s).answers[right])

    def returns(self, s: State) -> tuple[float | None, ...]:
        votes = sum(1 - 2 * one for one, other in self.preferences(s) if one == other)
        won = float(np.sign(votes))
        return (won, 0.0 - won, *(None,) * (2 * self.panel))

    def works_out(self, term: str) -> str | None:
        """Return what a term comes to; None for what is no term."""
        value = worth(term)
        return None if value is None else str(value)

    # What it looks like.

    def view(self, s: State, seat: int) -> str:
        if s.drawn is None:
            return "no question has been drawn yet"
        return "\n".join(self._for_debater(s, seat) if seat < 2 else self._for_judge(s, seat))

    def _for_debater(self, s: State, seat: int) -> list[str]:
        names = ("you", "opponent") if seat == 0 else ("opponent", "you")
        heard = len(s.speeches) if self.in_turns else len(s.speeches) - len(s.speeches) % 2
        shown = [(i % 2, speech) for i, speech in enumerate(s.speeches) if i < heard or i % 2 == seat]
        own, other = self._answers(s) if seat == 0 else reversed(self._answers(s))
        return [
            _asked(self._dispute(s)),
            _answer("your answer", own),
            _answer("opponent's answer", other),
            "",
            *(_speech(names[side], speech) for side, speech in shown),
            "Say why your answer is the right one.",
        ]

    def _for_judge(self, s: State, seat: int) -> list[str]:
        if len(s.speeches) < 2 * self.rounds:
            return [_asked(self._dispute(s)), "", "The debate is not over yet."]
        order = (0, 1) if seat % 2 == 0 else (1, 0)
        answers = self._answers(s)
        lines = [
            _asked(self._dispute(s)),
            *(_answer(f"{name}'s answer", answers[side]) for name, side in zip(NAMES, order, strict=True)),
            "",
        ]
        for i in range(self.rounds):
            both = s.speeches[2 * i : 2 * i + 2]
            lines += [_speech(name, both[side]) for name, side in zip(NAMES, order, strict=True)]
        lines.append("Who is right, A or B?")
        return [*lines, *(quote("you", verdict, 2 * VERDICT_CHARS) for verdict in s.verdicts[seat - 2 : seat - 1])]

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return shape (2,): 1 for a debater or 1 for a judge. Texts are for whoever reads."""
        whose: NDArray[np.float32] = np.eye(2, dtype=np.float32)[int(seat > 1)]
        return whose

    def draw(self, s: State, seat: int | None = None) -> str:
        if seat is not None or s.drawn is None:
            return self.view(s, seat or 0)
        right = self.right_side(s)
        answers = [
            _answer(f"{role}'s answer{', which is right' if right == side else ''}", answer)
            for side, (role, answer) in enumerate(zip(self.roles, self._answers(s), strict=False))
        ]
        speeches = [_speech(self.roles[i % 2], speech) for i, speech in enumerate(s.speeches)]
        shown_first = [
            quote(f"{self.roles[2 + i]} who sees the {self.roles[i % 2]} as A", verdict, 2 * VERDICT_CHARS)
            for i, verdict in enumerate(s.verdicts)
        ]
        return "\n".join([_asked(self._dispute(s)), *answers, *speeches, *shown_first])

    def _dispute(self, s: State) -> Dispute:
        assert s.drawn is not None
        return self.disputes[s.drawn // 2]

    def _answers(self, s: State) -> tuple[str, str]:
        """Return what the first and the second debater defend."""
        assert s.drawn is not None
        one, other = self._dispute(s).answers
        return (other, one) if s.drawn % 2 else (one, other)


def _asked(dispute: Dispute) -> str:
    return quote("question", dispute.question, 2 * QUESTION_CHARS)


def _answer(whose: str, answer: str) -> str:
    return quote(whose, answer, 2 * ANSWER_CHARS + 100)


def _speech(whose: str, speech: str) -> str:
    return quote(whose, speech, 2 * SPEECH_CHARS)
