"""The best of several solutions: which one is played, what a failure does, and how often it is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import arena
from arena.errors import ConfigError
from arena.games.kuhn_poker import KuhnPoker
from arena.games.sneaky_critic import SneakyCritic
from arena.match import Fixture, play_fixtures
from arena.player import Fault, Move, Requests
from arena.players.best_of import BestOf, best_of
from arena.players.step_critic import StepCritic
from arena.record import Cost
from arena.registry import load_player
from arena.testing import check_player
from tests.noisy_solver import KnownCritic, NoisySolver, best, problems, write_problems
from tests.stepwise_players import ASKED, GAME, Costs, Says, Sure, in_turn, judge, request

UNREAD = Move(None, "hm", fault=Fault.UNPARSABLE)


def played(critic: Says, *solutions: str | Move) -> str | None:
    """Return what is played of solutions that are each written at once."""
    move = best_of(GAME, in_turn(*solutions), critic, n=len(solutions)).act(Requests([request()]))[0]
    return move.action


def test_a_solution_of_which_all_is_believed_speaks_for_its_answer() -> None:
    critic = judge(lambda step: step in ("a", "b", "The answer is 5."))
    assert played(critic, "a\nThe answer is 6.", "c\nThe answer is 5.", "a\nThe answer is 5.") == "a\nThe answer is 5."
    assert played(critic, "a\na\nb\nThe answer is 6.", "The answer is 6.", "The answer is 5.") == "The answer is 5."


def test_a_law_tells_how_sure_the_critic_is() -> None:
    sure = {"a": 0.9, "b": 0.8, "The answer is 1.": 0.5, "The answer is 2.": 0.6}.__getitem__
    critic = StepCritic(Sure(sure), SneakyCritic(words=False))
    player = BestOf(in_turn("a\nThe answer is 1.", "b\nThe answer is 2."), critic, 2)
    assert player.act(Requests([request()]))[0].action == "b\nThe answer is 2."  # .45 against .48
    player = BestOf(in_turn("b\nThe answer is 1.", "a\nThe answer is 1.", "The answer is 2."), critic, 3)
    assert player.act(Requests([request()]))[0].action == "a\nThe answer is 1."  # .4 + .45 against .6


def test_between_equals_the_answer_of_most_decides_and_then_the_first() -> None:
    nothing = judge(lambda step: False)
    solutions = ("The answer is 1.", "b\nThe answer is 0.5.", "c\nThe answer is 1/2.")
    assert played(nothing, *solutions) == "b\nThe answer is 0.5."
    for critic in (nothing, judge(lambda step: True)):
        assert played(critic, "a\nThe answer is 1.", "The answer is 2.") == "a\nThe answer is 1."


def test_a_solution_without_an_answer_comes_last() -> None:
    critic = judge(lambda step: step in "abcd")
    assert played(critic, "a\nb\nc\nd", "x\nThe answer is 1.") == "x\nThe answer is 1."
    assert played(critic, "x\na\nb\nc", "a\nb\nc\nd") == "a\nb\nc\nd"


def test_solutions_are_written_step_by_step_side_by_side() -> None:
    player = Says(lambda request: f"The answer is {request.seed % 3}." if len(request.past) == 2 else f"{request.seed}")
    critic = judge(lambda step: step.isdigit() or step == "The answer is 1.")
    choosing = best_of(GAME, player, critic, n=4)
    requests = [request(seed=i) for i in range(10)]
    together = choosing.act(Requests(requests))
    assert [len(batch) for batch in player.batches] == [40, 40, 40]
    assert [len(batch) for batch in critic.batches] == [120]
    assert len({one.seed for one in player.asked}) == 120
    assert player.asked[45].past == ((GAME.view(ASKED, 0), str(player.asked[5].seed)),)
    assert [choosing.act(Requests([one]))[0] for one in requests] == together
    assert sum(move.action.endswith("The answer is 1.") for move in together) > 6


# Failures.


def test_a_solution_that_breaks_off_is_none() -> None:
    critic = judge(lambda step: False)
    assert played(critic, UNREAD, "The answer is 1.", "x" * 2000) == "The answer is 1."
    move = best_of(GAME, in_turn(UNREAD, UNREAD), critic, n=2).act(Requests([request()]))[0]
    assert (move.action, move.raw, move.fault) == (None, "hm", Fault.UNPARSABLE)


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.CRASHED, Fault.TIMEOUT, Fault.RESIGN])
def test_who_fails_in_one_solution_has_failed(fault: Fault) -> None:
    player = in_turn("The answer is 1.", Move(None, "why", fault=fault), UNREAD, "a")
    critic = judge(lambda step: True)
    move = best_of(GAME, player, critic, n=4).act(Requests([request()]))[0]
    assert (move.action, move.raw, move.fault) == (None, "why", fault)
    assert len(player.asked) == 4  # the open one is not written on
    assert critic.asked == []


def test_a_critic_that_cannot_be_asked_decides_nothing() -> None:
    gone = Says(lambda request: Move(None, "no route", fault=Fault.UNAVAILABLE))
    move = best_of(GAME, in_turn("The answer is 1."), gone, n=1).act(Requests([request()]))[0]
    assert (move.action, move.raw, move.fault) == (None, "no route", Fault.UNAVAILABLE)


def test_all_that_was_asked_is_paid() -> None:
    player = Costs(in_turn("a", UNREAD, "The answer is 1.").say)
    choosing = best_of(GAME, player, judge(lambda step: True, Costs), n=2, votes=2)
    assert Cost.of(choosing.act(Requests([request()]))[0].trace) == Cost(7, 70, 14)


# How often it is right.


@pytest.mark.parametrize(("of_right", "of_wrong", "n"), [(1.0, 0.0, 3), (0.8, 0.3, 4), (0.5, 0.5, 3)])
def test_the_share_of_solved_problems_is_the_expected_one(tmp_path: Path, of_right, of_wrong, n: int) -> None:
    """By the share of wrong steps and by what the critic believes of right and of wrong ones; within 4 sigma."""
    known = problems(150)
    game = arena.load_game(write_problems(tmp_path / "p.jsonl", known))
    player = best_of(game, NoisySolver(known, 0.2), KnownCritic(known, of_right, of_wrong), n)
    fixtures = [Fixture(f"{i:03d}", "play", ("p",), i, "") for i in range(400)]
    solved, expected = [], []
    for record in play_fixtures(game, fixtures, {"p": player}):
        *_, (s, _) = record.replay(game)
        solved.append(record.returns[0])
        expected.append(best(len(known[s.asked.question].steps), 0.2, of_right, of_wrong, n))
    p = np.array(expected)
    assert abs(np.mean(solved) - p.mean()) < 4 * np.sqrt((p * (1 - p)).sum()) / len(p)


def test_specs_and_what_cannot_be() -> None:
    spec = "best_of(player=\"script(prefer='The answer is 5.')\", critic='uniform', n=2)"
    check_player(load_player(spec, GAME), GAME)
    (record,) = arena.play(GAME, [spec])
    assert record.turns[-1].action == "The answer is 5."
    with pytest.raises(ConfigError, match="best_of plays games in which a solution is written in steps"):
        best_of(KuhnPoker(), "uniform", "uniform")
    with pytest.raises(ConfigError, match="n = 0 solutions are none"):
        best_of(GAME, "uniform", "uniform", 0)
