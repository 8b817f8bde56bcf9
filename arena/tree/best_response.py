"""Best response, NashConv and exploitability, exactly.

In a hidden game the sequence form does it (von Stengel, 1996): a seat's plan is a weight per own sequence of
moves, the other seats and chance fold into the terminal payoffs, and the best action at an information set
is the one with the greatest sum below it. In an open game, where views forget how a state was reached,
backward induction does it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError
from arena.game import OVER
from arena.tree.enumeration import Policy, Tree
from arena.tree.values import branch_probabilities, expected_returns


class BestResponse(NamedTuple):
    """The best that one seat can do against the others' fixed policies."""

    value: float
    """Its expected payoff, in the game's own units."""
    policy: Policy
    """(I, A) one-hot rows at this seat's information sets, zero rows elsewhere."""


def nash_conv(tree: Tree, policy: Policy) -> float:
    """Return the sum over seats of what a best response gains, in payoff units; 0 at a Nash equilibrium."""
    return float(sum(best_response_gains(tree, policy)))


def exploitability(tree: Tree, policy: Policy) -> float:
    """Return NashConv divided by the number of seats: what a best response wins on average over the seats."""
    return nash_conv(tree, policy) / tree.game.seats


def best_response_gains(tree: Tree, policy: Policy) -> list[float]:
    """Return per seat how much a best response to the others wins beyond the seat's own policy."""
    seats = range(tree.game.seats)
    if not tree.game.hidden:
        values = expected_returns(tree, policy)
        return [_open(tree, policy, seat).value - values[seat] for seat in seats]
    form = _sequence_form(tree)
    plans = [_plan(form, policy, seat) for seat in seats]
    values = _reach(form, plans) @ form.payoff
    return [
        _hidden(tree, form, _reach(form, plans[:seat] + plans[seat + 1 :]), seat).value - values[seat] for seat in seats
    ]


def best_response(tree: Tree, policy: Policy, seat: int) -> BestResponse:
    """Return the best response of `seat` to the other seats' rows of `policy` (I, A)."""
    if not tree.game.hidden:
        return _open(tree, policy, seat)
    form = _sequence_form(tree)
    others = [_plan(form, policy, other) for other in range(tree.game.seats) if other != seat]
    return _hidden(tree, form, _reach(form, others), seat)


def _open(tree: Tree, policy: Policy, seat: int) -> BestResponse:
    values = tree.returns[:, seat].copy()
    probability = branch_probabilities(tree, policy)
    best: Policy = np.zeros_like(policy)
    A = policy.shape[1]
    for level in reversed(tree.levels):
        nodes = np.arange(level.start, level.stop)
        nodes = nodes[tree.child[nodes].max(axis=1) >= 0]
        below = values[tree.child[nodes]]
        mine = tree.mover[nodes] == seat
        values[nodes[~mine]] = (probability[nodes[~mine]] * below[~mine]).sum(axis=1)
        options = np.where(tree.child[nodes[mine], :A] >= 0, below[mine, :A], -np.inf)
        values[nodes[mine]] = options.max(axis=1, initial=-np.inf)
        best[tree.information_set[nodes[mine]], options.argmax(axis=1)] = 1.0
    return BestResponse(float(values[0]), best)


def _hidden(tree: Tree, form: _SequenceForm, reach: NDArray[np.float64], seat: int) -> BestResponse:
    """Return the best response where the others and chance reach the endings with weights `reach` (Z,)."""
    gain = np.bincount(form.sequence[seat], reach * form.payoff[:, seat], minlength=tree.mask.size + 1)
    best: Policy = np.zeros(tree.mask.shape)
    for sets, sequences in reversed(form.by_depth[seat]):
        options = np.where(tree.mask[sets], gain[sequences], -np.inf)
        best[sets, options.argmax(axis=1)] = 1.0
        np.add.at(gain, form.parent[sets], options.max(axis=1))
    return BestResponse(float(gain[0]), best)


class _SequenceForm(NamedTuple):
    """Sequence 0 is empty; 1 + i·A + a is "action a at information set i". Z endings: branches to terminal nodes."""

    chance_reach: NDArray[np.float64]
    """(Z,) the product of chance probabilities on the way to each ending."""
    payoff: NDArray[np.float64]
    """(Z, P)."""
    sequence: list[NDArray[np.int64]]
    """Per seat (Z,): its last sequence before each ending."""
    parent: NDArray[np.int64]
    """(I,) the mover's last sequence before each information set."""
    by_depth: list[list[tuple[NDArray[np.int64], NDArray[np.int64]]]]
    """Per seat: its information sets grouped by how many own moves came before, with their sequences (sets, A)."""


