"""A new LoRA adapter (Hu et al., 2022), the same for whoever begins one: it changes nothing yet, and has a seed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def lora(rank: int) -> Any:
    """Return peft's configuration of an adapter on all linear layers but the one that gives the logits."""
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM")


def begin(weights: Iterable[tuple[str, torch.Tensor]], seed: int) -> None:
    """Give the first matrices among an adapter's named weights the values that peft would, but from a seed.

    The second ones are zero, as peft has made them.
    """
    import torch

    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in weights:
            if "lora_A" in name:
                bound = weight.shape[1] ** -0.5
                weight.copy_(torch.empty(weight.shape).uniform_(-bound, bound, generator=rng))
