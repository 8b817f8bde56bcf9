"""What a language model thinks that a match will pay: one number for each prompt, linear in its last hidden state.

It begins with 0 for every prompt, and learns with the weights below it: the critic of StarPO-S (Wang et al., 2025).
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from arena.errors import CheckpointError, reason

FILE = Path("value_head", "head.safetensors")
"""In a folder of its own: vLLM takes whatever safetensors lie beside those of a model for a part of it."""


class ValueHead:
    """A weight for each of `width` numbers, and one for all prompts; in float32, whatever the model computes in."""

    def __init__(self, width: int, device: torch.device) -> None:
        self._weights = {
            "weight": torch.nn.Parameter(torch.zeros(width, device=device)),
            "bias": torch.nn.Parameter(torch.zeros((), device=device)),
        }

    def parameters(self) -> list[torch.nn.Parameter]:
        """Return the weights, always in one order."""
        return list(self._weights.values())

    def __call__(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return (N,) what is predicted for prompts whose last hidden states are (N, D)."""
        value: torch.Tensor = hidden.float() @ self._weights["weight"] + self._weights["bias"]
        return value

    def write(self, folder: Path) -> None:
        """Put it into a folder of weights."""
        file = folder / FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: weight.detach().cpu() for name, weight in self._weights.items()}, file)

    def read(self, folder: Path) -> None:
        """Take the one that `write` has put there. Raises CheckpointError where there is none that fits."""
        file = folder / FILE
        try:
            kept = load_file(file)
        except (OSError, SafetensorError) as error:
            raise CheckpointError(
                f"{file} cannot be read: {reason(error)}; a value head goes on from one that was saved"
            ) from error
        shapes, own = ({name: tuple(w.shape) for name, w in head.items()} for head in (kept, self._weights))
        if shapes != own:
            raise CheckpointError(f"{file} is the value head of another model: it has {shapes}, and {own} is needed")
        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(kept[name])
