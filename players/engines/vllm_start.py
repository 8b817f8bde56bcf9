"""How vLLM is started: with what it needs for this machine, for adapters, and for weights that change."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
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
    gpu: int | None = None,
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
        with _seeing(None if cpu else gpu):
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
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(f"vLLM cannot start with the model {model!r}: {reason(error)}") from error


@contextmanager
def _seeing(gpu: int | None) -> Iterator[None]:
    """Let processes that start meanwhile see one GPU, of those that this one may use, and no other.

    Raises ConfigError where there are fewer.
    """
    if gpu is None:
        yield
        return
    name = current_platform.device_control_env_var
    before = os.environ.get(name)
    count = current_platform.device_count()
    seen = before.split(",") if before else [str(i) for i in range(count)]
    if gpu >= len(seen):
        raise ConfigError(f"an engine is to have GPU {gpu}, but there are {len(seen)}: give fewer engines")
    os.environ[name] = seen[gpu]
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
