"""Walks through a game: random games, and every state of a game that is small enough."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from arena.game import CHANCE, OVER, Text
from arena.testing.asking import Asking
from arena.testing.findings import Broken
from arena.testing.random_play import LONGEST
from arena.testing.states import Pasts, States

LOOKS, LOOKS_IN_ALL = 1_500, 6_000
"""States of random games that are looked at closely, and of small games, of which most have fewer in all."""

BRANCHES = 20_000
"""Steps after which a game is too large to walk through."""


@dataclass(frozen=True)
class History:
    """One game: state i is followed by action i, and the last state by nothing."""

    states: tuple[Any, ...]
    movers: tuple[int, ...]
    actions: tuple[str, ...]


class Count(NamedTuple):
    """The exact size of a game; equal states count once."""

    states: int
    decisions: int
    """States in which a seat is to move."""
    sets: int
    """Information sets: what the seats can tell apart at their decisions."""


def random_walks(states: States, games: int) -> list[History]:
    """Look at the states of random games; return the games that came to an end."""
    histories = []
    for _ in range(games):
        with states.findings.attempt("a random game"):
            histories.append(_random_walk(states))
        states.findings.moves = None
        if len(states.looked) >= LOOKS or "endless" in states.findings:
            break
    return histories


def _random_walk(states: States) -> History:
    asking, findings = states.asking, states.findings
    moves: list[str] = []
    findings.moves = moves
    visited: list[Any] = []
    movers: list[int] = []
    s = asking.ask("start")
    pasts: Pasts = (0,) * asking.game.seats
    places: dict[Any, int] = {}
    while True:
        visited.append(s)
        _look(states, s, LOOKS)
        if (mover := asking.turn(s)) == OVER:
            return History(tuple(visited), tuple(movers), tuple(moves))
        _find_loop(asking, s, places, len(moves))
        action = asking.move(s, mover)
        pasts = states.remember(s, mover, pasts, action)
        after = asking.step(s, action)
        moves.append(action)
        movers.append(mover)
        s = after


def _look(states: States, s: Any, most: int) -> None:
    try:
        states.equality.meet(s)
        fresh = s not in states.looked and len(states.looked) < most
    except TypeError as error:
        with states.asking.intact(s, "hash"):  # writes the finding down
            raise Broken from error
    if fresh:
        states.look(s)


def _find_loop(asking: Asking, s: Any, places: dict[Any, int], now: int) -> None:
    """Note where a game comes back to a state that it was in, and stop one that does not end."""
    findings = asking.findings
    before = places.setdefault(s, now)
    if before != now and "loop" not in findings:
        findings.moves, moves = (findings.moves or ())[:now], findings.moves
        findings.warning(
            "loop",
            f"after {now} moves the game is where it was after {before}, so it may never end",
            "count moves or repetitions in the state, and end the game",
        )
        findings.moves = moves
    if now >= LONGEST:
        findings.moves, moves = (findings.moves or ())[:10], findings.moves
        findings.error(
            "endless", f"the game is not over after {LONGEST} moves, which begin like this", "let every game end"
        )
        findings.moves = moves
        raise Broken


def walk_all(states: States, branches: int = BRANCHES) -> Count | None:
    """Look at every state of the game once; None where it has too many, or lists that cannot be walked through.

    Raises Broken where the game fails.
    """
    asking = states.asking
    start, pasts = asking.ask("start"), (0,) * asking.game.seats
    index = {start: 0}
    todo: list[tuple[Any, Pasts]] = [(start, pasts)]
    parents: list[tuple[int, str]] = [(-1, "")]
    sets: set[tuple[int, str]] = set()
    decisions, children = 0, list[list[int]]()
    for at, (s, pasts) in enumerate(todo):
        asking.findings.moves = _path(parents, at)
        mover = asking.turn(s)
        children.append([])
        options = _options(asking, s, mover)
        if options is None or (branches := branches - len(options)) < 0:
            return None
        if mover >= 0:
            decisions += 1
            sets.add((mover, asking.ask("view", s, mover)))
        for action in options:
            following = states.remember(s, mover, pasts, action)
            after = asking.step(s, action)
            with asking.findings.at((*(asking.findings.moves or ()), action)):
                states.equality.meet(after)
            node = index.setdefault(after, len(todo))
            children[at].append(node)
            if node == len(todo):
                todo.append((after, following))
                parents.append((at, action))
    for at, (s, _) in enumerate(todo[:LOOKS_IN_ALL]):
        asking.findings.moves = _path(parents, at)
        with suppress(Broken):
            _look(states, s, LOOKS_IN_ALL)
    asking.findings.moves = None
    if _has_loop(children):
        seen = "a state can come back after some moves, so the game may never end"
        asking.findings.warning("loop", seen, "count moves or repetitions in the state, and end the game")
    return Count(len(todo), decisions, len(sets))


def _options(asking: Asking, s: Any, mover: int) -> Sequence[str] | None:
    """Return what can happen; None where it cannot be listed."""
    if mover == OVER:
        return []
    options = asking.ask("chance", s) if mover == CHANCE else asking.ask("legal", s, mover)
    if isinstance(options, Text) or len(options) > LONGEST:
        return None
    return [name for name, p in options if p > 0] if mover == CHANCE else list(options)


def _path(parents: list[tuple[int, str]], at: int) -> list[str]:
    moves = []
    while at:
        at, action = parents[at]
        moves.append(action)
    return moves[::-1]


def _has_loop(children: list[list[int]]) -> bool:
    """Return whether some state can be reached from itself (Kahn, 1962)."""
    missing = [0] * len(children)
    for nodes in children:
        for node in nodes:
            missing[node] += 1
    free = [node for node, count in enumerate(missing) if not count]
    for node in free:
        for child in children[node]:
            missing[child] -= 1
            if not missing[child]:
                free.append(child)
    return len(free) < len(children)
