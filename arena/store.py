"""The run's SQLite file: matches, turns, tallies, players, measures. One writer; readers at any time.

Every match lies wholly inside one transaction, and its key names it for ever, so a run that was killed goes
on where it was and plays nothing twice. Ratings, histories and tables are functions of this file.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import Any, NamedTuple, Self

from arena.errors import RunLocked, StoreError
from arena.game import Game
from arena.record import Record, StopReason, Turn, count_crashes
from arena.results import Results

FILE = "run.sqlite"
_PAUSES = 10
"""Between two transactions passes ten times the time that the last one took; slow rounds are written at once."""

MIGRATIONS = (
    """
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
    """,
    # A row per turn took most of the time that keeping a match took.
    """
    ALTER TABLE matches ADD COLUMN turns TEXT NOT NULL DEFAULT '[]';
    UPDATE matches SET turns = (
        SELECT json_group_array(json(turn)) FROM (
            SELECT CASE WHEN raw = '' AND fault = '' THEN json_array(seat, action)
                   ELSE json_array(seat, action, raw, fault) END AS turn
            FROM turns WHERE match = matches.number ORDER BY turns.number
        )
    );
    DROP TABLE turns;
    """,
)
"""Script n brings a file from schema version n to n + 1."""

_CHUNK = 1000
"""Rows that are held at once where a table is walked through."""
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class Member(NamedTuple):
    """A player that this run knows."""

    name: str
    spec: str
    """A player's spec as the configuration gave it; of a snapshot its checkpoint, relative to the run's folder."""
    kind: str
    """"learner", "snapshot", "anchor" or "entrant"."""
    step: int = 0
    """The training step it was made at."""
    digest: str = ""
    """The checkpoint's digest, where it is one."""


class Tally(NamedTuple):
    """Training results of a learner against one opponent from one seat, up to one checkpoint."""

    learner: str
    step: int
    opponent: str
    seat: int
    wins: int
    draws: int
    losses: int
    payoff: float
    """Sum, in the game's own units."""


class Ending(NamedTuple):
    """How one match ended, without its moves."""

    key: str
    entrants: tuple[str, ...]
    returns: tuple[float | None, ...]
    stop: StopReason
    crashes: tuple[int, ...]
    """The seat to blame for every attempt that was void."""


