"""How vLLM is started: with what it needs for this machine, for adapters, and for weights that change."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from vllm import LLM
from vllm.platforms import current_platform

from arena.errors import ConfigError, reason
from arena.players.engines.zero_adapter import last

_SHARE = 0.01
"""Of a GPU's memory, what must be free at the start where `memory` says how much is kept: others may have the rest."""


def start(
    model: str,
    dtype: str | None,
    context: int | None,
    memory: float | None,
    sleep: bool,
    adapters: int,
    rank: int,
    layers: Collection[str],
) -> Any:
    """Return vLLM with the model loaded; the arguments are those of `VllmEngine`, and the linear layers of the model.

    Raises ConfigError, with the reason, where it cannot be started.
    """
    cpu = current_platform.is_cpu()
    memory = 4 if memory is None and cpu else memory
    lora = {
        "enable_lora": True,
        "max_loras": adapters + 1,
        "max_lora_rank": rank,
        "lora_target_modules": sorted({last(name) for name in layers}),
    }
    try:
        return LLM(
            model,
            dtype=dtype or ("float32" if cpu else "auto"),
            max_model_len=context,
            enforce_eager=cpu,
            enable_chunked_prefill=not cpu,  # a prompt read in parts ends a seeded engine on the CPU (0.32)
            load_format="safetensors",
            logprobs_mode="processed_logprobs",
            kv_cache_memory_bytes=None if memory is None else int(memory * 2**30),
            **({} if memory is None or cpu else {"gpu_memory_utilization": _SHARE}),
            **(lora if adapters else {}),
            **({"enable_sleep_mode": True} if sleep else {}),
        )
    except Exception as error:
        raise ConfigError(f"vLLM cannot start with the model {model!r}: {reason(error)}") from error
