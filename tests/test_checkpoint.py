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


ODD = '{"player": 7, "name": "a", "version": 1, "game": "g", "fingerprint": "f", "roles": []}'


@pytest.mark.parametrize(
    "text", ["", "{", '{"player": "net"', "[1, 2]", "7", "null", '{"player": "net"}', "\udcff", ODD]
)
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


CRASHES = """
import os, signal, sys
from itertools import count
from pathlib import Path
from arena.checkpoint import Manifest, write

parent, replacing = Path(sys.argv[1]), sys.argv[2] == "replacing"

def save(n, version):
    def files(draft):
        for part in range(2):
            (draft / f"{part}.bin").write_bytes(bytes([version]) * 5_000)

    write(parent / str(n) / "main", Manifest("net", "main", version, "kuhn_poker", "0" * 16, ["first"]), files)

def kill_at(line_number):
    lines = count(1)

    def trace(frame, event, arg):
        if Path(frame.f_code.co_filename).stem not in {"checkpoint", "shutil"}:
            return None
        if event == "line" and next(lines) == line_number:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)

for n in count(1):
    if replacing:
        save(n, version=1)
    if (child := os.fork()) == 0:
        kill_at(n)
        save(n, version=2)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status == 0:
        break
    assert os.WTERMSIG(status) == signal.SIGKILL
"""


def crash_everywhere(parent: Path, how: str) -> list[Path]:
    """Kill a writer before its first line, its second and so on, until it finishes; return where they wrote."""
    subprocess.run([sys.executable, "-W", "ignore", "-c", CRASHES, str(parent), how], check=True)
    return sorted(parent.iterdir(), key=lambda path: int(path.name))


def whole_version(folder: Path) -> int:
    """Return the version of a checkpoint after checking that its files are of that version too."""
    version = read(folder).version
    assert [path.read_bytes() for path in sorted(folder.glob("*.bin"))] == [bytes([version]) * 5_000] * 2
    return version


def test_a_writer_killed_at_any_line_leaves_no_folder_or_a_whole_one(tmp_path: Path) -> None:
    places = crash_everywhere(tmp_path, "new")
    found = [whole_version(place / "main") if (place / "main").exists() else None for place in places]
    assert len(found) > 50
    assert found == sorted(found, key=lambda version: version is not None)
    assert set(found) == {None, 2}


def test_a_writer_killed_at_any_line_of_a_replacement_loses_nothing(tmp_path: Path) -> None:
    """Only between the two renames is there no folder, and then the old one lies beside its place."""
    places = crash_everywhere(tmp_path, "replacing")
    missing = [place for place in places if not (place / "main").exists()]
    assert 0 < len(missing) < len(places) / 10
    assert all(whole_version(place / ".main.old") == 1 for place in missing)
    found = [whole_version(place / "main") for place in places if place not in missing]
    assert found == sorted(found)
    assert set(found) == {1, 2}
    for place in (places[0], *missing, places[-1]):
        write(place / "main", SAID, weights)
        assert os.listdir(place) == ["main"]


WRITER = """
import sys
from pathlib import Path
from arena.checkpoint import Manifest, write

for n in range(1, 100_000):
    manifest = Manifest("net", "main", n, "kuhn_poker", "0" * 16, ["first"])
    write(Path(sys.argv[1]) / str(n), manifest, lambda draft: (draft / "0.bin").write_bytes(bytes([n % 256]) * 10**6))
    print(n, flush=True)
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_writer_killed_at_a_random_moment_has_published_what_it_said(tmp_path: Path, seed: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with process, process.stdout:  # type: ignore[union-attr]
        assert process.stdout.readline() == "1\n"
        time.sleep(random.Random(seed).uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        said = [1, *map(int, process.stdout.read().split())]
    versions = sorted(int(path.name) for path in tmp_path.iterdir() if path.name.isdecimal())
    assert versions in (said, [*said, len(said) + 1])
    for n in versions:
        assert read(tmp_path / str(n)).version == n
        assert (tmp_path / str(n) / "0.bin").read_bytes() == bytes([n % 256]) * 10**6
