"""A LoRA adapter that changes nothing, and what an adapter may change where many are computed in one batch.

vLLM computes a request without an adapter with the weights of one, if there are any in its batch and all places for
adapters are taken (0.32, on the CPU; no error is raised). So the model as it is plays through an adapter too, whose
matrices are zero.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

from arena.errors import ConfigError, reason

FILES = ("adapter_config.json", "adapter_model.safetensors")
_PREFIX = "base_model.model."  # what peft puts before the name of a layer


def linear_layers(model: str) -> dict[str, tuple[int, int]]:
    """Return the linear layers of a model by their full names, (inputs, outputs) each, without loading its weights.

    The layer that gives the logits is not among them: where it is adapted, vLLM cannot score a given answer. Raises
    ConfigError for a model that transformers does not know.
    """
    try:
        config = AutoConfig.from_pretrained(model, trust_remote_code=False)
        with torch.device("meta"):
            empty = AutoModelForCausalLM.from_config(config, trust_remote_code=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, AttributeError, ImportError) as error:
        raise ConfigError(f"the model {model!r} cannot be loaded: {reason(error)}") from error
    head = empty.get_output_embeddings()
    return {
        name: (layer.in_features, layer.out_features)
        for name, layer in empty.named_modules()
        if isinstance(layer, torch.nn.Linear) and layer is not head
    }


def write_zero_adapter(folder: Path, layers: Mapping[str, tuple[int, int]]) -> Path:
    """Write an adapter of rank 1 whose matrices are zero, for such layers; return its folder."""
    folder.mkdir(parents=True)
    weights = {}
    for name, (inputs, outputs) in layers.items():
        weights[f"{_PREFIX}{name}.lora_A.weight"] = torch.zeros(1, inputs)
        weights[f"{_PREFIX}{name}.lora_B.weight"] = torch.zeros(outputs, 1)
    save_file(weights, folder / FILES[1])
    targets = sorted({last(name) for name in layers})
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 1, "lora_alpha": 1, "target_modules": targets}
    (folder / FILES[0]).write_text(json.dumps(config), encoding="utf-8")
    return folder


def last(name: str) -> str:
    """Return what a layer is called within its block."""
    return name.rpartition(".")[2]


def check_adapter(folder: str, layers: Mapping[str, tuple[int, int]], rank: int) -> None:
    """Raise ConfigError where a folder holds no adapter of these layers, of a rank up to `rank`.

    vLLM does not look: one that was made for a smaller model is computed as if it were for this one.
    """
    for file in FILES:
        if not (Path(folder) / file).is_file():
            raise ConfigError(f"{folder!r} is no adapter that can be loaded: it has no {file}")
    try:
        with safe_open(Path(folder) / FILES[1], "pt") as weights:
            shapes = {key: weights.get_slice(key).get_shape() for key in weights.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError) as error:
        raise ConfigError(f"the adapter {folder!r} cannot be read: {reason(error)}") from error
    for key, shape in shapes.items():
        name, _, matrix = key.removeprefix(_PREFIX).partition(".lora_")
        if name not in layers:
            raise ConfigError(
                f"the adapter {folder!r} changes {name}, which is no layer that vLLM can adapt for one player among "
                "several: if the model has it, let transformers play this adapter (engine = 'transformers')"
            )
        inputs, outputs = layers[name]
        own, wanted = (shape[0], [shape[0], inputs]) if matrix == "A.weight" else (shape[-1], [outputs, shape[-1]])
        if matrix in ("A.weight", "B.weight") and shape != wanted:
            raise ConfigError(f"the adapter {folder!r} does not fit the model: its {key} is {shape}, not {wanted}")
        if matrix in ("A.weight", "B.weight") and own > rank:
            raise ConfigError(f"the adapter {folder!r} has rank {own}, and the engine takes {rank} at most: raise rank")
