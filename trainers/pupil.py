"""A language model that is to be taught: which folder it is, its weights or a new adapter on them, and how it is kept.

What teaches it is elsewhere: `behaviour_cloning.py` from examples, `offline_clipped.py` from what answers were paid.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from arena import __version__, adapters
from arena.errors import ConfigError
from arena.folder import publish
from arena.game import Game
from arena.player import close
from arena.registry import load_player, parse
from arena.seeds import derive

ORIGINS = ("behaviour_cloning.json", "offline_clipped.json")
"""What may lie beside weights and say what they learned from, one file for each way of learning."""

_SMALL = 10_000_000
"""A model with fewer weights than this has been made for trying things out, and learns everything here."""


def folder_of(spec: str, adapter: bool) -> str:
    """Return the folder of the model that a spec names, to be taught as it is or by an `adapter`.

    Raises ConfigError for what cannot be taught, and where what that takes is not installed.
    """
    said = parse(spec).parameters
    model = said.get("model")
    if not isinstance(model, str) or (engine := said.get("engine", "transformers")) not in ("transformers",):
        what = "no model" if not isinstance(model, str) else f"engine = {engine!r}"
        raise ConfigError(
            f"{spec!r} has {what}, but what can be taught is a folder of weights: write \"chat(model='FOLDER')\""
        )
    if not (Path(model) / "config.json").is_file():
        raise ConfigError(f"{model} is no folder of a model, since it has no config.json: arena new model makes one")
    if said.get("adapter") is not None:
        raise ConfigError(f"{spec!r} has an adapter already: teach the model, or with --adapter a new one on it")
    for package in ("transformers", "peft") if adapter else ("transformers",):
        if find_spec(package) is None:
            raise ConfigError(f"this needs the package {package}, which is missing: pip install 'selfplay-arena[llm]'")
    return model


@contextmanager
def reader(spec: str, game: Game[Any]) -> Iterator[Any]:
    """Give the chat player of a spec, which knows in what ids it is asked and answers, and let it go afterwards.

    Raises ConfigError for a player that is no language model.
    """
    player = load_player(spec, game)
    try:
        if not hasattr(player, "lesson"):
            raise ConfigError(f"{spec!r} is no language model: write \"chat(model='FOLDER')\"")
        yield player
    finally:
        close([player])


def check_numbers(rate: float, **counts: int) -> None:
    """Raise ConfigError for a rate that is none, and for counts below 1. A rate of 0 leaves the choice."""
    for name, number in counts.items():
        if number < 1:
            raise ConfigError(f"{name} = {number} teaches nothing: give a number from 1")
    if not 0 <= rate < 1:
        raise ConfigError(f"rate = {rate:g} is no learning rate: give one below 1, or 0 to leave the choice")


def load(model: str, adapter: bool, rank: int, seed: int) -> tuple[Any, Any]:
    """Return what learns, a model or a fresh adapter of `rank` on one, and the model's tokenizer.

    An adapter changes nothing yet; it begins as peft's do, but from `seed`.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    device = "cuda" if torch.cuda.is_available() else "cpu"
    # Small steps are lost in bfloat16, so whatever learns does so in float32; peft sees to it for its adapters.
    dtype = torch.bfloat16 if adapter and device == "cuda" else torch.float32
    tokenizer = AutoTokenizer.from_pretrained(model, trust_remote_code=False)
    weights = AutoModelForCausalLM.from_pretrained(model, dtype=dtype, trust_remote_code=False, use_safetensors=True)
    weights = cast(Any, weights).to(device)
    return _adapted(weights, rank, seed) if adapter else weights, tokenizer


def _adapted(weights: Any, rank: int, seed: int) -> Any:
    from peft import get_peft_model

    adapted = get_peft_model(weights, adapters.lora(rank))
    adapters.begin(adapted.named_parameters(), derive(seed, "adapter"))
    return adapted


def is_small(weights: Any) -> bool:
    """Return whether a model is one for trying things out, which learns at a far higher rate than others."""
    return bool(sum(weight.numel() for weight in weights.parameters()) < _SMALL)


def most_tokens(weights: Any) -> int:
    """Return how many tokens a model can read, the answer included."""
    return int(getattr(weights.config, "max_position_embeddings", None) or 1 << 30)


def keep(
    to: Path, weights: Any, tokenizer: Any, provenance: str, told: Mapping[str, Any], taught: Path | None = None
) -> None:
    """Publish what was taught in the new folder `to`, with a file called `provenance` that says how it came about.

    `taught` is the model whose weights these have been: what it had learned before, by other ways, is said here too.
    """

    def fill(draft: Path) -> None:
        weights.save_pretrained(draft)
        tokenizer.save_pretrained(draft)
        (draft / "README.md").unlink(missing_ok=True)  # of peft, with nothing filled in
        for name in ORIGINS:
            if taught is not None and (taught / name).is_file():
                shutil.copyfile(taught / name, draft / name)
        text = json.dumps({**told, "arena": __version__}, indent=1)
        (draft / provenance).write_text(text + "\n", encoding="utf-8")

    publish(to, fill)
