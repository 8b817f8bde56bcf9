"""A trainer's memory in a folder: tensors in safetensors, numbers in JSON, never a pickle."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import load_file, save_file

from arena.errors import CheckpointError

_TENSORS, _NUMBERS = "trainer.safetensors", "trainer.json"

Tensors = dict[str, torch.Tensor]


class Parametrised(Protocol):
    """A net or a language model, as far as its weights go."""

    def parameters(self) -> Iterable[torch.nn.Parameter]:
        """Return the weights, in one order for all of one shape."""


def save(folder: Path, tensors: Mapping[str, torch.Tensor], numbers: Mapping[str, Any]) -> None:
    """Write tensors and JSON values into a folder that exists."""
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, folder / _TENSORS)
    (folder / _NUMBERS).write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")


def load(folder: Path) -> tuple[Tensors, dict[str, Any]]:
    """Return what `save` wrote."""
    numbers: dict[str, Any] = json.loads((folder / _NUMBERS).read_text(encoding="utf-8"))
    return load_file(folder / _TENSORS), numbers


def weights(name: str, net: Parametrised) -> Tensors:
    """Return a net's parameters, named by position: "reference.0", "reference.1", …"""
    return {f"{name}.{i}": parameter for i, parameter in enumerate(net.parameters())}


def restore_weights(name: str, net: Parametrised, tensors: Mapping[str, torch.Tensor]) -> None:
    """Give a net the parameters that `weights` named. Raises CheckpointError for a net of another shape."""
    for i, parameter in enumerate(net.parameters()):
        kept = tensors.get(f"{name}.{i}")
        if kept is None or kept.shape != parameter.shape:
            raise CheckpointError(f"the {name} of this training folder was trained with a net of another shape")
        with torch.no_grad():
            parameter.copy_(kept)


def blend(target: Parametrised, source: Parametrised, rate: float = 1.0) -> None:
    """Move a net's parameters towards those of another of the same shape: by all of the way, or by a part of it.

    What the source has beyond them, such as a value head, is left.
    """
    theirs = iter(source.parameters())
    with torch.no_grad():
        for mine in target.parameters():
            mine.lerp_(next(theirs), rate)
