"""A game's states as flat arrays, made once through its five methods.

Equal states are one node: in an open game that shrinks the tree enormously, and in a hidden game it is sound
because a view with perfect recall is a function of the state, so every path to a state carries the same own
moves. Shapes: N nodes, M the widest branching, I information sets, A actions, P seats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.errors import ArenaError, GameError, IllegalAction, PlayerError, TooLarge
from arena.game import CHANCE, OVER, Game, Text
from arena.player import HasPolicy, Player, Request, Requests

NODE_LIMIT = 500_000
"""States that a tree may have: about 100 MB and ten seconds."""

Policy = NDArray[np.float64]
"""(I, A) action probabilities per information set, 0 where illegal; the rows of all seats together."""


@dataclass(frozen=True, eq=False)
class Tree:
    """A finite game as arrays. Nodes are in topological order: a child comes after all its parents."""

    game: Game[Any]
    actions: tuple[str, ...]
    """The vocabulary: column a of every (I, A) array is actions[a]."""
    mover: NDArray[np.int8]
    """(N,) seat to move, CHANCE or OVER."""
    level_ends: NDArray[np.int64]
    """Level l is the nodes level_ends[l]:level_ends[l + 1]; children lie in later levels."""
    child: NDArray[np.int32]
    """(N, M) node after action or outcome m; −1 where there is none."""
    chance: NDArray[np.float64]
    """(N, M) outcome probabilities; 0 except at chance nodes."""
    information_set: NDArray[np.int32]
    """(N,) information set of the mover; −1 at chance and terminal nodes."""
    returns: NDArray[np.float64]
    """(N, P) payoff per seat at terminal nodes, in the game's own units; 0 elsewhere."""
    seat: NDArray[np.int8]
    """(I,) who moves at an information set."""
    mask: NDArray[np.bool_]
    """(I, A) legal actions."""
    views: tuple[str, ...]
    """(I,) the view that names an information set for its seat."""
    requests: Requests = field(repr=False)
    """(I,) the question that a player would be asked there."""

    @property
    def levels(self) -> list[slice]:
        """The levels as slices of nodes, root first."""
        return [slice(int(a), int(b)) for a, b in zip(self.level_ends, self.level_ends[1:], strict=False)]

    @cached_property
    def terminals(self) -> NDArray[np.int64]:
        """(Z,) the terminal nodes."""
        return np.flatnonzero(self.mover == OVER)

    @cached_property
    def uniform(self) -> Policy:
        """(I, A) the uniform policy over legal actions."""
        policy: Policy = self.mask / self.mask.sum(axis=1, keepdims=True)
        return policy

    @cached_property
    def by_seat(self) -> list[NDArray[np.int64]]:
        """Per seat, the information sets at which it moves."""
        return [np.flatnonzero(self.seat == seat) for seat in range(self.game.seats)]

    @cached_property
    def _requests_by_seat(self) -> list[Requests]:
        return [Requests([self.requests[int(i)] for i in rows]) for rows in self.by_seat]

    def policy(self, players: Player | Sequence[Player]) -> Policy:
        """Return the (I, A) policy of one player in all seats, or of one player per seat.

        Raises PlayerError for a player that cannot state its policy.
        """
        if isinstance(players, Player):
            return _checked(players, self.requests, self.mask)
        if len(players) != self.game.seats:
            raise PlayerError(f"{self.game.name} has {self.game.seats} seats, but {len(players)} players were given")
        table = np.zeros(self.mask.shape)
        for player, rows, requests in zip(players, self.by_seat, self._requests_by_seat, strict=True):
            if len(rows):
                table[rows] = _checked(player, requests, self.mask[rows])
        return table


def _checked(player: Player, requests: Requests, mask: NDArray[np.bool_]) -> Policy:
    """Return the player's policy (B, A) at these requests, after checking that it is one."""
    if not isinstance(player, HasPolicy):
        raise PlayerError(f"{player.name} cannot state its policy, so it has no exact value: play matches instead")
    try:
        policy = np.asarray(player.policy(requests), np.float64)
    except ArenaError:
        raise
    except Exception as error:
        raise PlayerError(f"{player.name} fails to state its policy: {type(error).__name__}: {error}") from error
    lawful = policy.shape == mask.shape and (policy >= 0).all() and not policy[~mask].any()
    if not lawful or not np.allclose(policy.sum(axis=1), 1, atol=1e-5):
        raise PlayerError(f"{player.name} states a policy that is no distribution over the legal actions")
    normalised: Policy = policy / policy.sum(axis=1, keepdims=True)
    return normalised


def enumerate_game(game: Game[Any], limit: int = NODE_LIMIT) -> Tree:
    """Return the game as arrays; equal games share one tree within a process.

    Raises TooLarge beyond `limit` nodes, and GameError where the game contradicts itself.
    """
    kept = _TREES.get(game.fingerprint)
    # A class that is written again in a notebook, under the same name, is another class.
    if kept is None or type(kept.game) is not type(game) or len(kept.mover) > limit:
        kept = _Enumeration(game, limit).tree()
        _TREES[game.fingerprint] = kept
        while len(_TREES) > _TREES_KEPT:
            del _TREES[next(iter(_TREES))]
    return kept


_TREES: dict[str, Tree] = {}
_TREES_KEPT = 8


