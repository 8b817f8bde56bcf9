"""Sneaky generator against critic: one makes a right step of a solution wrong, the other is to notice (SPC, 2025).

The game of Self-Play Critic (Chen et al., 2025). It is no zero-sum game. A rewritten step has to be wrong before the
critic sees it: one that is unreadable, unchanged or harmless costs its writer alone, and the critic plays no game. And
a part of the steps that the critic judges are right, in matches in which the writer plays no game, so that suspicion of
everything does not pay.

Whether a step is wrong follows from exact re-computation (games/worked.py). For recorded problems, of whose steps
nothing can be worked out again, a cast of completers goes on from the true step and from the rewritten one: what has
to be wrong is then what they come to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError
from arena.game import CHANCE, OVER, Game, IllegalAction, Text, Uniform
from arena.games.corruptions import KINDS, corrupt
from arena.games.problems import Part
from arena.games.step_tensor import LENGTH, step_tensor
from arena.games.worked import EXACT, Worked, check, unchanged
from arena.games.worked_files import load
from arena.games.worked_problems import Source
from arena.games.worked_text import comes_to, numbered, posed, so_far
from arena.json_lines import digest
from arena.quoting import quote
from arena.seeds import generator

CORRECT, INCORRECT = "Correct", "Incorrect"
VERDICTS = (CORRECT, INCORRECT)
TRUE, SNEAKY = "true", "sneaky"
SHOWN = (TRUE, SNEAKY)
"""What the critic is to see, as chance says it."""

STEP_CHARS = 400
CRITIQUE_CHARS = 4000
REST_CHARS = 4000
"""Characters of a step, of a critique with its verdict, and of the rest of a solution."""

Step = str | None


class Rewards(NamedTuple):
    """What each outcome pays; the first word says whom."""

    critic_right: float = 1.0
    critic_wrong: float = -1.0
    critic_silent: float = -1.0
    """For a critique without a verdict; it never pays the sneaky player."""
    sneaky_believed: float = 1.0
    sneaky_caught: float = -1.0
    sneaky_invalid: float = -1.0
    """For a step that is not shown, since it is unreadable, unchanged or harmless."""


class State(NamedTuple):
    """What was drawn, what the sneaky player made of it, how it was gone on, and the critic's words."""

    number: int | Worked | None = None
    """Of the problem; or a problem that is none of the game's, whose last step is to be judged."""
    place: int | None = None
    """Of the step, counted from 0."""
    shown: str = ""
    kind: str = ""
    """Of the error that the sneaky player chose."""
    step: Step = None
    """As it was rewritten."""
    rests: tuple[str, ...] = ()
    """What completers wrote, from the true step and from the rewritten one by turns."""
    critique: str | None = None


