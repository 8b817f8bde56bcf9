"""From played matches to training batches: the same comes out of tables, of batched play and of the referee."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.batch import DecisionBatch
from arena.batched_play import BatchedMatches
from arena.errors import PlayerError
from arena.game import Game
from arena.match import Fixture
from arena.player import Move, Request, Requests
from arena.record import Record
from arena.tree import Trajectories, Tree


def role_index(game: Game[Any]) -> NDArray[np.int64]:
    """Return (P,) seat → position among the game's distinct roles."""
    distinct = list(dict.fromkeys(game.roles))
    return np.array([distinct.index(role) for role in game.roles])


def from_tables(
    tree: Tree, played: Trajectories, rows: NDArray[np.bool_] | slice, policy_id: str, version: int
) -> DecisionBatch:
    """Return the decisions that `rows` (N,) selects, as one policy's batch; I is the visited information sets.

    The learner's own players come first among the policies that were played.
    """
    seat = played.seat[rows]
    match = played.match[rows]
    sets = played.information_set[rows]
    visited = np.flatnonzero(np.bincount(sets, minlength=len(tree.mask)))
    if len(visited) < len(tree.mask):
        place = np.zeros(len(tree.mask), np.int64)
        place[visited] = np.arange(len(visited))
        sets = place.take(sets)
    return DecisionBatch(
        game=tree.game.name,
        policy_id=policy_id,
        version=version,
        observation=tree.requests.tensor()[visited],
        mask=tree.mask[visited],
        information_set=sets,
        action=played.action[rows],
        behaviour=played.policy[rows],
        behaviour_logp=played.logp[rows],
        payoff=played.returns.ravel().take(match * tree.game.seats + seat),
        seat=seat,
        side=_of_seats(np.array(tree.game.side_of), seat),
        role=_of_seats(role_index(tree.game), seat),
        match=match,
        turn=played.turn[rows],
    )


def from_batched(
    game: Game[Any], played: BatchedMatches, rows: NDArray[np.bool_], policy_id: str, version: int
) -> DecisionBatch:
    """Return the decisions that `rows` (D,) selects, as one policy's batch; every decision is its own observation.

    The learner's own players come first among those that played.
    """
    seat, match = played.seat[rows], played.match[rows]
    return DecisionBatch(
        game=game.name,
        policy_id=policy_id,
        version=version,
        observation=played.observation[rows],
        mask=played.mask[rows],
        information_set=np.arange(len(match)),
        action=played.action[rows],
        behaviour=played.policy[rows],
        behaviour_logp=played.logp[rows],
        payoff=played.returns[match, seat],
        seat=seat,
        side=_of_seats(np.array(game.side_of), seat),
        role=_of_seats(role_index(game), seat),
        match=match,
        turn=played.turn[rows],
    )


def _of_seats(table: NDArray[np.int64], seat: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what `table` (P,) says of the seats (N,); the seats themselves where it gives each its own number."""
    return seat if (table == np.arange(len(table))).all() else table.take(seat)


class Collector:
    """Listens to the referee and keeps a learner's decisions until their matches have ended.

    `names` are those of its players: one, or as many as its method lets sit down in training.
    """

    def __init__(self, game: Game[Any], *names: str) -> None:
        self.game, self.names = game, names
        self._decisions: list[tuple[str, int, int, Request, Move]] = []
        self._turns: dict[str, int] = {}

    def watch(self, fixture: Fixture, request: Request, move: Move) -> None:
        """Take one played move; the referee calls this."""
        turn = self._turns[fixture.key] = self._turns.get(fixture.key, -1) + 1
        name = fixture.entrants[request.seat]
        if name in self.names:
            self._decisions.append((fixture.key, turn, self.names.index(name), request, move))

    def batch(self, records: list[Record], policy_id: str, version: int, roles: tuple[str, ...]) -> DecisionBatch:
        """Return the decisions made in `roles`, ordered by the order of `records` and turn.

        Matches that were abandoned have no payoff and leave no rows, nor does a seat that played no game.
        """
        number = {record.key: i for i, record in enumerate(records) if record.stop.rated}
        kept = sorted(
            ((number[key], turn, who, request, move) for key, turn, who, request, move in self._decisions
             if key in number and request.role in roles and records[number[key]].returns[request.seat] is not None),
            key=lambda decision: decision[:2],
        )  # fmt: skip
        if any("logp" not in move.trace for *_, move in kept):
            raise PlayerError(f"{self.names[0]} leaves no log-probability in its moves, so it cannot be trained")
        requests = Requests([request for *_, request, _ in kept])
        seat = np.array([request.seat for request in requests], np.int64)
        match = np.array([m for m, *_ in kept], np.int64)
        index = {action: i for i, action in enumerate(self.game.actions)}
        return DecisionBatch(
            game=self.game.name,
            policy_id=policy_id,
            version=version,
            observation=requests.tensor() if kept else np.zeros((0, 0), np.float32),
            mask=requests.mask() if kept else np.zeros((0, len(self.game.actions)), np.bool_),
            information_set=np.arange(len(kept)),
            action=np.array([index[str(move.action)] for *_, move in kept], np.int64),
            behaviour=np.array([who for _, _, who, *_ in kept], np.int64),
            behaviour_logp=np.array([float(move.trace["logp"]) for *_, move in kept], np.float32),
            payoff=np.array([records[m].returns[s] or 0.0 for m, s in zip(match, seat, strict=True)]),
            seat=seat,
            side=np.array(self.game.side_of)[seat],
            role=role_index(self.game)[seat],
            match=match,
            turn=np.array([turn for _, turn, *_ in kept], np.int64),
        )
