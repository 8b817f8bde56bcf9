"""SQLite files: how they are opened, and what their errors mean to whoever runs a command."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from arena.errors import StoreError


def connect(path: Path) -> sqlite3.Connection:
    """Open or create a file; who finds it locked waits for up to 5 seconds."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=5.0)
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


@contextmanager
def closing_on_error(thing: Any) -> Iterator[None]:
    """Close what was opened if the block fails, and leave it open otherwise."""
    try:
        yield
    except BaseException:
        thing.close()
        raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
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
