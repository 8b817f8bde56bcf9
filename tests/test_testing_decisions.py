"""The states in which a player decides: options, tensors, simultaneous moves, and what step refuses."""

from dataclasses import dataclass

import numpy as np
import pytest

from arena.game import CHANCE, OVER, Game, IllegalAction
from arena.games.kuhn_poker import State
from arena.games.matrix import RockPaperScissors
from arena.games.tic_tac_toe import TicTacToe
from tests.broken_games import Poker, Race, Secret, found


class AcceptsAnything(Poker):
    __doc__ = Poker.__doc__

    def step(self, s, action):
        return super().step(s, action) if self.turn(s) == CHANCE else State(s.cards, (*s.bets, action))


class Forgives(Race):
    """It takes "1 " for "1"; two players take one or two of five stones, and whoever takes the last one wins."""

    def step(self, s, action):
        return super().step(s, action.strip())


class WrongError(Poker):
    __doc__ = Poker.__doc__

    def step(self, s, action):
        try:
            return super().step(s, action)
        except IllegalAction:
            raise KeyError(action) from None


class SaysNothing(Race):
    __doc__ = Race.__doc__

    def step(self, s, action):
        try:
            return super().step(s, action)
        except IllegalAction:
            raise IllegalAction("") from None


class MovesAfterTheEnd(Race):
    __doc__ = Race.__doc__

    def step(self, s, action):
        return super().step(s, action) if s.left else s


class HiddenLegality(Poker):
    __doc__ = Poker.__doc__

    def legal(self, s, seat):
        return ("pass",) if "K" not in s.cards and s.bets else self.actions

    def step(self, s, action):
        if self.turn(s) >= 0 and action not in self.legal(s, 0):
            raise IllegalAction("say pass")
        return super().step(s, action)


class NoMove(Race):
    __doc__ = Race.__doc__

    def legal(self, s, seat):
        return ["2"] if s.left > 1 else []


class OffersTwice(Race):
    __doc__ = Race.__doc__

    def legal(self, s, seat):
        return [*super().legal(s, seat), "1"]


class UnknownAction(Race):
    __doc__ = Race.__doc__

    def legal(self, s, seat):
        return [*super().legal(s, seat), "pass"]


class OffersTooMuch(Race):
    __doc__ = Race.__doc__

    def legal(self, s, seat):
        return list(self.actions)

    def step(self, s, action):
        if action == "2" and s.left == 1:
            raise IllegalAction("only one stone is left")
        return super().step(s, action)


class Cheats(Poker):
    __doc__ = Poker.__doc__

    def encode(self, s, seat):
        return np.append(super().encode(s, seat), np.float32("JQK".index(s.cards[1 - seat])))


class WrongType(Poker):
    __doc__ = Poker.__doc__

    def encode(self, s, seat):
        return super().encode(s, seat).astype(np.float64)


class Grows(Poker):
    __doc__ = Poker.__doc__

    def encode(self, s, seat):
        return np.zeros(3 + len(s.bets), np.float32)


class NotANumber(Poker):
    __doc__ = Poker.__doc__

    def encode(self, s, seat):
        return super().encode(s, seat) * np.float32("nan")


class Blind(Race):
    __doc__ = Race.__doc__

    def encode(self, s, seat):
        return np.zeros(3, np.float32)


class Leaks(RockPaperScissors):
    __doc__ = RockPaperScissors.__doc__

    def view(self, s, seat):
        return f"{s} {seat}"


class ReadyTooSoon(Race):
    __doc__ = Race.__doc__

    def ready(self, s):
        return (1 - s.mover, s.mover)


class WrongResample(Poker):
    __doc__ = Poker.__doc__

    def resample(self, s, seat, rng):
        return State(s.cards[::-1], s.bets)


class Peeks(Poker):
    __doc__ = Poker.__doc__

    def resample(self, s, seat, rng):
        return s


class RandomResample(Secret):
    __doc__ = Secret.__doc__

    def resample(self, s, seat, rng):
        coin = s[0] if seat == 0 else str(np.random.Generator(np.random.PCG64()).choice(["heads", "tails"]))
        return (coin, *s[1:])


GLOBAL = np.random.Generator(np.random.PCG64(5))


class RollsDice(Race):
    __doc__ = Race.__doc__

    def step(self, s, action):
        after = super().step(s, action)
        return after._replace(mover=int(GLOBAL.integers(2)))


class ViewsAtRandom(Race):
    __doc__ = Race.__doc__

    def view(self, s, seat):
        return f"{super().view(s, seat)} {GLOBAL.integers(2)}"


class LegalAtRandom(Race):
    __doc__ = Race.__doc__

    def legal(self, s, seat):
        return super().legal(s, seat)[:: GLOBAL.choice([1, -1])]

    def step(self, s, action):
        if s.left and action in ("1", "2")[: s.left]:
            return s._replace(left=s.left - int(action), mover=1 - s.mover)
        raise IllegalAction("no")


@dataclass(unsafe_hash=True)
class Count:
    n: int = 0


