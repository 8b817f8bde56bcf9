"""Player folders: weights with a manifest of hashes, published all at once or not at all.

A checkpoint is a folder with `manifest.json` and data files. It is written under a temporary name beside its
place, flushed to disk and then renamed, so a crash at any instruction leaves either no folder or a whole one.
Replacing a checkpoint takes two renames: a crash between them leaves the old one as `.NAME.old`, where the next
`write` finds it and `read` points to it. So that readers never meet that instant, a run gives every version a
folder of its own. A folder has one writer at a time.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from arena.errors import ArenaError, CheckpointError, StoreError
from arena.folder import flush
from arena.game import Game

MANIFEST = "manifest.json"
_FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What a checkpoint folder says of itself."""

    player: str
    """How the registry builds the player, for example "net(hidden=[64, 64])"."""
    name: str
    version: int
    """How many updates the weights have seen."""
    game: str
    """The spec of the game that it plays."""
    fingerprint: str
    """Of that game; empty for a player of any game, whose `game` is empty too."""
    roles: list[str]
    """The roles it may play."""
    files: dict[str, str] = field(default_factory=dict)
    """File name → SHA-256."""
    format: int = _FORMAT

    @property
    def digest(self) -> str:
        """One hash over all files: equal digests are equal weights."""
        return sha256(json.dumps(self.files, sort_keys=True).encode()).hexdigest()[:16]


def write(folder: Path, manifest: Manifest, write_files: Callable[[Path], None]) -> Manifest:
    """Publish a checkpoint at `folder`; an existing one is replaced. Returns the manifest with its hashes."""
    folder = folder.absolute()
    draft, old = _beside(folder, "draft"), _beside(folder, "old")
    if old.exists() and not folder.exists():  # the last writer was killed between its two renames
        old.rename(folder)
    for left in (draft, old):
        shutil.rmtree(left, ignore_errors=True)
    try:
        whole = _fill(draft, manifest, write_files)
    except Exception as error:
        shutil.rmtree(draft, ignore_errors=True)
        if isinstance(error, OSError | SafetensorError) and not isinstance(error, ArenaError):
            raise StoreError(
                f"the checkpoint {folder} cannot be written: {error}; free some space or choose another place, "
                "and run the same command again"
            ) from error
        raise
    if folder.exists():
        folder.rename(old)
    draft.rename(folder)
    flush(folder.parent)
    shutil.rmtree(old, ignore_errors=True)
    return whole


def _fill(draft: Path, manifest: Manifest, write_files: Callable[[Path], None]) -> Manifest:
    """Write everything into the draft and flush it to the disk."""
    draft.mkdir(parents=True)
    write_files(draft)
    files = {path.relative_to(draft).as_posix(): _hash(path) for path in sorted(_files(draft))}
    whole = Manifest(**{**asdict(manifest), "files": files})
    (draft / MANIFEST).write_text(json.dumps(asdict(whole), indent=1) + "\n", encoding="utf-8")
    for path in [*draft.rglob("*"), draft]:
        flush(path)
    return whole


def place_of(path: Path) -> Path:
    """Return the checkpoint folder that a path is or, as a draft or a replaced one, was to be."""
    found = _LEFTOVER.fullmatch(path.name)
    return path.with_name(found["place"]) if found else path


def read(folder: Path, game: Game[Any] | None = None) -> Manifest:
    """Return the manifest of a checkpoint after checking every hash, and that it is for `game` if given."""
    path = folder / MANIFEST
    if not folder.is_dir():
        old = _beside(folder, "old")
        hint = f"; its writer was killed while replacing it, and {old} holds the one before" if old.is_dir() else ""
        raise CheckpointError(f"there is no folder {folder}{hint}")
    if not path.is_file():
        raise CheckpointError(f"{folder} is no checkpoint: it has no {MANIFEST}")
    try:
        said = dict(json.loads(path.read_text(encoding="utf-8")))
        form = int(said.get("format", _FORMAT))
        manifest = Manifest(**said) if form <= _FORMAT else None
        if manifest and not (isinstance(manifest.player, str) and isinstance(manifest.files, dict)):
            raise TypeError("player must be text and files a table")
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from None
    if manifest is None:
        raise CheckpointError(f"{folder} was written by a newer arena (format {form}): upgrade to read it")
    for name, expected in manifest.files.items():
        if not (folder / name).is_file():
            raise CheckpointError(f"{folder / name} is missing: copy the whole checkpoint folder again")
        if _hash(folder / name) != expected:
            raise CheckpointError(
                f"{folder / name} is damaged: its SHA-256 differs from the one in {MANIFEST}; "
                "copy the checkpoint again or use another one"
            )
    if game is not None and manifest.fingerprint not in ("", game.fingerprint):
        raise CheckpointError(
            f"{folder} was made for {manifest.game} (fingerprint {manifest.fingerprint}), "
            f"so it cannot play {game.spec} (fingerprint {game.fingerprint})"
        )
    return manifest


_LEFTOVER = re.compile(r"\.(?P<place>.+)\.(draft|old)")


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f".{folder.name}.{what}")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