class SneakyCritic(Game[State]):
    """In this game a solution to a problem is written step by step, and the question is whether its next step is right.

    The sneaky player is shown a right step. It chooses a kind of error and rewrites the step so that it is wrong, and
    still looks like a right one. A step that is not wrong, that cannot be read or that says the same as before is not
    shown to anybody and counts against its writer. The critic is shown the problem, the solution so far and its next
    step, which may be the right one or one that was rewritten, and says Correct or Incorrect. The critic wins if that
    is so; the sneaky player wins if a wrong step is taken for a right one.
    """

    name = "sneaky_critic"
    version = 2
    zero_sum = False
    adversarial = True
    hidden = True
    scoring = "payoff"

    def __init__(
        self,
        file: str = "",
        kinds: Sequence[str] = EXACT,
        part: Part = "training",
        seed: int = 0,
        errors: Sequence[str] = (),
        words: bool = True,
        *,
        true_share: float = 0.5,
        rewards: Mapping[str, float] | None = None,
        completers: int = 0,
        goes_on: float = 0.75,
        goes_wrong: float = 0.25,
    ) -> None:
        """Play on the problems of a file (games/worked_files.py), or without one on those that are made up: of `kinds`,
        for training or for a test (`part`), from a seed. `errors` are the kinds of errors that may be made, by default
        all of games/corruptions.py. Without `words` nothing is written: a wrong step of the chosen kind is drawn, and
        the critic gives its verdict alone.

        In `true_share` of the matches the critic judges a right step. `rewards` changes some of `Rewards`. With
        `completers`, so many go on from either step, and a rewritten step counts as wrong if a share of at least
        `goes_on` comes to the right answer from the true one, and of at most `goes_wrong` from the rewritten one.
        Raises ConfigError for what is no game.
        """
        _check_shares(true_share, goes_on, goes_wrong)
        if type(completers) is not int or completers < 0:
            raise ConfigError(f"completers = {completers!r}: give how many go on from either step, 0 for none")
        if completers and not words:
            raise ConfigError("without words every wrong step is worked out, so there is nothing for completers to do")
        _check_names("kind of error", errors, KINDS)
        _check_names("reward", rewards or {}, Rewards._fields)
        for name, reward in (rewards or {}).items():
            if not isinstance(reward, int | float) or not isfinite(reward):
                raise ConfigError(f"rewards: {name} = {reward!r} is no number that can be paid")
        self.file, self.kinds, self.part, self.seed = file, tuple(kinds), part, seed
        self.errors, self.words, self.true_share = tuple(errors) or tuple(KINDS), words, true_share
        self.rewards, self.completers = dict(rewards or {}), completers
        self.goes_on, self.goes_wrong = goes_on, goes_wrong
        self.pays = Rewards(**self.rewards)
        self.problems: Sequence[Worked] = Source(self.kinds, part, seed)
        if file:
            self.problems = _recorded(file, judged=words and completers > 0)
            self.data = digest(self.problems)
        self.actions = () if words else (*KINDS, *VERDICTS)
        self.roles = ("sneaky", "critic", *("completer",) * (2 * completers))
        self.sides = (0, 1, *(-1,) * (2 * completers))
        self.payoff_range = (min(*self.pays, 0.0), max(*self.pays, 0.0))

    # What happens, in turn.

    def start(self) -> State:
        return State()

    def turn(self, s: State) -> int:
        if s.number is None or s.place is None or not s.shown:
            return CHANCE
        if s.shown == SNEAKY:
            if s.step is None:
                return 0
            if len(s.rests) < self._wanted(s):
                return 2 + len(s.rests)
            if not self.wrong(s):
                return OVER
        return 1 if s.critique is None else OVER

    def ready(self, s: State) -> Sequence[int]:
        seat = self.turn(s)
        return range(seat, len(self.roles)) if seat > 1 else (seat,)

    def chance(self, s: State) -> Sequence[tuple[str, float]]:
        if s.number is None:
            return Uniform(len(self.problems))
        if s.place is None:
            return Uniform(right_steps(self._problem(s)))
        true = self.true_share if self.words or any(self._spoilt(s, kind) for kind in self.errors) else 1.0
        return [(what, share) for what, share in zip(SHOWN, (true, 1 - true), strict=True) if share]

    def legal(self, s: State, seat: int) -> Sequence[str] | Text:
        if seat == 0:
            return Text(STEP_CHARS) if s.kind else self._kinds(s)
        if seat == 1:
            return Text(CRITIQUE_CHARS, VERDICTS) if self.words else VERDICTS
        return Text(REST_CHARS)

    def step(self, s: State, action: str) -> State:
        seat = self.turn(s)
        if seat == OVER:
            raise IllegalAction("there is no move here: the step has been judged, or will never be")
        if seat == CHANCE:
            return self._drawn(s, action)
        if action not in (legal := self.legal(s, seat)):
            raise IllegalAction(_refusal(action, legal))
        if seat == 0:
            return s._replace(step=action) if s.kind else self._chosen(s, action)
        return s._replace(critique=action) if seat == 1 else s._replace(rests=(*s.rests, action))

    def _drawn(self, s: State, action: str) -> State:
        outcomes = self.chance(s)
        known = outcomes.has(action) if isinstance(outcomes, Uniform) else action in [what for what, _ in outcomes]
        if not known:
            raise IllegalAction(f"{action!r} cannot be drawn here")
        if s.number is None:
            return s._replace(number=int(action))
        return s._replace(place=int(action)) if s.place is None else s._replace(shown=action)

    def _chosen(self, s: State, kind: str) -> State:
        """Return the state in which a kind of error is chosen, and without words the step is rewritten by that."""
        return s._replace(kind=kind, step=None if self.words else self._spoilt(s, kind))

    def _kinds(self, s: State) -> tuple[str, ...]:
        """Return the kinds of errors that can be made: without words not all go with every step."""
        return tuple(kind for kind in self.errors if self.words or self._spoilt(s, kind) is not None)

    def _spoilt(self, s: State, kind: str) -> Step:
        """Return the step with an error of a kind; the same for the same step."""
        assert s.place is not None
        assert isinstance(s.number, int)
        return _corrupted(self._problem(s), s.place, kind, s.number)

    # What it pays.

    def wrong(self, s: State) -> bool:
        """Return whether a rewritten step, with all that was made of it, is a wrong one."""
        found = self._worked_out(s)
        if found is not None or not self.completers:
            return found is True
        answer = self._problem(s).answer
        true, rewritten = (
            sum(comes_to(rest, answer) for rest in s.rests[first::2]) / self.completers for first in (0, 1)
        )
        return bool(true >= self.goes_on and rewritten <= self.goes_wrong)

    def _wanted(self, s: State) -> int:
        """Return how many completions a rewritten step needs: none where it can be worked out again."""
        return 2 * self.completers if self._worked_out(s) is None else 0

    def _worked_out(self, s: State) -> bool | None:
        """Return whether a rewritten step is wrong, None where that cannot be worked out."""
        assert s.place is not None
        assert s.step is not None
        return _is_wrong(self._problem(s), s.place, s.step)

    def right(self, s: State) -> bool:
        """Return whether the critic has said what is so; without a verdict it has not."""
        return s.critique is not None and (s.critique.rpartition("\n")[2] == CORRECT) == (s.shown == TRUE)

    def returns(self, s: State) -> tuple[float | None, ...]:
        cast = (None,) * (2 * self.completers)
        pays = self.pays
        if s.critique is None:
            return (pays.sneaky_invalid, None, *cast)
        right = self.right(s)
        critic = pays.critic_right if right else pays.critic_wrong
        if s.shown == TRUE:
            return (None, critic, *cast)
        return (pays.sneaky_caught if right else pays.sneaky_believed, critic, *cast)

    def forfeit(self, culprit: int) -> tuple[float | None, ...]:
        cast = (None,) * (2 * self.completers)
        return (self.pays.sneaky_invalid, None, *cast) if culprit == 0 else (0.0, self.pays.critic_silent, *cast)

    # What it looks like.

    def view(self, s: State, seat: int) -> str:
        if s.number is None:
            return "no problem has been drawn yet"
        shown = (self._for_sneaky, self._for_critic)[seat](s) if seat < 2 else self._for_completer(s, seat)
        return "\n".join([*self._so_far(s), *(shown or ["", "There is nothing for you to do yet."])])

    def _for_sneaky(self, s: State) -> list[str]:
        if s.shown != SNEAKY:
            return ["", "You are not asked to rewrite a step."] if s.shown else []
        assert s.place is not None
        lines = ["", "The right next step:", numbered(s.place, self._problem(s).steps[s.place]), ""]
        if not s.kind:
            kinds = [f"{kind}: {KINDS[kind]}" for kind in self._kinds(s)]
            return [*lines, "Kinds of errors:", *kinds, "", "Choose a kind of error."]
        lines.append(f"The error that you chose is {s.kind}: {KINDS[s.kind]}")
        if s.step is None:
            return [*lines, "Write this step again, with that error: nothing but the step."]
        return [*lines, "You wrote:", numbered(s.place, s.step)]

    def _for_critic(self, s: State) -> list[str]:
        judged = self._judged(s)
        if judged is None or s.place is None:
            return []
        lines = ["", "The next step:", numbered(s.place, judged), "", "Is the next step right?"]
        return lines if s.critique is None else [*lines, quote("you", s.critique)]

    def _for_completer(self, s: State, seat: int) -> list[str]:
        if s.step is None or s.place is None or not self._wanted(s):
            return []
        step = self._problem(s).steps[s.place] if seat % 2 == 0 else s.step
        lines = [numbered(s.place, step), "", "Write the rest of the solution; its last line is the answer."]
        return [*lines, *(quote("you", rest) for rest in s.rests[seat - 2 : seat - 1])]

    def _so_far(self, s: State) -> list[str]:
        """Return the problem, and once a step is drawn the solution before it."""
        of, place = self._problem(s), s.place
        lines: list[str] = posed(of.question) if place is None else so_far(of.question, of.steps[:place])
        return lines

    def encode(self, s: State, seat: int) -> NDArray[np.float32]:
        """Return shape (2 + LENGTH,): 0 is 1 for the sneaky player, 1 for the critic, then the step (step_tensor.py).

        The sneaky player's step is the right one, and the critic's the one to be judged; with no step all is 0.
        """
        step = self._judged(s) if seat == 1 else self._rewritable(s)
        told = np.zeros(LENGTH, np.float32)
        if step is not None:
            assert s.place is not None
            problem = self._problem(s)
            told = step_tensor(step, problem.steps[s.place - 1] if s.place else problem.question)
        return np.concatenate([np.eye(2, dtype=np.float32)[min(seat, 1)], told])

    def _rewritable(self, s: State) -> Step:
        return self._problem(s).steps[s.place] if s.place is not None and s.shown == SNEAKY else None

    def _judged(self, s: State) -> Step:
        """Return the step that the critic is shown; None as long as there is none."""
        if s.place is None or not s.shown:
            return None
        if s.shown == TRUE:
            return self._problem(s).steps[s.place]
        if s.step is None or len(s.rests) < self._wanted(s) or not self.wrong(s):
            return None
        return s.step

    def draw(self, s: State, seat: int | None = None) -> str:
        if seat is not None or s.number is None or s.place is None:
            return self.view(s, seat or 0)
        parts = [*self._so_far(s), "", "The right next step:", numbered(s.place, self._problem(s).steps[s.place])]
        if s.step is not None:
            parts += [f"Rewritten ({s.kind}):", numbered(s.place, s.step)]
        return "\n".join([*parts, *([quote("critic", s.critique)] if s.critique is not None else [])])

    def _problem(self, s: State) -> Worked:
        assert s.number is not None
        return s.number if isinstance(s.number, Worked) else self.problems[s.number]

    def judging(self, question: str, before: Sequence[str], step: str) -> State:
        """Return a state in which the critic is asked about the next step of any solution.

        So whoever is a critic here can be asked about steps elsewhere. It is no part of the game: nobody knows whether
        the step is right, so what the state would pay means nothing.
        """
        return State(Worked(question, (*before, step), ""), len(before), TRUE)


