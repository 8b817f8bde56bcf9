"""One policy per role under one name, for games whose seats are different jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena import checkpoint
from arena.errors import ConfigError
from arena.game import Game
from arena.player import Move, Requests, Trainable
from arena.registry import load_player
from arena.seeds import derive


class ByRole:
    """Sends every request to the part that plays its role. `player` is the spec of each part."""

    def __init__(self, game: Game[Any], player: str = "net", seed: int = 0) -> None:
        self.name = "by_role"
        self.game = game
        self.spec = player
        self.parts: dict[str, Trainable] = {}
        for role in dict.fromkeys(game.roles):
            part = load_player(player, game, seed=derive(seed, role))
            if not isinstance(part, Trainable):
                raise ConfigError(f"{player!r} cannot be trained, so it is no part for a role: use net(…)")
            part.name = role
            if hasattr(part, "roles"):
                part.roles = (role,)
            self.parts[role] = part

    @property
    def version(self) -> int:
        """How many updates the most trained part has seen."""
        return max(part.version for part in self.parts.values())

    @version.setter
    def version(self, version: int) -> None:
        for part in self.parts.values():
            part.version = version

    def act(self, batch: Requests) -> list[Move]:
        """Let every part answer its own role's requests, in one batch each."""
        moves: list[Move | None] = [None] * len(batch)
        for role, rows in self._rows(batch).items():
            answers = self.parts[role].act(Requests([batch[i] for i in rows]))
            for row, move in zip(rows, answers, strict=True):
                moves[row] = move
        return [move for move in moves if move is not None]

    def policy(self, batch: Requests) -> NDArray[np.float64]:
        """Return action probabilities (B, A), 0 where illegal."""
        table = np.zeros((len(batch), len(self.game.actions)))
        for role, rows in self._rows(batch).items():
            table[rows] = self.parts[role].policy(Requests([batch[i] for i in rows]))  # type: ignore[attr-defined]
        return table

    def save(self, folder: Path) -> None:
        """Write a checkpoint folder with a checkpoint per role inside it."""
        manifest = checkpoint.Manifest(
            player=f"by_role(player={self.spec!r})",
            name=self.name,
            version=self.version,
            game=self.game.spec,
            fingerprint=self.game.fingerprint,
            roles=list(self.parts),
        )
        checkpoint.write(folder, manifest, self._save_parts)

    def load(self, folder: Path) -> None:
        """Take the parts from a checkpoint folder."""
        checkpoint.read(folder, self.game)
        for role, part in self.parts.items():
            part.load(folder / role)

    def _save_parts(self, draft: Path) -> None:
        for role, part in self.parts.items():
            part.save(draft / role)

    def _rows(self, batch: Requests) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for i, request in enumerate(batch):
            rows.setdefault(request.role, []).append(i)
        return rows
