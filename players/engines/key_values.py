"""The keys and values of a running batch: rows come and go, and all of them end at the same column.

A transformers cache grows by copying itself at every token, and holds a batch that begins and ends together. Here a
new row is written into the columns just before the present one, and only the columns that somebody needs are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

_ROOM = 64
"""Columns that are added at a time."""


class KeyValues:
    """Keys and values of up to `slots` rows. `begins` is the first column of each row, `now` the next to be written."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.begins: list[int] = []
        self.now = 0
        self._layers: list[Any] = []

    @property
    def low(self) -> int:
        """The first column that a row needs."""
        return min(self.begins, default=self.now)

    def mask(self) -> torch.Tensor:
        """Return which of the columns, from the lowest to the one to be written, are each row's own: (B, T), 0 or 1."""
        return (torch.arange(self.low, self.now + 1) >= torch.tensor(self.begins)[:, None]).long()

    def positions(self) -> torch.Tensor:
        """Return the position of the next token in each row, shape (B, 1)."""
        return self.now - torch.tensor(self.begins)[:, None]

    def cache(self) -> Cache:
        """Return what a model reads, and writes the next token to, for all rows. Then comes `advance`."""
        if self.now == self._layers[0].columns:
            self._move(self.now - self.low, len(self.begins))
        return Cache(layers=self._layers)

    def advance(self) -> None:
        """Count the token that every row has got."""
        self.now += 1

    def admit(self, cache: Any, rows: Sequence[int], lengths: Sequence[int]) -> None:
        """Let in the given rows of a left-padded cache, with so many tokens each, behind those that are there."""
        width = cache.get_seq_length()
        if not self._layers:
            self._layers = [_Layer(self, layer) for layer in cache.layers]
        first, high = len(self.begins), len(self.begins) + len(rows)
        if width > self.now or high > self._layers[0].rows:
            self._move(max(width, self.now - self.low), high)
        for mine, new in zip(self._layers, cache.layers, strict=True):
            mine.write(first, self.now - width, new.keys[rows], new.values[rows])
        self.begins += [self.now - length for length in lengths]

    def keep(self, rows: Sequence[int]) -> list[int]:
        """Drop all other rows; return which row stands at each place now: those at the end fill the gaps."""
        kept = set(rows)
        holes = [i for i in range(len(rows)) if i not in kept]
        movers = [i for i in rows if i >= len(rows)]
        order = list(range(len(rows)))
        for hole, mover in zip(holes, movers, strict=True):
            order[hole] = mover
        if holes:
            for layer in self._layers:
                layer.copy(movers, holes, self.low, self.now)
        self.begins = [self.begins[i] for i in order]
        return order

    def _move(self, width: int, high: int) -> None:
        """Make room behind, and have at least `width` columns before the present one, and `high` rows."""
        low, rows = self.low, self._layers[0].rows
        if high > rows:  # a batch that few use stays small
            rows = min(self.slots, max(high, 2 * rows))
        for layer in self._layers:
            layer.move(low, self.now, width, rows, width + _ROOM)
        shift = width - self.now
        self.now += shift
        self.begins = [begin + shift for begin in self.begins]


class _Layer(CacheLayerMixin):  # type: ignore[no-untyped-call]  # transformers' own signature is untyped
    """Keys and values of one layer, shape (rows, heads, columns, size) each."""

    is_sliding = False
    keys: Any
    values: Any

    def __init__(self, owner: KeyValues, like: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the same
        self._owner = owner
        self.keys, self.values = (x.new_zeros(0, x.shape[1], 0, x.shape[3]) for x in (like.keys, like.values))
        self.is_initialized = True

    @property
    def rows(self) -> int:
        return len(self.keys)

    @property
    def columns(self) -> int:
        return int(self.keys.shape[2])

    def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        rows, low, now = len(key_states), self._owner.low, self._owner.now
        self.keys[:rows, :, now] = key_states[:, :, 0]
        self.values[:rows, :, now] = value_states[:, :, 0]
        return self.keys[:rows, :, low : now + 1], self.values[:rows, :, low : now + 1]

    def write(self, row: int, column: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        place = slice(row, row + len(keys)), slice(None), slice(column, column + keys.shape[2])
        self.keys[place], self.values[place] = keys, values

    def copy(self, sources: Sequence[int], targets: Sequence[int], low: int, now: int) -> None:
        for x in (self.keys, self.values):
            x[targets, :, low:now] = x[sources, :, low:now]

    def move(self, low: int, now: int, width: int, rows: int, columns: int) -> None:
        """Have the columns from `low` to `now` end at column `width`, and so many rows and columns in all."""
        moved = []
        for x in (self.keys, self.values):
            larger = x.new_zeros(rows, x.shape[1], columns, x.shape[3])
            larger[: len(x), :, width - (now - low) : width] = x[:, :, low:now]
            moved.append(larger)
        self.keys, self.values = moved

    def get_seq_length(self) -> int:
        return self._owner.now - self._owner.low

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.get_seq_length() + query_length, 0

    def get_max_length(self) -> int:
        return -1

    def get_max_cache_shape(self) -> int:
        return -1

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Do nothing: it is made with its shape."""
