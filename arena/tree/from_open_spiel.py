"""A game of OpenSpiel (Lanctot et al., 2019) as arrays, straight from its own states.

The tree is the one that `enumerate_game` makes of arena's game `open_spiel`, without asking every question through
its rules: information sets are told apart by OpenSpiel's own strings, and only one state of each is looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module
from typing import Any

from arena.errors import ConfigError, TooLarge
from arena.game import CHANCE, OVER, Game
from arena.registry import load_game
from arena.tree.assembly import Notes, assemble
from arena.tree.enumeration import MEMORY_LIMIT, NODE_LIMIT, enumerate_game
from arena.tree.limits import Limits
from arena.tree.tables import Tree


def enumerate_open_spiel(
    game: Any, limit: int = NODE_LIMIT, memory: int = MEMORY_LIMIT, *, merge: bool = False
) -> Tree:
    """Return a game of OpenSpiel as arrays; `game` is a pyspiel.Game, or its name such as "leduc_poker(players=3)".

    A node is a history. With `merge`, states of an open game that OpenSpiel writes alike are one node: much smaller,
    and right only where the text tells all that the rest depends on (it does in tic-tac-toe, and not in chess, where
    positions repeat). Raises ConfigError for a game that cannot be taken, and TooLarge as `enumerate_game` does.
    """
    ours = load_game(f"open_spiel(name={str(game)!r})")
    if merge and ours.hidden:
        raise ConfigError(f"{ours.name} hides something, so its states are more than what is written: leave merge out")
    theirs = import_module("pyspiel").load_game(str(game))
    sequential = theirs.get_type().dynamics.name == "SEQUENTIAL"
    if not sequential or (ours.hidden and not getattr(ours, "recalls", False)):
        return enumerate_game(ours, limit, memory)
    try:
        return _Enumeration(ours, theirs, Limits(ours.name, limit, memory), merge).tree()
    except TooLarge as error:
        if merge or ours.hidden:
            raise
        raise TooLarge(f"{error}, and merge=True makes one node of states that OpenSpiel writes alike") from None


class _Enumeration:
    """The walk, breadth first. States are dropped once their children are known."""

    def __init__(self, ours: Game[Any], theirs: Any, limits: Limits, merge: bool) -> None:
        self.ours, self.limits, self.merge = ours, limits, merge
        self.notes = Notes()
        self.action_index = {action: i for i, action in enumerate(ours.actions)}
        self.moves: dict[tuple[int, ...], tuple[tuple[int, ...], tuple[int, ...]]] = {}
        """What every legal set that came up was found to be."""
        self.sets: dict[tuple[int, str], int] = {}
        """(seat, information state) → information set."""
        self.index: dict[str, int] = {}
        """Text of a state → node, where they are merged."""
        self.pending = deque([theirs.new_initial_state()])
        self.nodes = 1

    def tree(self) -> Tree:
        """Return the arrays."""
        notes = self.notes
        while self.pending:
            state = self.pending.popleft()
            mover = state.current_player()
            notes.mover.append(mover)
            if mover == OVER:
                notes.payoff.extend([payoff + 0.0 for payoff in state.returns()])  # no −0
            elif mover == CHANCE:
                outcomes = [(number, p) for number, p in state.chance_outcomes() if p > 0]
                notes.probability.extend([p for _, p in outcomes])
                self._branch(state, (number for number, _ in outcomes), range(len(outcomes)))
            else:
                legal = tuple(state.legal_actions())
                moves = self.moves.get(legal) or self._numbered(legal)
                self._enter(state, mover, moves[1])
                self._branch(state, *moves)
            notes.ends.append(len(notes.child))
            if self.nodes >= self.limits.next_check:
                self.limits.check(range(self.nodes), len(notes.child), len(notes.seat) * len(self.action_index))
        tree = assemble(self.ours, tuple(self.action_index), notes)
        return replace(tree, views=tuple(request.text for request in tree.requests))

    def _branch(self, state: Any, numbers: Iterable[int], columns: Iterable[int]) -> None:
        for number in numbers:
            after = state.child(number)
            node = self.index.setdefault(str(after), self.nodes) if self.merge else self.nodes
            if node == self.nodes:
                self.nodes += 1
                self.pending.append(after)
            self.notes.child.append(node)
        self.notes.column.extend(columns)

    def _numbered(self, legal: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return OpenSpiel's numbers and our columns, in the order of the columns."""
        columns = {}
        for number in legal:
            action = self.ours.actions[number] if self.ours.actions else str(number)
            columns[number] = self.action_index.setdefault(action, len(self.action_index))
        numbers = tuple(sorted(legal, key=columns.__getitem__))
        self.moves[legal] = numbers, tuple(columns[number] for number in numbers)
        return self.moves[legal]

    def _enter(self, state: Any, seat: int, columns: tuple[int, ...]) -> None:
        """Write down to which information set the state belongs; where nothing is hidden, each is its own."""
        notes, at = self.notes, len(self.notes.seat)
        if self.ours.hidden:
            at = self.sets.setdefault((seat, state.information_state_string()), at)
        notes.information_set.append(at)
        if at == len(notes.seat):
            notes.views.append("")  # the bridge writes it, when the tree is there
            notes.seat.append(seat)
            notes.columns.append(columns)
