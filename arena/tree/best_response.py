"""Best response, NashConv and exploitability, exactly.

In a hidden game the sequence form does it (von Stengel, 1996): a seat's plan is a weight per own sequence of
moves, the other seats and chance fold into the terminal payoffs, and the best action at an information set
is the one with the greatest sum below it. In an open game, where views forget how a state was reached,
backward induction does it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.tree.enumeration import Policy, Tree
from arena.tree.sequence_form import SequenceForm, plan_weights, reach_weights, sequence_form
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
    form = sequence_form(tree)
    plans = [plan_weights(form, policy, seat) for seat in seats]
    values = reach_weights(form, plans) @ form.payoff
    others = [reach_weights(form, plans[:seat] + plans[seat + 1 :]) for seat in seats]
    return [_hidden(tree, form, others[seat], seat).value - values[seat] for seat in seats]


def best_response(tree: Tree, policy: Policy, seat: int) -> BestResponse:
    """Return the best response of `seat` to the other seats' rows of `policy` (I, A)."""
    if not tree.game.hidden:
        return _open(tree, policy, seat)
    form = sequence_form(tree)
    others = [plan_weights(form, policy, other) for other in range(tree.game.seats) if other != seat]
    return _hidden(tree, form, reach_weights(form, others), seat)


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


def _hidden(tree: Tree, form: SequenceForm, reach: NDArray[np.float64], seat: int) -> BestResponse:
    """Return the best response where the others and chance reach the endings with weights `reach` (Z,)."""
    gain = np.bincount(form.sequence[seat], reach * form.payoff[:, seat], minlength=tree.mask.size + 1)
    best: Policy = np.zeros(tree.mask.shape)
    for sets, sequences in reversed(form.by_depth[seat]):
        options = np.where(tree.mask[sets], gain[sequences], -np.inf)
        best[sets, options.argmax(axis=1)] = 1.0
        np.add.at(gain, form.parent[sets], options.max(axis=1))
    return BestResponse(float(gain[0]), best)
