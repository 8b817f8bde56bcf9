"""The player that knows nothing: every legal action with the same probability."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from arena.errors import PlayerError
from arena.game import Text
from arena.player import Move, Request, Requests


class UniformPlayer:
    """Plays each legal action with the same probability: the anchor of most rating lists. It never talks."""

    def __init__(self) -> None:
        self.name = "uniform"

    def act(self, batch: Requests) -> list[Move]:
        """Draw a legal action for every request from its own seed."""
        return [_draw(request, number) for request, number in zip(batch, batch.uniforms().tolist(), strict=True)]

    def policy(self, batch: Requests) -> NDArray[np.float64]:
        """Return one over the number of legal actions, shape (B, A)."""
        mask = batch.mask()
        policy: NDArray[np.float64] = mask / mask.sum(axis=1, keepdims=True)
        return policy


def _draw(request: Request, number: float) -> Move:
    legal = request.legal
    if isinstance(legal, Text):
        if not legal.moves:
            raise PlayerError(f"{request.game.name} has free text moves, from which the uniform player cannot choose")
        legal = legal.moves
    return _move(legal[int(number * len(legal))])


_move = lru_cache(maxsize=4096)(Move)
"""A move is a value, so one for each action will do."""
