"""Which players are of one mind: the same model, whatever adapter it wears, or copies of what one learner has become.

This is read from specs and folders, so it knows what they say and no more: a model that was copied under another
name by somebody who changed it a little, or that an API serves under two names, is a stranger here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from arena import checkpoint, hugging_face
from arena.registry import BUILT_IN, parse

_MODELS = ("chat", "language_model")
_AROUND = ("by_role", "step_filter", "best_of")
"""Players that are made of others."""
_CHECKPOINTS, _BASE = "checkpoints", "base"
"""Where a run keeps its learners, and the model that they began with."""


def origins(spec: str) -> frozenset[str]:
    """Return where a player's mind comes from, each as words such as "the model Qwen/Qwen3-4B"; empty for plain code.

    Players that share one are of one mind. Raises ConfigError for what is no spec.
    """
    target, parameters = parse(spec)
    if ":" not in target and target not in BUILT_IN["players"] and Path(target).is_dir():
        return _of_folder(Path(target)) | _of_model(parameters)
    if target in _MODELS:
        return _of_model(parameters)
    if target in _AROUND:
        inner = (parameters.get(name, "net" if target == "by_role" else "") for name in ("player", "critic"))
        return frozenset().union(*(origins(str(one)) for one in inner if one))
    if target == "process":
        return frozenset({f"the command {parameters.get('command')!r}"})
    if target == "human":
        return frozenset({"the person at the keyboard"})
    return frozenset() if target in BUILT_IN["players"] else frozenset({f"the program {target}"})


def _of_model(parameters: Mapping[str, Any]) -> frozenset[str]:
    """Return the model that is named, and what an adapter's folder says of its own: all adapters are their base."""
    found: frozenset[str] = frozenset()
    for named in (parameters.get("model"), parameters.get("adapter")):
        if isinstance(named, str):
            found |= _of_folder(Path(named)) if Path(named).is_dir() else {f"the model {_comparable(named)}"}
    return found


def _of_folder(folder: Path) -> frozenset[str]:
    """Return the weights in a folder, the base of an adapter, and of a learner's folder that learner and its base."""
    folder = folder.resolve()
    found = {f"the model {folder}"}
    is_checkpoint = (folder / checkpoint.MANIFEST).is_file()
    if is_checkpoint or hugging_face.is_model(folder):
        found.add(f"the weights {checkpoint.read(folder).digest if is_checkpoint else hugging_face.digest(folder)}")
    if is_checkpoint and folder.parent.name == _CHECKPOINTS:
        run = folder.parent.parent
        found.add(f"the learner {folder.name.rpartition('-')[0]} of {run}")
        found |= {f"the model {run / _BASE}"} if (run / _BASE).is_dir() else set()
    base = hugging_face.base_of(folder) if (folder / hugging_face.ADAPTER).is_file() else None
    parts = [part.parent for part in folder.glob(f"*/{checkpoint.MANIFEST}")]  # one for each role
    return frozenset(found).union(_of_model({"model": base}), *(_of_folder(part) for part in parts))


def _comparable(model: str) -> str:
    """Return a name as it is compared: a path is one however it is written, and letters of either case are alike."""
    return str(Path(model).resolve()) if model.startswith((".", "/")) else model.casefold()
