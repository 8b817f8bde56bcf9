"""Who earns what when everybody plays at random: the first look at whether a game is fair."""

from __future__ import annotations

from itertools import count
from typing import Any, NamedTuple

import numpy as np

from arena.game import Game
from arena.interval import Interval, pair_means
from arena.seeds import generator
from arena.testing.random_play import random_game

GAMES, MOVES = 2000, 10_000
"""Games that are played at most, and moves after which no further one begins."""


class RandomResults(NamedTuple):
    """What random games came to."""

    games: int
    payoffs: tuple[Interval | None, ...]
    """Per seat, the mean payoff in the game's own units; None for a seat that is never paid."""
    draws: float
    """The share of games in which all sides were paid the same; 0 with a single side."""
    length: tuple[int, float, int]
    """The least, mean and greatest number of moves, chance included."""


def play_at_random(game: Game[Any], seed: int = 0) -> RandomResults:
    """Return what random games come to."""
    lengths: list[int] = []
    returns: list[tuple[float | None, ...]] = []
    for number in count():
        if number == GAMES or sum(lengths) > MOVES:
            break
        s, moves = game.start(), 0
        for before, _, action in random_game(game, generator(seed, "random results", number)):
            s, moves = game.step(before, action), moves + 1
        lengths.append(moves)
        returns.append(game.returns(s))
    paid = np.array([[np.nan if r is None else r for r in row] for row in returns], np.float64)
    sides = [list(game.side_of).index(side) for side in range(game.entrants)]
    draws = float((np.ptp(paid[:, sides], axis=1) == 0).mean()) if len(sides) > 1 else 0.0
    length = min(lengths), float(np.mean(lengths)), max(lengths)
    return RandomResults(len(lengths), _means(game, paid), draws, length)


def _means(game: Game[Any], paid: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[Interval | None, ...]:
    """Return the mean per column with its interval; every game is an observation of its own."""
    row, seat = np.nonzero(np.isfinite(paid))
    least, greatest = game.payoff_range
    means = pair_means(paid[row, seat], np.arange(len(row)), seat, seat, game.seats, greatest - least)
    return tuple(means.interval(s).within(least, greatest) if means.matches[s] else None for s in range(game.seats))
