"""The referee in bad company: casts that fail, players that leave or pry, games that answer in odd types."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import arena
from arena.errors import GameError, StoppedError
from arena.game import OVER, Game
from arena.games.matrix import RockPaperScissors
from arena.match import Fixture, play_fixtures, play_rounds
from arena.player import Fault, Move
from arena.players.uniform import UniformPlayer
from arena.record import StopReason


class Caller:
    """Answers every request by a function of it, and keeps what it was asked."""

    def __init__(self, answer=lambda request: Move(request.legal[0]), name="caller"):
        self.name, self.answer, self.asked = name, answer, []

    def act(self, batch):
        self.asked += batch
        return [self.answer(request) for request in batch]


class Debate(Game[tuple[str, ...]]):
    """Two speak, and a judge who competes for nothing says who was better."""

    name = "debate"
    roles = ("pro", "con", "judge")
    sides = (0, 1, -1)
    actions = ("x", "y", "pro", "con")

    def start(self):
        return ()

    def turn(self, s):
        return OVER if len(s) == 3 else len(s)

    def legal(self, s, seat):
        return ("pro", "con") if seat == 2 else ("x", "y")

    def step(self, s, action):
        return (*s, action)

    def returns(self, s) -> tuple[float | None, ...]:
        return (1.0, -1.0, None) if s[2] == "pro" else (-1.0, 1.0, None)

    def view(self, s, seat):
        return f"{seat}: {s}"


@pytest.mark.parametrize("answer", [Move("maybe"), Move(None, fault=Fault.TIMEOUT), Move(None, fault=Fault.RESIGN)])
def test_a_judge_that_fails_pays_nobody(answer: Move) -> None:
    players = {"a": UniformPlayer(), "b": UniformPlayer(), "judge": Caller(lambda request: answer)}
    (record,) = play_fixtures(Debate(), [Fixture("k", "play", ("a", "b", "judge"), 1, "")], players)
    assert record.stop is StopReason.ABANDONED
    assert record.returns == (None, None, None)
    assert record.crashes == (2, 2, 2)


def test_no_seat_can_work_out_anothers_seeds_nor_the_deal() -> None:
    """A step between the seeds of two seats that was the same in every match would give the other's moves away."""
    player = Caller(lambda request: Move("rock"))
    fixtures = [Fixture(f"{i}", "play", ("p", "p"), 7, "") for i in range(300)]
    list(play_fixtures(RockPaperScissors(), fixtures, {"p": player}))
    by_match: dict[str, dict[int, int]] = {}
    for request in player.asked:
        by_match.setdefault(request.match, {})[request.seat] = request.seed
    steps = {(seeds[1] - seeds[0]) % 2**64 for seeds in by_match.values()}
    assert len(steps) == 300


def test_a_spy_who_knows_its_own_seed_beats_nobody() -> None:
    """It reckons with every small step of the sequence from its seed to the other's."""
    game = RockPaperScissors()
    fixtures = [Fixture(f"{i}", "play", ("spy", "uniform"), i, "") for i in range(600)]
    for step in (1, 1 << 8, 1 << 16, 1 << 20):
        guess = lambda request, step=step: (request.seed + step * 0x9E3779B97F4A7C15) % 2**64  # noqa: E731

        def answer(request, guess=guess):
            from arena.seeds import uniform

            theirs = game.actions[int(uniform(guess(request)) * 3)]
            return Move(game.actions[(game.actions.index(theirs) + 1) % 3])

        records = play_fixtures(game, fixtures, {"spy": Caller(answer), "uniform": UniformPlayer()})
        mean = float(np.mean([record.returns[0] for record in records]))
        assert abs(mean) < 4 * (2 / 3 / 600) ** 0.5


def test_an_exit_of_a_player_ends_its_match_and_not_the_run() -> None:
    def leave(request):
        raise SystemExit("bye")

    records = list(play_fixtures(Debate(), [Fixture("k", "play", ("a", "b", "b"), 1, "")],
                                 {"a": Caller(leave), "b": UniformPlayer()}))  # fmt: skip
    assert records[0].stop is StopReason.ABANDONED
    assert "SystemExit: bye" in records[0].reason


def test_who_is_gone_for_good_stops_the_run() -> None:
    def gone(request):
        raise StoppedError("the terminal is closed")

    with pytest.raises(StoppedError, match="the terminal is closed"):
        arena.play("kuhn_poker", [Caller(gone), "uniform"])


def test_a_fault_that_is_none_is_the_players_mistake() -> None:
    records = arena_records(Caller(lambda request: Move(None, fault="resign")))  # type: ignore[arg-type]
    assert records[0].stop is StopReason.ABANDONED
    assert "gave the fault 'resign'" in records[0].reason


def arena_records(player: Any, game: Any = None) -> list[Any]:
    fixtures = [Fixture("k", "play", ("a", "b"), 1, "")]
    return list(play_fixtures(game or RockPaperScissors(), fixtures, {"a": player, "b": UniformPlayer()}))


def test_a_megabyte_of_nonsense_is_quoted_in_short() -> None:
    (record,) = arena_records(Caller(lambda request: Move("x" * 1_000_000)))
    assert record.stop is StopReason.FORFEIT
    assert len(record.reason) < 500


class Odd(RockPaperScissors):
    """Answers in numpy's types, or in none that counts."""

    paid: tuple[Any, ...] = (np.float32(0.5), np.float64(-0.5))

    def turn(self, s):
        return np.int64(super().turn(s))

    def ready(self, s):
        return np.array(super().ready(s))

    def returns(self, s):
        return self.paid


def test_numbers_of_numpy_are_numbers() -> None:
    (record,) = arena_records(Caller(), Odd())
    assert record.returns == (0.5, -0.5)
    assert json.dumps(record.returns) == "[0.5, -0.5]"


@pytest.mark.parametrize("paid", [(float("nan"), 0.0), (float("inf"), -float("inf")), ("1", "-1"), (1j, -1j)])
def test_what_is_no_number_is_no_payoff(paid: tuple[Any, ...]) -> None:
    game = Odd()
    game.paid = paid
    with pytest.raises(GameError, match="give a finite number or None for every seat"):
        arena_records(Caller(), game)


def test_the_matches_of_a_round_come_together_before_anybody_is_asked_again() -> None:
    """So that they can be kept first."""
    told: list[int] = []
    slow = Caller(lambda request: Move("bet" if request.match == "3" else "pass"))
    slow_act = slow.act

    def act(batch):
        told.append(-1)
        return slow_act(batch)

    slow.act = act  # type: ignore[method-assign]
    fixtures = [Fixture(f"{i}", "play", ("a", "b"), i, "") for i in range(6)]
    for ended in play_rounds(arena.load_game("kuhn_poker"), fixtures, {"a": slow, "b": Caller()}):
        told.append(len(ended))
    assert sum(count for count in told if count > 0) == 6
    assert told[0] == -1
    assert all(a != -1 or b != -1 for a, b in pairwise(told))
