"""The traces of one match as bytes: what a trainer will need of its answers, compressed.

All turns of a match are packed together, since every prompt of a conversation repeats most of the one before. The
format is that of safetensors, whose names are here TURN/NAME, under zlib. Nothing is unpickled.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEVEL = 1
"""Of zlib. The referee packs while engines wait: level 6 takes five times as long to save another eighth."""

Trace = Mapping[str, NDArray[Any]]
"""What a player left with one answer."""


def pack(traces: Mapping[int, Trace]) -> bytes:
    """Return the traces of a match by the number of their turn, as bytes; arrays keep their types and shapes."""
    from safetensors.numpy import save

    arrays = {
        f"{turn}/{name}": np.asarray(value, order="C")  # safetensors writes a transposed array as if it were not
        for turn, trace in traces.items()
        for name, value in trace.items()
    }
    return zlib.compress(save(arrays), _LEVEL)


def unpack(data: bytes) -> dict[int, dict[str, NDArray[Any]]]:
    """Return what was packed, ordered by turn. Raises ValueError for bytes that are no such thing."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(zlib.decompress(data))
    except (zlib.error, SafetensorError) as error:
        raise ValueError(f"no traces: {error}") from None
    traces: dict[int, dict[str, NDArray[Any]]] = {}
    for key in sorted(arrays, key=lambda key: (int(key.partition("/")[0]), key)):
        turn, _, name = key.partition("/")
        traces.setdefault(int(turn), {})[name] = arrays[key]
    return traces
