"""Which game a run is of; where it has several, in which folders the runs of each lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from arena.config.several_games import label
from arena.errors import ConfigError, StoreError
from arena.game import Game
from arena.registry import load_game
from arena.store import FILE, Store

SEVERAL = "leagues"
"""The format of a run that learns several games: its leagues lie in folders below, named like the games."""


def runs_in(folder: Path) -> list[Path]:
    """Return the runs of a tournament or a league over several games, in folders of their own; or the folder itself."""
    if (folder / FILE).exists():
        with suppress(StoreError), Store.read(folder) as store:
            if store.meta("format") == SEVERAL:
                return [folder / label(game) for game in store.meta("config")["games"]]
        return [folder]
    parts = []
    for part in sorted(file.parent for file in folder.glob(f"*/{FILE}")):
        # A folder may hold other runs too: they are not called like their games, or cannot be read.
        with suppress(StoreError), Store.read(part) as store:
            if store.meta("format") == "tournament" and label(store.meta("config")["game"]) == part.name:
                parts.append(part)
    return parts or [folder]


def opened(folders: Iterable[Path]) -> Iterator[tuple[Store, Game[Any]]]:
    """Yield the runs in these folders one after the other, open to be read, with their games.

    The game is the run's own, never one that a record names. Raises ConfigError for a run that never began.
    """
    for folder in [part for run in folders for part in runs_in(run)]:
        with Store.read(folder) as store:
            if store.meta("config") is None:
                raise ConfigError(f"{folder} holds a run that never began, so it shows no decision")
            yield store, game_of(store)


def only_run(folder: Path) -> Path:
    """Return the one run that a folder holds. Raises ConfigError where it holds those of several games."""
    first, *others = runs_in(folder)
    if others:
        raise _several(folder, first)
    return first


def game_of(store: Store) -> Game[Any]:
    """Return the game of a run that has begun, as its own file names it. Raises ConfigError where it has several."""
    if store.meta("format") == SEVERAL:
        raise _several(store.folder, runs_in(store.folder)[0])
    return load_game(store.meta("config")["game"])


def _several(folder: Path, first: Path) -> ConfigError:
    return ConfigError(f"{folder} holds several games, each in a folder of its own: name one, {first} for example")
