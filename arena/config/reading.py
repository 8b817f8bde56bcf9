"""From TOML files to checked values: one sentence about what is wrong, with the nearest key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from arena.config.league_file import LeagueConfig
from arena.config.several_games import per_game
from arena.config.tournament_file import TournamentConfig
from arena.errors import ConfigError, reason

_SHOWN = 200
"""Characters of a wrong value that a sentence quotes."""

C = TypeVar("C", bound=BaseModel)


def load(path: Path, model: type[C], overrides: Iterable[str] = ()) -> C:
    """Read a TOML file as `model`, with overrides like "training.updates=500". Raises ConfigError."""
    values = _values(path, model, overrides)
    if model is TournamentConfig and "games" in values:
        raise ConfigError(f"{path} holds a tournament for each of several games: arena.api.events gives them")
    return check(values, model, str(path))


def load_tournaments(path: Path, overrides: Iterable[str] = ()) -> dict[str, TournamentConfig]:
    """Read a tournament's file of one game or several; returns label → tournament, "" where it has one game."""
    parts = per_game(_values(path, TournamentConfig, overrides), str(path))
    return {
        name: check(part, TournamentConfig, f"{path}, {part['game']}" if name else str(path))
        for name, part in parts.items()
    }


def _values(path: Path, model: type[BaseModel], overrides: Iterable[str]) -> dict[str, Any]:
    """Return what a file says, with overrides."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {reason(error)}") from None
    try:
        values = _toml(text, str(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no TOML: {error}") from None
    if not values:
        needed = ", ".join(name for name, field in model.model_fields.items() if field.is_required())
        raise ConfigError(f"{path} is empty: it needs at least {needed}")
    for override in overrides:
        _override(values, override)
    _refuse_other_kind(values, model, path)
    return values


def _refuse_other_kind(values: Mapping[str, Any], model: type[BaseModel], path: Path) -> None:
    """Raise ConfigError where a league was given to a tournament's command, or the reverse."""
    if model is TournamentConfig and "training" in values and "entrants" not in values:
        raise ConfigError(f"{path} describes a league, not a tournament: arena train {path} runs it")
    if model is LeagueConfig and "entrants" in values and "training" not in values:
        raise ConfigError(f"{path} describes a tournament, not a league: arena tournament {path} plays it")


def check(values: Mapping[str, Any], model: type[C], source: str) -> C:
    """Return the values as `model`. Raises ConfigError with one sentence about the first problem."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{source}: {_sentence(error, model)}") from None


def _toml(text: str, source: str) -> dict[str, Any]:
    """Return what a text of TOML says. Raises TOMLDecodeError, or ConfigError for what only Python cannot read."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except (ValueError, RecursionError):  # the limits of int() and of the stack
        raise ConfigError(
            f"{source} cannot be read: it holds a number of thousands of digits, or hundreds of brackets in each other"
        ) from None


def _override(values: dict[str, Any], override: str) -> None:
    """Set one dotted key; the value is TOML, or a string where it is none."""
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"{override!r} is no override: write key=value, for example training.updates=500")
    try:
        value = _toml(f"value = {text}", _shown(override))["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *parents, last = key.strip().split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{override!r} cannot be set: {parent} holds a value, not a table")
    values[last] = value


def _sentence(error: ValidationError, model: type[BaseModel]) -> str:
    # A misspelt key is often also a missing one; the former says more.
    problem = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    where = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        *parents, key = problem["loc"]
        near = get_close_matches(str(key), _keys_at(model, parents), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_keys_at(model, parents))}"
        return f"there is no key {where!r}; {hint}"
    if problem["type"] == "missing":
        return f"the key {where!r} is missing"
    if problem["type"] == "value_error":
        return f"{where + ': ' if where else ''}{problem['ctx']['error']}"
    message = problem["msg"][0].lower() + problem["msg"][1:]
    if problem["type"] == "literal_error":
        near = get_close_matches(str(problem["input"]), get_args(_type_at(model, problem["loc"])), n=1)
        message += f"; did you mean {near[0]!r}?" if near else ""
    table, last = problem["loc"][0], str(problem["loc"][-1])
    if last != table and last in model.model_fields:
        message += f"; if {last} is meant for the whole file, move it above [{table}]"
    return f"{where} = {_shown(problem['input'])} will not do: {message}"


def _shown(value: Any) -> str:
    """Return a value for a sentence, which a long one may not fill."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a hexadecimal number or dotted keys may be longer than Python can write
        return "a value of great length"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _keys_at(model: type[BaseModel], parents: Iterable[Any]) -> list[str]:
    """Return the keys that the table under `parents` may have."""
    table = _type_at(model, parents)
    return list(table.model_fields) if isinstance(table, type) and issubclass(table, BaseModel) else []


def _type_at(model: type[BaseModel], keys: Iterable[Any]) -> Any:
    """Return what must stand under these keys; None where there is no such key."""
    current: Any = model
    for key in keys:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(str(key))
            current = field.annotation if field else None
        else:  # an entry of a list, or of a table of tables such as learners
            current = next(reversed(get_args(current)), None)
    return current
