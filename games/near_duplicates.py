"""Texts that say nearly the same: sets of short runs of words, each text a sketch of fixed size (MinHash, Broder 1997).

The similarity of two texts is the share of all their runs of one to three words that they have in common. A sketch
estimates it, to .044 (one standard deviation, at ½), from 128 numbers whatever the text's length, so that a text can be
held against everything that was ever written. Equal texts have a similarity of exactly 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

SIZE = 128
"""Numbers of a sketch."""
LONGEST_RUN = 3
"""Words of a run."""

Sketches: TypeAlias = NDArray[np.uint32]
"""(T, SIZE) of T texts."""

_WORD = re.compile(r"\w+|[^\w\s]")
_MIX = np.random.default_rng(0).integers(1, 2**64, size=(2, SIZE), dtype=np.uint64) | np.uint64(1)
"""Numbers that make SIZE different orders of all runs of words; they only have to be the same for ever."""
_TOP = np.uint64(32)


def sketches(texts: Sequence[str]) -> Sketches:
    """Return (T, SIZE) the sketches of texts; case and spaces mean nothing."""
    return np.array([_sketch(text) for text in texts], np.uint32).reshape(len(texts), SIZE)


def near(these: Sketches, those: Sketches, least: float) -> NDArray[np.int64]:
    """Return (T,) to how many of `those` each of `these` has a similarity of at least so much."""
    count = np.zeros(len(these), np.int64)
    for i, sketch in enumerate(these):
        count[i] = ((those == sketch).mean(axis=1) >= least).sum() if len(those) else 0
    return count


def repetition(these: Sketches, past: Sketches, batch: int, least: float) -> NDArray[np.float64]:
    """Return (T,) how much each of these tasks, out of a batch of so many, repeats the others and the past: 0 to 1.

    In a batch it is the share of it that is nearly the same, the task itself included, as in R-Zero (Huang et al.,
    2025). Each near duplicate in the past counts like one more in the batch, and less once there are many.
    """
    within = near(these, these, least) / batch
    before = near(these, past, least)
    return np.minimum(1.0, within + before / (before + batch))


def _sketch(text: str) -> NDArray[np.uint32]:
    runs = np.fromiter({_number(run) for run in _runs(_WORD.findall(text.casefold()))}, np.uint64)
    if not len(runs):
        return np.zeros(SIZE, np.uint32)
    mixed = runs[:, None] * _MIX[0] + _MIX[1]  # it wraps around, which is what mixes
    least: NDArray[np.uint32] = (mixed >> _TOP).min(axis=0).astype(np.uint32)
    return least


def _runs(words: Sequence[str]) -> Iterator[str]:
    for length in range(1, LONGEST_RUN + 1):
        for begin in range(len(words) - length + 1):
            yield " ".join(words[begin : begin + length])


def _number(run: str) -> int:
    return int.from_bytes(blake2b(run.encode("utf-8", "replace"), digest_size=8).digest())
