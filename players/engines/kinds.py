"""The kinds of engines: where each is, the package that it is made of, and what it is made with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from typing import Any, NamedTuple

from arena.errors import ConfigError
from arena.players.engines.engine import Engine
from arena.players.engines.several import Several


def maker(
    engine: str, model: str, thinking: bool, given: Mapping[str, Any], options: Mapping[str, Any]
) -> tuple[Callable[..., Engine], dict[str, Any]]:
    """Return the class of an engine and what it is made with. Raises ConfigError for options that it does not know.

    `given` are arguments with a meaning of their own, `options` those that are the engine's alone. Chat templates are
    told about `thinking`. An engine that can be told its GPU takes the option `engines` in place of it: see `Several`.
    """
    make = engine_class(engine)
    known = dict(signature(make).parameters)
    if several := "gpu" in known:
        known["engines"] = known.pop("gpu")
    arguments = {"model": model, **options, **given}
    if "template" in known:  # a server is told through other options, each in its own words
        arguments["template"] = {"enable_thinking": thinking, **arguments.get("template", {})}
    if unknown := [key for key in arguments if key not in known]:
        raise ConfigError(f"engine = {engine!r} has no option {unknown[0]!r}; known: {', '.join(known)}")
    if several and "engines" in arguments:
        return Several, {"make": make, **arguments}
    return make, arguments


class _Kind(NamedTuple):
    """Where an engine is, the package that it is made of, and how to get that."""

    module: str
    name: str
    package: str
    how: str


_ENGINES = {
    "transformers": _Kind(
        "arena.players.engines.transformers_engine",
        "TransformersEngine",
        "transformers",
        "pip install 'selfplay-arena[llm]'",
    ),
    "vllm": _Kind("arena.players.engines.vllm_engine", "VllmEngine", "vllm", "pip install vllm"),
    "openai": _Kind(
        "arena.players.engines.http.openai_engine", "OpenAIEngine", "openai", "pip install 'selfplay-arena[api]'"
    ),
}


def engine_class(name: str) -> Callable[..., Engine]:
    """Return the class of an engine; its packages are imported only now. Raises ConfigError where they are missing."""
    if name not in _ENGINES:
        near = get_close_matches(name, _ENGINES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_ENGINES)}"
        raise ConfigError(f"there is no engine {name!r}; {hint}")
    kind = _ENGINES[name]
    if find_spec(kind.package) is None:
        raise ConfigError(f"engine = {name!r} needs the package {kind.package}, which is not installed: {kind.how}")
    make: Callable[..., Engine] = getattr(import_module(kind.module), kind.name)
    return make
