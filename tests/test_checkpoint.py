"""Checkpoints: whole or not there, and damage is named by its file."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arena.checkpoint import MANIFEST, Manifest, read, write
from arena.errors import CheckpointError
from arena.games.kuhn_poker import KuhnPoker
from arena.games.tic_tac_toe import TicTacToe

KUHN = KuhnPoker()
SAID = Manifest(
    player="net(hidden=[8])",
    name="main",
    version=12,
    game=KUHN.spec,
    fingerprint=KUHN.fingerprint,
    roles=["first", "second"],
    extra={"run": "kuhn", "step": 200},
)


def weights(folder: Path) -> None:
    (folder / "weights.bin").write_bytes(bytes(range(256)) * 20)
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "vocabulary.txt").write_text("pass bet\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "checkpoints" / "main-12"
    write(place, SAID, weights)
    return place


def rewrite(folder: Path, **changes: Any) -> None:
    path = folder / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_what_was_written_is_read(folder: Path) -> None:
    manifest = read(folder, KUHN)
    assert replace(manifest, files={}) == SAID
    assert sorted(manifest.files) == ["tokenizer/vocabulary.txt", "weights.bin"]
    assert (folder / "tokenizer" / "vocabulary.txt").read_text() == "pass bet\n"


def test_write_returns_the_manifest_that_read_gives(tmp_path: Path) -> None:
    assert write(tmp_path / "a", SAID, weights) == read(tmp_path / "a")


def test_hashes_are_those_of_sha256sum(folder: Path) -> None:
    out = subprocess.run(["sha256sum", folder / "weights.bin"], capture_output=True, text=True, check=True)
    assert read(folder).files["weights.bin"] == out.stdout.split()[0]


def test_nothing_is_left_beside_a_checkpoint(folder: Path) -> None:
    write(folder, SAID, weights)
    assert os.listdir(folder.parent) == ["main-12"]


def test_equal_digests_are_equal_files(folder: Path, tmp_path: Path) -> None:
    same = write(tmp_path / "same", replace(SAID, name="other", version=13), weights)
    assert same.digest == read(folder).digest
    other = write(tmp_path / "other", SAID, lambda draft: (draft / "weights.bin").touch())
    assert other.digest != same.digest


def test_a_checkpoint_may_be_moved(folder: Path, tmp_path: Path) -> None:
    assert read(folder.rename(tmp_path / "elsewhere"), KUHN).version == 12


# Replacing.


def test_an_existing_checkpoint_is_replaced_whole(folder: Path) -> None:
    write(folder, replace(SAID, version=13), lambda draft: (draft / "table.json").write_text("{}"))
    assert read(folder).version == 13
    assert sorted(os.listdir(folder)) == [MANIFEST, "table.json"]


def test_a_writer_that_fails_leaves_the_old_checkpoint(folder: Path) -> None:
    def fail(draft: Path) -> None:
        weights(draft)
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="the disk is full"):
        write(folder, replace(SAID, version=13), fail)
    assert read(folder).version == 12
    write(folder, replace(SAID, version=13), weights)
    assert read(folder).version == 13
    assert os.listdir(folder.parent) == ["main-12"]


def test_a_checkpoint_lost_between_two_renames_is_pointed_to_and_taken_back(folder: Path) -> None:
    """What a process leaves that is killed after it moved the old folder away, before the new one came."""
    old = folder.rename(folder.with_name(".main-12.old"))
    with pytest.raises(CheckpointError, match=rf"there is no folder .*main-12; its writer was killed .* {old} holds"):
        read(folder)

    def fail(draft: Path) -> None:
        assert read(folder).version == 12
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(folder, replace(SAID, version=13), fail)
    assert read(folder).version == 12


# Damage.


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no folder .*/nowhere$"):
        read(tmp_path / "nowhere")


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=rf"is no checkpoint: it has no {MANIFEST}"):
        read(tmp_path)


def test_a_truncated_file_is_named(folder: Path) -> None:
    path = folder / "weights.bin"
    os.truncate(path, path.stat().st_size - 1)
    with pytest.raises(CheckpointError, match=r"main-12/weights\.bin is damaged: its SHA-256 differs"):
        read(folder)


def test_one_flipped_bit_is_found(folder: Path) -> None:
    path = folder / "tokenizer" / "vocabulary.txt"
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    with pytest.raises(CheckpointError, match=r"main-12/tokenizer/vocabulary\.txt is damaged"):
        read(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "weights.bin").unlink()
    with pytest.raises(CheckpointError, match=r"main-12/weights\.bin is missing: copy the whole"):
        read(folder)


@pytest.mark.parametrize("text", ["", "{", '{"player": "net"', "[1, 2]", "7", "null", '{"player": "net"}', "\udcff"])
def test_an_unreadable_manifest_is_named(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(CheckpointError, match=rf"main-12/{MANIFEST} cannot be read"):
        read(folder)


def test_a_newer_format_asks_for_an_upgrade(folder: Path) -> None:
    """Also where the newer format has fields that this version has never heard of."""
    rewrite(folder, format=2, compression="zstd")
    with pytest.raises(CheckpointError, match=r"was written by a newer arena \(format 2\): upgrade to read it"):
        read(folder)


def test_another_games_checkpoint_is_refused(folder: Path) -> None:
    message = r"was made for kuhn_poker \(fingerprint .{16}\), so it cannot play tic_tac_toe \(fingerprint .{16}\)"
    with pytest.raises(CheckpointError, match=message):
        read(folder, TicTacToe())


# Killing the writer.


WRITER = """
import sys
from pathlib import Path
from arena.checkpoint import Manifest, write

parent, sort = Path(sys.argv[1]), sys.argv[2]
for n in range(1, 100_000):
    def files(draft):
        for part in range(3):
            (draft / f"{part}.bin").write_bytes(bytes([n % 256]) * 50_000)

    folder = parent / ("same" if sort == "replaced" else f"main-{n}")
    write(folder, Manifest("net", "main", n, "kuhn_poker", "0" * 16, ["first"]), files)
    print(n, flush=True)
"""


def killed_writer(parent: Path, sort: str, delay_s: float) -> int:
    """Write checkpoints in another process until it is killed; return how many it said it had published."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(parent), sort], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    said = process.stdout.read().split()
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    return int(said[-1]) if said else 1


def is_whole(folder: Path, version: int) -> bool:
    assert read(folder).version == version
    return {path.read_bytes()[0] for path in folder.glob("*.bin")} == {version % 256}


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_writer_leaves_no_folder_or_a_whole_one(tmp_path: Path, seed: int) -> None:
    """What the writer had announced is there; at most one more is, and every folder is whole."""
    published = killed_writer(tmp_path, "new", random.Random(seed).uniform(0, 0.2))
    versions = sorted(int(path.name.partition("-")[2]) for path in tmp_path.glob("main-*"))
    assert versions in ([*range(1, published + 1)], [*range(1, published + 2)])
    assert all(is_whole(tmp_path / f"main-{n}", n) for n in versions)


@pytest.mark.parametrize("seed", range(5))
def test_a_writer_killed_while_replacing_loses_at_most_what_it_was_writing(tmp_path: Path, seed: int) -> None:
    published = killed_writer(tmp_path, "replaced", random.Random(seed).uniform(0, 0.2))
    found = tmp_path / "same" if (tmp_path / "same").exists() else tmp_path / ".same.old"
    version = read(found).version
    assert version in (published, published + 1)
    assert is_whole(found, version)
    write(tmp_path / "same", SAID, weights)
    assert os.listdir(tmp_path) == ["same"]
