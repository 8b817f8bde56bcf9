"""Independent random sources, all derived from one run seed and names; nothing here is global.

A seed is an integer in [0, 2**64). `derive` hashes a parent seed with any names into a child seed, so that
match 7 of a run draws the same cards whether or not match 6 was played, in any order, after any crash.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from hashlib import blake2b, shake_128

import numpy as np
from numpy.typing import NDArray

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15


def derive(seed: int, *names: str | int) -> int:
    """Return the child seed of `seed` under `names`. Distinct names give independent seeds.

    Each name is hashed with its length, so ("a", "b") is neither ("ab",) nor ("a b",), whatever the names
    hold. A number and its text are one name: match 7 stays match 7 when a file gives it back as "7".
    """
    return int.from_bytes(blake2b(_named(seed, names), digest_size=8).digest())


def derive_several(seed: int, count: int, *names: str | int) -> tuple[int, ...]:
    """Return `count` child seeds of `seed` under `names` at the price of one; none follows from another."""
    return struct.unpack(f">{count}Q", shake_128(_named(seed, names)).digest(8 * count))


def _named(seed: int, names: tuple[str | int, ...]) -> bytes:
    text = "".join([f"{len(name)}:{name}" for name in map(str, names)])
    return struct.pack("<Q", seed & _MASK) + text.encode()


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """Return a numpy generator of its own for `names` under `seed`."""
    return np.random.Generator(np.random.PCG64(derive(seed, *names)))


def nth(seed: int, number: int) -> int:
    """Return the `number`-th seed after `seed` in the sequence of SplitMix64 (Steele et al., 2014).

    A fifth of the price of `derive`, for many draws from one seed that nothing else is derived from.
    """
    return (seed + number * _GAMMA) & _MASK


def uniform(seed: int) -> float:
    """Return the number in [0, 1) that belongs to `seed`, as `uniforms` does, without building an array."""
    z = (seed + _GAMMA) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((z ^ (z >> 31)) >> 11) * 2.0**-53


def uniforms(seeds: Sequence[int] | NDArray[np.uint64]) -> NDArray[np.float64]:
    """Return one number in [0, 1) per seed, shape (B,), by the splitmix64 finaliser (Steele et al., 2014)."""
    z = np.asarray(seeds, dtype=np.uint64) + np.uint64(_GAMMA)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53
