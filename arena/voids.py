"""Outages in a run's file: which match was void because of whom, and what its void attempts have cost.

A match that stays void is no row among the matches, so it is played again as if it had never begun. What is left of it
is told here, as is every attempt that an outage ended in a match that was finished later.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from arena.record import Record, StopReason
from arena.schema import pack_costs, pack_names

COSTS = (
    "SELECT entrants, costs FROM matches WHERE costs != '[]' "
    "UNION ALL SELECT entrants, costs FROM voids WHERE costs != '[]'"
)
"""All that was paid, for matches that were finished and for those that are still to be."""


class Outages(NamedTuple):
    """How often somebody was not available."""

    matches: int
    """Matches with at least one void attempt."""
    waiting: int
    """Those of them that are still to be played."""


def write(database: sqlite3.Connection, records: Iterable[Record]) -> list[Record]:
    """Write the outages of these records, and return those that are matches: all but the void ones."""
    records = list(records)
    database.executemany(
        "INSERT INTO voids VALUES (?, ?, ?, ?)",
        (
            (r.key, r.entrants[seat], pack_names(r.entrants), pack_costs(r.costs) if i == 0 and _void(r) else "[]")
            for r in records
            for i, seat in enumerate(r.outages)
        ),
    )
    return [record for record in records if not _void(record)]


def copy(database: sqlite3.Connection) -> None:
    """Take over the outages of the database that is attached as `other`, but those that both hold."""
    database.execute("INSERT INTO voids SELECT * FROM other.voids EXCEPT SELECT * FROM main.voids")


def read(select: Callable[[str], list[tuple[Any, ...]]]) -> dict[str, Outages]:
    """Return name → how often it was not available; nobody who always was."""
    rows = select(
        "SELECT player, COUNT(DISTINCT voids.key), COUNT(DISTINCT CASE WHEN number IS NULL THEN voids.key END) "
        "FROM voids LEFT JOIN matches ON matches.key = voids.key GROUP BY player ORDER BY player"
    )
    return {name: Outages(matches, waiting) for name, matches, waiting in rows}


def _void(record: Record) -> bool:
    return record.stop is StopReason.VOID
