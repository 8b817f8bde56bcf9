"""Best responses, NashConv and exploitability, exactly; every seat's in one pass.

In a hidden game the sequence form does it (von Stengel, 1996): a seat's plan is a weight per own sequence of
moves, the other seats and chance fold into the terminal payoffs, and the best action at an information set
is the one with the greatest sum below it. In an open game, where views forget how a state was reached,
backward induction does it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.tree.compact_form import compact_form
from arena.tree.tables import Policy, Tree, check_rows, check_seat, check_shape
from arena.tree.values import branch_law

Floats = NDArray[np.float64]


class BestResponse(NamedTuple):
    """The best that one seat can do against the others' fixed policies."""

    value: float
    """Its expected payoff, in the game's own units."""
    policy: Policy
    """(I, A) one-hot rows at this seat's information sets, zero rows elsewhere."""


class BestResponses(NamedTuple):
    """What every seat earns with a policy, and what it could earn while the others hold to it."""

    values: Floats
    """(P,) the expected payoff when every seat plays the policy."""
    best: Floats
    """(P,) the expected payoff of a seat's best response, in the game's own units."""
    entry: NDArray[np.int64]
    """Every legal action, as its entry of a flat (I, A) table."""
    action_values: Floats
    """What each of them earns if the seat plays its best from there on; where something is hidden, weighted by how
    likely chance and the others lead there."""

    @property
    def nash_conv(self) -> float:
        """The sum over seats of what a best response gains; 0 at a Nash equilibrium."""
        return float((self.best - self.values).sum())


def nash_conv(tree: Tree, policy: Policy) -> float:
    """Return the sum over seats of what a best response gains, in payoff units; 0 at a Nash equilibrium."""
    return best_responses(tree, policy).nash_conv


def exploitability(tree: Tree, policy: Policy) -> float:
    """Return NashConv divided by the number of seats: what a best response wins on average over the seats."""
    return nash_conv(tree, policy) / tree.game.seats


def best_response_gains(tree: Tree, policy: Policy) -> list[float]:
    """Return per seat how much a best response to the others wins beyond the seat's own policy."""
    found = best_responses(tree, policy)
    return [float(gain) for gain in found.best - found.values]


def best_response(tree: Tree, policy: Policy, seat: int) -> BestResponse:
    """Return the best response of `seat` to the other seats' rows of `policy` (I, A)."""
    check_seat(tree, seat)
    found = _best_responses(tree, policy, seat)
    options = np.full(tree.mask.shape, -np.inf)
    options.ravel()[found.entry] = found.action_values
    sets = tree.by_seat[seat]
    best: Policy = np.zeros(tree.mask.shape)
    best[sets, options[sets].argmax(axis=1)] = 1.0
    return BestResponse(float(found.best[seat]), best)


def best_responses(tree: Tree, policy: Policy) -> BestResponses:
    """Return what every seat earns when all play their rows of `policy` (I, A), and what each could earn.

    Raises PlayerError where a row is no distribution over the legal actions.
    """
    return _best_responses(tree, policy)


def _best_responses(tree: Tree, policy: Policy, answering: int | None = None) -> BestResponses:
    """Return the same; the rows of a seat that is `answering` the others may be anything."""
    check_shape(tree, policy)
    # Where nobody decides anything there are no sequences, and nothing to forget.
    if tree.game.hidden and len(tree.seat):
        return _hidden(tree, policy, answering)
    check_rows(tree, policy, policy.ravel()[tree.legal], answering)
    return _open(tree, policy)


def _hidden(tree: Tree, policy: Policy, answering: int | None) -> BestResponses:
    form, P = compact_form(tree), tree.game.seats
    plan = np.empty(P + len(form.entry))
    plan[:P] = 1.0
    plan[P:] = policy.ravel()[form.entry]
    check_rows(tree, policy, plan[P:], answering)
    for layer in form.layers:
        plan[layer.sequences] *= plan[layer.before]
    earned = form.payoff
    for others in form.others:
        earned = earned * plan[others]
    gain = np.zeros(len(plan))
    gain[form.owner] = np.add.reduceat(earned, form.owner_begin)
    earnings = np.add.reduceat(plan * gain, form.run_begin)
    values = np.bincount(form.run_seat, earnings, P).astype(np.float64, copy=False)
    for layer in reversed(form.layers):
        best = np.maximum.reduceat(gain[layer.sequences], layer.set_begin)
        gain[layer.parents] += np.add.reduceat(best, layer.parent_begin)
    return BestResponses(values, gain[:P], form.entry, gain[P:])


def _open(tree: Tree, policy: Policy) -> BestResponses:
    P = tree.game.seats
    law, child = branch_law(tree, policy), tree.branch_child
    seats = np.arange(P)[:, None]
    values = np.concatenate([tree.returns.T, tree.returns.T])  # (2P, N): with the policy, and with the best response
    for nodes, branches, begin in reversed(tree.inner_levels):
        below = values[:, child[branches]]
        values[:, nodes] = np.add.reduceat(law[branches] * below, begin, axis=1)
        best = np.maximum.reduceat(below[P:], begin, axis=1)
        values[P:, nodes] = np.where(tree.mover[nodes] == seats, best, values[P:, nodes])
    own = tree.action_branches
    movers = tree.mover[tree.branch_parent[own]].astype(np.int64)
    return BestResponses(values[:P, 0], values[P:, 0], tree.policy_entry, values[P + movers, child[own]])
