"""Labels by majority, held against sums whose answers are known."""

import pytest

from arena.games.challenger_solver import ChallengerSolver
from arena.games.label_accuracy import labels
from arena.match import Fixture, play_fixtures
from arena.player import Move
from arena.players.reckoner import Reckoner

GAME = ChallengerSolver("ttrl", changed={"solvers": 4, "learning": 0})


class Says:
    name = "says"

    def __init__(self, *answers):
        self.answers = answers

    def act(self, batch):
        return [Move(self.answers[request.seat - 1]) for request in batch]


def played(game, player, n):
    fixtures = [Fixture(f"{i}", "play", ("p",) * game.seats, i, "") for i in range(n)]
    return list(play_fixtures(game, fixtures, {"p": player}))


def test_a_wrong_label_can_give_most_rewards_rightly():
    """The truth is 7; the label is 1, which two give: rewards are right for one of four."""
    found = labels(played(GAME, Says("1", "1", "7", "2"), 3), GAME, lambda task: "7")
    assert (found.tasks, found.label.value) == (3, 0.0)
    assert found.reward.value == 0.25
    assert (found.majority.value, found.solved.value) == (0.5, 0.25)


def test_a_right_label_gives_all_rewards_rightly():
    found = labels(played(GAME, Says("7", "7.0", "8", ""), 2), GAME, lambda task: "7")
    assert (found.label.value, found.reward.value, found.solved.value) == (1.0, 1.0, 0.5)


def test_tasks_whose_answer_is_unknown_do_not_count():
    found = labels(played(GAME, Says("7", "7", "8", "9"), 2), GAME, lambda task: None)
    assert (found.tasks, found.label.low, found.label.high) == (0, 0.0, 1.0)


def test_many_who_make_slips_label_better_than_each_answers():
    """Sums of up to three numbers, one slip in four operations: the majority of nine is right more often than one."""
    game = ChallengerSolver("r_zero", changed={"solvers": 9})
    sums = ChallengerSolver("r_zero", changed={"solvers": 9, "truth": "worked"})
    found = labels(played(game, Reckoner(slip=0.25), 200), game, sums.works_out)
    assert found.tasks == 200
    assert found.solved.value == pytest.approx((1 + 0.75 + 0.75**2) / 3, abs=0.03)
    assert found.label.low > found.solved.high
    assert found.reward.value > found.solved.value
