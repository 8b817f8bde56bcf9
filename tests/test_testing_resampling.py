"""What resample draws: states that are there, and all of them; checked in games whose every state is known."""

import numpy as np
import pytest

from arena.game import CHANCE, OVER, Game, IllegalAction
from arena.registry import load_game
from arena.testing import resampling
from arena.testing.asking import Asking
from arena.testing.findings import Findings
from arena.testing.resampling import check_resample
from arena.testing.states import States
from arena.testing.walks import walk_all
from tests.broken_games import found

SIDES = {"a": 0.1, "b": 0.2, "c": 0.7}


class Die(Game[tuple]):
    """A die with three sides of different weight falls unseen; the second player names the side, and wins or loses 1.

    Before that the first player says yes or no, which means nothing.
    """

    name = "die"
    hidden = True
    actions = ("yes", "no", *SIDES)

    def start(self):
        return ()

    def turn(self, s):
        return CHANCE if not s else OVER if len(s) == 3 else len(s) - 1

    def chance(self, s):
        return list(SIDES.items())

    def legal(self, s, seat):
        return self.actions[2:] if seat else self.actions[:2]

    def step(self, s, action):
        mover = self.turn(s)
        if mover == OVER or action not in (SIDES if mover == CHANCE else self.legal(s, mover)):
            raise IllegalAction("no such move")
        return (*s, action)

    def returns(self, s):
        return (-1.0, 1.0) if s[0] == s[2] else (1.0, -1.0)

    def view(self, s, seat):
        return f"said: {s[1:]}; you are {seat}" + (f"; it was {s[0]}" if len(s) == 3 else "")

    def draw(self, s, seat=None):
        return str(s) if seat is None else self.view(s, seat)

    def resample(self, s, seat, rng):
        return (str(rng.choice(list(SIDES), p=list(SIDES.values()))), *s[1:])


class Uniformly(Die):
    __doc__ = Die.__doc__

    def resample(self, s, seat, rng):
        return (str(rng.choice(list(SIDES))), *s[1:])


class Impossible(Die):
    __doc__ = Die.__doc__

    def resample(self, s, seat, rng):
        return (str(rng.choice(["a", "b", "c", "d"])), *s[1:])


class Misses(Die):
    __doc__ = Die.__doc__

    def resample(self, s, seat, rng):
        return (str(rng.choice(["a", "c"])), *s[1:])


class OtherMoves(Die):
    """The die that is drawn has a fourth side, which the player could not have named."""

    __doc__ = Die.__doc__

    def legal(self, s, seat):
        return ["a"] if seat and s[0] == "d" else super().legal(s, seat)

    def resample(self, s, seat, rng):
        return ("d", *s[1:])


@pytest.mark.parametrize("game", [Die, Uniformly])
def test_a_fair_draw_has_no_findings(game):
    assert found(game()) == {}


@pytest.mark.parametrize(
    ("game", "code", "seen"),
    [
        (Impossible, "resample_impossible", "resample gives ('d',), to which no moves lead: 3 states look like this"),
        (Misses, "resample_misses", "draws of resample never gave ('b',), which looks the same to seat 0; 2 of 3 such"),
        (OtherMoves, "resample", "in which seat 1 could do ('a',), not ('a', 'b', 'c')"),
    ],
)
def test_an_unfair_draw_is_found(game, code, seen):
    finding = found(game())[code]
    assert seen in finding.seen
    assert finding.severity == "error"
    assert finding.moves


def test_a_fair_draw_is_called_unfair_less_than_once_in_a_million(monkeypatch):
    """With the alarm set to one in a hundred, fair draws of a die as uneven as is allowed stay below that."""
    monkeypatch.setattr(resampling, "_FALSE_ALARM", 0.01)
    least = np.array([0.1 / 4, 0.2, 0.775])

    class Least(Die):
        def resample(self, s, seat, rng):
            return (str(rng.choice(list(SIDES), p=least)), *s[1:])

    game, alarms = Least(), 0
    whole = walk_all(States(Asking(game, Findings(), 0)))
    for seed in range(200):
        states = States(Asking(game, Findings(), 0))
        check_resample(states, whole, seed)
        alarms += bool(states.findings.sorted())
    assert alarms <= 7  # of 2 expected at most: more than 7 come once in a thousand times


def test_what_hides_nothing_is_not_drawn():
    states = States(Asking(load_game("nim"), Findings(), 0))
    check_resample(states, walk_all(states), 0)
    assert states.findings.sorted() == ()
