"""A small world of tools, a store of named values and a calculator: a line calls a tool, and is told what came of it.

A world is a value, and a call returns another. No text is run as code: terms are worked out exactly by games/terms.py,
and whatever is wrong with a call is told in one sentence, as a part of the game.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from arena.games import terms

Value: TypeAlias = int | str
World: TypeAlias = tuple[tuple[str, Value], ...]
"""The store: names with their values, in the order of the names."""

MAX_CHARS = 200
"""Characters of a call."""
MAX_NAMES = 20
"""Names in a store."""

TOOLS = {
    "set NAME VALUE": "keep a value under a name; a value is a whole number, or up to 40 characters of text",
    "get NAME": "tell the value of a name",
    "delete NAME": "forget a name",
    "list": "tell all names with their values",
    "calc TERM": "work out a term of numbers, such as calc (3 + 4) * 2, exactly",
}
"""How each tool is called → what it does."""

DONE = "done"
"""The line that ends all calls begins with this word, and white space after it; the rest of it is the answer."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,19}")
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,11}")
_WORDS = re.compile(r"[ -~]{1,40}")
_FIRST = re.compile(r"\s*([a-z]+)", re.IGNORECASE | re.ASCII)
"""The word that a line begins with, without the colon or the like that may follow."""


class Episode(NamedTuple):
    """What came of some lines, one after the other."""

    world: World
    observations: tuple[str, ...]
    """One for each call."""
    answer: str | None = None
    """What the last line ended with; None as long as there is none."""


def store(values: Mapping[str, Value]) -> World:
    """Return the world of these values. Raises ValueError for what the tools could not have put there."""
    world: World = ()
    for name, value in values.items():
        before = world
        world = call(world, f"set {name} {value}")[1]
        if len(world) == len(before) or dict(world).get(name) != value or isinstance(value, bool):
            raise ValueError(f"{name!r} with {value!r} cannot be kept in a store")
    return world


@lru_cache(maxsize=16384)
def play(world: World, lines: tuple[str, ...]) -> Episode:
    """Return what comes of these lines, up to the first that gives an answer."""
    observations: list[str] = []
    for line in lines:
        if (given := answer(line)) is not None:
            return Episode(world, tuple(observations), given)
        told, world = call(world, line)
        observations.append(told)
    return Episode(world, tuple(observations))


def answer(line: str) -> str | None:
    """Return the answer that a line ends with; None for one that calls a tool."""
    word, *rest = line.strip().split(maxsplit=1) or [""]
    return "".join(rest) if word == DONE else None


def call(world: World, line: str) -> tuple[str, World]:
    """Return what a call is told, and the world after it. It never raises, whatever the line."""
    words, values = line.split(maxsplit=2) if len(line) <= MAX_CHARS else [], dict(world)
    match words:
        case ["set", name, value]:
            return _set(values, name, value.strip())
        case ["get", name]:
            return (f"{name} = {values[name]}" if name in values else _unknown(name)), world
        case ["delete", name]:
            if name not in values:
                return _unknown(name), world
            return f"{name} is deleted", tuple(pair for pair in world if pair[0] != name)
        case ["list"]:
            return ", ".join(f"{name} = {value}" for name, value in world) or "the store is empty", world
        case ["calc", _, *_]:
            return _work_out(line.strip().removeprefix("calc")), world
    return _refusal(line), world


def _set(values: dict[str, Value], name: str, text: str) -> tuple[str, World]:
    world = tuple(values.items())
    if not _NAME.fullmatch(name):
        return "a name is up to 20 small letters, digits and _, a letter first", world
    if not _WORDS.fullmatch(text):
        return "a value is a whole number, or 1 to 40 plain characters in one line", world
    if name not in values and len(values) >= MAX_NAMES:
        return f"the store is full: it keeps {MAX_NAMES} names", world
    value: Value = int(text) if _WHOLE.fullmatch(text) else text
    return f"{name} is set to {value}", tuple(sorted({**values, name: value}.items()))


def _work_out(term: str) -> str:
    """Return what a term comes to; it has numbers alone, since what a name means is asked of the store."""
    statement = terms.read(f"x = {term.strip()}")
    if statement is None or len(statement) != 2 or terms.names(statement[1:]):
        return "the calculator takes one term of numbers, + - * / and brackets"
    value = terms.value(statement[1], {})
    return "nothing can be divided by 0" if value is None else terms.show(terms.number(value))


def _unknown(name: str) -> str:
    return f"there is no {name} in the store" if _NAME.fullmatch(name) else "there is no such name in the store"


def _refusal(line: str) -> str:
    if len(line) > MAX_CHARS:
        return f"a call has at most {MAX_CHARS} characters"
    known = {form.split()[0]: form for form in TOOLS}
    found = _FIRST.match(line)
    form = {**known, DONE: f"{DONE} ANSWER"}.get(found[1].lower()) if found else None
    if form:
        return f"write: {form}"
    return f"there is no such tool: call {', '.join(known)} or {DONE}"
