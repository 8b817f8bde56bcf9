"""What deep CFR remembers: at every information set the weighted mean of all that was ever found there.

Brown et al. (2019) keep a fair sample of single visits. The squared error and the cross entropy of all visits of an
information set differ from those of their mean by a constant, so one row each teaches the same and forgets nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from arena.trainers.trainer import Visits


class Rows(NamedTuple):
    """N information sets to learn from."""

    observation: NDArray[np.float32]
    """(N, …) encoded views."""
    mask: NDArray[np.bool_]
    """(N, A) legal actions."""
    target: torch.Tensor
    """(N, A) mean of all that was found."""
    share: torch.Tensor
    """(N,) how much each counts, summing to 1."""


class Means:
    """Sums of targets and of weights; position = number of the information set."""

    def __init__(self) -> None:
        self._columns: dict[str, NDArray[Any]] = {}

    def add(self, found: Visits, weight: float) -> None:
        """Count every visit `weight` times."""
        times = weight * found.times
        mine = {
            "observation": found.observation,
            "mask": found.mask,
            "sum": times[:, None] * found.target,
            "weight": times,
        }
        size = int(found.information_set.max(initial=-1)) + 1
        for name, column in mine.items():
            known = self._columns.get(name, np.zeros((0, *column.shape[1:]), column.dtype))
            if size > len(known):
                known = np.concatenate([known, np.zeros((size - len(known), *column.shape[1:]), column.dtype)])
            if name in ("sum", "weight"):
                known[found.information_set] += column
            else:
                known[found.information_set] = column
            self._columns[name] = known

    def sample(self, count: int, rng: np.random.Generator) -> Rows:
        """Return all that was visited, or, if that is more than `count`, so many drawn in proportion to weight."""
        weight = self._columns["weight"]
        row = np.flatnonzero(weight)
        share = weight[row] / weight.sum()
        if len(row) > count:
            row, share = rng.choice(row, count, p=share), np.full(count, 1 / count)
        target = torch.from_numpy(self._columns["sum"][row] / weight[row, None]).float()
        observation, mask = self._columns["observation"][row], self._columns["mask"][row]
        return Rows(observation, mask, target, torch.from_numpy(share).float())

    def state(self, name: str) -> dict[str, torch.Tensor]:
        """Return all of it as tensors, named "NAME.COLUMN"."""
        return {f"{name}.{key}": torch.from_numpy(column) for key, column in self._columns.items()}

    def restore(self, name: str, tensors: Mapping[str, torch.Tensor]) -> None:
        """Take what `state` returned."""
        mine = {key: tensor.numpy().copy() for key, tensor in tensors.items() if key.startswith(f"{name}.")}
        self._columns = {key.partition(".")[2]: column for key, column in mine.items()}
