"""The referee with players that answer when they can: nobody waits for another's slow answer, and nothing changes."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.errors import StoppedError
from arena.games.kuhn_poker import KuhnPoker
from arena.games.matrix import RockPaperScissors
from arena.match import Fixture, play_fixtures, play_rounds
from arena.player import Fault, Move
from arena.players.uniform import UniformPlayer
from arena.record import StopReason
from arena.registry import load_game
from tests.continuous import Slow


class Careless:
    """Plays at random, and now and then says something that is no move; all of it from the request's seed."""

    name = "careless"

    def act(self, batch):
        return [self._answer(request, random.Random(request.seed)) for request in batch]

    def _answer(self, request, rng):
        wrong = [
            Move(None, fault=Fault.RESIGN),
            Move("nonsense"),
            Move(None, "well …", fault=Fault.UNPARSABLE),
            Move(None, "no answer", fault=Fault.UNAVAILABLE),
        ]
        return rng.choice(wrong) if rng.random() < 0.3 else Move(rng.choice(request.legal), raw="I think …")


class Caller:
    name = "caller"

    def __init__(self, answer):
        self.answer = answer

    def act(self, batch):
        return [self.answer(request) for request in batch]


def fixtures(n, *entrants):
    return [Fixture(f"{i:03d}", "play", entrants, i, f"pair {i}") for i in range(n)]


def play(game, n, players, **options):
    records = play_fixtures(game, fixtures(n, *players), players, **options)
    return sorted(records, key=lambda record: record.key)


GAMES = {name: load_game(name) for name in ("leduc_poker", "kuhn_poker")} | {"rock": RockPaperScissors()}


@settings(max_examples=60, deadline=None)
@given(
    game=st.sampled_from(sorted(GAMES)),
    seed=st.integers(0, 2**32),
    longest=st.integers(1, 30),
    concurrent=st.integers(1, 12),
    first_too=st.booleans(),
)
def test_whatever_the_order_of_answers_every_match_takes_the_same_course(game, seed, longest, concurrent, first_too):
    delays = random.Random(seed)

    def slow(player):
        return Slow(player, lambda request: delays.randint(1, longest))

    game = GAMES[game]
    first, second = UniformPlayer(), Careless()
    expected = play(game, 12, {"a": first, "b": second})
    players = {"a": slow(first) if first_too else first, "b": slow(second)}
    assert play(game, 12, players, concurrent=concurrent) == expected
    assert not any(player.open for player in players.values() if isinstance(player, Slow))


def test_one_slow_match_holds_up_no_other_and_its_place_is_the_only_one_that_is_taken():
    """Lockstep would take 200 ticks for every round of the first match, and the 63 others would wait for it."""
    player = Slow(Caller(lambda request: Move("pass")), lambda request: 200 if request.match == "000" else 1)
    records = list(play_fixtures(KuhnPoker(), fixtures(64, "p", "p"), {"p": player}, concurrent=8))
    assert records[-1].key == "000"
    assert len(records) == 64
    assert player.tick == 400  # the two answers of the slow match: all else happens meanwhile


def test_a_place_that_becomes_free_is_taken_at_once():
    """Four places and answers of one tick, but for one match: the other three never stand empty."""
    player = Slow(Caller(lambda request: Move("pass")), lambda request: 40 if request.match == "000" else 1)
    list(play_fixtures(KuhnPoker(), fixtures(61, "p", "p"), {"p": player}, concurrent=4))
    assert player.tick == 80  # 2 × 60 / 3 = 40 for the others, beside the two answers of the slow one


def test_an_engine_is_busy_while_ordinary_players_think_and_gets_its_questions_first():
    told = []
    slow = Slow(Caller(lambda request: Move("pass")), name="slow")
    submit = slow.submit
    slow.submit = lambda batch: (told.append("slow"), submit(batch))[1]
    quick = Caller(lambda request: (told.append("quick"), Move("pass"))[1])
    matches = [Fixture("0", "play", ("slow", "quick"), 0, ""), Fixture("1", "play", ("quick", "slow"), 1, "")]
    list(play_fixtures(KuhnPoker(), matches, {"quick": quick, "slow": slow}))
    assert told[:2] == ["slow", "quick"]


def test_while_a_match_can_move_the_referee_looks_for_answers_and_does_not_wait():
    slow = Slow(UniformPlayer(), lambda request: 1000)
    others = {"u": UniformPlayer(), "v": UniformPlayer(), "slow": slow}
    matches = [Fixture("slow", "play", ("slow", "u"), 0, ""), *fixtures(30, "u", "v")]
    records = list(play_fixtures(load_game("leduc_poker"), matches, others, concurrent=2))
    assert records[-1].key == "slow"
    waited = [number for number, seconds in enumerate(slow.looks) if seconds]
    assert len(waited) <= 4  # once everything else has been played: a match of Leduc has at most four moves of a seat
    assert waited[0] > 60


