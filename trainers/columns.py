"""One number of a run over its updates, and what can be said of it: how it began, how it is now, since when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite, nan, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.interval import Floats, Interval, t_quantile

History = Sequence[tuple[int, Mapping[str, float]]]
"""What every update told: (update, name → value), oldest first."""


class Column(NamedTuple):
    """One number over the N updates that told it; what was no number is left out."""

    steps: list[int]
    values: Floats
    """(N,)"""

    @classmethod
    def of(cls, history: History, name: str) -> Column:
        """Return it, and nothing of it where the last update did not tell it: old numbers raise no alarm."""
        told = history if name in history[-1][1] else ()
        found = [(step, value) for step, said in told if isfinite(value := said.get(name, nan))]
        return cls([step for step, _ in found], np.array([value for _, value in found], np.float64))

    def __len__(self) -> int:
        return len(self.values)

    def words(self, window: int) -> str:
        """Return which updates the last window spans."""
        return f"over updates {self.steps[-window]} to {self.steps[-1]}"

    def best_before(self, window: int) -> Interval:
        """Return the lowest mean of the windows that stand one after the other before the last one."""
        whole = (len(self) - window) // window
        blocks = self.values[: whole * window].reshape(whole, window)
        return mean_of(blocks[blocks.mean(axis=1).argmin()])

    def since(self, window: int, bad: Callable[[Floats], NDArray[np.bool_]]) -> int:
        """Return the first update of the earliest window from which on the median has been `bad`."""
        medians = np.median(np.lib.stride_tricks.sliding_window_view(self.values, window), axis=1)
        good = np.flatnonzero(~bad(medians))
        return self.steps[min(good[-1] + 1 if len(good) else 0, len(medians) - 1)]


def mean_of(values: NDArray[Any]) -> Interval:
    """Return the mean of (N,) updates with its 95% interval, each update an observation: its replies are much alike."""
    half_width = float(t_quantile(len(values) - 1)) * float(values.std(ddof=1)) / sqrt(len(values))
    return Interval.around(float(values.mean()), half_width)
