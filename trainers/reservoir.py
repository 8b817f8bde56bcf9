"""What a learner remembers: the latest decisions, or a fair sample of all that there ever were.

Both are arrays of a fixed length with named columns; all randomness comes from the generator that is handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from arena.batch import DecisionBatch

Columns = dict[str, NDArray[Any]]


class Replay:
    """The latest `capacity` rows."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.seen = 0
        """Rows that were ever offered."""
        self._columns: Columns = {}

    def __len__(self) -> int:
        return min(self.seen, self.capacity)

    def add(self, rows: Mapping[str, NDArray[Any]], rng: np.random.Generator) -> None:
        """Take rows: a column per name, equally long, always of the same shapes."""
        count = len(next(iter(rows.values())))
        if not self._columns:
            self._columns = {name: np.zeros((self.capacity, *c.shape[1:]), c.dtype) for name, c in rows.items()}
        place = self._places(count, rng)
        kept = place < self.capacity
        for name, column in rows.items():
            self._columns[name][place[kept]] = column[kept]  # of two rows for one place the later one stays
        self.seen += count

    def sample(self, count: int, rng: np.random.Generator) -> Columns:
        """Return rows drawn uniformly, with replacement."""
        rows = rng.integers(len(self), size=count)
        return {name: column[rows] for name, column in self._columns.items()}

    def state(self, name: str) -> dict[str, torch.Tensor]:
        """Return the columns as tensors, named "NAME.COLUMN"."""
        return {f"{name}.{key}": torch.from_numpy(column[: len(self)]) for key, column in self._columns.items()}

    def restore(self, name: str, tensors: Mapping[str, torch.Tensor], seen: int) -> None:
        """Take what `state` returned after so many rows."""
        self.seen, self._columns = seen, {}
        for key, tensor in tensors.items():
            prefix, _, column = key.partition(".")
            if prefix == name:
                kept = tensor.numpy()
                self._columns[column] = np.zeros((self.capacity, *kept.shape[1:]), kept.dtype)
                self._columns[column][: len(kept)] = kept

    def _places(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the place of each new row; `capacity` and beyond: nowhere."""
        return (self.seen + np.arange(count)) % self.capacity


class Reservoir(Replay):
    """A uniform sample of `capacity` rows of all that were ever offered (Vitter, 1985, algorithm R)."""

    def _places(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        number = self.seen + np.arange(count)
        return np.where(number < self.capacity, number, rng.integers(number + 1))


def decisions(observation: NDArray[np.float32], mask: NDArray[np.bool_], action: NDArray[np.int64]) -> DecisionBatch:
    """Return remembered rows (N, …), (N, A), (N,) as a batch that a net evaluates; what else a batch says is empty."""
    n = len(action)
    zeros = np.zeros(n, np.int64)
    return DecisionBatch(
        game="", policy_id="", version=0, observation=observation, mask=mask, information_set=np.arange(n),
        action=action, behaviour=zeros, behaviour_logp=np.zeros(n, np.float32), payoff=np.zeros(n),
        seat=zeros, side=zeros, role=zeros, match=zeros, turn=zeros,
    )  # fmt: skip
