"""Who is away, by the referee itself: an outage costs nobody a match and nobody's time."""

import time

import pytest

from arena.attendance import Attendance, Unplayed
from arena.errors import StoppedError
from arena.games.kuhn_poker import KuhnPoker
from arena.match import Fixture, Patience, play_fixtures
from arena.player import Fault, Move
from arena.players.uniform import UniformPlayer
from arena.record import StopReason

KUHN = KuhnPoker()
GONE = Move(None, "HTTP 503", fault=Fault.UNAVAILABLE)


class Server:
    """Answers so many questions, and then none until it is `mended`."""

    name = "api"

    def __init__(self, answers=0):
        self.answers, self.asked = answers, 0

    def act(self, batch):
        return [self.answer() for _ in batch]

    def answer(self):
        self.asked += 1
        return Move("bet") if self.asked <= self.answers else GONE


class Silent(Server):
    """The same, one question at a time."""

    def __init__(self, answers=0):
        super().__init__(answers)
        self.open = []

    def submit(self, batch):
        self.open += batch

    def collect(self, seconds):
        if not self.open:
            return []
        return [(self.open.pop(0), self.answer())]


def fixtures(n, *entrants):
    return [Fixture(f"{name}-{i:03d}", "play", (name, "uniform"), i, "") for i in range(n) for name in entrants]


def play(n, players, **options):
    players = {**players, "uniform": UniformPlayer()}
    names = [name for name in players if name != "uniform"]
    return list(play_fixtures(KUHN, fixtures(n, *names), players, **options))


@pytest.mark.parametrize("kind", [Server, Silent])
def test_an_outage_leaves_all_that_was_not_finished_void_and_ends_nobody_s_game(kind):
    records = play(200, {"api": kind(answers=50), "other": UniformPlayer()}, concurrent=16)
    assert {record.stop for record in records if record.entrants[0] == "other"} == {StopReason.FINISHED}
    of_api = [record for record in records if record.entrants[0] == "api"]
    assert len(of_api) == 200
    assert {record.stop for record in of_api} == {StopReason.FINISHED, StopReason.VOID}
    assert not any(record.crashes for record in of_api)
    assert {record.returns for record in of_api if record.stop is StopReason.VOID} == {(None, None)}
    assert {record.reason for record in of_api if record.stop is StopReason.VOID} == {"api was not available: HTTP 503"}


@pytest.mark.parametrize("kind", [Server, Silent])
def test_whoever_is_away_is_not_asked_for_ever(kind):
    """Sixteen matches are under way, each is tried at most three times, and the other 984 are not begun."""
    player = kind()
    records = play(1000, {"api": player}, concurrent=16)
    assert len(records) == 1000
    assert {record.stop for record in records} == {StopReason.VOID}
    assert player.asked <= 16 * 3


def test_one_question_that_is_never_answered_is_no_outage():
    """Other questions are answered meanwhile, so they go on to be asked."""

    class Choosy(Server):
        def act(self, batch):
            return [GONE if request.match == "api-007" else Move("bet") for request in batch]

    void = [record.key for record in play(100, {"api": Choosy()}, concurrent=4) if record.stop is StopReason.VOID]
    assert void == ["api-007"]


def test_a_short_outage_is_over_at_the_next_attempt():
    records = play(50, {"api": Flaky()}, concurrent=8)
    assert {record.stop for record in records} == {StopReason.FINISHED}
    assert sum(map(len, (record.outages for record in records))) == 8
    assert not any(record.crashes for record in records)


class Flaky(Server):
    """Does not answer its first batch."""

    def act(self, batch):
        self.asked += 1
        return [GONE if self.asked == 1 else Move("bet") for _ in batch]


def test_a_hung_answer_is_not_waited_for_once_its_player_is_away():
    """An answer that would come in an hour: the player says of another question that nobody is there."""

    class Hung(Server):
        def submit(self, batch):
            self.open = [*getattr(self, "open", []), *batch]

        def collect(self, seconds):
            time.sleep(min(seconds, 0.001))
            gone = [request for request in self.open if request.match == "api-000"]
            self.open = [request for request in self.open if request.match != "api-000"]
            return [(request, GONE) for request in gone]

    records = play(20, {"api": Hung()})
    assert len(records) == 20
    assert {record.stop for record in records} == {StopReason.VOID}


def test_a_crash_of_a_player_that_has_just_gone_ends_no_match():
    """The third silence of one match and a crash in another come in one look: the other match is void, not ended."""

    class Going(Server):
        def submit(self, batch):
            self.open = [*getattr(self, "open", []), *batch]

        def collect(self, seconds):
            self.open.sort(key=lambda request: request.match)
            ready, self.open = self.open, []
            self.silences = getattr(self, "silences", 0) + any(request.match == "api-000" for request in ready)
            if self.silences < 3:  # the others wait until then
                self.open = [request for request in ready if request.match != "api-000"]
                ready = [request for request in ready if request.match == "api-000"]
            crash = Move(None, "HTTP 400", fault=Fault.CRASHED)
            return [(request, GONE if request.match == "api-000" else crash) for request in ready]

    records = play(2, {"api": Going()})
    assert {record.stop for record in records} == {StopReason.VOID}


def test_a_judge_that_is_away_leaves_its_matches_void():
    attendance = Attendance(attempts=2)
    attendance.missed("judge", "m", "HTTP 503")
    attendance.heard("judge", [Move("yes")])
    attendance.missed("judge", "m", "HTTP 503")
    assert attendance.absent(("a", "b", "judge")) is None
    attendance.heard("judge", [GONE])
    attendance.missed("judge", "m", "HTTP 504")
    assert attendance.absent(("a", "b", "judge")) == 2
    assert attendance.away == {"judge": "HTTP 504"}


def test_what_is_left_is_told_in_one_sentence():
    unplayed = Unplayed()
    unplayed.check()
    for record in play(3, {"api": Server()}, patience=Patience(attempts=1)):
        assert unplayed.takes(record)
    with pytest.raises(StoppedError, match=r"^3 matches could not be played: api was not available: HTTP 503\. Nobody"):
        unplayed.check()
