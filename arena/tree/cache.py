"""Trees that took a while to make, kept on disk for the next process.

A file per game, under its fingerprint, with the hash of the source that its rules are written in: rules that are
written differently get another tree. It holds plain arrays (numpy's .npz, without pickles), so that a file from
anywhere can do no more than be wrong, and each array has a checksum. The folder is $ARENA_CACHE, or else `arena` in
the user's cache folder; ARENA_CACHE= (empty) keeps nothing.
"""

from __future__ import annotations

import json
import os
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.game import Game
from arena.tree.source import source_hash
from arena.tree.tables import Tree

WORTH_KEEPING = 1.0
"""Seconds that making a tree must have taken."""

_FORMAT = 1
"""Raised whenever the arrays come to mean something else."""

_ARRAYS = {
    "mover": np.int8, "level_ends": np.int64, "first_branch": np.int32, "branch_child": np.int32,
    "branch_column": np.int32, "outcome_probability": np.float64, "information_set": np.int32, "returns": np.float64,
    "seat": np.int8, "mask": np.bool_,
}  # fmt: skip


def cache_folder() -> Path | None:
    """Return where trees are kept, or None where none are."""
    given = os.environ.get("ARENA_CACHE")
    if given is not None:
        return Path(given).expanduser() / "trees" if given else None
    users = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(users) / "arena" / "trees" if os.path.isabs(users) else None  # a user may have no home


def load_tree(game: Game[Any]) -> Tree | None:
    """Return the tree that is kept of this game, or None; a file that cannot be used is left out with a warning."""
    path = _path(game)
    if path is None or not path.is_file() or (source := source_hash(game)) is None:
        return None
    try:
        with zipfile.ZipFile(path) as file:
            # The rules, or this module, may have been others when it was written.
            if json.loads(_text(_read(file, "about"))) != _about(game, source):
                return None
            return _tree(game, {name: _read(file, name) for name in ("actions", "views", *_ARRAYS)})
    except (OSError, EOFError, ValueError, LookupError, TypeError, zipfile.BadZipFile) as error:
        warnings.warn(
            f"the tree of {game.name} that was kept in {path} is damaged, and is made again: {error}", stacklevel=2
        )
        return None


def keep_tree(tree: Tree) -> None:
    """Write the tree for the next process, whole or not at all; where that cannot be, a warning says why."""
    path = _path(tree.game)
    if path is None or (source := source_hash(tree.game)) is None:
        return
    arrays: dict[str, NDArray[Any]] = {name: getattr(tree, name) for name in _ARRAYS}
    arrays |= {"actions": _as_array(json.dumps(tree.actions)), "views": _as_array(json.dumps(tree.views))}
    arrays["about"] = _as_array(json.dumps(_about(tree.game, source)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            draft = Path(folder) / path.name
            with zipfile.ZipFile(draft, "w") as file:
                for name, array in arrays.items():
                    with file.open(f"{name}.npy", "w", force_zip64=True) as part:
                        np.lib.format.write_array(part, array, allow_pickle=False)
            draft.replace(path)
    except OSError as error:
        warnings.warn(
            f"the tree of {tree.game.name} cannot be kept in {path.parent}, and will be made again ({error}): "
            "set ARENA_CACHE to a folder, or to nothing",
            stacklevel=2,
        )


def _read(file: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with file.open(f"{name}.npy") as part:
        array: NDArray[Any] = np.lib.format.read_array(part, allow_pickle=False)
        return array


def _path(game: Game[Any]) -> Path | None:
    folder = cache_folder()
    return folder and folder / f"{game.fingerprint}.npz"


def _about(game: Game[Any], source: str) -> dict[str, Any]:
    return {"format": _FORMAT, "game": game.name, "fingerprint": game.fingerprint, "source": source}


def _tree(game: Game[Any], arrays: dict[str, NDArray[Any]]) -> Tree:
    """Return the tree of these arrays. Raises ValueError or LookupError where they do not belong together."""
    actions, views = (tuple(json.loads(_text(arrays[name]))) for name in ("actions", "views"))
    tree = Tree(game, actions, **{name: arrays[name] for name in _ARRAYS}, views=views)
    n, e, i = len(tree.mover), len(tree.branch_child), len(tree.seat)
    shapes = {
        "mover": (n,), "first_branch": (n + 1,), "branch_child": (e,), "branch_column": (e,), "information_set": (n,),
        "returns": (n, game.seats), "seat": (i,), "mask": (i, len(actions)),
    }  # fmt: skip
    wrong = [name for name, kind in _ARRAYS.items() if arrays[name].dtype != kind]
    wrong += [name for name, shape in shapes.items() if arrays[name].shape != shape]
    if wrong or len(views) != i:
        raise ValueError(f"the shapes of {', '.join(wrong) or 'its views'} do not fit")
    return tree


def _as_array(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


def _text(array: NDArray[np.uint8]) -> str:
    return array.tobytes().decode()
