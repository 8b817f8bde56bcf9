"""Walks through a game: random games, and every state of a game that is small enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True)
class Whole:
    """Every state of a game: state i is at position i, and the start at 0."""

    states: tuple[Any, ...]
    sets: Mapping[tuple[int, str], Sequence[int]]
    """(seat to move, its view) → the states in which it sees that."""
    children: Sequence[Sequence[tuple[int, float]]]
    """State → what follows, each with its probability when every player plays at random."""
    parents: Sequence[tuple[int, str]]
    """State → one that leads to it, and by which action; the start has none."""

    @property
    def count(self) -> Count:
        """The exact size."""
        return Count(len(self.states), sum(map(len, self.sets.values())), len(self.sets))

    def path(self, at: int) -> list[str]:
        """Return moves that lead from the start to state `at`."""
        return _path(self.parents, at)

    def order(self) -> list[int] | None:
        """Return all states, each after those that lead to it (Kahn, 1962); None where one can come back."""
        missing = [0] * len(self.children)
        for following in self.children:
            for node, _ in following:
                missing[node] += 1
        free = [node for node, number in enumerate(missing) if not number]
        for node in free:
            for child, _ in self.children[node]:
                missing[child] -= 1
                if not missing[child]:
                    free.append(child)
        return free if len(free) == len(self.children) else None


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


def walk_all(states: States, branches: int = BRANCHES) -> Whole | None:
    """Look at every state of the game once; None where it has too many, or lists that cannot be walked through.

    Raises Broken where the game fails.
    """
    asking = states.asking
    start, pasts = asking.ask("start"), (0,) * asking.game.seats
    index = {start: 0}
    todo: list[tuple[Any, Pasts]] = [(start, pasts)]
    parents: list[tuple[int, str]] = [(-1, "")]
    sets: dict[tuple[int, str], list[int]] = defaultdict(list)
    children: list[list[tuple[int, float]]] = []
    for at, (s, pasts) in enumerate(todo):
        asking.findings.moves = _path(parents, at)
        mover = asking.turn(s)
        children.append([])
        options = _options(asking, s, mover)
        if options is None or (branches := branches - len(options)) < 0:
            return None
        if mover >= 0:
            sets[mover, asking.ask("view", s, mover)].append(at)
        for action, probability in options:
            following = states.remember(s, mover, pasts, action)
            after = asking.step(s, action)
            with asking.findings.at((*(asking.findings.moves or ()), action)):
                states.equality.meet(after)
            node = index.setdefault(after, len(todo))
            children[at].append((node, probability))
            if node == len(todo):
                todo.append((after, following))
                parents.append((at, action))
    for at, (s, _) in enumerate(todo[:LOOKS_IN_ALL]):
        asking.findings.moves = _path(parents, at)
        with suppress(Broken):
            _look(states, s, LOOKS_IN_ALL)
    asking.findings.moves = None
    whole = Whole(tuple(s for s, _ in todo), sets, children, parents)
    if whole.order() is None:
        seen = "a state can come back after some moves, so the game may never end"
        asking.findings.warning("loop", seen, "count moves or repetitions in the state, and end the game")
    return whole


def _options(asking: Asking, s: Any, mover: int) -> Sequence[tuple[str, float]] | None:
    """Return what can happen, with its probability if players play at random; None where it cannot be listed."""
    if mover == OVER:
        return []
    options = asking.ask("chance", s) if mover == CHANCE else asking.ask("legal", s, mover)
    if isinstance(options, Text) or len(options) > LONGEST:
        return None
    if mover == CHANCE:
        return [(name, p) for name, p in options if p > 0]
    return [(action, 1 / len(options)) for action in options]


def _path(parents: Sequence[tuple[int, str]], at: int) -> list[str]:
    moves = []
    while at:
        at, action = parents[at]
        moves.append(action)
    return moves[::-1]
