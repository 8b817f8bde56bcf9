"""Continuous players are looked at in turn: nobody is waited for while another works, and nobody is asked in a rush."""

import pytest

from arena.asking import Outstanding, ask
from arena.errors import PlayerError, StoppedError
from arena.games.kuhn_poker import KuhnPoker
from arena.player import Move, Request

KUHN = KuhnPoker()


def questions(n):
    state = KUHN.step(KUHN.start(), KUHN.chance(KUHN.start())[0][0])
    while KUHN.turn(state) < 0:
        state = KUHN.step(state, KUHN.chance(state)[0][0])
    return [Request(KUHN, state, 0, seed=i, match=f"{i}") for i in range(n)]


class Clock:
    """Stands for the module `time`: nothing here waits for real."""

    def __init__(self):
        self.now, self.slept = 0.0, []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("arena.asking.time", clock)
    return clock


class Remote:
    """An answer takes `takes` seconds, wherever it is worked out; `collect` only waits, or does not even do that."""

    def __init__(self, clock, takes, polite=True, name="remote"):
        self.clock, self.takes, self.polite, self.name = clock, takes, polite, name
        self.open, self.looks = [], []

    def act(self, batch):
        return [Move("pass") for _ in batch]

    def submit(self, batch):
        self.open += [(self.clock.now + self.takes, request) for request in batch]

    def collect(self, seconds):
        self.looks.append(seconds)
        first = min(due for due, _ in self.open)
        if self.polite:
            self.clock.now = max(self.clock.now, min(first, self.clock.now + seconds))
        ready = [request for due, request in self.open if due <= self.clock.now]
        self.open = [(due, request) for due, request in self.open if due > self.clock.now]
        return [(request, Move("bet")) for request in ready]


class Engine(Remote):
    """Works only while it is asked: a step takes 10 ms, and an answer `takes` seconds of them."""

    def collect(self, seconds):
        self.looks.append(seconds)
        end = self.clock.now + seconds
        while True:
            self.clock.now += 0.01
            self.takes -= 0.01
            if self.takes <= 0 or self.clock.now >= end:
                break
        ready = [request for _, request in self.open] if self.takes <= 0 else []
        self.open = self.open if not ready else []
        return [(request, Move("bet")) for request in ready]


def hear(outstanding, answers):
    """Collect until so many answers are there; returns who got them."""
    heard = []
    while len(heard) < answers:
        heard += outstanding.collect(wait=True)
    return [asker for asker, _, _ in heard]


def asked(*players, askers=()):
    """Return what is outstanding once each player has been asked a question, or one for each of the askers."""
    outstanding = Outstanding({player.name: player for player in players})
    for player in players:
        names = list(askers) or [player.name]
        outstanding.submit(player.name, names, questions(len(names)))
    return outstanding


def test_the_only_player_that_owes_an_answer_is_waited_for(clock):
    remote = Remote(clock, 10.0)
    assert hear(asked(remote), 1) == ["remote"]
    assert set(remote.looks) == {0.05}
    assert clock.slept == []
    assert clock.now == pytest.approx(10.0)


def test_who_returns_at_once_with_nothing_is_asked_twenty_times_a_second(clock):
    remote = Remote(clock, 10.0, polite=False)
    assert hear(asked(remote), 1) == ["remote"]
    assert clock.slept[:7] == pytest.approx([0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.05])
    assert set(clock.slept[6:]) == {0.05}
    assert len(remote.looks) < 220


def test_several_that_only_wait_share_a_wait_that_grows(clock):
    one, other = Remote(clock, 10.0, name="one"), Remote(clock, 10.02, name="other")
    assert hear(asked(one, other), 2) == ["one", "other"]
    assert clock.slept == [0.001]  # after the first look, for which nobody was to wait
    assert one.looks[:4] == [0.0, 0.0005, 0.001, 0.002]
    assert max(one.looks) == 0.025
    assert len(one.looks) < 220


