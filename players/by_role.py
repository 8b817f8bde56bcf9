"""One policy per role under one name, for games whose seats are different jobs: nets, or language models that learn.

What is saved is a folder with a folder per role in it, each of which plays by itself too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena import checkpoint
from arena.errors import ConfigError
from arena.game import Game
from arena.player import Move, Request, Requests, Trainable, TrainableTokens, close
from arena.registry import load_checkpoint, load_player
from arena.seeds import derive

FROZEN = "by_role(player='')"
"""How language models are opened that no longer learn: each part as its own folder says."""


def by_role(game: Game[Any], player: str = "net", seed: int = 0) -> ByRole:
    """Return a player with a part for every role that somebody competes in, each of them made from the spec `player`.

    With an empty spec the parts are language models, and come from the folder that is loaded. Raises ConfigError for
    a part that cannot learn.
    """
    parts: dict[str, Any] = {}
    competing = [role for role, side in zip(game.roles, game.side_of, strict=True) if side >= 0]
    for role in dict.fromkeys(competing) if player else ():
        part = parts[role] = load_player(player, game, seed=derive(seed, role))
        if not isinstance(part, Trainable | TrainableTokens):
            close(parts.values())
            raise ConfigError(
                f"{player!r} cannot be trained, so it is no part for a role: use net(…) or language_model(…)"
            )
        part.name = role
        if hasattr(part, "roles"):
            part.roles = (role,)
    chats = all(isinstance(part, TrainableTokens) for part in parts.values())
    return ChatsByRole(game, player, parts) if chats else NetsByRole(game, player, parts)


class ByRole:
    """Sends every request to the part that plays its role. `player` is the spec of each part."""

    def __init__(self, game: Game[Any], player: str, parts: Mapping[str, Any]) -> None:
        self.name = "by_role"
        self.game = game
        self.spec = player
        self.parts: dict[str, Any] = dict(parts)

    @property
    def version(self) -> int:
        """How many updates the most trained part has seen."""
        return max((part.version for part in self.parts.values()), default=0)

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

    def save(self, folder: Path) -> None:
        """Write a checkpoint folder with a checkpoint per role inside it."""
        manifest = checkpoint.Manifest(
            player=self._opened(),
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

    def _opened(self) -> str:
        """Return the spec with which a checkpoint is opened."""
        return f"by_role(player={self.spec!r})"

    def _save_parts(self, draft: Path) -> None:
        for role, part in self.parts.items():
            part.save(draft / role)

    def _rows(self, batch: Requests) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for i, request in enumerate(batch):
            rows.setdefault(request.role, []).append(i)
        return rows


class NetsByRole(ByRole):
    """Parts that state their policies."""

    def policy(self, batch: Requests) -> NDArray[np.float64]:
        """Return action probabilities (B, A), 0 where illegal."""
        table = np.zeros((len(batch), len(self.game.actions)))
        for role, rows in self._rows(batch).items():
            table[rows] = self.parts[role].policy(Requests([batch[i] for i in rows]))
        return table


class ChatsByRole(ByRole):
    """Language models, whose replies need not be legal moves; they answer each question when they can."""

    keeps_traces = True

    @property
    def remembers(self) -> bool:
        """Whether answers depend on how earlier ones were worded."""
        return any(part.remembers for part in self.parts.values())

    def law(self, batch: Requests) -> NDArray[np.float64]:
        """Return the probability of each action and, last, of a reply that is none, shape (B, A + 1)."""
        table = np.zeros((len(batch), len(self.game.actions) + 1))
        for role, rows in self._rows(batch).items():
            table[rows] = self.parts[role].law(Requests([batch[i] for i in rows]))
        return table

    def submit(self, batch: Requests) -> None:
        """Hand each part its own role's requests."""
        for role, rows in self._rows(batch).items():
            self.parts[role].submit(Requests([batch[i] for i in rows]))

    def collect(self, seconds: float) -> list[tuple[Request, Move]]:
        """Return what the parts have answered, after a wait of so many seconds at most; they share an engine."""
        answered: list[tuple[Request, Move]] = []
        for part in self.parts.values():
            answered += part.collect(0.0 if answered else seconds / len(self.parts))
        return answered

    def load(self, folder: Path) -> None:
        """Go on with the weights of a folder's parts, or open them to play."""
        if self.spec:
            super().load(folder)
            return
        for role in checkpoint.read(folder, self.game).roles:
            part: Any = load_checkpoint(folder / role, self.game, role)
            part.version = checkpoint.read(folder / role).version
            self.parts[role] = part

    def close(self) -> None:
        """Give up the engines."""
        close(self.parts.values())

    def _opened(self) -> str:
        return FROZEN
