"""The run's SQLite file: matches, turns, tallies, players, measures. One writer; readers at any time.

Every match lies wholly inside one transaction, its traces too, and its key names it for ever, so a run that was
killed goes on where it was and plays nothing twice. Ratings, histories and tables are functions of this file.
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

from numpy.typing import NDArray

from arena import voids
from arena.database import closing_on_error, connect, explained
from arena.errors import RunLocked, StoreError, reason
from arena.game import Game
from arena.record import Cost, Record, count_crashes
from arena.results import Results
from arena.schema import COLUMNS, MIGRATIONS, Ending, Tally, to_costs, to_ending, to_record, to_row
from arena.traces import pack, unpack

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
        with closing_on_error(lock), explained(path):
            store = cls(path, connect(path), lock)
            with closing_on_error(store):
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
        with explained(path):
            store = cls(path, connect(path), None)
            with closing_on_error(store):
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
        with explained(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def keep(self, rounds: Iterable[Sequence[Record]]) -> Iterator[Record]:
        """Write the records of every round as it ends, and yield each one, without traces, after it is safe.

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
                    group = [record.without_traces() for record in group]
                    yield from group
        finally:  # an interrupt loses nothing that was played
            if waiting:
                self.add(waiting)
        yield from map(Record.without_traces, waiting)

    def add(self, records: Iterable[Record]) -> None:
        """Write finished matches with turns and traces in one transaction; a known key stays as it is.

        Of a void match nothing is kept but that it was void, and at what cost: it is still to be played.
        """
        with self.transaction():
            records = voids.write(self._db, records)
            traced = {record.key: record for record in records if record.traces}
            for key in self.known(traced) if traced else ():
                del traced[key]
            self._db.executemany(
                f"INSERT INTO matches ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
                "ON CONFLICT (key) DO NOTHING",
                map(to_row, records),
            )
            self._db.executemany(
                "INSERT INTO traces SELECT number, ? FROM matches WHERE key = ?",
                ((pack(record.traces), key) for key, record in traced.items()),
            )

    def take(self, other: Store) -> None:
        """Copy the matches of another run, with their traces, in one transaction; a known key stays as it is."""
        with explained(other.path):
            self._db.execute("ATTACH DATABASE ? AS other", (str(other.path),))
        try:
            with self.transaction():
                last = self._db.execute("SELECT COALESCE(MAX(number), 0) FROM matches").fetchone()[0]
                self._db.execute(
                    f"INSERT INTO matches ({COLUMNS}) SELECT {COLUMNS} FROM other.matches "  # noqa: S608
                    "WHERE true ORDER BY number ON CONFLICT (key) DO NOTHING"
                )
                self._db.execute(
                    "INSERT INTO traces SELECT mine.number, data FROM other.traces "
                    "JOIN other.matches AS theirs ON theirs.number = match "
                    "JOIN main.matches AS mine ON mine.key = theirs.key AND mine.number > ?",
                    (last,),
                )
                voids.copy(self._db)
        finally:
            self._db.execute("DETACH DATABASE other")

    def prune(self, keep: int = 0) -> tuple[int, int]:
        """Delete the traces of all matches but the latest `keep`; returns how many matches had any, and bytes freed.

        Matches, ratings and costs stay as they are.
        """
        with explained(self.path):
            before = self._size()
            with self.transaction():
                matches = self._db.execute(
                    "DELETE FROM traces WHERE match NOT IN (SELECT number FROM matches ORDER BY number DESC LIMIT ?)",
                    (keep,),
                ).rowcount
            self._db.execute("VACUUM")  # until then the pages are free, but the file is as long as it was
            return matches, before - self._size()

    def _size(self) -> int:
        """Return the bytes of the file, once all that was written lies in it."""
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return self.path.stat().st_size

    def forget_abandoned(self) -> int:
        """Remove the matches that were given up, so that they are played again; returns how many."""
        with self.transaction():
            self._db.execute("DELETE FROM traces WHERE match IN (SELECT number FROM matches WHERE stop = 'abandoned')")
            return self._db.execute("DELETE FROM matches WHERE stop = 'abandoned'").rowcount

    def forget_training(self, first: int, last: int | None = None) -> None:
        """Remove the training matches of steps before `first` and after `last`; call inside a transaction."""
        which = "SELECT number FROM matches WHERE kind = 'train' AND (step < ? OR step > ?)"
        steps = (first, 1 << 60 if last is None else last)
        self._db.execute(f"DELETE FROM traces WHERE match IN ({which})", steps)  # noqa: S608
        self._db.execute(f"DELETE FROM matches WHERE number IN ({which})", steps)  # noqa: S608

    def forget_after(self, step: int) -> None:
        """Remove the members and tallies of later steps; call inside a transaction."""
        self._db.execute("DELETE FROM players WHERE step > ?", (step,))
        self._db.execute("DELETE FROM tallies WHERE step > ?", (step,))

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

    def costs(self) -> dict[str, Cost]:
        """Return name → what its answers have cost in all matches of the run, void ones too; nobody who never told."""
        total: dict[str, Cost] = {}
        for entrants, costs in self._walk(voids.COSTS):
            for name, cost in zip(self._read(json.loads, entrants), self._read(to_costs, costs), strict=True):
                if any(cost):
                    total[name] = total.get(name, Cost()) + cost
        return total

    def outages(self) -> dict[str, voids.Outages]:
        """Return name → how often it was not available, which counts against nobody; nobody who always was."""
        return voids.read(self._select)

    def traces(self, key: str) -> dict[int, dict[str, NDArray[Any]]]:
        """Return the number of a turn → what its player left for its trainer; empty where it was pruned, or nothing."""
        query = "SELECT data FROM traces JOIN matches ON match = number WHERE key = ?"
        rows = self._select(query, (key,))
        found: dict[int, dict[str, NDArray[Any]]] = self._read(unpack, rows[0][0]) if rows else {}
        return found

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
        with explained(self.path):
            return self._db.execute(query, parameters).fetchall()

    def _walk(self, query: str, parameters: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield rows of which only a few are in memory at a time."""
        with explained(self.path):
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
