"""A LoRA adapter that changes nothing, and what an adapter may change where many are computed in one batch.

vLLM computes a request without an adapter with the weights of another one's, if both are in a batch (0.32, on the CPU;
no error is raised). So the model as it is plays through an adapter too, whose matrices are zero.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

from arena.errors import ConfigError, reason

FILES = ("adapter_config.json", "adapter_model.safetensors")


def linear_layers(model: str) -> dict[str, tuple[int, int]]:
    """Return the linear layers of a model by their full names, (inputs, outputs) each, without loading its weights.

    The layer that gives the logits is not among them: where it is adapted, vLLM cannot score a given answer.
    """
    config = AutoConfig.from_pretrained(model, trust_remote_code=False)
    with torch.device("meta"):
        empty = AutoModelForCausalLM.from_config(config, trust_remote_code=False)  # type: ignore[no-untyped-call]
    head = empty.get_output_embeddings()
    return {
        name: (layer.in_features, layer.out_features)
        for name, layer in empty.named_modules()
        if isinstance(layer, torch.nn.Linear) and layer is not head
    }


def write_zero_adapter(folder: Path, layers: dict[str, tuple[int, int]]) -> Path:
    """Write an adapter of rank 1 whose matrices are zero, for such layers; return its folder."""
    folder.mkdir(parents=True)
    weights = {}
    for name, (inputs, outputs) in layers.items():
        weights[f"base_model.model.{name}.lora_A.weight"] = torch.zeros(1, inputs)
        weights[f"base_model.model.{name}.lora_B.weight"] = torch.zeros(outputs, 1)
    save_file(weights, folder / FILES[1])
    targets = sorted({last(name) for name in layers})
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 1, "lora_alpha": 1, "target_modules": targets}
    (folder / FILES[0]).write_text(json.dumps(config), encoding="utf-8")
    return folder


def last(name: str) -> str:
    """Return what a layer is called within its block."""
    return name.rpartition(".")[2]


def check_adapter(folder: str, targets: Sequence[str], rank: int) -> None:
    """Raise ConfigError where a folder holds no adapter that can be computed with others.

    `targets` are the layers, by their last names, that an adapter may change, and `rank` is the highest it may have.
    """
    for file in FILES:
        if not (Path(folder) / file).is_file():
            raise ConfigError(f"{folder!r} is no adapter that can be loaded: it has no {file}")
    try:
        own = int(json.loads((Path(folder) / FILES[0]).read_text(encoding="utf-8"))["r"])
        with safe_open(Path(folder) / FILES[1], "pt") as weights:
            changed = {last(key.partition(".lora_")[0]) for key in weights.keys()}  # noqa: SIM118 - it is no mapping
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ConfigError(f"the adapter {folder!r} cannot be read: {reason(error)}") from error
    if strange := sorted(changed - set(targets)):
        raise ConfigError(
            f"the adapter {folder!r} changes {strange[0]}, which vLLM cannot adapt for one player among several: "
            "let transformers play it (engine = 'transformers')"
        )
    if own > rank:
        raise ConfigError(f"the adapter {folder!r} has rank {own}, and the engine takes {rank} at most: raise rank")
