"""JSON lines are read alike everywhere."""

import pytest

from arena.errors import ConfigError
from arena.json_lines import digest, rows


def test_lines_have_their_numbers_and_blank_ones_are_none(tmp_path):
    file = tmp_path / "lines.jsonl"
    file.write_bytes('\ufeff{"a": 1}\n\n  \n["\u2028"]\n'.encode())
    assert rows(file) == [(1, '{"a": 1}'), (4, '["\u2028"]')]


def test_a_file_that_cannot_be_read_gets_one_sentence(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere.jsonl cannot be read: .*"):
        rows(tmp_path / "nowhere.jsonl")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigError, match=r"bytes.jsonl cannot be read"):
        rows(tmp_path / "bytes.jsonl")


def test_a_digest_changes_with_every_value_and_their_order():
    different = [(), [1], [2], [1, 2], [2, 1], ["1", 2], [[1, 2]]]
    assert len({digest(values) for values in different}) == len(different)
    assert digest(iter([(1, "a")])) == digest([[1, "a"]])
