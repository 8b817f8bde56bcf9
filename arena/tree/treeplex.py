"""Every seat's decisions as a tree of their own, a treeplex (Hoda et al., 2010): what solvers walk, layer by layer.

It is the sequence form with all that belongs to one seat put side by side, as solvers let the seats take turns. Its
information sets stand in the order of how many own moves came before, so that those of one depth, a layer, are a
slice. Shapes: n own information sets, A actions, S = 1 + n·A own sequences, Z endings, I information sets of all seats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError
from arena.tree.enumeration import Policy, Tree
from arena.tree.sequence_form import SequenceForm, sequence_form

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Treeplex:
    """What one seat can do. Sequence 0 is empty; 1 + k·A + a is "action a at own set k".

    A policy is (n, A) action probabilities. A plan is (S,) the weight of every sequence: the product of the seat's
    own probabilities on the way. A gradient is (S,) what a sequence earns as the last one of the match, weighted by
    the others and chance.
    """

    sets: NDArray[np.int64]
    """(n,) which of the tree's information sets they are."""
    mask: NDArray[np.bool_]
    """(n, A) legal actions."""
    parent: NDArray[np.int64]
    """(n,) the own sequence before each set."""
    layers: tuple[slice, ...]
    """The sets by the number of own moves before them."""
    ending: NDArray[np.int64]
    """(Z,) the last own sequence before each ending."""

    @cached_property
    def uniform(self) -> Policy:
        """(n, A) the uniform policy over legal actions."""
        policy: Policy = self.mask / self.mask.sum(axis=1, keepdims=True)
        return policy

    def plan(self, policy: Policy) -> Floats:
        """Return the plan (S,) of a policy (n, A)."""
        plan = np.empty(1 + policy.size)
        plan[0] = 1.0
        moves = plan[1:].reshape(policy.shape)
        for layer in self.layers:
            np.multiply(plan[self.parent[layer], None], policy[layer], out=moves[layer])
        return plan

    def policy(self, plan: Floats) -> Policy:
        """Return the policy (n, A) of a plan (S,), or of a sum of plans; uniform where it never comes."""
        return self.in_proportion(plan[1:].reshape(self.mask.shape))

    def in_proportion(self, weights: Floats) -> Policy:
        """Return the policy (n, A) in proportion to `weights` (n, A), uniform at sets where they are all 0."""
        total = weights.sum(axis=1, keepdims=True)
        policy: Policy = np.divide(weights, total, out=self.uniform.copy(), where=total > 0)
        return policy

    def action_values(self, gradient: Floats, policy: Policy) -> tuple[Floats, Floats]:
        """Return what every action earns (n, A), and the policy's mix of them (n,), when the policy goes on.

        Both are weighted by how likely chance and the others make each set. `gradient` is used up.
        """
        values = gradient[1:].reshape(policy.shape)
        mix = np.empty(len(policy))
        for layer in reversed(self.layers):
            np.einsum("ka,ka->k", values[layer], policy[layer], out=mix[layer])
            np.add.at(gradient, self.parent[layer], mix[layer])
        return values, mix

    def best(self, gradient: Floats) -> Policy:
        """Return the best policy (n, A) against a gradient, one action at every set. `gradient` is used up."""
        values = gradient[1:].reshape(self.mask.shape)
        best = np.empty(len(values), np.int64)
        for layer in reversed(self.layers):
            options = np.where(self.mask[layer], values[layer], -np.inf)
            best[layer] = options.argmax(axis=1)
            np.add.at(gradient, self.parent[layer], options.max(axis=1))
        policy: Policy = np.zeros(values.shape)
        policy[np.arange(len(best)), best] = 1.0
        return policy


@dataclass(frozen=True, eq=False)
class Treeplexes:
    """A hidden game as one treeplex per seat, and what their endings pay."""

    tree: Tree
    seats: tuple[Treeplex, ...]
    payoff: Floats
    """(P, Z) the payoff per seat, weighted by chance."""

    @classmethod
    def of(cls, tree: Tree) -> Treeplexes:
        """Return the treeplexes of a game. Raises GameError for one that hides nothing, or forgets."""
        if not tree.game.hidden:
            raise GameError(
                f"{tree.game.name} hides nothing, so nobody need mix and there is nothing to balance: "
                "let minimax play it perfectly"
            )
        form = sequence_form(tree)
        seats = tuple(_treeplex(tree, form, seat) for seat in range(tree.game.seats))
        return cls(tree, seats, np.ascontiguousarray((form.chance_reach[:, None] * form.payoff).T))

    def gradient(self, seat: int, plans: Sequence[Floats]) -> Floats:
        """Return what every sequence of `seat` earns (S,) against the others' plans; its own does not count."""
        weights = self.payoff[seat]
        for other, (treeplex, plan) in enumerate(zip(self.seats, plans, strict=True)):
            if other != seat:
                weights = weights * plan[treeplex.ending]
        own = self.seats[seat]
        gradient: Floats = np.bincount(own.ending, weights, 1 + own.mask.size).astype(np.float64, copy=False)
        return gradient

    def policy(self, policies: Sequence[Policy]) -> Policy:
        """Return the (I, A) policy of all seats from one (n, A) per seat."""
        table = np.zeros(self.tree.mask.shape)
        for treeplex, policy in zip(self.seats, policies, strict=True):
            table[treeplex.sets] = policy
        return table


def _treeplex(tree: Tree, form: SequenceForm, seat: int) -> Treeplex:
    A = tree.mask.shape[1]
    by_depth = [sets for sets, _ in form.by_depth[seat]]
    sets = np.concatenate(by_depth) if by_depth else np.zeros(0, np.int64)
    ends = np.cumsum([0, *map(len, by_depth)]).tolist()
    own = np.zeros(1 + tree.mask.size, np.int64)  # own sequence by the number it has in the form
    own[1 + sets[:, None] * A + np.arange(A)] = 1 + np.arange(len(sets) * A).reshape(-1, A)
    return Treeplex(
        sets=sets,
        mask=tree.mask[sets],
        parent=own[form.parent[sets]],
        layers=tuple(slice(begin, end) for begin, end in pairwise(ends)),
        ending=own[form.sequence[seat]],
    )
