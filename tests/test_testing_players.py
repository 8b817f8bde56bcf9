"""The shipped check of players finds every planted fault, and passes what is right."""

import numpy as np
import pytest

from arena.errors import PlayerError
from arena.games.kuhn_poker import KuhnPoker
from arena.games.tic_tac_toe import TicTacToe
from arena.player import Fault, Move
from arena.players.uniform import UniformPlayer
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


def test_a_fault_is_an_answer():
    class Resigns(Player):
        policy = None

        def act(self, batch):
            return [Move(None, fault=Fault.RESIGN) for _ in batch]

    check_player(Resigns(), KuhnPoker())


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
