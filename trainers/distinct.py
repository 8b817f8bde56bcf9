"""Decisions that say the same, once: exact, and on tables a tenth of the work.

Thousands of matches of a small game meet the same views again and again. The losses of `losses.py` depend on a
row only through what was seen, what was done, who did it with which probability, and linearly on its advantage
and its target; the clipped loss also on the advantage's sign. So rows that agree in the former are one row with
the mean of the latter, and its share of all rows as its weight.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from arena.batch import DecisionBatch


class Distinct(NamedTuple):
    """D distinct decisions; the tensors lie on the CPU."""

    batch: DecisionBatch
    """One row of each kind; match, turn and payoff are those of an arbitrary one."""
    share: torch.Tensor
    """(D,) part of all decisions, summing to 1: `share @ x` is the mean of x over decisions."""
    behaviour_logp: torch.Tensor
    """(D,) of the action, in nats."""
    advantage: torch.Tensor
    """(D,) mean."""
    target: torch.Tensor
    """(D,) mean of what the value should have been."""

    def on(self, device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return share, behaviour_logp, advantage and target on a device."""
        return self.share.to(device), self.behaviour_logp.to(device), self.advantage.to(device), self.target.to(device)


def distinct(batch: DecisionBatch, advantage: NDArray[np.float64], target: NDArray[np.float64]) -> Distinct:
    """Return the distinct decisions of one behaviour's batch with advantages (N,) and value targets (N,)."""
    code = (batch.information_set * batch.mask.shape[1] + batch.action) * 2 + (advantage > 0)
    count = np.bincount(code)
    kinds = np.flatnonzero(count)
    row = np.empty(len(count), np.int64)
    row[code] = np.arange(len(code))
    kept = batch.where(row[kinds])

    def mean(column: NDArray[np.float64]) -> torch.Tensor:
        return torch.from_numpy(np.bincount(code, column)[kinds] / count[kinds]).float()

    share = torch.from_numpy(count[kinds] / len(code)).float()
    return Distinct(kept, share, torch.from_numpy(kept.behaviour_logp).float(), mean(advantage), mean(target))
