"""A player that looks its move up: view → action → probability."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena import checkpoint, registry
from arena.errors import ConfigError, PlayerError, reason
from arena.game import Game
from arena.player import Move, Requests

TABLE = "table.json"

Table = Mapping[str, Mapping[str, float]]
"""View → action → probability; what is left out of a row has probability 0."""


class Tabular:
    """Plays by a table, and uniformly where the table has no row.

    `table` is a mapping, the path of a JSON file of the same shape, or "module:function" that returns one,
    for example `tabular(table="arena.games.kuhn_poker:equilibrium")`.
    """

    def __init__(self, game: Game[Any], table: Table | str = "") -> None:
        if not game.actions:
            raise ConfigError(f"{game.name} has no closed list of actions, so no table can be played")
        self.name = "tabular"
        self.version = 0
        self.game = game
        self.table = _checked(_read(table) if isinstance(table, str) else table, game)

    def act(self, batch: Requests) -> list[Move]:
        """Draw from the table with each request's own seed."""
        return [Move(self.game.actions[i]) for i in batch.sample(self.policy(batch))]

    def policy(self, batch: Requests) -> NDArray[np.float64]:
        """Return the table's rows, shape (B, A)."""
        mask = batch.mask()
        policy: NDArray[np.float64] = mask / mask.sum(axis=1, keepdims=True)
        for row, legal, request in zip(policy, mask, batch, strict=True):
            if request.text in self.table:
                known = self.table[request.text]
                row[:] = [known.get(action, 0.0) for action in self.game.actions]
                if (row[~legal] > 0).any():
                    raise PlayerError(f"the table plays an illegal action at {request.text!r}: {dict(known)}")
        policy /= policy.sum(axis=1, keepdims=True)
        return policy

    def save(self, folder: Path) -> None:
        """Write a checkpoint folder that `arena.load_player` opens."""
        manifest = checkpoint.Manifest(
            player="tabular",
            name=self.name,
            version=self.version,
            game=self.game.spec,
            fingerprint=self.game.fingerprint,
            roles=sorted(set(self.game.roles)),
        )
        text = json.dumps({view: dict(row) for view, row in self.table.items()}, indent=1, ensure_ascii=False)
        checkpoint.write(folder, manifest, lambda draft: _write(draft / TABLE, text + "\n"))

    def load(self, folder: Path) -> None:
        """Take table and version from a checkpoint folder."""
        self.version = checkpoint.read(folder, self.game).version
        self.table = _checked(_read_file(folder / TABLE), self.game)


def _read(source: str) -> Any:
    """Return the table that a path or "module:function" names; the empty table for the empty string."""
    if not source:
        return {}
    if ":" in source:
        return registry.find("players", source)()
    return _read_file(Path(source))


def _read_file(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"the table {path} cannot be read: {reason(error)}") from None


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _checked(table: Any, game: Game[Any]) -> Table:
    """Return the table if every row is a probability distribution over actions of the game."""
    if not isinstance(table, Mapping):
        raise ConfigError(f"a table maps view → action → probability, but this is a {type(table).__name__}")
    for view, row in table.items():
        if not isinstance(row, Mapping):
            raise ConfigError(f"the row of {view!r} must map action → probability, but it is {row!r}")
        for action, probability in row.items():
            if action not in game.actions:
                raise ConfigError(f"the row of {view!r} names {action!r}, but {game.name} has {list(game.actions)}")
            if not isinstance(probability, (int, float)) or not isfinite(probability) or probability < 0:
                raise ConfigError(f"the row of {view!r} gives {action!r} the probability {probability!r}")
        if abs(sum(row.values()) - 1) > 1e-6:
            raise ConfigError(f"the row of {view!r} sums to {sum(row.values()):g}, but probabilities sum to 1")
    return table
