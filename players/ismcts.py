"""Information set Monte Carlo tree search (Cowling, Powley and Whitehouse, 2012): search where cards are hidden."""

from __future__ import annotations

from math import log, sqrt
from random import Random
from typing import Any

from arena.errors import PlayerError
from arena.game import CHANCE, OVER, Game
from arena.player import Move, Request, Requests
from arena.players.search import Budget, Draw, Places, check_exploration, listed
from arena.seeds import generator


class Ismcts:
    """Searches a game of hidden information over states that its seat cannot tell apart.

    Every simulation draws such a state by the game's own `resample` and walks down one tree, whose nodes are
    information sets: what the seat to move there would see. So nobody in the tree uses what they could not know.
    Moves are chosen by the confidence bound mean payoff + `exploration`·√(ln aᵢ / nᵢ), where aᵢ counts how often
    move i was available; as equal views have equal moves, that is the number of visits to the node.

    The states are as likely as the game's `resample` makes them, whatever the others' moves tell of their cards,
    so the search is no equilibrium, however long it thinks: in Kuhn poker its NashConv stays near 0.33, where
    uniform play has 0.92.

    With a number of `simulations`, a move follows from the request's seed and the view. With `seconds`, the search
    thinks that long about every move instead, so its moves depend on the speed of the machine and **are not
    reproducible**.
    """

    def __init__(
        self, game: Game[Any], simulations: int = 1000, exploration: float = 1.4, seconds: float | None = None
    ) -> None:
        _check_resample(game)
        check_exploration("ismcts", exploration)
        self.name = "ismcts"
        self.budget = Budget("ismcts", simulations, seconds)
        self.exploration = exploration
        self._places = Places(game)

    def act(self, batch: Requests) -> list[Move]:
        """Search for every request from its own seed."""
        if batch.game is not self._places.game:
            _check_resample(batch.game)
            self._places = Places(batch.game)
        return [self._move(request) for request in batch]

    def _move(self, request: Request) -> Move:
        legal = listed(request.game, request.legal)
        if len(legal) == 1:
            return Move(legal[0])
        self._places.begin()
        search = _Search(self._places, self.exploration, Random(request.seed).random, request.seat)
        states = generator(request.seed, "resample")
        for _ in self.budget:
            search.simulate(request.resample(states))
        root = search.nodes[request.seat, request.text]
        action = legal[root.best()]
        note = self.budget.note(root.count)
        return Move(action, raw=f"{action} ({note})" if note else "")


def _check_resample(game: Game[Any]) -> None:
    if game.hidden and type(game).resample is Game.resample:
        raise PlayerError(
            f"ismcts cannot search {game.name}: the game has no resample(state, seat, rng), which draws what is hidden"
        )


class _Node:
    """An information set: how often each move was tried there, and what it won for the seat that moves."""

    __slots__ = ("count", "totals", "untried", "visits")

    def __init__(self, moves: int) -> None:
        self.count = 0
        self.visits = [0] * moves
        self.totals = [0.0] * moves
        self.untried = list(range(moves))

    def best(self) -> int:
        """Return the move that was tried most often; of several, the one that won most."""
        return max(range(len(self.visits)), key=lambda i: (self.visits[i], self.totals[i]))

    def select(self, exploration: float, random: Draw) -> int:
        """Return a move that is new, at random, or the one with the greatest upper confidence bound."""
        if self.untried:
            return self.untried.pop(int(random() * len(self.untried)))
        factor = exploration * sqrt(log(self.count))
        best, most = 0, -float("inf")
        for index, (visits, total) in enumerate(zip(self.visits, self.totals, strict=True)):
            bound = total / visits + factor / sqrt(visits)
            if bound > most:
                best, most = index, bound
        return best


class _Search:
    """One search for the seat that is asked: the information sets that its simulations have come to."""

    def __init__(self, places: Places, exploration: float, random: Draw, seat: int) -> None:
        self.places, self.exploration, self.random, self.seat = places, exploration, random, seat
        self.nodes: dict[tuple[int, str], _Node] = {}

    def simulate(self, state: Any) -> None:
        """Walk from a state that might be the true one to a new information set, play out, and pass the value up."""
        places, place = self.places, self.places.at(state)
        path: list[tuple[_Node, int, int]] = []
        new = asked = False
        while not new and place.mover != OVER:
            if place.mover == CHANCE:
                index = place.draw(self.random)
            else:
                key = place.mover, places.view(place)
                node = self.nodes.get(key)
                # Seats that are ready at once move in order; those before the seat that is asked end no walk, or
                # its own information set might never be reached.
                asked = asked or place.mover == self.seat
                new = node is None and asked
                if node is None:
                    node = self.nodes[key] = _Node(len(place.actions))
                index = node.select(self.exploration, self.random)
                path.append((node, index, place.mover))
            place = places.after(place, index)
        returns = places.playout(place, self.random)
        for node, index, seat in path:
            node.count += 1
            node.visits[index] += 1
            node.totals[index] += returns[seat]
