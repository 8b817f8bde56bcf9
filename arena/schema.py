"""The tables of a run's file, how older files are brought up, and how a match lies in a row."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NamedTuple

from arena.record import Cost, Record, StopReason, Turn

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
    # Traces are large and may be pruned; what they say of costs stays with the match.
    """
    ALTER TABLE matches ADD COLUMN costs TEXT NOT NULL DEFAULT '[]';
    CREATE TABLE traces (match INTEGER PRIMARY KEY, data BLOB NOT NULL);
    """,
    # A row for every attempt that an outage made void; a match that stays void has no other.
    """
    CREATE TABLE voids (key TEXT NOT NULL, player TEXT NOT NULL, entrants TEXT NOT NULL, costs TEXT NOT NULL);
    """,
)
"""Script n brings a file from schema version n to n + 1."""


class Ending(NamedTuple):
    """How one match ended, without its moves."""

    key: str
    entrants: tuple[str, ...]
    returns: tuple[float | None, ...]
    stop: StopReason
    crashes: tuple[int, ...]
    """The seat to blame for every attempt that was void."""


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


COLUMNS = (
    "key, kind, game, fingerprint, entrants, seed, pair, turns, returns, stop, reason, culprit, crashes, step, costs"
)
"""The columns of a match, in the order of a record's fields."""


def to_row(r: Record) -> tuple[Any, ...]:
    """Return a record as the values of `COLUMNS`."""
    turns = f"[{','.join([_turn(turn) for turn in r.turns])}]"
    return (
        r.key, r.kind, r.game, r.fingerprint, pack_names(r.entrants), str(r.seed), r.pair, turns,
        _paid(r.returns), r.stop.value, r.reason, r.culprit, _compact(r.crashes) if r.crashes else "[]", r.step,
        pack_costs(r.costs),
    )  # fmt: skip


def _turn(turn: Turn) -> str:
    """Return a turn as JSON: most are a seat and an action, so nothing else is written of those."""
    seat, action, raw, fault = turn
    if raw or fault or action is None:
        return _compact(turn)
    return _move(seat, action) if len(action) <= _SHORT else _compact((seat, action))


def to_record(row: tuple[Any, ...]) -> Record:
    """Return the record of a row. Raises ValueError, TypeError or KeyError for values that make none."""
    key, kind, game, fingerprint, entrants, seed, pair, turns, returns, stop, reason, culprit, crashes, step, costs = (
        row
    )
    return Record(
        key, kind, game, fingerprint, _tuple(entrants), int(seed), pair,
        tuple(Turn(*turn) for turn in json.loads(turns)), _tuple(returns), StopReason(stop), reason, culprit,
        _tuple(crashes), step, to_costs(costs),
    )  # fmt: skip


def to_ending(key: str, entrants: str, returns: str, stop: str, crashes: str) -> Ending:
    """Return how a match ended, from its columns."""
    return Ending(key, _tuple(entrants), _tuple(returns), StopReason(stop), _tuple(crashes))


def to_costs(text: str) -> tuple[Cost, ...]:
    """Return what a match has cost by seat, from its column."""
    return () if text == "[]" else tuple(Cost(*cost) for cost in json.loads(text))


def pack_costs(costs: tuple[Cost, ...]) -> str:
    """Return what a match has cost by seat, as its column."""
    return _compact(costs) if costs else "[]"


def _tuple(text: str) -> tuple[Any, ...]:
    return tuple(json.loads(text))


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_SHORT = 20
"""Characters of an action that is likely to come up again, and that is cheap to remember."""
# What thousands of matches have in common is remembered. Each kind of value has a memory of its own, since the
# crashes (0,) and the returns (0.0,) would be one key.
pack_names = lru_cache(maxsize=4096)(_compact)
_paid = lru_cache(maxsize=4096)(_compact)


@lru_cache(maxsize=4096)
def _move(seat: int, action: str) -> str:
    return _compact((seat, action))
