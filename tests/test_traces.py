"""Traces of a match: packed and unpacked, through the referee into the run's file, pruned, merged, and brought up."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
import weakref
from dataclasses import replace

import numpy as np
import pytest

import arena
from arena.config import TournamentConfig
from arena.errors import StoreError
from arena.match import Fixture, play_fixtures, play_rounds
from arena.player import Fault, Move
from arena.players.uniform import UniformPlayer
from arena.record import Cost, StopReason
from arena.schema import MIGRATIONS
from arena.store import FILE, Store
from arena.tournaments.merge import run as merge
from arena.traces import pack, unpack


class Talker:
    """Plays at random and leaves what a language model leaves: a prompt that grows, and what was sampled."""

    name, keeps_traces = "talker", True

    def __init__(self, prompt=50, fault=None, dollars=0.25):
        self.prompt, self.fault, self.dollars = prompt, fault, dollars

    def act(self, batch):
        return [self._answer(request) for request in batch]

    def _answer(self, request):
        rng = np.random.default_rng(request.seed)
        trace = {
            "prompt_ids": np.arange(self.prompt * (1 + len(request.past)), dtype=np.int32),
            "ids": rng.integers(0, 50_000, 12, dtype=np.int32),
            "logp": rng.standard_normal(12).astype(np.float32),
            "version": np.int64(7),
            "dollars": self.dollars,
            "prompt_tokens": 100,
            "completion_tokens": 12,
        }
        if self.fault and rng.random() < 0.4:
            return Move(None, "hm", trace, self.fault)
        return Move(request.legal[rng.integers(len(request.legal))], "I play …", trace)


def fixtures(n, *entrants):
    return [Fixture(f"{i:04d}", "tournament", entrants, i, f"{i // 2}") for i in range(n)]


def played(n=10, game="leduc_poker", **options):
    players = {"talker": Talker(**options), "uniform": UniformPlayer()}
    records = play_fixtures(arena.load_game(game), fixtures(n, "talker", "uniform"), players)
    return sorted(records, key=lambda record: record.key)


def assert_same(one, other):
    assert list(one) == sorted(other)
    for turn, trace in one.items():
        assert list(trace) == sorted(other[turn])
        for name, value in trace.items():
            expected = np.asarray(other[turn][name])
            assert (value.dtype, value.shape) == (expected.dtype, expected.shape)
            np.testing.assert_array_equal(value, expected)


def test_arrays_of_every_type_and_shape_come_back():
    traces = {
        0: {"a/b": np.arange(6, dtype=np.int32).reshape(2, 3).T, "empty": np.zeros((0, 4), np.float32)},
        11: {"half": np.float16(0.5), "yes": np.array(True), "big": np.array([2**64 - 1], np.uint64)},
        2: {"one": np.array(3.0), "swapped": np.arange(3, dtype=">i4").astype("=i4")},
    }
    back = unpack(pack(traces))
    assert list(back) == [0, 2, 11]
    assert_same(back, traces)


@pytest.mark.parametrize(
    "data", [b"", b"no zlib", pack({0: {"a": np.zeros(3)}})[:-5], b"x\x9c\x03\x00\x00\x00\x00\x01"]
)
def test_bytes_that_are_no_traces_are_refused(data):
    with pytest.raises(ValueError, match="no traces"):
        unpack(data)


def test_the_referee_keeps_a_trace_for_every_turn_of_a_player_that_wants_it():
    for record in played(20, fault=Fault.UNPARSABLE):
        turns = [number for number, turn in enumerate(record.turns) if turn.seat == 0]
        assert list(record.traces) == turns  # the refused replies too
        asked = sum(turn.seat == 0 for turn in record.turns)
        assert record.costs == (Cost(0.25 * asked, 100 * asked, 12 * asked), Cost())


def test_a_player_that_does_not_ask_for_it_leaves_nothing():
    """A net tells the log-probability of every move, which a trainer can work out again."""
    for record in arena.play("kuhn_poker", ["net(hidden=[2])", "uniform"], matches=5):
        assert (record.traces, record.costs) == ({}, ())


def test_what_void_attempts_have_cost_is_counted_and_their_traces_are_forgotten():
    players = {"talker": Talker(fault=Fault.UNAVAILABLE), "uniform": UniformPlayer()}
    records = list(play_fixtures(arena.load_game("kuhn_poker"), fixtures(40, "talker", "uniform"), players))
    again = [record for record in records if record.outages]
    assert {record.stop for record in again} >= {StopReason.FINISHED}
    for record in again:
        moves = sum(turn.seat == 0 for turn in record.turns)
        assert list(record.traces) == [number for number, turn in enumerate(record.turns) if turn.seat == 0]
        assert record.costs[0].prompt_tokens >= 100 * (moves + len(record.outages))


def test_traces_are_kept_with_their_match_and_read_one_match_at_a_time(tmp_path):
    records = played()
    with Store.open(tmp_path) as store:
        reported = list(store.keep([records[:4], records[4:]]))
        assert reported == records
        assert not any(record.traces for record in reported)  # what is safe need not be in memory
    with Store.read(tmp_path) as store:
        assert list(store.records()) == records
        for record in records:
            assert_same(store.traces(record.key), record.traces)
        assert store.traces("nobody") == {}


def test_a_match_and_its_traces_are_one_transaction(tmp_path, monkeypatch):
    records, packed = played(), []

    def pack_three(traces):
        packed.append(traces)
        if len(packed) > 3:
            raise KeyboardInterrupt
        return pack(traces)

    with Store.open(tmp_path) as store:
        monkeypatch.setattr("arena.store.pack", pack_three)
        with pytest.raises(KeyboardInterrupt):
            store.add(records)
        assert store.count() == 0
        assert store._select("SELECT COUNT(*) FROM traces") == [(0,)]


def test_a_known_match_keeps_the_traces_that_it_has(tmp_path):
    (first, *_), (other, *_) = played(1), played(1, prompt=3)
    with Store.open(tmp_path) as store:
        store.add([first])
        store.add([other])
        assert_same(store.traces(first.key), first.traces)
        store.prune()
        store.add([other])
        assert store.traces(first.key) == {}


def test_damaged_traces_are_one_sentence(tmp_path):
    with Store.open(tmp_path) as store:
        store.add(played(1))
        store._db.execute("UPDATE traces SET data = substr(data, 1, 40)")
        with pytest.raises(StoreError, match=r"cannot be read.*restore it from a copy"):
            store.traces("0000")


def test_who_collects_the_records_of_a_run_does_not_collect_its_traces(tmp_path):
    alive = []

    class Watched(Talker):
        def act(self, batch):
            moves = super().act(batch)
            alive.extend(weakref.ref(move.trace["prompt_ids"]) for move in moves)
            return moves

    players = {"talker": Watched(), "uniform": UniformPlayer()}
    with Store.open(tmp_path) as store:
        rounds = play_rounds(arena.load_game("kuhn_poker"), fixtures(60, "talker", "uniform"), players, concurrent=4)
        kept = store.keep(rounds)
        records = [next(kept)]
        in_memory = sum(reference() is not None for reference in alive)
        records += kept
    assert len(records) == 60
    assert in_memory <= 4 * 2 < len(alive)  # of the open matches, of at most two answers each
    assert not any(reference() is not None for reference in alive)


def test_prompts_that_repeat_each_other_take_little_room(tmp_path):
    """Packed turn by turn, the same prompts would take several times as much: every turn repeats the one before."""
    rng = np.random.default_rng(0)
    prompt = rng.integers(0, 50_000, 1200, dtype=np.int32)
    traces = {turn: {"prompt_ids": prompt[: 600 + 100 * turn]} for turn in range(6)}
    apart = sum(len(pack({turn: trace})) for turn, trace in traces.items())
    assert len(pack(traces)) < 0.35 * apart


# Pruning.


def test_pruning_frees_the_room_and_nothing_else(tmp_path):
    records = played(200, prompt=2000)
    with Store.open(tmp_path) as store:
        store.add(records)
        store._size()
        before = (tmp_path / FILE).stat().st_size
        costs, results = store.costs(), store.results(arena.load_game("leduc_poker"))
        matches, freed = store.prune(keep=5)
        assert matches == 195
        assert before - (tmp_path / FILE).stat().st_size == freed > 0.5 * before
        assert list(store.records()) == records
        assert store.costs() == costs != {}
        assert store.results(arena.load_game("leduc_poker")) == results
        assert [bool(store.traces(record.key)) for record in records] == [False] * 195 + [True] * 5
        assert store.prune()[0] == 5
        assert store.prune() == (0, 0)


def test_costs_add_up_by_player(tmp_path):
    with Store.open(tmp_path) as store:
        store.add(records := played(30))
        moves = sum(turn.seat == 0 for record in records for turn in record.turns)
        assert store.costs() == {"talker": Cost(0.25 * moves, 100 * moves, 12 * moves)}


def test_traces_of_forgotten_matches_do_not_pass_to_the_next(tmp_path):
    (record,) = played(1)
    with Store.open(tmp_path) as store:
        store.add([replace(record, stop=StopReason.ABANDONED)])
        store.forget_abandoned()
        store.add([replace(record, key="next", traces={})])
        assert store.traces("next") == {}


def test_a_prune_that_is_killed_leaves_a_run_that_can_be_read(tmp_path):
    with Store.open(tmp_path / "run") as store:
        store.add(records := played(300, prompt=2000))
    command = [sys.executable, "-m", "arena", "prune", "run"]
    for wait in (0.0, 0.01, 0.05, 0.2):
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not os.path.exists(tmp_path / f"run/{FILE}-wal"):
            time.sleep(0.001)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        with Store.read(tmp_path / "run") as store:
            assert list(store.records()) == records
            assert len({bool(store.traces(record.key)) for record in records}) == 1  # all of them or none
    subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    with Store.read(tmp_path / "run") as store:
        assert store._select("SELECT COUNT(*) FROM traces") == [(0,)]
        assert store._select("PRAGMA integrity_check") == [("ok",)]


# Other files.


def test_a_file_of_the_schema_before_is_brought_up_with_all_it_had(tmp_path):
    records = [replace(record, costs=(), traces={}) for record in played(20)]
    with Store.open(tmp_path) as store:
        store.add(records)
    db = sqlite3.connect(tmp_path / FILE, isolation_level=None)  # take back what the third schema added
    db.executescript(
        "ALTER TABLE matches DROP COLUMN costs; DROP TABLE traces; DROP TABLE voids; PRAGMA user_version = 2"
    )
    db.close()
    with Store.read(tmp_path) as store:
        assert list(store.records()) == records
        assert (store.costs(), store.traces("0000")) == ({}, {})
        assert store._select("PRAGMA user_version") == [(len(MIGRATIONS),)]


def test_merging_carries_traces_and_costs_over_and_the_first_run_wins(tmp_path):
    config = TournamentConfig(game="leduc_poker", entrants={"talker": "uniform", "uniform": "uniform"})
    one, other = played(6), played(9, prompt=3, dollars=9.0)
    for name, records in (("a", one), ("b", other)):
        with Store.open(tmp_path / name) as store:
            with store.transaction():
                fingerprint = arena.load_game("leduc_poker").fingerprint
                store.put_meta({"format": "tournament", "config": config.model_dump(), "fingerprint": fingerprint})
            store.add(records)
    assert merge(tmp_path / "a", tmp_path / "b", tmp_path / "c") == 9
    with Store.read(tmp_path / "c") as store:
        expected = [*one, *other[6:]]
        assert list(store.records()) == expected
        for record in expected:
            assert_same(store.traces(record.key), record.traces)
        assert store.costs()["talker"].dollars == pytest.approx(sum(record.costs[0].dollars for record in expected))
