"""Training matches of games too large for tables: many states side by side, one question per player and step.

Nothing of the referee's is here (records, complaints, retries), since only players that state their policy take
part. Shapes: B games, P seats, A actions, D decisions of who learns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.game import Game
from arena.kernel import Questions, States, many_states
from arena.player import HasPolicy
from arena.tree.steps import Thresholds
from arena.tree.tables import checked_policy


class BatchedMatches(NamedTuple):
    """Finished games, and the decisions of who learns in them, ordered by game and turn."""

    returns: NDArray[np.float64]
    """(B, P) payoff per seat, in the game's own units."""
    observation: NDArray[np.float32]
    """(D, …) encoded views."""
    mask: NDArray[np.bool_]
    """(D, A)"""
    match: NDArray[np.int64]
    """(D,) which game."""
    turn: NDArray[np.int64]
    """(D,) number of the decision within its game; the others' count too."""
    seat: NDArray[np.int64]
    policy: NDArray[np.int64]
    """(D,) which of the players decided."""
    action: NDArray[np.int64]
    logp: NDArray[np.float32]
    """(D,) log-probability of the action, in nats."""


def play_batched(
    game: Game[Any],
    players: Sequence[HasPolicy],
    seating: NDArray[np.int64],
    rng: np.random.Generator,
    learning: int = 1,
    states: States | None = None,
) -> BatchedMatches:
    """Play one game per row of `seating` (B, P), which says who of `players` sits where.

    The first `learning` players learn: their decisions are kept. `states` are B beginnings of the game; by default
    those of its kernel, or of its plain rules. Raises PlayerError for a player that states no distribution over the
    legal actions.
    """
    states = many_states(game, len(seating), rng) if states is None else states
    turn = np.zeros(len(seating), np.int64)
    kept: list[tuple[NDArray[Any], ...]] = []
    while len(games := np.flatnonzero((movers := states.movers()) >= 0)):
        seats = movers[games]
        who = seating[games, seats]
        actions = np.empty(len(games), np.int64)
        for number in np.unique(who):
            rows = np.flatnonzero(who == number)
            questions = Questions(game, states, games[rows], seats[rows])
            policy = checked_policy(players[number], questions, questions.mask())
            actions[rows] = drawn = Thresholds.of(policy).draw(np.arange(len(rows)), rng.random(len(rows)))
            if number < learning:
                logp = np.log(policy[np.arange(len(rows)), drawn]).astype(np.float32)
                decided = (games[rows], turn[games[rows]], seats[rows], who[rows], drawn, logp)
                kept.append((questions.tensor(), questions.mask(), *decided))
        turn[games] += 1
        states.step(games, actions)
    return BatchedMatches(states.returns(), *_in_order(kept or [_no_decision(game)]))


def _no_decision(game: Game[Any]) -> tuple[NDArray[Any], ...]:
    """Return the columns of games that ended before the learner came to move."""
    none = np.zeros(0, np.int64)
    mask = np.zeros((0, len(game.actions)), np.bool_)
    return np.zeros((0, 0), np.float32), mask, none, none, none, none, none, np.zeros(0, np.float32)


def _in_order(kept: list[tuple[NDArray[Any], ...]]) -> list[NDArray[Any]]:
    """Return the columns of all steps, ordered by game and turn."""
    columns = [np.concatenate(column) for column in zip(*kept, strict=True)]
    order = np.argsort(columns[2], kind="stable")
    return [column[order] for column in columns]
