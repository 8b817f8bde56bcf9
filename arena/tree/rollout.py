"""Thousands of games at once by gathers: sampled play from the tables instead of the rules.

The law is the referee's: chance from the tree, moves from the policies. Shapes: B games, P seats, K policies,
I information sets, A actions, N decisions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.game import CHANCE, OVER
from arena.tree.enumeration import Tree


class Trajectories(NamedTuple):
    """Finished games and every decision made in them, ordered by game and turn."""

    returns: NDArray[np.float64]
    """(B, P) payoff per seat, in the game's own units."""
    match: NDArray[np.int64]
    """(N,) which game."""
    turn: NDArray[np.int64]
    """(N,) number of the decision within its game."""
    seat: NDArray[np.int64]
    policy: NDArray[np.int64]
    """(N,) which of the K policies decided."""
    information_set: NDArray[np.int64]
    action: NDArray[np.int64]
    logp: NDArray[np.float32]
    """(N,) log-probability of the action under that policy, in nats."""


def rollout(
    tree: Tree, policies: NDArray[np.float64], seating: NDArray[np.int64], rng: np.random.Generator
) -> Trajectories:
    """Play one game per row of `seating` (B, P), which says who of `policies` (K, I, A) sits where."""
    cumulative = np.cumsum(policies, axis=2)
    chance = np.cumsum(tree.chance, axis=1)
    node = np.zeros(len(seating), np.int64)
    alive = np.arange(len(seating))
    steps: list[tuple[NDArray[np.int64], ...]] = []
    while len(alive):
        mover = tree.mover[node[alive]]
        alive, mover = alive[mover != OVER], mover[mover != OVER]
        dealt = alive[mover == CHANCE]
        draws = rng.random(len(alive))
        if len(dealt):
            outcome = _draw(chance[node[dealt]], draws[: len(dealt)])
            node[dealt] = tree.child[node[dealt], outcome]
        asked, seat = alive[mover >= 0], mover[mover >= 0].astype(np.int64)
        if len(asked):
            sets = tree.information_set[node[asked]].astype(np.int64)
            who = seating[asked, seat]
            action = _draw(cumulative[who, sets], draws[len(dealt) :])
            steps.append((asked, seat, who, sets, action))
            node[asked] = tree.child[node[asked], action]
    match, seat, who, sets, action = (np.concatenate(column) for column in zip(*steps, strict=True))
    order = np.argsort(match, kind="stable")
    match, seat, who, sets, action = match[order], seat[order], who[order], sets[order], action[order]
    first = np.searchsorted(match, match)
    return Trajectories(
        returns=tree.returns[node],
        match=match,
        turn=np.arange(len(match)) - first,
        seat=seat,
        policy=who,
        information_set=sets,
        action=action,
        logp=np.log(policies[who, sets, action]).astype(np.float32),
    )


def _draw(cumulative: NDArray[np.float64], draws: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return one column per row of `cumulative` (n, m) by inverse transform; never one of probability 0."""
    total = cumulative[:, -1]
    # The product can round up to the total itself; the float below it keeps the draw inside.
    drawn = np.minimum(draws * total, np.nextafter(total, 0))
    column: NDArray[np.int64] = (cumulative <= drawn[:, None]).sum(axis=1)
    return column
