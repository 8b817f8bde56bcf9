"""Thousands of games at once by gathers: sampled play from the tables instead of the rules.

The law is the referee's: chance from the tree, moves from the policies. As many of the first moves as can be made
in fewer ways than games are asked for are one draw (openings.py): in a small game, all of them. What remains, all
games play step by step (steps.py).
Shapes: B games, P seats, K policies, I information sets, A actions, N nodes of the tree, D decisions.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import PlayerError
from arena.tree.openings import decisions, draw_openings, group_by_seating, numbers_of_openings, openings
from arena.tree.steps import Thresholds, play_on
from arena.tree.tables import Tree

_AT_ONCE = 8192
"""Games that take their steps together: so few that their columns stay in a processor's cache."""
_GAMES_PER_OPENING = 4
"""Games of one seating that must be asked for before an opening is worth listing: it needs a probability."""
_FEWEST = 64
"""Openings that are not worth a law if there may be no more of them."""

Ints = NDArray[np.int64]


class Trajectories(NamedTuple):
    """Finished games and every decision made in them, ordered by game and turn."""

    returns: NDArray[np.float64]
    """(B, P) payoff per seat, in the game's own units."""
    match: Ints
    """(D,) which game."""
    turn: Ints
    """(D,) number of the decision within its game."""
    seat: Ints
    policy: Ints
    """(D,) which of the K policies decided."""
    information_set: Ints
    action: Ints
    logp: NDArray[np.float32]
    """(D,) log-probability of the action under that policy, in nats."""


def rollout(tree: Tree, policies: NDArray[np.float64], seating: Ints, rng: np.random.Generator) -> Trajectories:
    """Play one game per row of `seating` (B, P), which says who of `policies` (K, I, A) sits where.

    Raises PlayerError where a policy that is to decide gives no action a probability.
    """
    seatings = group_by_seating(seating, len(policies))
    depth = _opening_depth(tree, len(seating) // len(seatings))
    opening, drawn = openings(tree, depth), np.zeros(len(seating), np.int64)
    if depth:
        drawn = draw_openings(tree, depth, policies, seatings, rng.random(len(seating)))
    if depth == len(tree.levels) - 1:
        return _looked_up(tree, policies, seating, depth, drawn)
    laws = Thresholds.of(policies.reshape(-1, policies.shape[2]))
    made, rest = opening.cells.shape[1], len(tree.levels) - 1 - depth
    parts = []
    for begin in range(0, len(seating), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        ending = opening.node.take(drawn[part])
        cells = np.full((len(ending), made + rest), -1, np.int64)
        cells[:, :made] = opening.cells.take(drawn[part], axis=0)
        play_on(tree, laws, seating[part] if len(policies) > 1 else None, ending, cells[:, made:], rng)
        decided = np.flatnonzero(cells >= 0)
        parts.append((ending, begin + decided // cells.shape[1], cells.ravel().take(decided)))
    ending, match, cell = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _described(tree, policies, seating, ending, match, cell)


def _opening_depth(tree: Tree, games: int) -> int:
    """Return how deep to list openings, so that working out their law costs less than it saves so many games."""
    most = games // _GAMES_PER_OPENING
    return bisect_right(numbers_of_openings(tree), most) - 1 if most >= _FEWEST else 0


def _looked_up(tree: Tree, policies: NDArray[np.float64], seating: Ints, depth: int, drawn: Ints) -> Trajectories:
    """Return the games that are these openings (B,) whole: all that was decided in them is listed already."""
    listed = decisions(tree, depth)
    number = listed.number.take(drawn)
    match = np.repeat(np.arange(len(drawn)), number)
    entry = (listed.begin.take(drawn) - (np.cumsum(number) - number)).take(match)
    entry += np.arange(len(match))
    seat = listed.seat.take(entry)
    with np.errstate(divide="ignore"):  # the logarithm of 0, which no action that was drawn has
        if len(policies) == 1:
            policy = np.zeros_like(match)
            logp = np.log(policies.take(listed.cell)).astype(np.float32).take(entry)
        else:
            policy = seating.ravel().take(match * seating.shape[1] + seat)
            taken = listed.cell.take(entry) + policy * tree.mask.size
            logp = np.log(policies).astype(np.float32).ravel().take(taken)
    return Trajectories(
        returns=tree.returns.take(openings(tree, depth).node.take(drawn), axis=0),
        match=match,
        turn=listed.turn.take(entry),
        seat=seat,
        policy=policy,
        information_set=listed.information_set.take(entry),
        action=listed.action.take(entry),
        logp=logp,
    )


def _described(
    tree: Tree, policies: NDArray[np.float64], seating: Ints, ending: Ints, match: Ints, cell: Ints
) -> Trajectories:
    """Return the games that end at the nodes `ending` (B,), from what was decided: the games and cells (D,)."""
    A = policies.shape[2]
    decisions = np.bincount(match, minlength=len(seating))
    first = np.cumsum(decisions) - decisions
    information_set = cell // A
    seat = tree.seat.astype(np.int64).take(information_set)
    if len(policies) == 1:
        policy, taken = np.zeros_like(cell), cell
    else:
        policy = seating.ravel().take(match * seating.shape[1] + seat)
        taken = cell + policy * tree.mask.size
    with np.errstate(divide="ignore"):  # the logarithm of 0, which no action that was drawn has
        logp = np.log(policies).astype(np.float32).ravel().take(taken)
    if logp.min(initial=0) == -np.inf:
        view = tree.views[information_set[logp.argmin()]]
        raise PlayerError(f"a policy has no action at {view!r}, where it is to decide: its rows must be distributions")
    return Trajectories(
        returns=tree.returns.take(ending, axis=0),
        match=match,
        turn=np.arange(len(match)) - first.take(match),
        seat=seat,
        policy=policy,
        information_set=information_set,
        action=cell - information_set * A,
        logp=logp,
    )
