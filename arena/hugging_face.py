"""Folders of other people's trainers (TRL, verl, prime-rl, oat, …): which language model each of them is.

Weights are read from safetensors alone. A folder also holds what its trainer needs (optimizer.pt, training_args.bin,
…), much of it pickled: nothing of that is ever opened, here or by the player.

=========  ==========================================  ==================================================
trainer    a model or an adapter                       what cannot be played
=========  ==========================================  ==================================================
TRL        OUT/checkpoint-200                          pytorch_model.bin, which is pickled
verl       …/actor/huggingface, …/actor/lora_adapter   …/actor with model_world_size_*.pt, not yet merged
prime-rl   OUT/weights/step_200                        OUT/checkpoints/step_200
oat        OUT/saved_models/step_00200
=========  ==========================================  ==================================================
"""

from __future__ import annotations

import json
import os
import re
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from arena.errors import CheckpointError, reason

CONFIG, ADAPTER = "config.json", "adapter_config.json"
_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".distcp")
_UNMERGED = "model_world_size_*"
"""verl's shards of a model, as each process had them."""
_PLAIN = ("huggingface", "lora_adapter", "actor", "weights", "saved_models", "checkpoints")
"""Names that say nothing of whose folder it is."""
_STEP = re.compile(r"(checkpoint|step|global_step)[-_]\d+")
"""Names that every run has."""
_BLOCK, _STRIDE = 1 << 16, 1 << 20
"""Bytes of a file that its digest reads, and from where to where: to read whole models would take minutes."""


def is_model(folder: Path) -> bool:
    """Return whether a folder is a model or an adapter of this kind, be it playable or not."""
    return (folder / CONFIG).is_file() or (folder / ADAPTER).is_file()


def chat_parameters(folder: Path, given: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of the player `chat` for a folder, those that were given first.

    Raises CheckpointError, with what to do, for a folder that cannot be played as it is.
    """
    own = "adapter" if (folder / ADAPTER).is_file() else "model"
    if own in given:
        raise CheckpointError(f"{folder} is the {own} itself: leave out {own} = {given[own]!r}")
    if own == "adapter":
        _check_weights(folder, "adapter_model")
        return {"model": given.get("model") or _base(folder), "adapter": str(folder), **given}
    _check_weights(folder, "model")
    return {"model": str(folder), **given}


def label(folder: Path) -> str:
    """Return what a folder's player is called: by its last name that says something, with the run's before a step."""
    *parents, name = [part for part in folder.absolute().parts if part not in _PLAIN]
    return f"{parents[-1]}/{name}" if len(parents) > 1 and _STEP.fullmatch(name) else name


def digest(folder: Path) -> str:
    """Return a hash of what a model is: its configuration, its chat template, and samples of every file of weights.

    That of an adapter holds that of its model too, if it is a folder here.
    """
    found = sha256()
    for path in sorted(path for ending in ("json", "jinja", "safetensors") for path in folder.glob(f"*.{ending}")):
        size = path.stat().st_size
        found.update(f"{path.name} {size} ".encode())
        with path.open("rb") as file:
            for begin in [*range(0, size, _STRIDE), max(0, size - _BLOCK)]:
                file.seek(begin)
                found.update(file.read(_BLOCK))
    if (folder / ADAPTER).is_file() and isinstance(base := base_of(folder), str) and Path(base).is_dir():
        found.update(digest(Path(base)).encode())
    return found.hexdigest()[:16]


def advice(folder: Path) -> str:
    """Return what else a folder may be, as the end of a sentence; empty where nothing comes to mind."""
    if any(folder.glob(_UNMERGED)):
        return f"; {_merge(folder)}"
    below = sorted({path.parent for name in (CONFIG, ADAPTER) for path in _within(folder, name)}, key=_natural)
    below = [path for path in below if _has_weights(path)]
    if not below:
        pickled = [path.name for path in sorted(folder.iterdir()) if path.suffix in _PICKLED]
        return f"; {pickled[0]} is not opened, as pickled files can run code" if pickled else ""
    more = f" and {len(below) - 5} more" if len(below) > 5 else ""
    return f"; there are players in it: {', '.join(map(str, below[-5:]))}{more}"


def _check_weights(folder: Path, stem: str) -> None:
    """Raise CheckpointError where there are no weights in safetensors, or where some of them are missing."""
    index = folder / f"{stem}.safetensors.index.json"
    if index.is_file():
        try:
            shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise CheckpointError(f"{index} cannot be read: {reason(error)}; copy the folder again") from None
        if missing := sorted(str(name) for name in shards if not (folder / str(name)).is_file()):
            raise CheckpointError(f"{folder / missing[0]} is missing: copy the whole folder again")
    elif not any(folder.glob(f"{stem}*.safetensors")):
        raise CheckpointError(f"{folder} holds no weights in safetensors: {_instead(folder)}")


def _instead(folder: Path) -> str:
    """Return where a model's weights are, if not in its folder, and what to do."""
    if any(folder.parent.glob(_UNMERGED)):
        return _merge(folder.parent)
    pickled = sorted(path.name for path in folder.iterdir() if path.suffix == ".bin" and "model" in path.name)
    if pickled:
        return (
            f"{pickled[0]} is pickled, so it could run code, and is not opened; if you trust it, load it with "
            "transformers (or peft) once and save_pretrained it into a new folder"
        )
    return "save it with save_pretrained, or copy the whole folder again"


def _merge(actor: Path) -> str:
    return (
        "verl has left the weights in shards of their own; merge them first: python -m verl.model_merger merge "
        f"--backend fsdp --local_dir {actor} --target_dir NEW_FOLDER"
    )


def _base(folder: Path) -> str:
    """Return the model that an adapter belongs to: a folder, or a name that the local cache of Hugging Face holds."""
    base = base_of(folder)
    if isinstance(base, str) and base and (Path(base).is_dir() or _cached(base)):
        return base
    what = f"its model {base!r} is neither a folder here nor in the local cache" if base else "it names no model"
    raise CheckpointError(
        f'{folder} is an adapter, and {what}: write \'chat(model="MODEL", adapter="{folder}")\' with the folder of '
        "its model"
    )


def base_of(folder: Path) -> Any:
    """Return what an adapter's configuration says of its model; None where it says nothing.

    Adapters of a run name the run's own model as it is seen from them: "../../base".
    """
    path = folder / ADAPTER
    try:
        said = json.loads(path.read_text(encoding="utf-8")).get("base_model_name_or_path")
    except (OSError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path} cannot be read: {reason(error)}") from None
    beside = os.path.normpath(folder / said) if isinstance(said, str) and said.startswith("..") else ""
    return beside if beside and Path(beside).is_dir() else said


def _cached(name: str) -> bool:
    if find_spec("huggingface_hub") is None:
        return False
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        return isinstance(try_to_load_from_cache(name, CONFIG), str)
    except HFValidationError:  # a path, and of no folder here
        return False


def _has_weights(folder: Path) -> bool:
    return any(folder.glob("*.safetensors"))


def _within(folder: Path, name: str) -> list[Path]:
    """Return the files of this name at most three folders down."""
    return [path for depth in ("*", "*/*", "*/*/*") for path in folder.glob(f"{depth}/{name}")]


def _natural(path: Path) -> list[Any]:
    """Order step_9 before step_10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", str(path))]
