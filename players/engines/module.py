"""A causal language model in this process: as it is, and with any number of LoRA adapters on top of it.

Members are the model itself, called "", and its adapters. Those that only play are loaded from their folders; those
that learn are begun here, and change. Weights are read from safetensors alone, and no code that comes with a model is
run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from arena import adapters
from arena.errors import CheckpointError, ConfigError, reason

WEIGHTS = {"adapter": "adapter_model.safetensors", "model": "model.safetensors"}
_ATTENTION = {"full_attention", "sliding_attention"}
"""Kinds of layers whose whole memory is keys and values."""


class Module:
    """A model, a folder or a name that the local cache of Hugging Face knows, and its members.

    Raises ConfigError for a model that cannot be loaded, or whose memory is more than keys and values.
    """

    def __init__(self, model: str, device: str | None = None, dtype: str | None = None) -> None:
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        dtype = dtype or ("bfloat16" if device.startswith("cuda") else "float32")
        self._source = model
        self._model: Any = _loaded(model, dtype).to(device).eval()
        self._adapters: dict[str, str] = {}
        self._named = 0
        for weight in self._model.parameters():
            weight.requires_grad_(False)

    @property
    def context(self) -> int:
        """How many tokens it can read."""
        text = self._model.config.get_text_config()
        return int(getattr(text, "max_position_embeddings", None) or 1 << 30)

    @property
    def width(self) -> int:
        """How many numbers its hidden states are."""
        return int(self._model.config.get_text_config().hidden_size)

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        where: torch.device = self._model.device
        return where

    @property
    def dtype(self) -> torch.dtype:
        """In which precision it is."""
        precision: torch.dtype = self._model.dtype
        return precision

    def load(self, folder: str) -> None:
        """Let the adapter of a folder be a member of that name. Raises ConfigError where it is none, or is pickled."""
        if folder in self._adapters:
            return
        from peft import PeftModel

        for file in ("adapter_config.json", WEIGHTS["adapter"]):
            if not (Path(folder) / file).is_file():
                raise ConfigError(f"{folder!r} is no adapter that can be loaded: it has no {file}")
        name = self._name()
        try:
            if isinstance(self._model, PeftModel):
                self._model.load_adapter(folder, adapter_name=name)
            else:
                self._model = PeftModel.from_pretrained(self._model, folder, adapter_name=name)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise ConfigError(f"the adapter {folder!r} does not fit the model: {reason(error)}") from error
        self._adapters[folder] = name
        self._model.eval()

    def begin(self, rank: int, seed: int) -> str:
        """Begin a new adapter and return its name: it changes nothing yet, and its weights come from a seed."""
        from peft import PeftModel, get_peft_model

        name = self._name()
        if isinstance(self._model, PeftModel):
            self._model.add_adapter(name, adapters.lora(rank))
        else:
            self._model = get_peft_model(self._model, adapters.lora(rank), adapter_name=name)
        self._adapters[name] = name
        adapters.begin(self._weights(name).items(), seed)
        self._model.eval()
        return name

    def copy(self, member: str) -> tuple[Module, str]:
        """Return where a member's weights stand a second time: another module, or another adapter of this one."""
        if not member:
            return deepcopy(self), ""
        name = self.begin(self._model.peft_config[self._adapters[member]].r, seed=0)
        for mine, theirs in zip(self._weights(name).values(), self._weights(member).values(), strict=True):
            mine.data.copy_(theirs.data)
        return self, name

    def forget(self, member: str) -> None:
        """Let an adapter go."""
        name = self._adapters.pop(member)
        if not self._adapters:
            self._model = self._model.unload()
            return
        self._model.set_adapter(next(iter(self._adapters.values())))  # peft warns where the one in use goes
        self._model.delete_adapter(name)

    @contextmanager
    def using(self, member: str) -> Iterator[Any]:
        """Give the model with a member's weights."""
        if member:
            self._model.set_adapter(self._adapters[member])
            yield self._model
        elif self._adapters:
            with self._model.disable_adapter():
                yield self._model
        else:
            yield self._model

    @contextmanager
    def learning(self, checkpointing: bool) -> Iterator[None]:
        """Compute as learners do: what is in full precision on a GPU in bfloat16, and activations again if asked to."""
        with ExitStack() as stack:
            if self._model.device.type == "cuda" and self._model.dtype == torch.float32:
                stack.enter_context(torch.autocast("cuda", torch.bfloat16))
            if checkpointing:
                self._model.gradient_checkpointing_enable({"use_reentrant": False})
                self._model.train()
                stack.callback(self._model.eval)
                stack.callback(self._model.gradient_checkpointing_disable)
            yield

    def parameters(self, member: str) -> list[torch.nn.Parameter]:
        """Return the weights that are a member's own, always in one order; they want a gradient from now on."""
        weights = list(self._weights(member).values())
        for weight in weights:
            weight.requires_grad_()
        return weights

    def write(self, member: str, folder: Path) -> None:
        """Write a member into a folder, as peft and transformers do."""
        if member:
            self._model.save_pretrained(folder, selected_adapters=[self._adapters[member]])
            inner = folder / self._adapters[member]  # peft gives an adapter with a name a folder of its own
            for file in inner.iterdir():
                file.rename(folder / file.name)
            inner.rmdir()
            (folder / "README.md").unlink(missing_ok=True)  # with nothing filled in
            self._settle(folder)
        else:
            self._model.save_pretrained(folder, max_shard_size="1TB")

    def read(self, member: str, folder: Path) -> None:
        """Give a member the weights that `write` has put into a folder. Raises CheckpointError for others."""
        file = folder / WEIGHTS["adapter" if member else "model"]
        try:
            kept = load_file(file)
        except (OSError, SafetensorError) as error:
            raise CheckpointError(f"{file} cannot be read: {reason(error)}") from error
        own = {_as_written(place, self._adapters.get(member, "")): w for place, w in self._weights(member).items()}
        strange = [name for name in kept if name not in own or kept[name].shape != own[name].shape]
        if strange:
            raise CheckpointError(f"{file} does not fit the model that learns: it has a {strange[0]} of its own")
        if lacking := sorted(own.keys() - kept.keys()):
            raise CheckpointError(f"{file} does not fit the model that learns: it lacks {lacking[0]}")
        with torch.no_grad():
            for name, weight in kept.items():
                own[name].copy_(weight)

    def _settle(self, folder: Path) -> None:
        """Let equal adapters have equal files, wherever they are and whichever process wrote them.

        Peft writes the layers in the order of a set, and where the model is as it was said, perhaps from the folder
        that the process was in. A model that lies beside what is made of it, as in a run, is named as it is seen from
        the adapter: they can be moved together.
        """
        file = folder / "adapter_config.json"
        said = json.loads(file.read_text(encoding="utf-8"))
        said["target_modules"] = sorted(said["target_modules"])
        model = Path(self._source).absolute()
        if model.is_dir() and folder.absolute().is_relative_to(model.parent):
            said["base_model_name_or_path"] = os.path.relpath(model, folder)
        file.write_text(json.dumps(said, indent=2, sort_keys=True) + "\n", encoding="utf-8")

    def _name(self) -> str:
        """Return a name for an adapter that no other had."""
        self._named += 1
        return f"adapter{self._named}"

    def _weights(self, member: str) -> dict[str, torch.nn.Parameter]:
        """Return a member's own weights by their names in the model."""
        if not member:
            return dict(self._model.named_parameters())
        mark = f".{self._adapters[member]}."
        return {name: weight for name, weight in self._model.named_parameters() if mark in name}


def _as_written(name: str, adapter: str) -> str:
    """Return what peft calls a weight in a file: without the name of its adapter."""
    return name.replace(f".{adapter}.", ".") if adapter else name


def _loaded(model: str, dtype: str) -> Any:
    """Return the model. Raises ConfigError, with the reason, where it cannot be loaded."""
    try:
        loaded = AutoModelForCausalLM.from_pretrained(
            model, dtype=getattr(torch, dtype), trust_remote_code=False, use_safetensors=True
        )
    except (OSError, ValueError, AttributeError, ImportError) as error:
        raise ConfigError(f"the model {model!r} cannot be loaded: {reason(error)}") from error
    strange = set(getattr(loaded.config.get_text_config(), "layer_types", None) or []) - _ATTENTION
    if strange:
        raise ConfigError(
            f"the model {model!r} has layers of {', '.join(sorted(strange))}, which remember more than keys and "
            "values: let vLLM play it (engine = 'vllm')"
        )
    return loaded
