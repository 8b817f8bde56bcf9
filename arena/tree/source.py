"""What the rules of a game are written in, as one hash: who changes a rule gets another one.

A game's fingerprint says that the same moves mean the same to people who keep the house's rules about versions.
Whoever is still writing a game does not raise its version with every change, so what outlives the process must ask
for the source too.
"""

from __future__ import annotations

import inspect
import sys
import sysconfig
import time
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

from arena.game import Game

_STARTED = time.time()
_INSTALLED = {Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib", "purelib", "platlib")}


def source_hash(game: Game[Any]) -> str | None:
    """Return a hash of every source file that the rules are made of: the game's classes, and what they import.

    The standard library and installed packages that are not the game's own count as given. None where the source
    cannot be had or does not tell all: a class written in a notebook or inside a function, a game that holds an
    object of somebody else's library (a bridge), or a file that was written after this process started and so may
    not be what runs.
    """
    kind = type(game)
    try:
        inspect.getsource(kind)
    except (OSError, TypeError):
        return None
    own = {kind.__module__.partition(".")[0], "arena"}
    homes = [sys.modules.get(part.__module__) for part in (*kind.__mro__, *map(type, vars(game).values()))]
    if "<locals>" in kind.__qualname__ or not all(home and (_is_given(home) or _belongs(home, own)) for home in homes):
        return None
    files = {file for module in _reached([m for m in homes if m is not None], own) if (file := _file(module))}
    try:
        if any(file.stat().st_mtime > _STARTED for file in files):
            return None
        return sha256(b"".join(sha256(file.read_bytes()).digest() for file in sorted(files))).hexdigest()
    except OSError:  # it is gone since it was imported
        return None


def _reached(pending: list[ModuleType], own: set[str]) -> list[ModuleType]:
    """Return the modules, and those of which they hold anything, as far as they are nobody else's."""
    found: dict[str, ModuleType] = {}
    while pending:
        module = pending.pop()
        if module.__name__ in found or not _belongs(module, own):
            continue
        found[module.__name__] = module
        for held in list(vars(module).values()):
            name = held.__name__ if isinstance(held, ModuleType) else getattr(held, "__module__", None)
            if isinstance(name, str) and name in sys.modules:
                pending.append(sys.modules[name])
    return list(found.values())


def _is_given(module: ModuleType) -> bool:
    """Return whether a module may hold parts of a game without being part of its rules."""
    return module.__name__.partition(".")[0] in {"numpy", *sys.stdlib_module_names}


def _belongs(module: ModuleType, own: set[str]) -> bool:
    """Return whether a module is part of the rules: of the game's own package, or installed nowhere."""
    file = _file(module)
    if file is None:
        return False
    return module.__name__.partition(".")[0] in own or not _INSTALLED & set(file.parents)


def _file(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if file and file.endswith(".py") else None
