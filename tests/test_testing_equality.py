"""Positions that compare equal must be one position."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pytest

from arena.game import OVER, Game, IllegalAction
from arena.testing.asking import Asking
from arena.testing.equality import Equality
from arena.testing.findings import Broken, Findings
from tests.broken_games import RULES, Heap, Race, found


class Bid(NamedTuple):
    mover: int = 0
    n: int = 0


class Done(NamedTuple):
    winner: int = 0
    n: int = 0


class Phases(Game):
    __doc__ = RULES
    name = "phases"
    actions = ("end", "on")

    def start(self):
        return Bid()

    def turn(self, s):
        return OVER if isinstance(s, Done) else s.mover

    def step(self, s, action):
        if isinstance(s, Done) or action not in self.actions:
            raise IllegalAction("say end or on")
        return Done(s.mover, s.n) if action == "end" or s.n == 3 else Bid(1 - s.mover, s.n + 1)

    def returns(self, s):
        return (1.0, -1.0) if s.winner == 0 else (-1.0, 1.0)

    def view(self, s, seat):
        return f"{s!r}, you are {seat}"


@dataclass(frozen=True)
class Box:
    phase: tuple


class Boxed(Phases):
    """The phases are hidden inside a dataclass."""

    __doc__ = RULES

    def start(self):
        return Box(super().start())

    def turn(self, s):
        return super().turn(s.phase)

    def step(self, s, action):
        return Box(super().step(s.phase, action))

    def returns(self, s):
        return super().returns(s.phase)

    def view(self, s, seat):
        return super().view(s.phase, seat)


@dataclass(frozen=True)
class Pile:
    left: int = 5
    mover: int = field(default=0, compare=False)


class ForgetsTheMover(Race):
    __doc__ = Race.__doc__

    def start(self):
        return Pile()

    def step(self, s, action):
        if not s.left or action not in self.legal(s, s.mover):
            raise IllegalAction("take a stone")
        return Pile(s.left - int(action), 1 - s.mover)


@pytest.mark.parametrize(
    ("game", "seen"),
    [
        (Phases, "Bid(mover=0, n=0) and Done(winner=0, n=0)"),
        (Boxed, "Box(phase=Bid(mover=0, n=0)) and Box(phase=Done(winner=0, n=0))"),
        (ForgetsTheMover, ", but turn is "),
    ],
)
def test_two_positions_that_compare_equal_are_found(game, seen):
    findings = found(game())
    assert seen in findings["equal"].seen
    assert findings["equal"].severity == "error"
    assert "unfinished" not in findings
    assert "loop" not in findings


def test_the_moves_lead_to_the_second_of_them():
    assert found(Phases())["equal"].moves in [("end",), ("on", "end"), ("on", "on", "end"), ("on", "on", "on", "end")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Heap(3, 1), Heap(3, 1)),
        (Heap(3, 1), Heap(np.int64(3), True)),
        (Pile(3, 1), Pile(3, 1)),
        ((frozenset("ab"), 1.0), (frozenset("ba"), 1)),
    ],
)
def test_one_position_may_be_made_twice(first, second):
    class Any(Race):
        def turn(self, s):
            return 0

        def view(self, s, seat):
            return "the same"

        def legal(self, s, seat):
            return ["1"]

    findings = Findings()
    meeting = Equality(Asking(Any(), findings, 0))
    for s in (first, second):
        meeting.meet(s)
    assert findings.sorted() == ()


def test_numbers_that_read_differently_are_told_apart():
    meeting = Equality(Asking(Race(), Findings(), 0))
    meeting.meet(Heap(1, 0))
    with pytest.raises(Broken):
        meeting.meet(Heap(1.0, 0))
