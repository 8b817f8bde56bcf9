"""What players need of games in which the solution of a problem is written in steps: what a move adds to it."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np

from arena.errors import ConfigError
from arena.game import Game, IllegalAction
from arena.player import Fault, Move, Request
from arena.record import Cost

FINAL = (Fault.UNAVAILABLE, Fault.CRASHED, Fault.TIMEOUT, Fault.RESIGN)
"""Faults of a player and not of one reply of it: who is asked several times is asked no more after one of them."""


@runtime_checkable
class Stepwise(Protocol):
    """A game in which the solution of a problem is written in steps, such as `step_by_step`."""

    def solution(self, s: Any) -> tuple[str, tuple[str, ...]]:
        """Return the question, and the steps that have been written."""

    def answer(self, s: Any) -> str | None:
        """Return the answer that the solution states, None as long as there is none."""


def check(game: Game[Any], player: str) -> None:
    """Raise ConfigError for a game in which no solution is written in steps."""
    if not isinstance(game, Stepwise):
        raise ConfigError(
            f"{player} plays games in which a solution is written in steps, such as step_by_step, not {game.name}"
        )


def after(request: Request, move: Move) -> Any:
    """Return the state after a move, or None where it is a fault or not legal."""
    if move.fault is not None or move.action is None or move.action not in request.legal:
        return None
    try:
        return request.game.step(request.state(), move.action)
    except IllegalAction:
        return None


def written(game: Game[Any], s: Any, then: Any) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return the question, the steps in a state, and those that were added until a later one."""
    assert isinstance(game, Stepwise)
    question, steps = game.solution(s)
    return question, steps, game.solution(then)[1][len(steps) :]


def with_cost(move: Move, cost: Cost) -> Move:
    """Return a move whose trace says what it has cost, with all that was asked for its sake."""
    return move._replace(trace={name: np.asarray(spent) for name, spent in zip(Cost._fields, cost, strict=True)})