class _Enumeration:
    """The walk: states in, arrays out."""

    def __init__(self, game: Game[Any], limit: int) -> None:
        self.game, self.limit = game, limit
        self.states: list[Any] = []
        self.movers: list[int] = []
        self.branches: list[list[tuple[int, int, float]]] = []  # per node: (column, child, probability)
        self.action_index = {action: i for i, action in enumerate(game.actions)}
        self.vocabulary_is_closed = bool(game.actions)
        self.state: Any = None  # what the game is asked about

    def tree(self) -> Tree:
        """Return the arrays. Raises GameError with the state in which the game fails."""
        try:
            return self._tree()
        except Exception as error:
            if isinstance(error, ArenaError) and not isinstance(error, IllegalAction):
                raise
            where = f"in the state {self.state!r}" if self.states else "at its start"
            raise GameError(f"{self.game.name} fails {where}: {type(error).__name__}: {error}") from error

    def _tree(self) -> Tree:
        self._walk()
        order, level_ends = self._levels()
        width = max((len(self.action_index), *(b[-1][0] + 1 for b in self.branches if b)))
        n = len(order)
        place = np.empty(n, np.int32)
        place[order] = np.arange(n)
        child = np.full((n, width), -1, np.int32)
        chance = np.zeros((n, width))
        returns = np.zeros((n, self.game.seats))
        mover = np.array(self.movers, np.int8)[order]
        for row, old in enumerate(order):
            for column, target, p in self.branches[old]:
                child[row, column] = place[target]
                chance[row, column] = p
            if mover[row] == OVER:
                self.state = self.states[old]
                returns[row] = [x or 0.0 for x in self.game.returns(self.state)]
        sets, seat, mask, requests = self._information_sets(order, mover, child)
        views = tuple(request.text for request in requests)
        return Tree(
            self.game, tuple(self.action_index), mover, level_ends, child, chance, sets, returns, seat, mask, views,
            Requests(requests),
        )  # fmt: skip

    def _walk(self) -> None:
        """Find every state once, breadth first, and its branches."""
        index = {(start := self.game.start()): 0}
        self.states.append(start)
        at = 0
        while at < len(self.states):
            s = self.state = self.states[at]
            turn = self.game.turn(s)
            branches = []
            for column, action, p in self._moves(s, turn):
                after = self.game.step(s, action)
                node = index.get(after)
                if node is None:
                    node = index[after] = len(self.states)
                    self.states.append(after)
                branches.append((column, node, p))
            self._check_size(len(self.states))
            self.movers.append(turn)
            self.branches.append(branches)
            at += 1

    def _check_size(self, states: int) -> None:
        if states > self.limit:
            raise TooLarge(
                f"{self.game.name} has more than {self.limit:,} states, too many for exact tables: "
                "compare players by matches instead (arena pit)"
            )

    def _moves(self, s: Any, turn: int) -> list[tuple[int, str, float]]:
        """Return (column, action, probability) for every branch; nothing is listed that is too long to hold."""
        if turn == OVER:
            return []
        if turn == CHANCE:
            self._check_size(len(chance := self.game.chance(s)))
            outcomes = [(name, p) for name, p in chance if p > 0]
            if abs(sum(p for _, p in outcomes) - 1) > 1e-9:
                raise GameError(f"{self.game.name}: the chance probabilities of {s!r} do not sum to 1")
            return [(k, name, p) for k, (name, p) in enumerate(outcomes)]
        legal = self.game.legal(s, turn)
        if isinstance(legal, Text):
            raise TooLarge(f"{self.game.name} has free text moves, which cannot be enumerated")
        self._check_size(len(legal))
        if not len(legal):
            raise GameError(f"{self.game.name}: seat {turn} is to move but has no legal action in {s!r}")
        for action in legal:
            if action not in self.action_index:
                if self.vocabulary_is_closed:
                    raise GameError(f"{self.game.name}: {action!r} is legal in {s!r} but is not among its actions")
                self.action_index[action] = len(self.action_index)
        return sorted((self.action_index[action], action, 0.0) for action in legal)

    def _levels(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return nodes ordered by the longest path from the root, and where each level ends (Kahn, 1962)."""
        missing = [0] * len(self.states)
        for branches in self.branches:
            for _, target, _ in branches:
                missing[target] += 1
        level: list[int] = [] if missing[0] else [0]
        order: list[int] = []
        ends = [0]
        while level:
            order += level
            ends.append(len(order))
            following = []
            for node in level:
                for _, target, _ in self.branches[node]:
                    missing[target] -= 1
                    if not missing[target]:
                        following.append(target)
            level = following
        if len(order) < len(self.states):
            raise GameError(
                f"{self.game.name}: a state can come back after some moves, so the game may never end; "
                "count moves or repetitions in the state"
            )
        return np.array(order), np.array(ends)

    def _information_sets(
        self, order: NDArray[np.int64], mover: NDArray[np.int8], child: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.bool_], list[Request]]:
        sets = np.full(len(order), -1, np.int32)
        index: dict[tuple[int, str], int] = {}
        masks: list[NDArray[np.bool_]] = []
        requests: list[Request] = []
        for row in np.flatnonzero(mover >= 0):
            seat = int(mover[row])
            self.state = self.states[order[row]]
            request = Request(self.game, self.state, seat)
            legal = child[row, : len(self.action_index)] >= 0
            at = index.setdefault((seat, request.text), len(index))
            sets[row] = at
            if at == len(requests):
                requests.append(request)
                masks.append(legal)
            elif not self.game.hidden:
                raise GameError(
                    f"{self.game.name} says that it hides nothing, but two states look alike to seat {seat}: "
                    f"{request.text!r}; put what differs into the view, or set hidden = True"
                )
            elif (legal != masks[at]).any():
                raise GameError(
                    f"{self.game.name}: seat {seat} sees {request.text!r} in two states with different legal "
                    "actions, so its options would tell it what is hidden"
                )
        return sets, np.array([seat for seat, _ in index], np.int8), np.array(masks), requests
