"""What becomes of the tasks that challengers write, counted over all that were due."""

from __future__ import annotations

import pytest

from arena.errors import ConfigError
from arena.games.tool_task import Task, write
from arena.games.tool_task_yield import ACCEPTED, FATES, SPOILT, Proposal, proposals, yields
from arena.games.tool_tasks import ToolTasks
from arena.interval import Interval
from arena.match import Fixture, Patience, play_fixtures
from arena.player import Fault, Move

GAME = ToolTasks(attempts=2)
TASK = write(Task("Say 7.", "def verify(world, answer):\n    return answer == '7'", ("done 7",), (("done 8",),)))


class Says:
    """Answers every question by a function of it."""

    def __init__(self, name: str, say) -> None:
        self.name, self.say = name, say

    def act(self, batch):
        return [self.say(request) for request in batch]


def challenger(request) -> Move:
    """Write a task, and in every fourth match nonsense or nothing."""
    if int(request.match) % 4:
        return Move(TASK)
    return Move("a task") if int(request.match) % 8 else Move(None, fault=Fault.EMPTY)


def verifier(request) -> Move:
    """Say what is so; of every third match, that it took too long."""
    if int(request.match) % 3 == 0:
        return Move("time")
    return Move("true" if request.text.endswith('"7"]}]}') else "false")


def records(matches: int = 24):
    executor = Says("e", lambda request: Move(f"done {7 + (request.seat == 2)}"))
    players = {"c": Says("c", challenger), "e": executor, "v": Says("v", verifier)}
    fixtures = [Fixture(str(i), "train", ("c", "e", "e", "v"), i, "") for i in range(matches)]
    return list(play_fixtures(GAME, fixtures, players, patience=Patience(retries=0)))


def test_every_task_that_was_due_counts() -> None:
    proposed = proposals(records(), GAME)
    counts = {fate: sum(one.fate == fate for one in proposed) for fate in FATES}
    assert {fate: count for fate, count in counts.items() if count} == {
        "accepted": 12,
        "unreadable": 3,
        "silent": 3,
        "time": 6,
    }
    assert {one.challenger for one in proposed} == {"c"}
    assert {one.done for one in proposed if one.fate == ACCEPTED} == {(True, False)}
    found = yields(proposed)
    assert found.tasks == 24
    assert sum(one.value for one in found.fates.values()) == pytest.approx(1)
    assert found.fates[ACCEPTED].value == pytest.approx(0.5)
    assert found.fates[ACCEPTED].low < 0.5 < found.fates[ACCEPTED].high
    assert found.done.value == pytest.approx(0.5)


def test_a_task_that_was_unsteady_on_an_attempt_has_a_fate_of_its_own() -> None:
    def judge(request) -> Move:
        said = "true" if request.text.endswith('"7"]}]}') else "false"
        return Move("unsteady" if said == "false" and '"outcome": "false"' in request.text else said)

    players = {"c": Says("c", lambda request: Move(TASK)), "e": Says("e", lambda request: Move(f"done {request.seat}"))}
    fixtures = [Fixture("0", "train", ("c", "e", "e", "v"), 0, "")]
    (one,) = proposals(play_fixtures(GAME, fixtures, {**players, "v": Says("v", judge)}), GAME)
    assert one == Proposal("c", SPOILT, ())
    assert yields([one]).fates[SPOILT].value == 1
    assert yields([one]).done.high == 1


def test_where_nobody_writes_tasks_none_are_counted() -> None:
    with pytest.raises(ConfigError, match="has no challenger"):
        proposals([], ToolTasks(challenger=False))


def test_of_no_tasks_nothing_is_known() -> None:
    nothing = Interval(0.5, 0.0, 1.0)
    assert yields([]) == (0, dict.fromkeys(FATES, nothing), nothing)
    assert yields([Proposal("c", "time", ())]).done == nothing
