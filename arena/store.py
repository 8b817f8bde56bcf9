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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import Any, NamedTuple, Self

from arena.errors import RunLocked, StoreError, reason
from arena.game import Game
from arena.record import Record, count_crashes
from arena.results import Results
from arena.schema import COLUMNS, MIGRATIONS, Ending, to_ending, to_record, to_row

FILE = "run.sqlite"
_PAUSES = 10
"""Between two transactions passes ten times the time that the last one took; slow rounds are written at once."""
_MOST = 1000
"""… but no more than so many matches wait: where writing is slow beside playing, ever more would."""
_LONGEST = 1.0
"""… nor any longer than this, in seconds, even where a disk has just hung: a kill would lose them."""

_CHUNK = 1000
"""Rows that are held at once where a table is walked through."""


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
            raise StoreError(f"{folder} cannot hold a run: {reason(error)}") from None
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
        if not folder.exists():
            raise StoreError(f"there is no run {folder}: name the folder that a command said it kept its run in")
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

        Rounds that end quickly share a transaction, so that writing takes little of the time.
        """
        waiting: list[Record] = []
        wrote, took = time.monotonic(), 0.0
        try:
            for records in rounds:
                waiting += records
                now = time.monotonic()
                if waiting and (len(waiting) >= _MOST or now - wrote >= min(_PAUSES * took, _LONGEST)):
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
                f"INSERT INTO matches ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
                "ON CONFLICT (key) DO NOTHING",
                map(to_row, records),
            )

    def forget_abandoned(self) -> int:
        """Remove the matches that were given up, so that they are played again; returns how many."""
        with self.transaction():
            return self._db.execute("DELETE FROM matches WHERE stop = 'abandoned'").rowcount

    def forget_beginning(self) -> None:
        """Remove what a run wrote that could not begin, so that it may begin otherwise."""
        with self.transaction():
            self._db.execute("DELETE FROM meta")
            self._db.execute("DELETE FROM players")

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
        return [self._read(to_ending, *row) for row in self._select(query, (json.dumps(list(keys)),))]

    def records(self, key: str = "") -> Iterator[Record]:
        """Yield whole records in the order they were written; only those whose key begins with `key`."""
        # A range of keys, and no look at their first characters, so that the index finds one match among a million.
        where = "WHERE key >= ? AND key < ? || char(1114111)" if key else ""
        query = f"SELECT {COLUMNS} FROM matches {where} ORDER BY number"  # noqa: S608
        for row in self._walk(query, (key, key) if key else ()):
            yield self._read(to_record, row)

    def last_matches(self, count: int) -> list[tuple[str, list[str], list[float | None], str]]:
        """Return (key, entrants by seat, returns by seat, stop) of the latest matches, newest first."""
        query = "SELECT key, entrants, returns, stop FROM matches ORDER BY number DESC LIMIT ?"
        return [
            (key, self._read(json.loads, entrants), self._read(json.loads, returns), stop)
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
        results: Results = self._read(Results.of_rows, list(rows), game)
        return results

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
        return dict(Counter(self._read(json.loads, entrants)[culprit] for entrants, culprit in rows))

    def crashes(self) -> dict[str, tuple[int, int]]:
        """Return name → (matches in which it crashed at least once, matches it took part in), rated kinds only."""
        rows = Counter(self._walk("SELECT entrants, crashes FROM matches WHERE kind IN ('rating', 'tournament')"))
        parsed = (
            repeat((self._read(json.loads, who), self._read(json.loads, at)), times)
            for (who, at), times in rows.items()
        )
        return count_crashes(chain.from_iterable(parsed))

    def put_meta(self, values: Mapping[str, Any]) -> None:
        """Write named JSON values; call inside a transaction."""
        self._db.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)", [(key, json.dumps(value)) for key, value in values.items()]
        )

    def meta(self, key: str, default: Any = None) -> Any:
        """Return a named value."""
        row = self._select("SELECT value FROM meta WHERE key = ?", (key,))
        return self._read(json.loads, row[0][0]) if row else default

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

    def _read(self, convert: Callable[..., Any], *what: Any) -> Any:
        """Return what a kept value means. Raises StoreError for one that nobody can have written."""
        try:
            return convert(*what)
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise StoreError(f"{self.path}: a value in it cannot be read ({error}); restore it from a copy") from error

    def _check_version(self) -> int:
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise StoreError(f"{self.path} was written by a newer arena (schema {version}): upgrade to read it")
        return version

    def _migrate(self) -> None:
        for number in range(self._check_version(), len(MIGRATIONS)):
            self._db.executescript(f"BEGIN; {MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;")


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
            text = "it is no run, or a damaged one: name a run's folder, or restore it from a copy"
        raise StoreError(f"{path}: {text}") from error
