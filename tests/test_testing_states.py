"""Every state: views, drawings, chance and returns."""

import numpy as np
import pytest

from arena.game import CHANCE, OVER, IllegalAction, Uniform
from arena.games.tic_tac_toe import TicTacToe
from arena.scene import Board
from tests.broken_games import Heap, Poker, Race, Secret, found


class OutOfRange(Poker):
    __doc__ = Poker.__doc__
    payoff_range = (-1.0, 1.0)


class OneReturn(Race):
    __doc__ = Race.__doc__

    def returns(self, s):
        return super().returns(s)[:1]


class PaysNan(Race):
    __doc__ = Race.__doc__

    def returns(self, s):
        return float("nan"), float("nan")


class PaysForEver(Race):
    __doc__ = Race.__doc__

    def returns(self, s):
        return float("inf"), float("-inf")


class PaysText(Race):
    __doc__ = Race.__doc__

    def returns(self, s):
        return "1", "-1"


class PaysAnArray(Race):
    __doc__ = Race.__doc__

    def returns(self, s):
        return np.array(super().returns(s))


class SaysZeroPointZero(Race):
    __doc__ = Race.__doc__

    def turn(self, s):
        return float(s.mover) if s.left else OVER


class LoadedDeck(Poker):
    __doc__ = Poker.__doc__

    def chance(self, s):
        return [(card, 0.3) for card, _ in super().chance(s)]


class NegativeLuck(Secret):
    __doc__ = Secret.__doc__

    def chance(self, s):
        return [("heads", 1.5), ("tails", -0.5)]


class SameCardTwice(Secret):
    __doc__ = Secret.__doc__

    def chance(self, s):
        return [("heads", 0.5), ("heads", 0.5)]


class NoLuck(Secret):
    __doc__ = Secret.__doc__

    def chance(self, s):
        return []


class TakesAnyCard(Poker):
    __doc__ = Poker.__doc__

    def step(self, s, action):
        return s._replace(cards=(*s.cards, action)) if self.turn(s) == CHANCE else super().step(s, action)


class LooksAlike(Race):
    __doc__ = Race.__doc__

    def view(self, s, seat):
        return f"seat {s.mover} is to move"


class ShowsAddress(Race):
    __doc__ = Race.__doc__

    def view(self, s, seat):
        return f"{super().view(s, seat)} {object.__repr__(self)}"


class DrawsTheCoin(Secret):
    __doc__ = Secret.__doc__

    def draw(self, s, seat=None):
        return f"coin: {s[:1]}; said: {s[1:]}"


class SceneShowsTheCoin(Secret):
    __doc__ = Secret.__doc__

    def scene(self, s, seat=None):
        return (f"coin: {s[:1]}", self.view(s, seat or 0))


class RaggedBoard(Race):
    __doc__ = Race.__doc__

    def scene(self, s, seat=None):
        return (Board((("x", "o"), ("x",))),)


class Dice(Race):
    """Two players take one or two of five stones in turn; a die that counts for nothing falls before they begin."""

    def start(self):
        return None

    def turn(self, s):
        return CHANCE if s is None else super().turn(s)

    def chance(self, s):
        return Uniform(10**12, "die")

    def step(self, s, action):
        if s is None:
            if action[:3] != "die":
                raise IllegalAction("let the die fall")
            return Heap()
        return super().step(s, action)

    def view(self, s, seat):
        return "the die falls" if s is None else super().view(s, seat)

    def encode(self, s, seat):
        return np.zeros(3, np.float32) if s is None else super().encode(s, seat)


class Forgets(Poker):
    __doc__ = Poker.__doc__

    def view(self, s, seat):
        return super().view(s, seat).split(";")[0]


class NoSuchSeat(Race):
    __doc__ = Race.__doc__

    def turn(self, s):
        return s.mover * 5 if s.left else OVER


@pytest.mark.parametrize(
    ("game", "code", "seen"),
    [
        (OutOfRange, "outside_range", "lie outside payoff_range (-1.0, 1.0)"),
        (OneReturn, "returns", "2 seats have the returns ("),
        (PaysNan, "outside_range", "returns (nan, nan)"),
        (PaysForEver, "outside_range", "returns (inf, -inf)"),
        (PaysAnArray, "returns", "2 seats have the returns array("),
        (PaysText, "returns", "returns ('1', '-1') hold what is no number"),
        (SaysZeroPointZero, "turn", "turn says 0.0, which is no seat"),
        (LoadedDeck, "chance_sum", "chance probabilities sum to 0.9, not to 1"),
        (NegativeLuck, "chance", "a chance outcome has no probability"),
        (SameCardTwice, "chance", "no distinct texts: ['heads', 'heads']"),
        (NoLuck, "chance", "has no outcomes"),
        (TakesAnyCard, "outcome", "'no such outcome' is accepted"),
        (LooksAlike, "hides", "two states look alike: seat"),
        (ShowsAddress, "address", "view shows where an object lies in memory"),
        (DrawsTheCoin, "draw_leak", "draw differs at equal views"),
        (SceneShowsTheCoin, "scene_leak", "scene differs at equal views"),
        (RaggedBoard, "scene", "a board whose rows differ in length"),
        (Forgets, "forgets", "a view forgets: different own pasts look alike"),
        (NoSuchSeat, "turn", "turn says 5, which is no seat"),
    ],
)
def test_a_broken_state_is_found(game, code, seen):
    finding = found(game())[code]
    assert seen in finding.seen
    assert finding.moves is not None


def test_a_huge_uniform_draw_is_fine():
    assert not found(Dice(), games=10)


def test_numbers_of_numpy_are_numbers():
    class Numpy(Race):
        __doc__ = Race.__doc__

        def turn(self, s):
            return np.int64(super().turn(s))

        def returns(self, s):
            return tuple(np.float32(payoff) for payoff in super().returns(s))

    assert found(Numpy()) == {}


def test_an_open_game_must_not_be_a_hidden_one_in_disguise():
    disguised = type("Disguised", (Poker,), {"__doc__": Poker.__doc__, "hidden": False})
    assert "say hidden = True" in found(disguised())["hides"].advice


def test_every_state_of_a_small_game_is_looked_at():
    """A fault in one of 5,478 positions, which a hundred random games would hardly meet."""
    rare = "xoxxoooxx"  # full, drawn, and one of sixteen such boards

    class PaysTooMuchOnce(TicTacToe):
        __doc__ = TicTacToe.__doc__

        def returns(self, s):
            return (5.0, -5.0) if s == rare else super().returns(s)

    assert "outside_range" in found(PaysTooMuchOnce(), games=1)
