"""Old questions are asked again later, and of a game made anew."""

from itertools import count

from arena.testing.again import Again
from arena.testing.asking import Asking
from arena.testing.findings import Findings
from tests.broken_games import Heap, Race, found

MADE = count()


class Counts(Race):
    """Asked twice in a row it says the same, but every step is counted in the game itself."""

    __doc__ = Race.__doc__

    def step(self, s, action):
        self.steps = getattr(self, "steps", 0) + 1
        return super().step(s, action)

    def view(self, s, seat):
        return f"{super().view(s, seat)} after {getattr(self, 'steps', 0)} moves"


class ShufflesOnce(Race):
    """Every game that is made has a table of its own."""

    __doc__ = Race.__doc__

    def __init__(self):
        self.table = next(MADE)

    def view(self, s, seat):
        return f"{super().view(s, seat)} at table {self.table}"


def test_a_game_that_remembers_is_found():
    finding = found(Counts())["impure"]
    assert "after 0 moves', and is" in finding.seen
    assert finding.seen.endswith("when it is asked again, later")
    assert finding.moves == ()


def test_a_game_that_is_another_one_each_time_it_is_made_is_found():
    assert found(ShufflesOnce())["impure"].seen.endswith("of a game made anew")


def test_a_crash_at_the_second_time_is_a_finding():
    findings, game = Findings(), Race()
    again = Again(Asking(game, findings, 0))
    again.note(Heap())
    game.view = None
    again.check()
    assert "now raises TypeError" in findings.sorted()[0].seen


def test_a_pure_game_answers_as_before():
    findings = Findings()
    again = Again(Asking(Race(), findings, 0))
    for left in range(5):
        again.note(Heap(left))
    again.note("no state, which cannot be asked about")
    again.check()
    assert findings.sorted() == ()
