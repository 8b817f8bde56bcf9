"""The shipped checks find every planted fault, and pass what is right."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from arena.errors import GameError, PlayerError
from arena.game import CHANCE, OVER, Game, IllegalAction
from arena.games.kuhn_poker import KuhnPoker, State
from arena.games.matrix import RockPaperScissors
from arena.games.tic_tac_toe import TicTacToe
from arena.player import Fault, Move
from arena.players.uniform import UniformPlayer
from arena.testing import check_game, check_player, playthrough, write_out


class NotZeroSum(KuhnPoker):
    def returns(self, s):
        first, second = super().returns(s)
        return first, second + (s.bets == ("bet", "bet"))


class OutOfRange(KuhnPoker):
    payoff_range = (-1.0, 1.0)


class LoadedDeck(KuhnPoker):
    def chance(self, s):
        return [(card, 0.4) for card, _ in super().chance(s)]


class AcceptsAnything(KuhnPoker):
    def step(self, s, action):
        return super().step(s, action) if self.turn(s) == CHANCE else State(s.cards, (*s.bets, action))


class WrongError(KuhnPoker):
    def step(self, s, action):
        try:
            return super().step(s, action)
        except IllegalAction:
            raise KeyError(action) from None


class MovesAfterTheEnd(TicTacToe):
    def step(self, s, action):
        if self.turn(s) < 0:
            return s
        return super().step(s, action)


class HiddenLegality(KuhnPoker):
    def legal(self, s, seat):
        return ("pass",) if "K" not in s.cards and s.bets else self.actions

    def step(self, s, action):
        if self.turn(s) >= 0 and action not in self.legal(s, 0):
            raise IllegalAction("say pass")
        return super().step(s, action)


class Forgets(KuhnPoker):
    def view(self, s, seat):
        return super().view(s, seat).split(";")[0]

    def encode(self, s, seat):
        return np.zeros(1, np.float32)


class Cheats(KuhnPoker):
    def encode(self, s, seat):
        return np.append(super().encode(s, seat), np.float32("JQK".index(s.cards[1 - seat])))


class WrongType(KuhnPoker):
    def encode(self, s, seat):
        return super().encode(s, seat).astype(np.float64)


class Leaks(RockPaperScissors):
    def view(self, s, seat):
        return f"{s} {seat}"


class LooksAlike(TicTacToe):
    def view(self, s, seat):
        return f"it is the turn of {self.turn(s)}"


@dataclass(unsafe_hash=True)
class Count:
    n: int = 0


class Mutates(Game):
    """The first player counts to three; the state is changed where it lies."""

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

    def encode(self, s, seat):
        return np.zeros(1, np.float32)


class UnknownAction(TicTacToe):
    def legal(self, s, seat):
        return [*super().legal(s, seat), "pass"]


class Endless(TicTacToe):
    def turn(self, s):
        return 0

    def legal(self, s, seat):
        return ["1"]

    def step(self, s, action):
        if action != "1":
            raise IllegalAction("say 1")
        return s


class WrongResample(KuhnPoker):
    def resample(self, s, seat, rng):
        return State(s.cards[::-1], s.bets)


class NoRoles(KuhnPoker):
    roles = ()


class RoleWithSlash(KuhnPoker):
    roles = ("first", "../second")


@pytest.mark.parametrize(
    ("game", "finding"),
    [
        (NotZeroSum, "zero sum, but returns"),
        (OutOfRange, "outside payoff_range"),
        (LoadedDeck, "chance probabilities sum to 1.2"),
        (AcceptsAnything, "the illegal '' is accepted"),
        (WrongError, "raises KeyError.*not IllegalAction"),
        (MovesAfterTheEnd, "the illegal '' is accepted"),
        (HiddenLegality, "equal views have different legal moves"),
        (Forgets, "a view forgets"),
        (Cheats, "encode differs at equal views"),
        (WrongType, "encode gives float64"),
        (Leaks, "the move of 0 shows to 1"),
        (LooksAlike, "two states look alike"),
        (Mutates, "step changes the state that it is given"),
        (Unhashable, "a state must be hashable"),
        (UnknownAction, r"not among its actions: \['pass'\]"),
        (Endless, "not over after 10000 moves"),
        (WrongResample, "resample gives a state"),
        (NoRoles, "it has no roles"),
        (RoleWithSlash, r"the role '\.\./second' cannot name a folder: take letters, digits, _ and -"),
    ],
)
def test_a_broken_game_is_found_out(game, finding):
    with pytest.raises(GameError, match=finding):
        check_game(game())


def test_the_finding_names_the_moves():
    with pytest.raises(GameError, match=r"kuhn_poker: zero sum.*on the moves \['[JQK]', '[JQK]', 'bet', 'bet'\]"):
        check_game(NotZeroSum())


class Player(UniformPlayer):
    """A sound player to break."""


class TooFew(Player):
    def act(self, batch):
        return super().act(batch)[:-1]


class Illegal(Player):
    def act(self, batch):
        return [Move("1") for _ in batch]


class Silent(Player):
    def act(self, batch):
        return [Move(None) for _ in batch]


class Moody(Player):
    calls = 0

    def act(self, batch):
        self.calls += 1
        return [Move(request.legal[self.calls % len(request.legal)]) for request in batch]


class ByPosition(Player):
    def act(self, batch):
        return [Move(request.legal[i % len(request.legal)]) for i, request in enumerate(batch)]


class Skewed(Player):
    def policy(self, batch):
        policy = super().policy(batch) * batch.mask() * np.arange(1, 10)
        return policy / policy.sum(axis=1, keepdims=True)


class Unnormed(Player):
    def policy(self, batch):
        return super().policy(batch) * 1.1


class PolicyPlaysIllegal(Player):
    def policy(self, batch):
        return np.full((len(batch), 9), 1 / 9)


@pytest.mark.parametrize(
    ("player", "finding"),
    [
        (TooFew, r"answers (\d+) requests with \d+ moves"),
        (Illegal, "plays '1', which is illegal"),
        (Silent, "neither action nor fault"),
        (Moody, "other answers to the same requests"),
        (ByPosition, "when the batch is in another order"),
        (Skewed, "does not play its policy"),
        (Unnormed, "rows do not sum to 1"),
        (PolicyPlaysIllegal, "plays illegal actions"),
    ],
)
def test_a_broken_player_is_found_out(player, finding):
    with pytest.raises(PlayerError, match=finding):
        check_player(player(), TicTacToe())


def test_a_fault_is_an_answer():
    class Resigns(Player):
        policy = None

        def act(self, batch):
            return [Move(None, fault=Fault.RESIGN) for _ in batch]

    check_player(Resigns(), KuhnPoker())


def test_playthroughs_depend_on_the_seed_only():
    assert playthrough(KuhnPoker(), 3) == playthrough(KuhnPoker(), 3)
    assert len({playthrough(KuhnPoker(), seed) for seed in range(8)}) > 1


def test_a_playthrough_shows_what_each_seat_sees():
    text = write_out(KuhnPoker(), ["Q", "K", "bet", "pass"])
    assert "\nstate 2: seat 0 is to move\n  first sees: your card: Q; so far: nothing\n" in text
    assert text.endswith("  second sees: your card: K; so far: bet, pass\n  returns: 1, -1\n")


def test_the_module_prints_playthroughs():
    checkout = Path(__file__).parent.parent
    command = [sys.executable, "-m", "arena.testing", "kuhn_poker"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=checkout, check=True, timeout=60)
    assert done.stdout == f"{playthrough(KuhnPoker(), 0)}\n{playthrough(KuhnPoker(), 1)}"
