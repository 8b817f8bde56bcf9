"""SQLite files: what cannot be read is one sentence, and nothing stays open after an error."""

import sqlite3

import pytest

from arena.database import closing_on_error, connect, explained
from arena.errors import StoreError


def test_a_file_that_is_no_database_is_one_sentence(tmp_path):
    (tmp_path / "a").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match=r"a: it is no run, or a damaged one"), explained(tmp_path / "a"):
        connect(tmp_path / "a").execute("SELECT * FROM sqlite_master")


def test_a_full_disk_says_what_to_do(tmp_path):
    connection = connect(tmp_path / "a")
    connection.execute("CREATE TABLE t (x)")
    connection.execute("PRAGMA max_page_count = 3")
    with pytest.raises(StoreError, match="the disk is full; free some space"), explained(tmp_path / "a"):
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")


def test_what_was_opened_is_closed_where_the_block_fails(tmp_path):
    connection = connect(tmp_path / "a")
    with closing_on_error(connection):
        pass
    connection.execute("SELECT 1")
    with pytest.raises(KeyError), closing_on_error(connection):
        raise KeyError
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")
