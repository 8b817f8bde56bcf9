"""The tables of a run's file: older ones are brought up whole, and a damaged value is one sentence."""

import json
import sqlite3
from dataclasses import replace

import pytest

import arena
from arena import schema
from arena.errors import StoreError
from arena.record import StopReason, Turn
from arena.schema import MIGRATIONS, to_record, to_row
from arena.store import FILE, Store


@pytest.fixture
def records():
    return arena.play("kuhn_poker", ["uniform", 'script(prefer="bet")'], matches=50, seed=1)


def rated(records):
    return [replace(record, kind="tournament", pair=f"{i // 2:04d}") for i, record in enumerate(records)]


# The schema as it was at first, byte for byte: a row per turn.
FIRST_SCHEMA = """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE players (
        name TEXT PRIMARY KEY, spec TEXT NOT NULL, kind TEXT NOT NULL, step INTEGER NOT NULL, digest TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE matches (
        number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, game TEXT NOT NULL,
        fingerprint TEXT NOT NULL, entrants TEXT NOT NULL, seed TEXT NOT NULL, pair TEXT NOT NULL,
        returns TEXT NOT NULL, stop TEXT NOT NULL, reason TEXT NOT NULL, culprit INTEGER,
        crashes TEXT NOT NULL, step INTEGER NOT NULL
    );
    CREATE TABLE turns (
        match INTEGER NOT NULL, number INTEGER NOT NULL, seat INTEGER NOT NULL, action TEXT, raw TEXT NOT NULL,
        fault TEXT NOT NULL, PRIMARY KEY (match, number)
    ) WITHOUT ROWID;
    CREATE TABLE tallies (
        learner TEXT NOT NULL, step INTEGER NOT NULL, opponent TEXT NOT NULL, seat INTEGER NOT NULL,
        wins INTEGER NOT NULL, draws INTEGER NOT NULL, losses INTEGER NOT NULL, payoff REAL NOT NULL,
        PRIMARY KEY (learner, step, opponent, seat)
    ) WITHOUT ROWID;
    CREATE TABLE measures (
        step INTEGER NOT NULL, player TEXT NOT NULL, name TEXT NOT NULL, value REAL NOT NULL,
        PRIMARY KEY (step, player, name)
    ) WITHOUT ROWID;
    """


def write_first_schema(folder, records):
    """Write a run as the first version of arena did."""
    folder.mkdir(exist_ok=True)
    db = sqlite3.connect(folder / FILE, isolation_level=None)
    db.executescript(f"BEGIN; {FIRST_SCHEMA} PRAGMA user_version = 1; COMMIT;")
    db.execute("BEGIN")
    db.execute("INSERT INTO meta VALUES ('config', ?)", (json.dumps({"seed": 5}),))
    for number, r in enumerate(records, 1):
        row = (
            *(number, r.key, r.kind, r.game, r.fingerprint, json.dumps(r.entrants), str(r.seed), r.pair),
            *(json.dumps(r.returns), str(r.stop), r.reason, r.culprit, json.dumps(r.crashes), r.step),
        )
        db.execute(f"INSERT INTO matches VALUES ({', '.join('?' * len(row))})", row)
        db.executemany("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?)", [(number, n, *t) for n, t in enumerate(r.turns)])
    db.execute("COMMIT")
    db.close()


def old_records(records):
    odd = replace(
        records[0],
        turns=(
            *records[0].turns,
            Turn(1, None, 'say "no" …\n\x00\ud7ff\\', "empty"),
            Turn(0, "bet", "I bet", "illegal"),
        ),
    )
    silent = replace(
        records[1], turns=(), stop=StopReason.ABANDONED, returns=(None, None), culprit=1, crashes=(1, 1, 1)
    )
    return [odd, silent, *rated(records)[2:]]


@pytest.mark.parametrize("way", [Store.open, Store.read])
def test_a_file_of_the_first_schema_is_brought_up_whole(tmp_path, records, way):
    assert MIGRATIONS[0] == FIRST_SCHEMA
    old = old_records(records)
    write_first_schema(tmp_path, old)
    with way(tmp_path) as store:
        assert list(store.records()) == old
        assert store.meta("config") == {"seed": 5}
        assert len(store.results(arena.load_game("kuhn_poker"))) == len(old) - 2
        assert store._select("PRAGMA user_version") == [(len(MIGRATIONS),)]
        assert store._select("SELECT name FROM sqlite_master WHERE name = 'turns'") == []
    with Store.open(tmp_path) as store:  # and goes on
        store.add([replace(records[0], key="new")])
        assert [*store.records()] == [*old, replace(records[0], key="new")]


def test_a_migration_that_is_interrupted_leaves_the_old_file(tmp_path, records, monkeypatch):
    write_first_schema(tmp_path, records)
    broken = MIGRATIONS[1].replace("DROP TABLE turns", "DROP TABLE turnips")
    with monkeypatch.context() as patch:
        patch.setattr("arena.store.MIGRATIONS", (MIGRATIONS[0], broken))
        with pytest.raises(StoreError, match="turnips"):
            Store.open(tmp_path)
    with Store.open(tmp_path) as store:
        assert list(store.records()) == records


def test_a_lone_file_of_an_older_schema_is_refused_with_what_to_do(tmp_path, records):
    write_first_schema(tmp_path, records)
    (tmp_path / FILE).rename(tmp_path / "copy.sqlite")
    with pytest.raises(StoreError, match=f"older arena: call it {FILE} in a folder of its own"):
        Store.read(tmp_path / "copy.sqlite")


def test_a_row_is_its_record(records):
    for record in old_records(records):
        assert to_record(to_row(record)) == record


@pytest.mark.parametrize(
    ("column", "value"),
    [("entrants", "["), ("returns", "[1"), ("turns", "7"), ("stop", "hm"), ("crashes", "{"), ("seed", "x")],
)
def test_a_damaged_value_is_one_sentence(tmp_path, records, column, value):
    with Store.open(tmp_path) as store:
        store.add(rated(records))
        store._db.execute(f"UPDATE matches SET {column} = ? WHERE number = 3", (value,))
        with pytest.raises(StoreError, match=r"cannot be read.*restore it from a copy"):
            list(store.records())


def test_a_damaged_configuration_is_one_sentence(tmp_path):
    with Store.open(tmp_path) as store:
        store._db.execute("INSERT INTO meta VALUES ('config', '{')")
        with pytest.raises(StoreError, match=r"cannot be read.*restore it from a copy"):
            store.meta("config")


def test_a_key_is_found_by_its_beginning_and_nothing_else(tmp_path, records):
    with Store.open(tmp_path) as store:
        store.add([replace(records[0], key="[a*?"), replace(records[1], key="0abc"), replace(records[2], key="0b")])
        assert [record.key for record in store.records("0")] == ["0abc", "0b"]
        assert [record.key for record in store.records("[a")] == ["[a*?"]
        assert list(store.records("0*")) == []


def test_equal_values_of_different_kinds_are_written_as_what_they_are(records):
    schema._paid.cache_clear()  # where another test has paid whole numbers
    row = to_row(replace(records[0], returns=(0.0, 0.0), crashes=(0, 0), turns=(Turn(0, "0"), Turn(0, "0.0"))))
    assert [text for text in row if text in ("[0.0,0.0]", "[0,0]", '[[0,"0"],[0,"0.0"]]')] == [
        '[[0,"0"],[0,"0.0"]]', "[0.0,0.0]", "[0,0]"
    ]  # fmt: skip
