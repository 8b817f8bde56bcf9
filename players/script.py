"""A player that follows a list of preferences: always bet, always pass, centre first."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError, PlayerError
from arena.game import Game, Text
from arena.player import Move, Request, Requests


class Script:
    """Plays the first action of `prefer` that is legal, or the first legal action if none of them is.

    A single string is a list of one action: `script(prefer="bet")`. Raises ConfigError for an action that the
    game does not have: at once where the game is given, otherwise when it is played.
    """

    def __init__(self, prefer: Sequence[str] | str = (), game: Game[Any] | None = None) -> None:
        wanted = [prefer] if isinstance(prefer, str) else prefer
        if not isinstance(wanted, list | tuple) or not all(isinstance(action, str) for action in wanted):
            raise ConfigError(f'prefer = {prefer!r} is no list of actions: give text, as in ["bet", "pass"]')
        self.name = "script"
        self.prefer: tuple[str, ...] = tuple(wanted)
        if game is not None:
            self._check(game)

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
        self._check(game)
        for action in self.prefer:
            if action in legal:
                return action
        if isinstance(legal, Text):
            if not legal.moves:
                raise PlayerError(f"{game.name} has free text moves, and none that this script prefers is allowed here")
            legal = legal.moves
        return legal[0]

    def _check(self, game: Game[Any]) -> None:
        for action in self.prefer:
            if game.actions and action not in game.actions:
                near = get_close_matches(action, game.actions, n=1)
                known = ", ".join(game.actions[:20]) + (", …" if len(game.actions) > 20 else "")
                hint = f"did you mean {near[0]!r}?" if near else f"it has {known}"
                raise ConfigError(f"{game.name} has no action {action!r}; {hint}")
