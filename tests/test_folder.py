"""A folder is there whole or not at all."""

from __future__ import annotations

import pytest
from safetensors import SafetensorError

from arena.errors import ConfigError, StoreError
from arena.folder import publish


def test_it_appears_whole_and_only_then(tmp_path) -> None:
    place = tmp_path / "a" / "b"

    def fill(draft) -> None:
        (draft / "inner").mkdir()
        (draft / "inner" / "x").write_text("x")
        assert draft.parent == place.parent
        assert not place.exists()

    publish(place, fill)
    assert (place / "inner" / "x").read_text() == "x"
    assert [path.name for path in place.parent.iterdir()] == ["b"]


def test_a_failure_leaves_nothing(tmp_path) -> None:
    def fill(draft) -> None:
        (draft / "x").write_text("x")
        raise RuntimeError("out of paper")

    with pytest.raises(RuntimeError):
        publish(tmp_path / "b", fill)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_left_is_no_part_of_the_next_folder(tmp_path) -> None:
    (tmp_path / ".b.draft").mkdir()
    (tmp_path / ".b.draft" / "half").write_text("x")
    publish(tmp_path / "b", lambda draft: (draft / "whole").write_text("x"))
    assert [path.name for path in tmp_path.rglob("*")] == ["b", "whole"]


def test_nothing_is_overwritten(tmp_path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(ConfigError, match="b exists already, and nothing is overwritten"):
        publish(tmp_path / "b", lambda draft: pytest.fail("it was written"))
    with pytest.raises(ConfigError, match="c exists already"):
        publish(tmp_path / "c", lambda draft: (tmp_path / "c").mkdir())  # it came meanwhile


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"cannot be written: not a directory"):
        publish(tmp_path / "file" / "b", lambda draft: None)


def test_weights_that_cannot_be_written_are_told_as_such(tmp_path) -> None:
    def fill(draft):
        raise SafetensorError("I/O error: file too large")

    with pytest.raises(StoreError, match=r"cannot be written: .*too large"):
        publish(tmp_path / "model", fill)
    assert list(tmp_path.iterdir()) == []
