"""Monte Carlo tree search with upper confidence bounds: UCT (Kocsis and Szepesvári, 2006)."""

from __future__ import annotations

from math import log, sqrt
from random import Random
from typing import Any

from arena.errors import ConfigError, HiddenState
from arena.game import CHANCE, Game
from arena.player import Move, Request, Requests
from arena.players.search import Budget, Draw, Place, Places, check_exploration

Returns = tuple[float, ...]
"""Payoffs per seat, divided by the game's scale."""


class Mcts:
    """Searches the tree of an open game with random playouts, for any number of seats and payoffs.

    A simulation walks down the tree by the confidence bound UCB1 (mean payoff + `exploration`·√(ln n / nᵢ), payoffs
    divided by the game's scale), adds one node, and values it by `rollouts` random playouts. What is decided is not
    guessed at: values that are certain are passed up (the solver of Winands et al., 2008, for any payoffs).

    With a number of `simulations`, a move follows from the request's seed. With `seconds`, the search thinks
    that long about every move instead, so its moves depend on the speed of the machine and **are not
    reproducible**: a run with such a player that is killed and resumed may go on otherwise.
    """

    def __init__(
        self,
        game: Game[Any],
        simulations: int = 1000,
        exploration: float = 1.4,
        rollouts: int = 1,
        seconds: float | None = None,
    ) -> None:
        if game.hidden:
            raise HiddenState(f"{game.name} hides information, and mcts must see the state: use ismcts")
        if type(rollouts) is not int or rollouts < 1:
            raise ConfigError(f"mcts cannot value a position by {rollouts!r} rollouts: give 1 or more")
        check_exploration("mcts", exploration)
        self.name = "mcts"
        self.budget = Budget("mcts", simulations, seconds)
        self.exploration = exploration
        self.rollouts = rollouts
        self._places = Places(game)

    def act(self, batch: Requests) -> list[Move]:
        """Search for every request from its own seed."""
        if batch.game is not self._places.game:
            self._places = Places(batch.game)
        return [self._move(request) for request in batch]

    def _move(self, request: Request) -> Move:
        self._places.begin()
        place = self._places.at(request.state())
        if len(place.actions) == 1:
            return Move(place.actions[0])
        search = _Search(self._places, self.exploration, self.rollouts, Random(request.seed).random)
        root = _Node(place)
        for _ in self.budget:
            search.simulate(root)
            if root.proven:
                break
        note = self.budget.note(root.visits)
        action = place.actions[root.best()]
        return Move(action, raw=f"{action} ({note})" if note else "")


class _Node:
    """A place with what the search knows of it, on one way to it."""

    __slots__ = ("children", "place", "proven", "total", "untried", "visits")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.visits = 0
        self.total = 0.0
        """The sum of what the seat that moved here has won."""
        self.proven: Returns = place.returns
        """What the seats win with best play, once it is certain."""
        self.children: dict[int, _Node] = {}
        self.untried: list[int] | None = None
        """Moves without a child, in the random order in which they will be tried; None before the first visit."""

    def best(self) -> int:
        """Return the move with the most visits, unless another is certain to be at least as good."""
        mover = self.place.mover
        certain = [i for i, child in self.children.items() if child.proven]
        open_ = [i for i, child in self.children.items() if not child.proven]
        known = max(certain, key=lambda i: (self.children[i].proven[mover], self.children[i].visits), default=-1)
        likely = max(open_, key=lambda i: (self.children[i].visits, self.children[i].total), default=-1)
        if not open_:
            return known
        mean = self.children[likely].total / self.children[likely].visits
        return known if certain and self.children[known].proven[mover] >= mean else likely


class _Search:
    """One search: a tree that grows by a node with every simulation."""

    def __init__(self, places: Places, exploration: float, rollouts: int, random: Draw) -> None:
        self.places, self.exploration, self.rollouts, self.random = places, exploration, rollouts, random
        self.most = places.game.payoff_range[1] / places.game.scale

    def simulate(self, root: _Node) -> None:
        """Walk from the root to a new or certain node, value it, and pass the value up."""
        path, node = [root], root
        while not node.proven:
            index = self._next(node)
            child = node.children.get(index)
            if child is None:
                child = node.children[index] = _Node(self.places.after(node.place, index))
                path.append(child)
                node = child
                break
            path.append(child)
            node = child
        returns = node.proven or self._value(node.place)
        chooser = CHANCE
        for node in path:
            node.visits += 1
            if chooser >= 0:
                node.total += returns[chooser]
            chooser = node.place.mover
        if path[-1].proven:
            self._prove(path)

    def _next(self, node: _Node) -> int:
        """Return the move to look at: one that is new, or the one with the greatest upper confidence bound."""
        place = node.place
        if place.mover == CHANCE:
            outcome: int = place.draw(self.random)
            return outcome
        if node.untried is None:
            node.untried = self._shuffled(len(place.actions))
        if node.untried:
            return node.untried.pop()
        mover, factor = place.mover, self.exploration * sqrt(log(node.visits))
        best, most = 0, -float("inf")
        for index, child in node.children.items():
            visits = child.visits
            bound = child.proven[mover] if child.proven else child.total / visits + factor / sqrt(visits)
            if bound > most:
                best, most = index, bound
        return best

    def _shuffled(self, n: int) -> list[int]:
        order = list(range(n))
        for i in range(n - 1, 0, -1):
            j = int(self.random() * (i + 1))
            order[i], order[j] = order[j], order[i]
        return order

    def _value(self, place: Place) -> Returns:
        playouts = [self.places.playout(place, self.random) for _ in range(self.rollouts)]
        return tuple(sum(seat) / self.rollouts for seat in zip(*playouts, strict=True))

    def _prove(self, path: list[_Node]) -> None:
        """Pass a certain value up the path, as far as it decides what lies above."""
        for node, child in zip(path[-2::-1], path[:0:-1], strict=True):
            mover = node.place.mover
            if mover == CHANCE:
                node.proven = self._expected(node)
            elif child.proven[mover] >= self.most:
                node.proven = child.proven
            elif not node.untried and all(child.proven for child in node.children.values()):
                node.proven = max((child.proven for child in node.children.values()), key=lambda p: p[mover])
            if not node.proven:
                return

    def _expected(self, node: _Node) -> Returns:
        """Return the mean over the outcomes of chance, or nothing unless all of them are certain."""
        place, n = node.place, len(node.place.actions)
        if len(node.children) < n or not all(child.proven for child in node.children.values()):
            return ()
        sums = place.sums or [(i + 1) / n for i in range(n)]
        shares = [after - before for before, after in zip([0.0, *sums], sums, strict=False)]
        values = (node.children[i].proven for i in range(n))
        return tuple(
            sum(share * value for share, value in zip(shares, seat, strict=True)) for seat in zip(*values, strict=True)
        )
