"""Answers that are the same, once: exact, and for a small game a small part of the work.

Hundreds of matches of a small game ask the same questions and get the same answers, token by token. The losses of
`losses.py` are linear in the advantage (the clipped one, for each of its signs), so equal answers are one with the
mean of their advantages, and their number as its weight. So it is with what a value is to foretell: equal answers have
equal prompts, hence one value V, and Σ (V − y)² over n targets y is n (V − mean y)² and a constant.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.batch import TokenBatch


class DistinctTurns(NamedTuple):
    """D distinct answers of a batch."""

    kind: NDArray[np.int64]
    """(N,) which of them each turn is."""
    rows: NDArray[np.int64]
    """(D,) one turn of each kind in the batch, in the order in which they come there first."""
    times: NDArray[np.float64]
    """(D,) how many turns are of this kind."""
    advantage: NDArray[np.float64]
    """(D,) their mean."""

    def mean(self, column: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (D,) the means of a number (N,) of each turn."""
        mean: NDArray[np.float64] = np.bincount(self.kind, column) / self.times
        return mean


def distinct_turns(batch: TokenBatch, advantage: NDArray[np.float64], by_sign: bool) -> DistinctTurns:
    """Return the distinct answers of a batch whose turns have such advantages (N,), by sign or not."""
    place: dict[tuple[bytes, bytes, bool], int] = {}
    kind = np.empty(len(batch), np.int64)
    for n in range(len(batch)):
        tokens = slice(batch.offsets[n], batch.offsets[n + 1])
        said = batch.ids[tokens].tobytes(), batch.loss_mask[tokens].tobytes()
        kind[n] = place.setdefault((*said, bool(by_sign and advantage[n] > 0)), len(place))
    count = np.bincount(kind).astype(np.float64)
    _, rows = np.unique(kind, return_index=True)
    return DistinctTurns(kind, rows, count, np.bincount(kind, advantage) / count)


def within_budget(batch: TokenBatch, tokens: int) -> list[NDArray[np.int64]]:
    """Return the turns of a batch in groups that have at most so many tokens with their padding, or a single turn.

    Each game and role has its own: their prompts begin alike for longest, and that is read once (`arena/causal.py`).
    """
    lengths = np.diff(batch.offsets)
    asked = batch.role if batch.played is None else batch.role + batch.played * (batch.role.max(initial=0) + 1)
    kinds = [np.flatnonzero(asked == kind) for kind in np.unique(asked)]
    return [places[group] for places in kinds for group in in_groups(lengths[places], tokens)]


def in_groups(lengths: NDArray[np.int64], tokens: int) -> list[NDArray[np.int64]]:
    """Return the places of `lengths` (N,) in groups that have at most so many tokens with their padding, or one place.

    Those of about the same length come together, so that little is padded.
    """
    groups: list[list[int]] = []
    for place in np.argsort(lengths, kind="stable"):  # the longest of a group comes last
        if not groups or lengths[place] * (len(groups[-1]) + 1) > tokens:
            groups.append([])
        groups[-1].append(int(place))
    return [np.array(group, np.int64) for group in groups]
