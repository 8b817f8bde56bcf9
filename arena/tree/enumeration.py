"""A game's states as flat arrays, made once through its five methods.

Equal states are one node: in an open game that shrinks the tree enormously, and in a hidden game it is sound
because a view with perfect recall is a function of the state, so every path to a state carries the same own
moves. Every rule is asked once per state, and the states themselves are forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from time import perf_counter
from typing import Any

from arena.errors import ArenaError, ConfigError, GameError, IllegalAction, TooLarge
from arena.game import CHANCE, OVER, Game, Text
from arena.tree.assembly import Notes, assemble
from arena.tree.cache import WORTH_KEEPING, keep_tree, load_tree
from arena.tree.limits import MEMORY_LIMIT, NODE_LIMIT, Limits
from arena.tree.tables import Policy, Tree

__all__ = ["MEMORY_LIMIT", "NODE_LIMIT", "Policy", "Tree", "enumerate_game"]


def enumerate_game(game: Game[Any], limit: int = NODE_LIMIT, memory: int = MEMORY_LIMIT) -> Tree:
    """Return the game as arrays; equal games share one tree within a process, and large ones also on disk.

    Raises TooLarge beyond `limit` nodes or an estimated `memory` of bytes, and GameError where the game
    contradicts itself.
    """
    if not isinstance(game, Game):
        wanted = f"arena.load_game({game!r})" if isinstance(game, str) else "a game, as arena.load_game returns it"
        raise ConfigError(f"{game!r} is no game and cannot be enumerated: give {wanted}")
    kept = _TREES.get(game.fingerprint)
    # A class that is written again in a notebook, under the same name, is another class.
    if kept is None or type(kept.game) is not type(game):
        kept = load_tree(game)
    if kept is None or len(kept.mover) > limit:
        began = perf_counter()
        kept = _Enumeration(game, Limits(game.name, limit, memory)).tree()
        if perf_counter() - began > WORTH_KEEPING:
            keep_tree(kept)
    _TREES[game.fingerprint] = kept
    while len(_TREES) > _TREES_KEPT:
        del _TREES[next(iter(_TREES))]
    return kept


_TREES: dict[str, Tree] = {}
_TREES_KEPT = 8

_Moves = tuple[tuple[int, ...], tuple[str, ...]]
"""Columns, rising, and the names of the branches there."""


class _Enumeration:
    """The walk: states in, notes out."""

    def __init__(self, game: Game[Any], limits: Limits) -> None:
        self.game, self.limits = game, limits
        self.notes = Notes()
        self.states: list[Any] = []
        self.action_index = {action: i for i, action in enumerate(game.actions)}
        self.sets: list[dict[str, int]] = [{} for _ in game.roles]
        """Per seat: view → information set."""
        self.moves: dict[tuple[str, ...], _Moves] = {}
        """What every legal set that came up was found to be."""
        self.state: Any = None  # what the game is asked about

    def tree(self) -> Tree:
        """Return the arrays. Raises GameError with the state in which the game fails."""
        try:
            self._walk()
        except Exception as error:
            if isinstance(error, ArenaError) and not isinstance(error, IllegalAction):
                raise
            where = f"in the state {self.state!r}" if self.states else "at its start"
            raise GameError(f"{self.game.name} fails {where}: {type(error).__name__}: {error}") from error
        return assemble(self.game, tuple(self.action_index), self.notes)

    def _walk(self) -> None:
        """Find every state once, breadth first, and write down all about it."""
        game, notes, states = self.game, self.notes, self.states
        index = {(start := game.start()): 0}
        states.append(start)
        for s in states:  # they grow on the way
            self.state = s
            turn = game.turn(s)
            notes.mover.append(turn)
            if turn == OVER:
                notes.payoff.extend(self._payoffs(s))
                notes.ends.append(len(notes.child))
                continue
            columns, names = self._outcomes(s) if turn == CHANCE else self._actions(s, turn)
            for name in names:
                after = game.step(s, name)
                node = index.setdefault(after, len(states))
                if node == len(states):
                    states.append(after)
                notes.child.append(node)
            notes.column.extend(columns)
            notes.ends.append(len(notes.child))
            if len(states) >= self.limits.next_check:
                self.limits.check(states, len(notes.child), len(notes.seat) * len(self.action_index))

    def _payoffs(self, s: Any) -> list[float]:
        payoffs = self.game.returns(s)
        if len(payoffs) != len(self.sets):
            raise GameError(f"{self.game.name}: {s!r} has {len(payoffs)} payoffs, but there are {len(self.sets)} seats")
        found = [float(x or 0.0) for x in payoffs]
        if not all(map(isfinite, found)):
            raise GameError(f"{self.game.name}: {s!r} pays {payoffs}: give a finite number or None for every seat")
        return found

    def _outcomes(self, s: Any) -> _Moves:
        chance = self.game.chance(s)
        self._check_options(chance)
        outcomes = [(name, p) for name, p in chance if p > 0]
        if abs(sum(p for _, p in outcomes) - 1) > 1e-9:
            raise GameError(f"{self.game.name}: the chance probabilities of {s!r} do not sum to 1")
        self.notes.probability.extend([p for _, p in outcomes])
        return tuple(range(len(outcomes))), tuple(name for name, _ in outcomes)

    def _actions(self, s: Any, seat: int) -> _Moves:
        """Return the legal actions, and find the information set to which they belong."""
        legal = self.game.legal(s, seat)
        if isinstance(legal, Text):
            raise TooLarge(f"{self.game.name} has free text moves, which cannot be enumerated")
        self._check_options(legal)
        moves = self.moves.get(names := tuple(legal))
        if moves is None:
            moves = self.moves[names] = self._numbered(s, seat, names)
        self._enter(seat, self.game.view(s, seat), moves[0])
        return moves

    def _check_options(self, options: Sequence[Any]) -> None:
        """Refuse, before they are listed, options that are too many to hold."""
        if len(options) > self.limits.nodes:
            self.limits.check_options(len(options), self.states, len(self.notes.child), 0)

    def _numbered(self, s: Any, seat: int, names: tuple[str, ...]) -> _Moves:
        if not names:
            raise GameError(f"{self.game.name}: seat {seat} is to move but has no legal action in {s!r}")
        if len(set(names)) < len(names):
            raise GameError(f"{self.game.name}: the legal actions in {s!r} name one twice: {', '.join(names)}")
        for action in names:
            if action not in self.action_index:
                if self.game.actions:
                    raise GameError(f"{self.game.name}: {action!r} is legal in {s!r} but is not among its actions")
                self.action_index[action] = len(self.action_index)
        columns, names = zip(*sorted((self.action_index[action], action) for action in names), strict=True)
        return columns, names

    def _enter(self, seat: int, view: str, columns: tuple[int, ...]) -> None:
        """Write down to which information set the state belongs."""
        notes, known = self.notes, self.sets[seat]
        at = known.setdefault(view, len(notes.seat))
        notes.information_set.append(at)
        if at == len(notes.seat):
            notes.views.append(view)
            notes.seat.append(seat)
            notes.columns.append(columns)
        elif not self.game.hidden:
            raise GameError(
                f"{self.game.name} says that it hides nothing, but two states look alike to seat {seat}: "
                f"{view!r}; put what differs into the view, or set hidden = True"
            )
        elif notes.columns[at] != columns:
            raise GameError(
                f"{self.game.name}: seat {seat} sees {view!r} in two states with different legal "
                "actions, so its options would tell it what is hidden"
            )