@lru_cache(maxsize=16384)
def _corrupted(problem: Worked, place: int, kind: str, number: int) -> Step:
    """Return a step with an error of a kind, None where it does not go with it; of all that there are one is drawn."""
    spoilt: Step = corrupt(problem, place, kind, generator(number, "spoilt", place, kind))
    return spoilt


@lru_cache(maxsize=16384)
def _is_wrong(problem: Worked, place: int, step: str) -> bool | None:
    """Return whether a step is wrong in the place of the true one, None where nothing is known of it."""
    if unchanged(problem, place, step):
        return False
    found = check(problem, place, step)
    return None if found is None else not found


def _check_shares(true_share: float, goes_on: float, goes_wrong: float) -> None:
    if not 0 <= true_share < 1:
        raise ConfigError(f"true_share = {true_share:g} leaves no step to rewrite: give a number from 0, below 1")
    if not 0 <= goes_wrong < goes_on <= 1:
        raise ConfigError(f"goes_wrong = {goes_wrong:g} and goes_on = {goes_on:g}: give 0 ≤ goes_wrong < goes_on ≤ 1")


def _check_names(what: str, given: Iterable[str], known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            raise ConfigError(f"there is no {what} {name!r}; there are {', '.join(known)}")


def right_steps(problem: Worked) -> int:
    """Return how many steps of a solution are right, from its beginning on."""
    return len(problem.steps) if problem.wrong is None else problem.wrong


def _recorded(file: str, judged: bool) -> list[Worked]:
    """Return the problems of a file that begin with a right step."""
    if not judged:
        raise ConfigError(f"what is wrong in {file} cannot be worked out: give completers, and leave words = True")
    if not (problems := [problem for problem in load(file) if right_steps(problem)]):
        raise ConfigError(f"{file} has no problem whose first step is right, so there is nothing to make wrong")
    return problems


def _refusal(action: str, legal: Sequence[str] | Text) -> str:
    if not isinstance(legal, Text):
        return f"{action!r} is no kind of error: choose {' or '.join(legal)}"
    if len(action) > legal.max_chars:
        return f"a text has at most {legal.max_chars:,} characters here, not {len(action):,}"
    return f"the last line of a critique is {' or '.join(legal.moves)}"