def test_one_object_under_two_names_answers_for_both():
    player = Slow(UniformPlayer(), lambda request: 1 + request.seed % 7)
    expected = play(GAMES["leduc_poker"], 20, {"a": UniformPlayer(), "b": UniformPlayer()})
    assert play(GAMES["leduc_poker"], 20, {"a": player, "b": player}) == expected


def test_answers_that_nobody_waits_for_any_more_are_dropped():
    """As when a comparison was decided before its last matches had ended."""
    player = Slow(UniformPlayer(), lambda request: 1 + request.seed % 5)
    rounds = play_rounds(KuhnPoker(), fixtures(20, "p", "p"), {"p": player})
    next(rounds)
    rounds.close()
    assert player.open
    expected = play(KuhnPoker(), 20, {"p": UniformPlayer()} | {"q": UniformPlayer()})
    assert play(KuhnPoker(), 20, {"p": player, "q": UniformPlayer()}) == expected


# What fails.


class Poisoned(Slow):
    """One question makes the whole engine fail, wherever it is asked."""

    def __init__(self, where):
        super().__init__(Caller(self.answer), lambda request: 1 + request.seed % 3, "poisoned")
        self.where = where

    def answer(self, request):
        if request.match == "004" and request.seat == 1:
            raise ZeroDivisionError("004")
        return Move("pass")

    def submit(self, batch):
        if self.where == "submit":
            self.act(batch)
        super().submit(batch)


@pytest.mark.parametrize("where", ["submit", "collect"])
def test_the_question_that_breaks_an_engine_voids_its_own_match_alone(where):
    records = play(KuhnPoker(), 10, {"a": UniformPlayer(), "b": Poisoned(where)})
    assert [record.key for record in records if record.stop is StopReason.ABANDONED] == ["004"]
    assert records[4].crashes == (1, 1, 1)
    assert "b crashed: ZeroDivisionError: 004" in records[4].reason
    expected = play(KuhnPoker(), 10, {"a": UniformPlayer(), "b": Caller(lambda request: Move("pass"))})
    assert [record for record in records if record.key != "004"] == [r for r in expected if r.key != "004"]


def test_an_answer_that_is_no_move_is_to_blame_alone():
    player = Slow(Caller(lambda request: "pass" if request.match == "002" else Move("pass")))
    records = play(KuhnPoker(), 5, {"a": player, "b": UniformPlayer()})
    assert [record.stop for record in records].count(StopReason.ABANDONED) == 1
    assert "answered with a str instead of a Move" in records[2].reason


def test_an_outage_is_tried_again_and_costs_nobody_a_point():
    failed = set()

    def answer(request):
        if request.match not in failed:
            failed.add(request.match)
            return Move(None, "503", fault=Fault.UNAVAILABLE)
        return Move("pass")

    records = play(KuhnPoker(), 6, {"a": Slow(Caller(answer)), "b": UniformPlayer()})
    assert {(record.crashes, record.outages) for record in records} == {((), (0,))}
    assert all(record.stop.rated for record in records)


@pytest.mark.parametrize("error", [StoppedError("gone"), KeyboardInterrupt()])
@pytest.mark.parametrize("where", ["submit", "collect"])
def test_who_is_gone_for_good_stops_the_run(error, where):
    def leave(*_):
        raise error

    player = Slow(UniformPlayer())
    setattr(player, where, leave)
    with pytest.raises(type(error)):
        play(KuhnPoker(), 3, {"a": player, "b": UniformPlayer()})


def test_a_listener_hears_the_moves_of_ended_matches_in_their_order():
    heard = {}
    player = Slow(UniformPlayer(), lambda request: 1 + request.seed % 9)

    def watch(fixture, request, move):
        heard.setdefault(fixture.key, []).append((request.seat, move.action))

    records = play(GAMES["leduc_poker"], 20, {"a": player, "b": UniformPlayer()}, watch=watch)
    assert heard == {r.key: [turn[:2] for turn in r.turns if turn.seat >= 0] for r in records}


class Searcher(UniformPlayer):
    """Thinks for 10 ms about every question, all others waiting."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def act(self, batch):
        self.batches.append(len(batch))
        time.sleep(0.01 * len(batch))
        return super().act(batch)


def test_an_engine_does_not_wait_until_a_slow_player_has_answered_all_its_questions():
    """Of 80 matches the model begins one half and the searcher the other, so both are asked from the beginning."""

    def records(search, model):
        both = [*fixtures(40, "search", "model"), *fixtures(40, "model", "search")]
        both = [fixture._replace(key=f"{i:03d}") for i, fixture in enumerate(both)]
        played = play_fixtures(KuhnPoker(), both, {"search": search, "model": model})
        return sorted(played, key=lambda record: record.key)

    alone, searcher = Searcher(), Searcher()
    expected = records(alone, UniformPlayer())
    assert max(alone.batches) >= 40
    assert records(searcher, Slow(UniformPlayer(), lambda request: 1 + request.seed % 3)) == expected
    assert sum(searcher.batches) == sum(alone.batches)
    assert max(searcher.batches) <= 5  # 50 ms, and one sleeps 10 ms at least