class Store:
    """An open run file. Use as a context manager; `Store.open(folder)` to write, `Store.read(folder)` to look."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: Any) -> None:
        self.path = path
        self._db = connection
        self._lock = lock

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open or create the run in `folder` for writing. Raises RunLocked if another process writes it."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / "run.lock").open("w")
        except OSError as error:
            raise StoreError(f"{folder} cannot hold a run: {error}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise RunLocked(f"another process is writing {folder}: wait for it, or use another folder") from None
        path = folder / FILE
        with _closing_on_error(lock), _explained(path):
            store = cls(path, _connect(path), lock)
            with _closing_on_error(store):
                store._db.execute("PRAGMA journal_mode = WAL")
                store._db.execute("PRAGMA synchronous = FULL")
                store._migrate()
        return store

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Open an existing run to look at it, whether or not it is being written; an older schema is brought up."""
        path = folder / FILE if folder.is_dir() else folder
        if not path.is_file():
            raise StoreError(f"{folder} holds no run: there is no {FILE} in it")
        with _explained(path):
            store = cls(path, _connect(path), None)
            with _closing_on_error(store):
                version = store._check_version()
                if not version:
                    raise StoreError(f"{path} is still empty: the run was stopped before it began")
                store._db.execute("PRAGMA query_only = ON")
        if version == len(MIGRATIONS):
            return store
        store.close()
        if path.name != FILE:
            raise StoreError(f"{path} was written by an older arena: call it {FILE} in a folder of its own to read it")
        cls.open(path.parent).close()
        return cls.read(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let other writers in."""
        self._db.close()
        if self._lock is not None:
            self._lock.close()

    @property
    def folder(self) -> Path:
        """The run's folder, where its checkpoints lie too."""
        return self.path.parent

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen together or not at all."""
        with _explained(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def keep(self, rounds: Iterable[Sequence[Record]]) -> Iterator[Record]:
        """Write the records of every round as it ends, and yield each one after it is safe.

        Rounds that end quickly share a transaction, so that writing takes a tenth of the time at most.
        """
        waiting: list[Record] = []
        wrote, took = time.monotonic(), 0.0
        try:
            for records in rounds:
                waiting += records
                now = time.monotonic()
                if waiting and now - wrote >= _PAUSES * took:
                    group, waiting = waiting, []
                    self.add(group)
                    wrote = time.monotonic()
                    took = wrote - now
                    yield from group
        finally:  # an interrupt loses nothing that was played
            if waiting:
                self.add(waiting)
        yield from waiting

    def add(self, records: Iterable[Record]) -> None:
        """Write finished matches with their turns in one transaction; a known key stays as it is."""
        with self.transaction():
            self._db.executemany(
                f"INSERT INTO matches ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
                "ON CONFLICT (key) DO NOTHING",
                map(_to_row, records),
            )

    def count(self) -> int:
        """Return how many matches are complete."""
        return int(self._select("SELECT COUNT(*) FROM matches")[0][0])

    def known(self, keys: Iterable[str]) -> set[str]:
        """Return those of the keys whose matches are complete."""
        query = "SELECT key FROM matches WHERE key IN (SELECT value FROM json_each(?))"
        return {key for (key,) in self._select(query, (json.dumps(list(keys)),))}

    def endings(self, keys: Iterable[str]) -> list[Ending]:
        """Return how the complete ones of these matches ended, ordered by key."""
        columns = "key, entrants, returns, stop, crashes"
        query = f"SELECT {columns} FROM matches WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key"  # noqa: S608
        return [
            Ending(key, _tuple(entrants), _tuple(returns), StopReason(stop), _tuple(crashes))
            for key, entrants, returns, stop, crashes in self._select(query, (json.dumps(list(keys)),))
        ]

    def records(self, key: str = "") -> Iterator[Record]:
        """Yield whole records in the order they were written; only those whose key begins with `key`."""
        for row in self._walk(f"SELECT {_COLUMNS} FROM matches WHERE key GLOB ? ORDER BY number", (key + "*",)):  # noqa: S608
            yield _to_record(row)

    def last_matches(self, count: int) -> list[tuple[str, list[str], list[float | None], str]]:
        """Return (key, entrants by seat, returns by seat, stop) of the latest matches, newest first."""
        query = "SELECT key, entrants, returns, stop FROM matches ORDER BY number DESC LIMIT ?"
        return [
            (key, json.loads(entrants), json.loads(returns), stop)
            for key, entrants, returns, stop in self._select(query, (count,))
        ]

    def results(self, game: Game[Any]) -> Results:
        """Return the rated matches of a two-sided game, ordered by key, so that kills and restarts change nothing.

        A pair is one deal: matches whose pairs have one name and different seeds, as in merged runs, are no pair.
        """
        rows = self._walk(
            "SELECT entrants, returns, pair || '|' || seed, step FROM matches WHERE kind IN ('rating', 'tournament') "
            "AND stop IN ('finished', 'truncated', 'forfeit') AND fingerprint = ? ORDER BY step, pair, seed, key",
            (game.fingerprint,),
        )
        return Results.of_rows(list(rows), game)

    def results_after(self, game: Game[Any], number: int) -> tuple[Results, int]:
        """Return the rated matches written after the one with this number, as they came, and the last one's number."""
        rows = self._select(
            "SELECT entrants, returns, pair || '|' || seed, step, number FROM matches WHERE number > ? AND kind IN "
            "('rating', 'tournament') AND stop IN ('finished', 'truncated', 'forfeit') AND fingerprint = ?",
            (number, game.fingerprint),
        )
        return Results.of_rows([row[:4] for row in rows], game), max((row[4] for row in rows), default=number)

    def forfeits(self) -> dict[str, int]:
        """Return name → how many rated matches it forfeited; nobody who forfeited none."""
        rows = self._walk(
            "SELECT entrants, culprit FROM matches WHERE kind IN ('rating', 'tournament') "
            "AND stop = 'forfeit' AND culprit IS NOT NULL"
        )
        return dict(Counter(json.loads(entrants)[culprit] for entrants, culprit in rows))

    def crashes(self) -> dict[str, tuple[int, int]]:
        """Return name → (matches in which it crashed at least once, matches it took part in), rated kinds only."""
        rows = Counter(self._walk("SELECT entrants, crashes FROM matches WHERE kind IN ('rating', 'tournament')"))
        parsed = (repeat((json.loads(who), json.loads(at)), times) for (who, at), times in rows.items())
        return count_crashes(chain.from_iterable(parsed))

    def put_meta(self, values: Mapping[str, Any]) -> None:
        """Write named JSON values; call inside a transaction."""
        self._db.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)", [(key, json.dumps(value)) for key, value in values.items()]
        )

    def meta(self, key: str, default: Any = None) -> Any:
        """Return a named value."""
        row = self._select("SELECT value FROM meta WHERE key = ?", (key,))
        return json.loads(row[0][0]) if row else default

    def put_players(self, members: Iterable[Member]) -> None:
        """Write members; call inside a transaction."""
        self._db.executemany("INSERT OR REPLACE INTO players VALUES (?, ?, ?, ?, ?)", members)

    def players(self) -> list[Member]:
        """Return all members, oldest first."""
        return [Member(*row) for row in self._select("SELECT * FROM players ORDER BY step, kind, name")]

    def put_tallies(self, tallies: Iterable[Tally]) -> None:
        """Write tallies; call inside a transaction."""
        self._db.executemany("INSERT OR REPLACE INTO tallies VALUES (?, ?, ?, ?, ?, ?, ?, ?)", tallies)

    def tallies(self) -> list[Tally]:
        """Return all tallies, oldest first."""
        return [Tally(*row) for row in self._select("SELECT * FROM tallies ORDER BY step, learner, opponent, seat")]

    def put_measures(self, step: int, player: str, values: Mapping[str, float]) -> None:
        """Write exact quantities of a player at a step; call inside a transaction."""
        rows = [(step, player, name, value) for name, value in values.items()]
        self._db.executemany("INSERT OR REPLACE INTO measures VALUES (?, ?, ?, ?)", rows)

    def measures(self, name: str) -> list[tuple[int, str, float]]:
        """Return (step, player, value) of one quantity, oldest first."""
        rows = self._select("SELECT step, player, value FROM measures WHERE name = ? ORDER BY step, player", (name,))
        return [(step, player, value) for step, player, value in rows]

    def _select(self, query: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with _explained(self.path):
            return self._db.execute(query, parameters).fetchall()

    def _walk(self, query: str, parameters: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield rows of which only a few are in memory at a time."""
        with _explained(self.path):
            cursor = self._db.execute(query, parameters)
            while rows := cursor.fetchmany(_CHUNK):
                yield from rows

    def _check_version(self) -> int:
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise StoreError(f"{self.path} was written by a newer arena (schema {version}): upgrade to read it")
        return version

    def _migrate(self) -> None:
        for number in range(self._check_version(), len(MIGRATIONS)):
            self._db.executescript(f"BEGIN; {MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;")


_COLUMNS = "key, kind, game, fingerprint, entrants, seed, pair, turns, returns, stop, reason, culprit, crashes, step"
"""The columns of a match, in the order of a record's fields."""


def _to_row(r: Record) -> tuple[Any, ...]:
    # Most turns are a seat and an action, so nothing else is written of them.
    turns = [turn if turn.raw or turn.fault else turn[:2] for turn in r.turns]
    return (
        r.key, r.kind, r.game, r.fingerprint, _compact(r.entrants), str(r.seed), r.pair, _compact(turns),
        _compact(r.returns), r.stop.value, r.reason, r.culprit, _compact(r.crashes), r.step,
    )  # fmt: skip


def _to_record(row: tuple[Any, ...]) -> Record:
    key, kind, game, fingerprint, entrants, seed, pair, turns, returns, stop, reason, culprit, crashes, step = row
    return Record(
        key, kind, game, fingerprint, _tuple(entrants), int(seed), pair,
        tuple(Turn(*turn) for turn in json.loads(turns)), _tuple(returns), StopReason(stop), reason, culprit,
        _tuple(crashes), step,
    )  # fmt: skip


def _tuple(text: str) -> tuple[Any, ...]:
    return tuple(json.loads(text))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=5.0)
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


@contextmanager
def _closing_on_error(thing: Any) -> Iterator[None]:
    try:
        yield
    except BaseException:
        thing.close()
        raise


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into one sentence that says what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        if "full" in text:
            text = "the disk is full; free some space and run the same command again, nothing that was kept is lost"
        elif "not a database" in text or "malformed" in text:
            text = "it is damaged or no run file; restore it from a copy"
        raise StoreError(f"{path}: {text}") from error
