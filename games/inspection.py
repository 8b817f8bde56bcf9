"""Two small games of errors and a critic whose equilibria are known exactly: what the game of sneaky_critic.py boils
down to when words are taken away. Trainers are held against them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from arena.errors import GameError
from arena.game import CHANCE, OVER, Game, IllegalAction

CATCH = (0.9, 0.6, 0.3)
"""How likely an error of each kind is found by a critic who looks for it."""

Moves = tuple[str, ...]
"""A state: what has been done, in turn."""


class Inspection(Game[Moves]):
    """The sneaky player hides an error of one kind, and the critic, who does not know which, looks for one kind.

    Kinds are not equally easy to find. If the critic looks for the right kind it may find the error, and gets 1; if it
    does not, the sneaky player gets 1. The other gets 0.
    """

    name = "inspection"
    roles = ("sneaky", "critic")
    zero_sum = False  # the payoffs add up to 1
    adversarial = True
    hidden = True
    scoring = "payoff"
    payoff_range = (0.0, 1.0)

    def __init__(self, catch: Sequence[float] = CATCH) -> None:
        """`catch` is how likely an error of each kind is found where it is looked for.

        With probabilities c both mix in proportion to 1 / c in equilibrium, and errors are found with 1 / Σ (1 / c).
        """
        self.catch = _probabilities("catch", catch)
        if not all(self.catch):
            raise GameError(
                f"catch = {catch!r}: an error that nobody can find leaves nothing to mix, so give more than 0"
            )
        self.actions = tuple(f"kind {i + 1}" for i in range(len(self.catch)))

    def start(self) -> Moves:
        return ()

    def turn(self, s: Moves) -> int:
        if len(s) < 2:
            return len(s)
        return CHANCE if len(s) == 2 and s[0] == s[1] else OVER

    def ready(self, s: Moves) -> Sequence[int]:
        return (0, 1)[len(s) :] if len(s) < 2 else (self.turn(s),)

    def chance(self, s: Moves) -> list[tuple[str, float]]:
        found = self.catch[self.actions.index(s[0])]
        return [(what, p) for what, p in (("found", found), ("missed", 1 - found)) if p]

    def step(self, s: Moves, action: str) -> Moves:
        seat = self.turn(s)
        _check_known(action, self.actions if seat >= 0 else _drawable(self, s))
        return (*s, action)

    def returns(self, s: Moves) -> tuple[float, float]:
        found = float(s[-1] == "found")
        return 1 - found, found

    def view(self, s: Moves, seat: int) -> str:
        own = f"you chose {s[seat]}" if seat < len(s) else f"you are {self.roles[seat]}: choose a kind"
        if self.turn(s) != OVER:
            return own
        return f"{own}; the other chose {s[1 - seat]}, and the error was {'found' if s[-1] == 'found' else 'missed'}"


class Signal(NamedTuple):
    """A state of `NoisyCritic`."""

    shown: str = ""
    kind: str = ""
    signal: str = ""
    verdict: str = ""


class NoisyCritic(Game[Signal]):
    """A step of a solution is right, or the sneaky player makes it wrong, by an error of a kind that it chooses.

    The critic does not see which. It is given a signal, an alarm or none, which is more or less likely for each kind
    of error and now and then comes with a right step, and says correct or incorrect. It gets 1 if that is so and loses
    1 if not. The sneaky player, where it made an error, gets 1 if the critic says correct and loses 1 if it says
    incorrect.
    """

    name = "noisy_critic"
    roles = ("sneaky", "critic")
    zero_sum = False
    adversarial = True
    hidden = True
    scoring = "payoff"
    payoff_range = (-1.0, 1.0)

    def __init__(self, alarm: Sequence[float] = CATCH, false_alarm: float = 0.2, true_share: float = 0.5) -> None:
        """`alarm` is how likely one is for each kind of error, `false_alarm` for a right step, which comes `true_share`
        of the time.
        """
        self.alarm = _probabilities("alarm", alarm)
        self.false_alarm, self.true_share = _probabilities("false_alarm and true_share", (false_alarm, true_share))
        self.kinds = tuple(f"kind {i + 1}" for i in range(len(self.alarm)))
        self.actions = (*self.kinds, "correct", "incorrect")

    def start(self) -> Signal:
        return Signal()

    def turn(self, s: Signal) -> int:
        if s.verdict:
            return OVER
        if not s.shown:
            return CHANCE
        if s.shown == "wrong" and not s.kind:
            return 0
        return 1 if s.signal else CHANCE

    def legal(self, s: Signal, seat: int) -> tuple[str, ...]:
        return self.kinds if seat == 0 else self.actions[len(self.kinds) :]

    def chance(self, s: Signal) -> list[tuple[str, float]]:
        if not s.shown:
            outcomes = [("right", self.true_share), ("wrong", 1 - self.true_share)]
        else:
            loud = self.alarm[self.kinds.index(s.kind)] if s.kind else self.false_alarm
            outcomes = [("alarm", loud), ("silence", 1 - loud)]
        return [(what, p) for what, p in outcomes if p]

    def step(self, s: Signal, action: str) -> Signal:
        seat = self.turn(s)
        _check_known(action, self.legal(s, seat) if seat >= 0 else _drawable(self, s))
        if seat == CHANCE:
            return s._replace(signal=action) if s.shown else s._replace(shown=action)
        return s._replace(verdict=action) if seat else s._replace(kind=action)

    def returns(self, s: Signal) -> tuple[float | None, float]:
        says_correct = s.verdict == "correct"
        critic = 1.0 if says_correct == (s.shown == "right") else -1.0
        return (None if s.shown == "right" else 1.0 if says_correct else -1.0), critic

    def view(self, s: Signal, seat: int) -> str:
        if seat == 0:
            choice = f"you made an error of {s.kind}" if s.kind else "you make an error: choose its kind"
            return choice if s.shown == "wrong" else "there is nothing for you to do"
        heard = f"there is {'an alarm' if s.signal == 'alarm' else 'no alarm'}" if s.signal else "no step is shown yet"
        return f"{heard}; you said {s.verdict}: it was {s.shown}" if s.verdict else heard


def _drawable(game: Game[Any], s: Any) -> list[str]:
    """Return what chance may bring; nothing where the game is over."""
    return [what for what, _ in game.chance(s)] if game.turn(s) == CHANCE else []


def _check_known(action: str, known: Sequence[str]) -> None:
    if action not in known:
        raise IllegalAction(f"{action!r} is no move here: {' or '.join(known) or 'the game is over'}")


def _probabilities(name: str, values: Sequence[float]) -> tuple[float, ...]:
    found = tuple(values)
    if not found or not all(isinstance(p, int | float) and 0 <= p <= 1 for p in found):
        raise GameError(f"{name} = {values!r}: give probabilities from 0 to 1")
    return found
