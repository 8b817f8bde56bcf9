"""Mixtures of policies as one policy: draw a member before the game, play it to the end.

A mixture plays a member's next move with the probability that this member is the one that was drawn, given the own
moves so far. So policies are averaged in the weights of own sequences (Kuhn, 1953), never move by move. Shapes: K
members, I information sets, A actions.
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
    form = sequence_form(tree)
    plan = np.zeros((len(members), tree.mask.size + 1))
    plan[:, 0] = weights
    rows = np.stack(members)
    mixed: Policy = np.zeros(tree.mask.shape)
    for sets, sequences in form.by_depth[seat]:
        reach = plan[:, form.parent[sets], None]
        plan[:, sequences] = reach * rows[:, sets]
        total = reach.sum(axis=0)
        share = plan[:, sequences].sum(axis=0) / np.where(total > 0, total, 1.0)
        mixed[sets] = np.where(total > 0, share, tree.uniform[sets])
    return mixed
