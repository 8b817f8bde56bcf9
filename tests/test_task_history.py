"""What is remembered of tasks: repeating costs, whoever comes back, and solvers learn from what suits them."""

import json
from dataclasses import replace

import pytest

from arena.games.challenger_solver import ChallengerSolver
from arena.match import Fixture, play_fixtures
from arena.player import Move

FRESH = [f"word{i} thing{i} stuff{i} more{i}" for i in range(100)]
"""Tasks that have nothing in common."""


class Says:
    """Sets the task that its match's number says, and answers rightly in so many seats."""

    name = "says"

    def __init__(self, tasks, right):
        self.tasks, self.right = tasks, right

    def act(self, batch):
        moves = []
        for request in batch:
            number = int(request.match)
            right = request.seat <= self.right[number]
            moves.append(
                Move((self.tasks[number] if request.seat == 0 else "7" if right else f"w{request.seat}") or None)
            )
        return moves


def played(game, tasks, right=None):
    """Return the records of one update: a match for each task, answered rightly by so many."""
    right = right or [5] * len(tasks)
    fixtures = [Fixture(f"{i:03d}", "train", ("says",) * game.seats, i, "") for i in range(len(tasks))]
    records = play_fixtures(game, fixtures, {"says": Says(tasks, right)})
    return sorted(records, key=lambda record: record.key)


def challengers(paid):
    return [returns[0] for returns in paid]


R_ZERO = ChallengerSolver("r_zero")


def test_a_task_like_no_other_pays_its_share_of_the_batch_alone():
    history = R_ZERO.history(0)
    records = played(R_ZERO, FRESH[:4])
    assert challengers(history.payoffs(records)) == [0.5 - 0.25] * 4


def test_the_same_task_again_costs_within_a_batch_and_over_the_whole_history():
    history = R_ZERO.history(0)
    first = played(R_ZERO, ["the same task", "the same task", *FRESH[:2]])
    assert challengers(history.payoffs(first)) == [0.0, 0.0, 0.25, 0.25]
    history.remember(first)
    for i in range(10):
        history.remember(played(R_ZERO, FRESH[2 + 4 * i : 6 + 4 * i]))
    later = played(R_ZERO, ["The  same task", FRESH[60], FRESH[61], FRESH[62]])
    assert challengers(history.payoffs(later)) == pytest.approx([0.5 - (1 / 4 + 2 / 6), 0.25, 0.25, 0.25])


def test_asking_what_is_paid_remembers_nothing():
    history = R_ZERO.history(0)
    records = played(R_ZERO, FRESH[:4])
    assert history.payoffs(records) == history.payoffs(records)
    assert history.state()["tasks"] == []


def test_solvers_learn_from_tasks_in_the_band_both_ends_included():
    history = R_ZERO.history(0)
    paid = history.payoffs(played(R_ZERO, FRESH[:6], right=[2, 3, 5, 8, 9, 10]))
    assert [returns[1] is not None for returns in paid] == [False, True, True, True, False, False]
    assert all(value is None for value in paid[0][1:])
    assert None not in challengers(paid)


def test_a_match_without_a_task_pays_what_the_game_says():
    history = R_ZERO.history(0)
    records = played(R_ZERO, [FRESH[0], ""])
    assert history.payoffs(records)[1] == R_ZERO.forfeit(0)
    assert history.payoffs(records)[0][0] == 0.5 - 1 / 2, "one of a batch of two"
    history.remember(records)
    assert history.state()["tasks"] == [FRESH[0]]


def test_the_first_solvers_learn_and_the_others_only_vote():
    game = ChallengerSolver("ttrl", changed={"solvers": 4, "learning": 2})
    (paid,) = game.history(0).payoffs(played(game, [""], right=[3]))
    assert paid == (None, 1.0, 1.0, None, None)


def test_serl_drops_tasks_that_are_like_given_earlier_or_other_ones():
    game = ChallengerSolver("serl", changed={"solvers": 4, "examples": 0, "kept_examples": 1})
    history = game.history(0)
    first = played(game, [FRESH[0], FRESH[0], game.given[0], FRESH[1]], right=[2, 2, 2, 4])
    assert [returns[1] is not None for returns in history.payoffs(first)] == [True, False, False, False]
    history.remember(first)
    again = played(game, [FRESH[0], FRESH[2]], right=[2, 2])
    assert [returns[1] is not None for returns in history.payoffs(again)] == [False, True]
    assert history.game().kept == (FRESH[0],)


def test_eva_goes_on_from_the_tasks_that_tell_solvers_apart():
    game = ChallengerSolver(
        "eva", changed={"solvers": 4, "chosen": 0.5, "unchanged": 0.0, "informativeness": "variance"}
    )
    history = game.history(0)
    records = played(game, FRESH[:4], right=[4, 2, 0, 4])  # where none is right each answers alone, so one is
    history.remember(records)
    assert set(history.game().given) <= {FRESH[1], FRESH[2]}
    assert len(history.game().given) == 2
    history.remember(played(game, FRESH[:2], right=[4, 4]))
    assert set(history.game().given) <= {FRESH[0], FRESH[1]}, "where all are alike each may be chosen"


def test_a_game_without_matches_stays_as_it_is():
    game = ChallengerSolver("eva")
    history = game.history(0)
    history.remember([])
    assert history.game().given == game.given


@pytest.mark.parametrize("preset", ["ours", "r_zero", "serl", "eva"])
def test_a_history_goes_on_from_its_state(preset):
    changed = {"solvers": 4} | ({"unchanged": 0.0} if preset == "eva" else {})
    game = ChallengerSolver(preset, changed=changed)
    history, copy = game.history(3), game.history(3)
    history.remember(played(game, FRESH[:5], right=[0, 1, 2, 3, 4]))
    copy.restore(json.loads(json.dumps(history.state())))
    later = played(history.game(), [FRESH[0], FRESH[7], FRESH[8]], right=[2, 2, 1])
    assert copy.payoffs(later) == history.payoffs(later)
    for one in (history, copy):
        one.remember(later)
    assert copy.state() == history.state()
    assert copy.game().given == history.game().given
    assert replace(later[0]) == later[0]
