"""A player that follows a list of preferences: always bet, always pass, centre first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from arena.errors import PlayerError
from arena.game import Text
from arena.player import Move, Request, Requests


class Script:
    """Plays the first action of `prefer` that is legal, or the first legal action if none of them is.

    A single string is a list of one action: `script(prefer="bet")`.
    """

    def __init__(self, prefer: Sequence[str] | str = ()) -> None:
        self.name = "script"
        self.prefer = (prefer,) if isinstance(prefer, str) else tuple(prefer)

    def act(self, batch: Requests) -> list[Move]:
        """Answer every request; no randomness is used."""
        return [Move(self._choose(request)) for request in batch]

    def policy(self, batch: Requests) -> NDArray[np.float64]:
        """Return 1 at the action that `act` plays and 0 elsewhere, shape (B, A)."""
        policy = np.zeros((len(batch), len(batch.game.actions)))
        for row, request in zip(policy, batch, strict=True):
            row[batch.game.actions.index(self._choose(request))] = 1.0
        return policy

    def _choose(self, request: Request) -> str:
        legal, game = request.legal, request.game
        for action in self.prefer:
            if game.actions and action not in game.actions:
                raise PlayerError(f"{game.name} has no action {action!r}: it has {', '.join(game.actions)}")
            if action in legal:
                return action
        if isinstance(legal, Text):
            raise PlayerError(f"{game.name} has free text moves, and none that this script prefers is allowed here")
        return legal[0]