def test_nobody_is_waited_for_while_an_engine_works(clock):
    """Seconds of waiting for the remote player would be seconds in which the engine stands still."""
    engine, remote = Engine(clock, 2.0, name="engine"), Remote(clock, 10.0)
    outstanding = asked(remote, engine)
    assert hear(outstanding, 1) == ["engine"]
    assert set(remote.looks) == {0.0}
    assert clock.now == pytest.approx(2.0)
    assert hear(outstanding, 1) == ["remote"]
    assert clock.now == pytest.approx(10.0, abs=0.05)


def test_an_engine_that_makes_one_step_at_a_time_is_never_left_idle(clock):
    class Step(Engine):
        def collect(self, seconds):
            return super().collect(0.0)

    engine = Step(clock, 1.0)
    hear(asked(engine), 1)
    assert clock.slept == []
    assert clock.now == pytest.approx(1.0)


def test_who_has_something_else_to_do_only_looks(clock):
    remote = Remote(clock, 10.0)
    assert asked(remote).collect(wait=False) == []
    assert (remote.looks, clock.now, clock.slept) == ([0.0], 0.0, [])
    assert Outstanding({"remote": remote}).collect(wait=True) == []


def test_what_is_answered_twice_or_was_never_asked_is_dropped(clock):
    remote = Remote(clock, 0.0)
    outstanding = asked(remote)
    remote.open = [*remote.open, *remote.open, (0.0, questions(1)[0])]
    assert hear(outstanding, 1) == ["remote"]
    assert outstanding.collect(wait=True) == []


@pytest.mark.parametrize("answer", [[("who?", Move("bet"))], [7], 7, None])
def test_answers_that_cannot_be_read_are_asked_for_anew(clock, answer):
    remote = Remote(clock, 1.0)
    outstanding = asked(remote)
    remote.collect = lambda seconds: answer
    if answer == [("who?", Move("bet"))]:
        assert outstanding.collect(wait=True) == []  # of nobody here: maybe of another run
        return
    ((asker, request, move),) = outstanding.collect(wait=True)
    assert (asker, request.match, move) == ("remote", "0", Move("pass"))


def test_what_an_engine_still_answers_after_it_broke_is_not_heard_twice(clock):
    remote, calls = Remote(clock, 0.0), []
    collect = remote.collect

    def broken_once(seconds):
        calls.append(seconds)
        if len(calls) == 1:
            raise OSError("broken pipe")
        return collect(seconds)

    remote.collect = broken_once
    outstanding = asked(remote, askers="ab")
    assert [(asker, move.action) for asker, _, move in outstanding.collect(wait=True)] == [("a", "pass"), ("b", "pass")]
    outstanding.submit("remote", ["c"], questions(1))
    assert [(asker, move.action) for asker, _, move in outstanding.collect(wait=True)] == [("c", "bet")]


def test_a_batch_that_fails_is_asked_one_by_one():
    class Picky(Remote):
        def act(self, batch):
            if any(request.match == "1" for request in batch):
                raise ValueError("not that one")
            return super().act(batch)

    one, other, third = ask(Picky(None, 0.0), questions(3))
    assert (one, third) == (Move("pass"), Move("pass"))
    assert isinstance(other, ValueError)


def test_who_has_gone_is_not_asked_again():
    class Gone(Remote):
        def act(self, batch):
            raise StoppedError("the terminal is closed")

    with pytest.raises(StoppedError):
        ask(Gone(None, 0.0), questions(3))


def test_a_trace_that_cannot_be_kept_is_the_players_mistake():
    class Tracing(Remote):
        keeps_traces = True

        def act(self, batch):
            return [Move("pass", trace={"ids": ["a"]})]

    (answer,) = ask(Tracing(None, 0.0), questions(1))
    assert isinstance(answer, PlayerError)
    assert "remote left a trace that cannot be kept: 'ids' is of <U1" in str(answer)
