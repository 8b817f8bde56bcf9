"""The shipped check of players finds every planted fault, and passes what is right."""

from contextlib import closing

import numpy as np
import pytest

from arena.errors import PlayerError, StoppedError
from arena.games.kuhn_poker import KuhnPoker
from arena.games.tic_tac_toe import TicTacToe
from arena.player import Fault, Move, Requests
from arena.players.human import Human
from arena.players.uniform import UniformPlayer
from arena.registry import load_player
from arena.testing import check_player, examine_player


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


class Crashes(Player):
    def act(self, batch):
        raise ZeroDivisionError("division by zero")


class Bare(Player):
    def act(self, batch):
        return [request.legal[0] for request in batch]


class SaysNothing(Player):
    def act(self, batch):
        return None


class Nameless(Player):
    def __init__(self):
        self.name = ""


class NeedsCompany(Player):
    def act(self, batch):
        return [Move(request.legal[0 if len(batch) > 1 else -1]) for request in batch]


class PolicyCrashes(Player):
    def policy(self, batch):
        return 1 / 0


class PolicyIsNan(Player):
    def policy(self, batch):
        return super().policy(batch) * np.nan


class Excluded(Player):
    def policy(self, batch):
        policy = np.zeros((len(batch), 9))
        policy[np.arange(len(batch)), batch.mask().argmax(axis=1)] = 1
        return policy


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
        (Crashes, r"fails on \d+ requests: ZeroDivisionError"),
        (SaysNothing, r"fails on \d+ requests: TypeError"),
        (Bare, "answers with '1'"),
        (Nameless, "has the name ''"),
        (NeedsCompany, "when it is asked alone"),
        (PolicyCrashes, "fails to state its policy"),
        (PolicyIsNan, "negative probabilities, or what is no number"),
        (Excluded, "plays what its policy excludes"),
    ],
)
def test_a_broken_player_is_found_out(player, finding):
    with pytest.raises(PlayerError, match=finding):
        check_player(player(), TicTacToe())


class Faulty(Player):
    """It has no move wherever more than `most` are open to it."""

    policy = None

    def __init__(self, fault, most, raw=""):
        super().__init__()
        self.no_move, self.most = Move(None, raw, fault=fault), most

    def act(self, batch):
        moves = super().act(batch)
        return [m if len(r.legal) <= self.most else self.no_move for r, m in zip(batch, moves, strict=True)]


@pytest.mark.parametrize("fault", Fault)
def test_a_player_that_never_moves_is_found_out(fault):
    (finding,) = examine_player(Faulty(fault, 0, "sorry"), TicTacToe())
    assert (finding.severity, finding.code) == ("error", "no_move")
    assert f"first {fault}, at" in finding.seen
    assert finding.seen.endswith("with 'sorry'")


@pytest.mark.parametrize("command", ["false", "cat"])
def test_a_program_that_never_answers_is_found_out(command):
    with closing(load_player(f"process(command={command!r})", game := TicTacToe())) as player:
        (finding,) = examine_player(player, game)
    assert finding.code == "no_move"
    assert ("crashed" if command == "false" else "unparsable") in finding.seen


def test_faults_now_and_then_are_a_warning_with_the_first_reply():
    (finding,) = examine_player(Faulty(Fault.UNPARSABLE, 8, "castle?"), TicTacToe())
    assert (finding.severity, finding.code) == ("warning", "faults")
    assert "with 'castle?'" in finding.seen


def test_whoever_resigns_now_and_then_keeps_the_contract():
    assert examine_player(Faulty(Fault.RESIGN, 8), TicTacToe()) == ()


def test_a_person_who_leaves_is_no_broken_promise():
    def leave(_):
        raise EOFError

    with pytest.raises(StoppedError):
        examine_player(Human(ask=leave, say=lambda _: None), TicTacToe())


def test_a_sound_player_has_no_findings():
    assert examine_player(UniformPlayer(), KuhnPoker()) == ()


def test_all_errors_are_collected_and_say_what_to_do():
    class Several(Nameless):
        def act(self, batch):
            return [Move("1") for _ in batch]

    found = {finding.code: finding for finding in examine_player(Several(), TicTacToe())}
    assert {"name", "illegal"} <= set(found)
    assert found["illegal"].times > 1
    assert found["illegal"].advice == "choose from request.legal"


class Queue(Player):
    """A sound continuous player to break: hands out two answers at a time, newest first."""

    def __init__(self):
        super().__init__()
        self.open = []

    def submit(self, batch):
        self.open += batch

    def collect(self, seconds):
        ready, self.open = self.open[-2:], self.open[:-2]
        return [(request, super(Queue, self).act(Requests([request]))[0]) for request in ready]


class Forgetful(Queue):
    def submit(self, batch):
        self.open += list(batch)[1:]


class Twice(Queue):
    def submit(self, batch):
        self.open += [*batch, batch[0]]

    def collect(self, seconds):
        ready, self.open = self.open, []
        return [(request, super(Queue, self).act(Requests([request]))[0]) for request in ready]


class Crossed(Queue):
    def collect(self, seconds):
        moves = super().collect(seconds)
        return [(request, Move(request.legal[-1])) for request, _ in moves]


class Stuck(Queue):
    def collect(self, seconds):
        raise OSError("no line")


@pytest.mark.parametrize(
    ("player", "code"),
    [(Queue, None), (Forgetful, "owed"), (Twice, "stranger"), (Crossed, "continuous"), (Stuck, "crash")],
)
def test_what_is_submitted_comes_back_once_as_act_answers_it(player, code, monkeypatch):
    monkeypatch.setattr("arena.testing.players._SILENCE", 0.05)
    assert {finding.code for finding in examine_player(player(), TicTacToe())} == ({code} if code else set())
