"""A folder that is there whole or not at all, and never in the place of another."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

from arena.errors import ConfigError, StoreError, reason


def refuse_existing(folder: Path) -> None:
    """Raise ConfigError if there is something at this place already."""
    if folder.exists() or folder.is_symlink():
        raise ConfigError(f"{folder} exists already, and nothing is overwritten: choose another folder or delete it")


def publish(folder: Path, fill: Callable[[Path], object]) -> None:
    """Make a folder: `fill` writes into a draft beside it, which takes its name once all of it is on the disk.

    A crash leaves at most the draft, which the next attempt removes. Raises ConfigError if the folder exists, and
    StoreError where it cannot be written.
    """
    refuse_existing(folder)
    draft = folder.absolute().with_name(f".{folder.absolute().name}.draft")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        fill(draft)
        for path in [*draft.rglob("*"), draft]:
            flush(path)
        refuse_existing(folder)  # which may have come while the draft was written
        draft.rename(folder)
        flush(draft.parent)
    except (OSError, SafetensorError) as error:
        raise StoreError(f"{folder} cannot be written: {reason(error)}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def flush(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
