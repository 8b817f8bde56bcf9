"""How large a game is, estimated from random games (Knuth, 1975)."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.game import CHANCE, Game, Text, Uniform
from arena.interval import Interval
from arena.seeds import generator
from arena.testing.walks import History

_RESAMPLES = 1000
"""Bootstrap samples behind an interval."""


def estimate_nodes(game: Game[Any], histories: Sequence[History], seed: int = 0) -> Interval | None:
    """Return the decimal logarithm of the number of nodes of the game tree, with its 95% interval.

    A node is a history, so a state that is reached in two ways counts twice. Each random game estimates the
    number by the sum over its nodes of one over the probability of coming there; the interval is a
    bootstrap's, and too low where rare branches are deep. None where any text is legal, or without games.
    """
    logs = [_log_probe(game, history) for history in histories]
    probes = np.array([log for log in logs if log is not None])
    if not len(probes) or len(probes) < len(logs):
        return None
    top = probes.max()
    scaled = 10.0 ** (probes - top)
    picks = generator(seed, "size").integers(len(scaled), size=(_RESAMPLES, len(scaled)))
    low, high = np.quantile(scaled[picks].mean(axis=1), [0.025, 0.975])
    return Interval(*(float(top + np.log10(value)) for value in (scaled.mean(), low, high)))


def _log_probe(game: Game[Any], history: History) -> float | None:
    """Return the decimal logarithm of one game's estimate."""
    reached = [0.0]
    for s, mover, action in zip(history.states, history.movers, history.actions, strict=False):
        ways = _ways(game, s, mover, action)
        if ways is None:
            return None
        reached.append(reached[-1] + log10(ways))
    return _log_sum(np.array(reached))


def _ways(game: Game[Any], s: Any, mover: int, action: str) -> float | None:
    """Return one over the probability with which a random game goes this way."""
    if mover == CHANCE:
        outcomes = game.chance(s)
        return float(len(outcomes)) if isinstance(outcomes, Uniform) else 1 / dict(outcomes)[action]
    legal = game.legal(s, mover)
    return None if isinstance(legal, Text) else float(len(legal))


def _log_sum(logs: NDArray[np.float64]) -> float:
    top = logs.max()
    return float(top + np.log10((10.0 ** (logs - top)).sum()))