def _plan(form: _SequenceForm, policy: Policy, seat: int) -> NDArray[np.float64]:
    """Return (Z,) the probability that `seat` plays its part of the way to each ending."""
    plan = np.zeros(policy.size + 1)
    plan[0] = 1.0
    for sets, sequences in form.by_depth[seat]:
        plan[sequences] = plan[form.parent[sets], None] * policy[sets]
    return plan[form.sequence[seat]]


def _reach(form: _SequenceForm, plans: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return (Z,) the probability that chance and the given seats play their parts of the way to each ending."""
    reach = form.chance_reach.copy()
    for plan in plans:
        reach *= plan
    return reach


@lru_cache(maxsize=8)
def _sequence_form(tree: Tree) -> _SequenceForm:
    A, P = tree.mask.shape[1], tree.game.seats
    reach = np.zeros(len(tree.mover))
    reach[0] = 1.0
    last = np.full((len(tree.mover), P), -1, np.int64)
    last[0] = 0
    parent = np.full(len(tree.seat), -1, np.int64)
    depth = np.zeros(len(tree.seat), np.int64)
    endings: list[tuple[NDArray[Any], ...]] = []
    for level in tree.levels:
        nodes = np.arange(level.start, level.stop)
        _place_information_sets(tree, nodes, last, parent, depth, A)
        rows, columns = np.nonzero(tree.child[nodes] >= 0)
        parents, children = nodes[rows], tree.child[nodes[rows], columns]
        chance = np.where(tree.mover[parents] >= 0, 1.0, tree.chance[parents, columns])
        after = last[parents].copy()
        decided = np.flatnonzero(tree.mover[parents] >= 0)
        movers = tree.mover[parents[decided]]
        after[decided, movers] = 1 + tree.information_set[parents[decided]].astype(np.int64) * A + columns[decided]
        # A last state may forget how it was reached, so an ending is a branch and not a node.
        over = tree.mover[children] == OVER
        reached = reach[parents] * chance
        endings.append((reached[over], tree.returns[children[over]], after[over]))
        np.add.at(reach, children, reached)
        _place_nodes(tree, children[~over], after[~over], last)
    chance_reach, payoff, sequence = (np.concatenate(part) for part in zip(*endings, strict=True))
    groups = [
        [np.flatnonzero((tree.seat == seat) & (depth == d)) for d in range(int(depth.max(initial=0)) + 1)]
        for seat in range(P)
    ]
    by_depth = [[(sets, 1 + sets[:, None] * A + np.arange(A)) for sets in group if len(sets)] for group in groups]
    return _SequenceForm(chance_reach, payoff, [np.ascontiguousarray(s) for s in sequence.T], parent, by_depth)


def _place_nodes(tree: Tree, nodes: NDArray[np.int64], after: NDArray[np.int64], last: NDArray[np.int64]) -> None:
    """Write down every seat's last sequence before these nodes; two of them at one node break perfect recall."""
    known = last[nodes]
    last[nodes] = after
    clash = np.argwhere(((known >= 0) & (known != after)) | (last[nodes] != after))
    if len(clash):
        raise GameError(
            f"{tree.game.name}: different moves of seat {clash[0, 1]} lead to one and the same state; "
            "a view, and so the state, must tell all that a seat did and saw (perfect recall)"
        )


def _place_information_sets(
    tree: Tree,
    nodes: NDArray[np.int64],
    last: NDArray[np.int64],
    parent: NDArray[np.int64],
    depth: NDArray[np.int64],
    A: int,
) -> None:
    """Write down the own sequence before each information set of these nodes; two of them break perfect recall."""
    deciding = nodes[tree.mover[nodes] >= 0]
    sets = tree.information_set[deciding]
    before = last[deciding, tree.mover[deciding]]
    known = parent[sets]
    parent[sets] = before
    clash = np.flatnonzero(((known >= 0) & (known != before)) | (parent[sets] != before))
    if len(clash):
        i = int(sets[clash[0]])
        raise GameError(
            f"{tree.game.name}: seat {tree.seat[i]} sees {tree.views[i]!r} after different moves of its own; "
            "a view must tell all that its seat did and saw (perfect recall)"
        )
    came_from = np.where(before > 0, (before - 1) // A, -1)
    depth[sets] = np.where(came_from >= 0, depth[came_from] + 1, 0)
