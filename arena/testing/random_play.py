"""Games in which every seat plays anything that is legal, and chance by its own law."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from arena.errors import GameError
from arena.game import CHANCE, OVER, Game, Text, Uniform
from arena.player import Move, Requests
from arena.seeds import generator

LONGEST = 10_000
"""Moves after which a random game counts as endless, and entries up to which a list is looked at one by one."""


def random_game(game: Game[Any], rng: np.random.Generator) -> Iterator[tuple[Any, int, str]]:
    """Yield (state, mover, action) until the game is over; the mover may be CHANCE.

    Raises GameError after `LONGEST` moves.
    """
    s = game.start()
    for _ in range(LONGEST):
        if (mover := game.turn(s)) == OVER:
            return
        action = draw(game.chance(s), rng) if mover == CHANCE else choose(game.legal(s, mover), rng)
        yield s, mover, action
        s = game.step(s, action)
    raise GameError(f"{game.name} is not over after {LONGEST:,} random moves: let every game end")


def draw(outcomes: Sequence[tuple[str, float]], rng: np.random.Generator) -> str:
    """Return an outcome with its own probability."""
    if isinstance(outcomes, Uniform):
        return outcomes[int(rng.integers(len(outcomes)))][0]
    cumulative = np.cumsum([p for _, p in outcomes])
    return outcomes[int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))][0]


def choose(legal: Sequence[str] | Text, rng: np.random.Generator) -> str:
    """Return a legal action, each with the same probability; where any text is legal, a short one."""
    if isinstance(legal, Text):
        words = f"text {rng.integers(1000)}"
        if not legal.moves:
            return words[: legal.max_chars]
        move = choose(legal.moves, rng)
        return talk if (talk := f"{words}\n{move}") in legal else move
    return legal[int(rng.integers(len(legal)))]


class Anyone:
    """The player of random games for the referee; unlike the uniform player it also writes text."""

    name = "anyone"

    def act(self, batch: Requests) -> list[Move]:
        """Draw a legal action for every request from its own seed."""
        return [Move(choose(request.legal, generator(request.seed, "anyone"))) for request in batch]
