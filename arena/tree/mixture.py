"""Mixtures of policies as one policy: draw a member before the game, play it to the end.

A mixture plays a member's next move with the probability that this member is the one that was drawn, given the own
moves so far. So policies are averaged in the weights of own sequences (Kuhn, 1953), never move by move. Shapes: K
members, I information sets, A actions, S = 1 + I · A own sequences.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from arena.tree.enumeration import Policy, Tree
from arena.tree.sequence_form import sequence_form


def mixture_policy(tree: Tree, members: Sequence[Policy], weights: NDArray[np.float64], seat: int) -> Policy:
    """Return (I, A) with this seat's rows of the mixture of `members`, weights (K,), and zero rows elsewhere.

    Where no member ever comes by its own moves, the rows are uniform. Raises GameError for a game whose views forget
    own moves (open games do), in which no single policy may play as a mixture does.
    """
    plan = weights @ sequence_weights(tree, members, seat)
    form = sequence_form(tree)
    mixed: Policy = np.zeros(tree.mask.shape)
    for sets, sequences in form.by_depth[seat]:
        before = plan[form.parent[sets], None]
        mixed[sets] = np.where(before > 0, plan[sequences] / np.where(before > 0, before, 1.0), tree.uniform[sets])
    return mixed


def sequence_weights(tree: Tree, members: Sequence[Policy], seat: int) -> NDArray[np.float64]:
    """Return (K, S) the probability that each member plays all the moves of each of the seat's own sequences."""
    form = sequence_form(tree)
    rows = np.stack(members)
    plan = np.zeros((len(members), tree.mask.size + 1))
    plan[:, 0] = 1.0
    for sets, sequences in form.by_depth[seat]:
        plan[:, sequences] = plan[:, form.parent[sets], None] * rows[:, sets]
    return plan
