import json
import os
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace

import pytest

import arena
from arena.errors import RunLocked, StoreError
from arena.record import StopReason
from arena.schema import Tally
from arena.store import FILE, MIGRATIONS, Member, Store


@pytest.fixture
def records():
    return arena.play("kuhn_poker", ["uniform", 'script(prefer="bet")'], matches=250, seed=1)


def rated(records):
    return [replace(record, kind="tournament", pair=f"{i // 2:04d}") for i, record in enumerate(records)]


def test_records_come_back_as_they_were_written(tmp_path, records):
    with Store.open(tmp_path) as store:
        assert [record.key for record in store.keep([records[:100], [], records[100:]])] == [
            record.key for record in records
        ]
        assert list(store.records()) == records
        assert list(store.records(records[7].key)) == [records[7]]
        assert {record.key for record in store.records()} == {record.key for record in records}


def test_every_record_replays_from_the_file(tmp_path, records):
    game = arena.load_game("kuhn_poker")
    with Store.open(tmp_path) as store:
        store.add(records)
    with Store.read(tmp_path) as store:
        for record in store.records():
            *_, (end, turn) = record.replay(game)
            assert turn is None
            assert game.returns(end) == record.returns


def test_a_match_that_is_known_is_not_written_again(tmp_path, records):
    with Store.open(tmp_path) as store:
        store.add(records[:10])
        store.add([replace(records[0], returns=(9.0, -9.0)), records[10]])
        assert list(store.records()) == records[:11]


def test_a_transaction_that_fails_leaves_nothing(tmp_path, records):
    with Store.open(tmp_path) as store:
        with pytest.raises(StoreError, match="NOT NULL"):
            store.add([records[0], replace(records[1], key=None)])
        assert {record.key for record in store.records()} == set()
        store.add(records[:2])
        assert len({record.key for record in store.records()}) == 2


def test_results_are_those_of_rated_kinds_only_in_an_order_of_their_own(tmp_path, records):
    game = arena.load_game("kuhn_poker")
    mixed = rated(records[:100])
    mixed[3] = replace(mixed[3], stop=StopReason.ABANDONED, returns=(None, None), culprit=1, crashes=(1, 1, 1))
    mixed[8] = replace(mixed[8], crashes=(0,))
    forward, backward = tmp_path / "a", tmp_path / "b"
    with Store.open(forward) as one, Store.open(backward) as two:
        one.add(mixed)
        one.add(records[100:])  # kind "play"
        two.add(reversed(mixed))
        assert len(one.results(game)) == 99
        assert one.results(game) == two.results(game)
        assert one.results(arena.load_game("leduc_poker")) == []
        assert one.crashes() == {"uniform": (1, 100), 'script(prefer="bet")': (1, 100)}


def test_members_tallies_measures_and_meta_come_back(tmp_path):
    members = [Member("uniform", "uniform", "anchor"), Member("main-10", "checkpoints/main-10", "snapshot", 10, "ab")]
    tallies = [Tally("main", 10, "uniform", 0, 3, 1, 2, 1.5)]
    with Store.open(tmp_path) as store, store.transaction():
        store.put_players(members)
        store.put_tallies(tallies)
        store.put_measures(10, "main-10", {"nash_conv": 0.25})
        store.put_meta({"config": {"seed": 2**64 - 1}})
    with Store.read(tmp_path) as store:
        assert store.players() == members
        assert store.tallies() == tallies
        assert store.measures("nash_conv") == [(10, "main-10", 0.25)]
        assert store.meta("config") == {"seed": 2**64 - 1}
        assert store.meta("nothing", 5) == 5


def test_an_error_inside_a_transaction_takes_back_all_of_it(tmp_path):
    with Store.open(tmp_path) as store:
        with pytest.raises(KeyError), store.transaction():  # noqa: PT012 - the block is what fails
            store.put_meta({"step": 1})
            raise KeyError
        assert store.meta("step") is None


def test_a_second_process_is_refused_until_the_first_is_gone_even_if_it_was_killed(tmp_path):
    hold = "import sys, time; from pathlib import Path; from arena.store import Store\n"
    hold += "store = Store.open(Path(sys.argv[1])); print('open', flush=True); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "open\n"
    with pytest.raises(RunLocked, match="another process is writing"):
        Store.open(tmp_path)
    with Store.read(tmp_path) as store:  # looking is allowed
        assert {record.key for record in store.records()} == set()
    other.kill()
    other.communicate()
    Store.open(tmp_path).close()


def test_a_run_can_be_read_while_it_is_written(tmp_path, records):
    with Store.open(tmp_path) as writer:
        writer.add(records[:5])
        with Store.read(tmp_path) as reader:
            assert len({record.key for record in reader.records()}) == 5
            writer.add(records[5:9])
            assert len({record.key for record in reader.records()}) == 9