class Mutates(Game):
    """The only player counts to three by saying on three times; the state is changed where it lies."""

    name = "mutates"
    roles = ("counter",)
    actions = ("on",)
    zero_sum = False

    def start(self):
        return Count()

    def turn(self, s):
        return 0 if s.n < 3 else OVER

    def step(self, s, action):
        if action != "on" or s.n >= 3:
            raise IllegalAction("say on")
        s.n += 1
        return Count(s.n)

    def returns(self, s):
        return (0.0,)

    def view(self, s, seat):
        return str(s.n)


class Unhashable(Mutates):
    __doc__ = Mutates.__doc__

    def start(self):
        return []

    def turn(self, s):
        return 0 if len(s) < 3 else OVER

    def step(self, s, action):
        if action != "on" or len(s) >= 3:
            raise IllegalAction("say on")
        return [*s, action]

    def view(self, s, seat):
        return str(s)


class Handle:
    """A state without equality: a copy of it is another one."""

    def __init__(self, n=0):
        self.n = n


class NoValue(Mutates):
    __doc__ = Mutates.__doc__

    def start(self):
        return Handle()

    def step(self, s, action):
        if action != "on" or s.n >= 3:
            raise IllegalAction("say on")
        return Handle(s.n + 1)


class CannotTravel(Mutates):
    __doc__ = Mutates.__doc__

    def start(self):
        return (0, lambda: 0)

    def turn(self, s):
        return 0 if s[0] < 3 else OVER

    def step(self, s, action):
        if action != "on" or s[0] >= 3:
            raise IllegalAction("say on")
        return (s[0] + 1, s[1])

    def view(self, s, seat):
        return str(s[0])


@pytest.mark.parametrize(
    ("game", "code", "seen"),
    [
        (AcceptsAnything, "accepted", "the illegal '' is accepted"),
        (Forgives, "accepted", "is accepted"),
        (WrongError, "refusal_error", "raises KeyError('')"),
        (SaysNothing, "refusal_silent", "has no sentence"),
        (MovesAfterTheEnd, "accepted", "the illegal '' is accepted"),
        (HiddenLegality, "legal_leak", "equal views have different legal moves"),
        (NoMove, "no_move", "seat 0 is to move, but has no legal action"),
        (OffersTwice, "legal_twice", "legal actions are not distinct: ['1', '2', '1']"),
        (UnknownAction, "unlisted", "not among its actions: ['pass']"),
        (OffersTooMuch, "offered_refused", "'2' is offered, but step refuses it: only one stone is left"),
        (Cheats, "encode_leak", "encode differs at equal views"),
        (WrongType, "encode_type", "encode gives float64"),
        (Grows, "encode_shape", "encode gives shape ("),
        (NotANumber, "encode_finite", "not finite"),
        (Blind, "encode_alike", "encode gives 2 tensors for"),
        (Leaks, "ready_leak", "the move of 0 shows to 1"),
        (ReadyTooSoon, "ready", "turn says 0, but ready says (1, 0)"),
        (WrongResample, "resample", "resample gives a state in which seat 0 would see something else"),
        (Peeks, "resample_peeks", "resample gave the true state"),
        (RandomResample, "impure", "resample gives two states for one seed"),
        (RollsDice, "impure", "gives two different states"),
        (ViewsAtRandom, "impure", "view gives two different answers"),
        (LegalAtRandom, "impure", "legal gives two different answers"),
        (Mutates, "mutates", "step changes the state that it is given"),
        (Unhashable, "value", "a state must be hashable and picklable, but unhashable type: 'list'"),
        (NoValue, "value", "is not equal to its own copy"),
        (CannotTravel, "value", "a state must be hashable and picklable, but Can't pickle"),
    ],
)
def test_a_broken_decision_is_found(game, code, seen):
    findings = found(game())
    assert code in findings, list(map(str, findings.values()))
    assert seen in findings[code].seen or code == "impure"
    assert findings[code].advice


def test_a_vocabulary_of_thousands_is_sampled():
    class Wide(Race):
        __doc__ = Race.__doc__
        actions = ("1", "2", *(f"no{i}" for i in range(5000)))

        def legal(self, s, seat):
            return ["1", "2"][: s.left]

    assert not found(Wide())


@pytest.mark.parametrize(("divisor", "severity"), [(1, None), (9, "warning")])
def test_views_that_share_a_tensor_are_reported(divisor, severity):
    class Coarse(Race):
        __doc__ = Race.__doc__

        def encode(self, s, seat):
            return np.array([s.left // divisor, s.mover, seat], np.float32)

    finding = found(Coarse()).get("encode_alike")
    assert (finding and finding.severity) == severity


def test_a_few_views_that_share_a_tensor_are_a_note():
    class NearlyFine(TicTacToe):
        __doc__ = TicTacToe.__doc__

        def encode(self, s, seat):
            return super().encode("." * 9 if s.count(".") == 8 else s, seat)

    assert found(NearlyFine(), games=5)["encode_alike"].severity == "note"
