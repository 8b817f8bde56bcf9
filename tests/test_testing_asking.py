"""Questions to a game: answers come, stay the same and change nothing, or there is a finding."""

from dataclasses import dataclass

import pytest

from arena.game import CHANCE
from arena.testing.asking import Asking
from arena.testing.findings import Broken, Findings
from tests.broken_games import Heap, Race, Secret


def asking(game):
    return Asking(game, Findings(), 0)


def codes(asked):
    return [finding.code for finding in asked.findings.sorted()]


def test_an_answer_is_passed_on():
    asked = asking(Race())
    assert asked.ask("legal", Heap(1), 0) == ["1"]
    assert asked.turn(Heap(0)) == -4
    assert asked.step(Heap(5), "2") == Heap(3, 1)
    assert codes(asked) == []


def test_a_failure_is_written_down_and_ends_the_line():
    asked = asking(Race())
    with pytest.raises(Broken):
        asked.ask("returns", "no state")
    assert codes(asked) == ["returns_fails"]


def test_a_refused_offer_is_written_down():
    asked = asking(Race())
    with pytest.raises(Broken):
        asked.step(Heap(), "9")
    with pytest.raises(Broken):
        asked.step("no state", "1")
    assert codes(asked) == ["offered_refused", "step_fails"]


def test_moves_follow_the_law_of_chance():
    asked = asking(Secret())
    drawn = [asked.move((), CHANCE) for _ in range(400)]
    assert 150 < drawn.count("heads") < 250
    assert {asked.move(("heads",), 0) for _ in range(50)} == {"heads", "tails"}


def test_the_same_answer_is_wanted_twice():
    game = Race()
    answers = iter(["a", "b", "c", "c"])
    game.view = lambda s, seat: next(answers)
    asked = asking(game)
    asked.twice("view", Heap(), 0)
    assert codes(asked) == ["impure"]
    assert "first 'a'" in asked.findings.sorted()[0].seen
    asked.twice("view", Heap(), 0)
    assert asked.findings.sorted()[0].times == 1


def test_a_fact_is_compared_with_where_it_was_seen_first():
    asked = asking(Race())
    with asked.findings.at(["1"]):
        assert asked.same(("legal", 0, "a view"), 1, "leak", "it differs", "mend it")
    with asked.findings.at(["2"]):
        assert asked.same(("legal", 0, "a view"), 1, "leak", "it differs", "mend it")
        assert not asked.same(("legal", 0, "a view"), 2, "leak", "it differs", "mend it")
    (finding,) = asked.findings.sorted()
    assert finding.seen == "it differs: seat 0 sees 'a view' here and on the moves ['1']"
    assert finding.moves == ("2",)


@dataclass(unsafe_hash=True)
class Changeable:
    n: int = 0


def test_a_state_that_changes_while_it_is_looked_at_is_found():
    asked, s = asking(Race()), Changeable()
    with asked.about(s, "view"):
        s.n += 1
    assert codes(asked) == ["mutates"]
    assert asked.findings.sorted()[0].seen == "view changes the state that it is given"


def test_what_cannot_be_read_is_a_finding():
    asked = asking(Race())
    with asked.about(Heap(), "ready"):
        tuple(7)
    assert codes(asked) == ["ready_unreadable"]