def test_a_file_of_a_newer_arena_is_refused(tmp_path):
    Store.open(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    for way in (Store.open, Store.read):
        with pytest.raises(StoreError, match="newer arena"):
            way(tmp_path)


def test_what_is_known_of_some_keys_is_told_without_reading_all(tmp_path, records):
    lost = replace(records[3], stop=StopReason.ABANDONED, returns=(None, None), crashes=(1, 1, 1))
    with Store.open(tmp_path) as store:
        store.add([*records[:3], lost])
        keys = [record.key for record in records[:10]]
        assert store.known(keys) == set(keys[:4])
        assert store.known([]) == set()
        endings = store.endings([keys[3], keys[1], "no such key"])
        assert [(e.key, e.returns, e.stop, e.crashes) for e in endings] == [
            (keys[1], records[1].returns, "finished", ()),
            (keys[3], (None, None), "abandoned", (1, 1, 1)),
        ]
        assert endings[0].entrants == records[1].entrants


def test_matches_with_another_deal_are_another_pair_whatever_it_is_called(tmp_path, records):
    game = arena.load_game("kuhn_poker")
    same = [replace(records[i], kind="tournament", pair="p", seed=i // 2) for i in range(4)]
    with Store.open(tmp_path) as store:
        store.add(same)
        pairs = [result.pair for result in store.results(game)]
    assert len(set(pairs)) == 2
    assert pairs == sorted(pairs)


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(StoreError, match="holds no run"):
        Store.read(tmp_path)
    (tmp_path / FILE).write_bytes(b"this is no database, but it is long enough to be looked at" * 20)
    with pytest.raises(StoreError, match="no run, or a damaged one"):
        Store.read(tmp_path)
    (tmp_path / FILE).write_bytes(b"")  # killed between its creation and its first table
    with pytest.raises(StoreError, match="still empty: the run was stopped before it began"):
        Store.read(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot hold a run"):
        Store.open(tmp_path / "file")


def test_a_full_disk_stops_the_run_with_one_sentence_and_keeps_the_file_whole(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        (tmp_path / "t.toml").write_text(
            'game = "kuhn_poker"\npairs = 5000\n[entrants]\na = "uniform"\nb = \'script(prefer="bet")\'\n'
        )
        command = [sys.executable, "-m", "arena", "tournament", str(tmp_path / "t.toml"), "--run", str(disk / "run")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 2, done.stderr
        assert "the disk is full; free some space" in done.stderr
        assert "Traceback" not in done.stderr
        with Store.read(disk / "run") as store:
            kept = list(store.records())
            assert kept
            assert store._select("PRAGMA integrity_check") == [("ok",)]
        game = arena.load_game("kuhn_poker")
        for record in kept:
            list(record.replay(game))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def kept(reader):
    return len({record.key for record in reader.records()})


def test_what_has_ended_is_safe_before_it_is_reported_and_before_a_slow_answer(tmp_path, records):
    """The first round is written at once, and so is any round that took long, such as a person's."""
    with Store.open(tmp_path) as store, Store.read(tmp_path) as reader:
        before = []

        def rounds():
            for i in range(0, len(records), 25):
                yield records[i : i + 25]
                before.append(kept(reader))  # now the players are asked again
                time.sleep(0.2)

        for i, _ in enumerate(store.keep(rounds())):
            assert kept(reader) >= i + 1, "a record was reported before it was safe"
    assert before == list(range(25, 251, 25))


def test_a_match_is_found_by_the_first_characters_of_its_key_through_the_index(tmp_path, records):
    odd = [replace(records[0], key=key) for key in ("zz%", "zz_", "z", "zz\u3042")]
    with Store.open(tmp_path) as store:
        store.add([*records, *odd])
        for prefix in ("zz%", "zz", "z", records[7].key[:3], records[7].key, "nowhere"):
            expected = [record.key for record in [*records, *odd] if record.key.startswith(prefix)]
            assert [record.key for record in store.records(prefix)] == expected
        plans = []
        store._db.set_trace_callback(plans.append)
        list(store.records("zz"))
        store._db.set_trace_callback(None)
        (plan,) = store._db.execute("EXPLAIN QUERY PLAN " + plans[0]).fetchall()[:1]
    assert "SEARCH matches USING INDEX" in plan[-1]


def test_quick_rounds_share_a_transaction(tmp_path, records, monkeypatch):
    with Store.open(tmp_path) as store:
        writes = []
        add = store.add

        def slow_disk(group):
            time.sleep(0.02)
            add(group)
            writes.append(len(group))

        monkeypatch.setattr(store, "add", slow_disk)
        assert len(list(store.keep([record] for record in records))) == len(records)
    assert sum(writes) == len(records)
    assert len(writes) < 20


@pytest.mark.parametrize(("most", "longest", "expected"), [(20, 60.0, 20), (10**6, 0.05, 7)])
def test_however_slow_the_disk_few_matches_wait_for_it(tmp_path, records, monkeypatch, most, longest, expected):
    """Where writing takes long beside playing, ten times as long would make the next group larger, and so on."""
    monkeypatch.setattr("arena.store._MOST", most)
    monkeypatch.setattr("arena.store._LONGEST", longest)
    with Store.open(tmp_path) as store:
        writes = []

        def slow_disk(group):
            time.sleep(0.1)
            writes.append(len(group))

        def rounds():
            for record in records[:60]:
                time.sleep(0.01)
                yield [record]

        monkeypatch.setattr(store, "add", slow_disk)
        assert len(list(store.keep(rounds()))) == 60
    assert max(writes) <= expected


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupt_loses_nothing_that_was_played(tmp_path, records, error):
    def rounds():
        yield records[:10]
        yield records[10:20]
        raise error

    with Store.open(tmp_path) as store:
        with pytest.raises(error):
            list(store.keep(rounds()))
        assert {record.key for record in store.records()} == {record.key for record in records[:20]}


def test_turns_with_raw_text_and_faults_survive(tmp_path, records):
    turn = records[0].turns[-1]._replace(raw="I bet, because …\n\x00\ud7ff'\"", fault="illegal")
    odd = replace(records[0], turns=(*records[0].turns, turn), reason="⚠ " + json.dumps({"a": 1}))
    with Store.open(tmp_path) as store:
        store.add([odd])
        assert list(store.records()) == [odd]
