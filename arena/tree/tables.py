"""A finite game as flat arrays, and what players do in it as one policy table.

A branch is one action or one outcome of chance; the branches of all nodes lie one after the other, so that memory
is linear in them however wide the game is. Shapes: N nodes, E branches, C of them of chance, M the widest
branching, I information sets, A actions, P seats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import ArenaError, ConfigError, PlayerError
from arena.game import CHANCE, OVER, Game
from arena.player import HasPolicy, Player, Request, Requests

Policy = NDArray[np.float64]
"""(I, A) action probabilities per information set, 0 where illegal; the rows of all seats together."""


class InnerLevel(NamedTuple):
    """The nodes of a level that have branches, and where their branches lie."""

    nodes: NDArray[np.int64]
    """(n,)."""
    branches: slice
    """All branches of the level."""
    begin: NDArray[np.int64]
    """(n,) where each node's branches begin within the slice."""


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
    first_branch: NDArray[np.int32]
    """(N + 1,) the branches of node n are first_branch[n]:first_branch[n + 1], in rising order of their columns."""
    branch_child: NDArray[np.int32]
    """(E,) the node that a branch leads to."""
    branch_column: NDArray[np.int32]
    """(E,) which action it is, or which outcome of chance."""
    outcome_probability: NDArray[np.float64]
    """(C,) the probabilities of the branches of chance nodes, in the order of the branches."""
    information_set: NDArray[np.int32]
    """(N,) information set of the mover; −1 at chance and terminal nodes."""
    returns: NDArray[np.float64]
    """(N, P) payoff per seat at terminal nodes, in the game's own units; 0 elsewhere."""
    seat: NDArray[np.int8]
    """(I,) who moves at an information set."""
    mask: NDArray[np.bool_]
    """(I, A) legal actions."""
    views: tuple[str, ...] = field(repr=False)
    """(I,) the view that names an information set for its seat."""

    @cached_property
    def levels(self) -> list[slice]:
        """The levels as slices of nodes, root first."""
        return [slice(int(a), int(b)) for a, b in zip(self.level_ends, self.level_ends[1:], strict=False)]

    @cached_property
    def terminals(self) -> NDArray[np.int64]:
        """(Z,) the terminal nodes."""
        return np.flatnonzero(self.mover == OVER)

    @cached_property
    def branch_parent(self) -> NDArray[np.int32]:
        """(E,) the node that a branch leaves."""
        nodes = np.arange(len(self.mover), dtype=np.int32)
        return np.repeat(nodes, np.diff(self.first_branch))

    @cached_property
    def child(self) -> NDArray[np.int32]:
        """(N, M) node after action or outcome m; −1 where there is none. Made when it is first wanted."""
        return self._wide(np.int32, -1, slice(None), self.branch_child)

    @cached_property
    def chance(self) -> NDArray[np.float64]:
        """(N, M) outcome probabilities; 0 except at chance nodes. Made when it is first wanted."""
        return self._wide(np.float64, 0, self.chance_branches, self.outcome_probability)

    @cached_property
    def chance_branches(self) -> NDArray[np.int64]:
        """(C,) which branches are outcomes of chance."""
        return np.flatnonzero(self.mover[self.branch_parent] == CHANCE)

    @cached_property
    def action_branches(self) -> NDArray[np.int64]:
        """(E − C,) which branches are actions."""
        return np.flatnonzero(self.mover[self.branch_parent] >= 0)

    @cached_property
    def policy_entry(self) -> NDArray[np.int64]:
        """(E − C,) which entry of a flat (I, A) policy is the probability of each branch that is an action."""
        sets = self.information_set[self.branch_parent[self.action_branches]].astype(np.int64)
        return sets * len(self.actions) + self.branch_column[self.action_branches]

    @cached_property
    def inner_levels(self) -> list[InnerLevel]:
        """The levels without their terminal nodes, root first, for sums over branches."""
        found = []
        for level in self.levels:
            nodes = level.start + np.flatnonzero(self.mover[level] != OVER)
            branches = slice(int(self.first_branch[level.start]), int(self.first_branch[level.stop]))
            if len(nodes):
                found.append(InnerLevel(nodes, branches, self.first_branch[nodes].astype(np.int64) - branches.start))
        return found

    @cached_property
    def uniform(self) -> Policy:
        """(I, A) the uniform policy over legal actions."""
        policy: Policy = self.mask / self.mask.sum(axis=1, keepdims=True)
        return policy

    @cached_property
    def legal(self) -> NDArray[np.int64]:
        """The entries of a flat (I, A) policy that are legal actions."""
        return np.flatnonzero(self.mask)

    @cached_property
    def ones(self) -> NDArray[np.float64]:
        """(A,) ones: a policy's product with them is the sum of every row."""
        return np.ones(len(self.actions))

    @cached_property
    def by_seat(self) -> list[NDArray[np.int64]]:
        """Per seat, the information sets at which it moves."""
        return [np.flatnonzero(self.seat == seat) for seat in range(self.game.seats)]

    @cached_property
    def requests(self) -> Requests:
        """(I,) the question that a player would be asked there; the rules are played again when it is first wanted."""
        first = np.full(len(self.seat), len(self.mover), np.int64)
        deciding = np.flatnonzero(self.mover >= 0)
        np.minimum.at(first, self.information_set[deciding], deciding)
        state = _states(self, first)
        return Requests(Request(self.game, state[n], int(i)) for n, i in zip(first.tolist(), self.seat, strict=True))

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, without those that are made when they are first wanted."""
        arrays = (getattr(self, part.name) for part in fields(self))
        return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))

    def policy(self, players: Player | Sequence[Player]) -> Policy:
        """Return the (I, A) policy of one player in all seats, or of one player per seat.

        Raises PlayerError for a player that cannot state its policy.
        """
        if isinstance(players, Player):
            return checked_policy(players, self.requests, self.mask)
        if len(players) != self.game.seats:
            raise PlayerError(f"{self.game.name} has {self.game.seats} seats, but {len(players)} players were given")
        table = np.zeros(self.mask.shape)
        for player, rows, requests in zip(players, self.by_seat, self._requests_by_seat, strict=True):
            if len(rows):
                table[rows] = checked_policy(player, requests, self.mask[rows])
        return table

    @cached_property
    def _requests_by_seat(self) -> list[Requests]:
        return [Requests([self.requests[int(i)] for i in rows]) for rows in self.by_seat]

    def _wide(self, kind: Any, absent: int, branches: Any, values: NDArray[Any]) -> NDArray[Any]:
        """Return (N, M) the values of these branches by node and column."""
        width = max(len(self.actions), int(self.branch_column.max(initial=-1)) + 1)
        table = np.full((len(self.mover), width), absent, kind)
        table[self.branch_parent[branches], self.branch_column[branches]] = values
        return table


def _states(tree: Tree, nodes: NDArray[np.int64]) -> dict[int, Any]:
    """Return the states at these nodes and on one way to each, by playing the rules again from the start."""
    before, column = np.zeros((2, len(tree.mover)), np.int64)  # one way to each node: the last that is written
    before[tree.branch_child], column[tree.branch_child] = tree.branch_parent, tree.branch_column
    wanted = np.zeros(len(tree.mover), np.bool_)
    wanted[nodes] = True
    for level in reversed(tree.levels[1:]):
        wanted[before[level.start + np.flatnonzero(wanted[level])]] = True
    game, states, outcomes = tree.game, {0: tree.game.start()}, {}
    for node in np.flatnonzero(wanted)[1:].tolist():
        parent = int(before[node])
        if tree.mover[parent] == CHANCE:
            if parent not in outcomes:
                outcomes[parent] = [name for name, p in game.chance(states[parent]) if p > 0]
            name = outcomes[parent][column[node]]
        else:
            name = tree.actions[column[node]]
        states[node] = game.step(states[parent], name)
    return states


_ROUNDING = 1e-6
"""How far from 1 a row may sum, and how much may lie on illegal actions."""


def check_policy(tree: Tree, policy: Policy) -> None:
    """Raise PlayerError for what is no policy table of this game: a distribution over legal actions in every row."""
    check_shape(tree, policy)
    check_rows(tree, policy, policy.ravel()[tree.legal])


def check_shape(tree: Tree, policy: Policy) -> None:
    """Raise PlayerError for what is no policy table of this game, by its shape."""
    if not isinstance(policy, np.ndarray) or policy.shape != tree.mask.shape:
        what = f"an array of shape {policy.shape}" if isinstance(policy, np.ndarray) else f"a {type(policy).__name__}"
        raise PlayerError(
            f"a policy of {tree.game.name} is an array of shape {tree.mask.shape}, a row of probabilities per "
            f"information set, not {what}"
        )


def check_rows(tree: Tree, policy: Policy, legal: NDArray[np.float64], answering: int | None = None) -> None:
    """Raise PlayerError where a row of `policy` (I, A) is no distribution over the legal actions.

    `legal` are its entries there, in any order. The rows of a seat that is `answering` the others may be anything.
    """
    # In passes over the whole, since this comes before every exact quantity. Which row it is can wait.
    if np.minimum.reduce(policy.ravel(), initial=0.0) >= 0:
        off = policy.dot(tree.ones)
        off -= 1.0
        missing = len(off) - float(np.add.reduce(legal))
        if off.dot(off) <= _ROUNDING**2 and abs(missing) <= _ROUNDING:
            return
    _refuse_row(tree, policy, answering)


def _refuse_row(tree: Tree, policy: Policy, answering: int | None) -> None:
    """Raise PlayerError for the first row that is no distribution over the legal actions, if there is one."""
    with np.errstate(invalid="ignore"):
        off = abs(policy.sum(axis=1) - 1)
    illegal = np.where(tree.mask, 0.0, policy).sum(axis=1)
    lawful = (policy >= 0).all(axis=1) & (off <= _ROUNDING) & (illegal <= _ROUNDING)
    for i in np.flatnonzero(~lawful & (tree.seat != answering))[:1]:
        stated = ", ".join(f"{action} {p:g}" for action, p in zip(tree.actions, policy[i], strict=True))
        raise PlayerError(
            f"the policy of seat {tree.seat[i]} of {tree.game.name} at {tree.views[i]!r} is no distribution over its "
            f"legal actions, but {stated}: give them numbers from 0 on that sum to 1, and the others 0"
        )


def check_seat(tree: Tree, seat: int) -> None:
    """Raise ConfigError for a seat that the game does not have."""
    if not 0 <= seat < tree.game.seats:
        raise ConfigError(f"{tree.game.name} has no seat {seat!r}: its seats are 0 to {tree.game.seats - 1}")


def checked_policy(player: Player, requests: Requests, mask: NDArray[np.bool_]) -> Policy:
    """Return the player's policy (B, A) at these requests, whose legal actions are `mask` (B, A).

    Raises PlayerError for a player that cannot state one, or states what is no distribution over legal actions.
    """
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
