"""The states of many games of one kind, stepped together: by the plain rules, or by a kernel of arrays.

A kernel is a class registered under its game's name, in the kind "kernels". It says the same as the rules, faster.
Shapes: B games, n of them that are asked about, A actions, P seats.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from arena.errors import PlayerError
from arena.game import CHANCE, Game
from arena.player import Request, Requests
from arena.positions import Position, Positions
from arena.registry import find, names

Games = NDArray[np.int64]
"""(n,) numbers of games, in which a seat is to move."""


class States(Protocol):
    """B games, all at their start at first. Chance has always moved already."""

    def movers(self) -> NDArray[np.int64]:
        """Return (B,) the seat to move, or OVER."""

    def mask(self, games: Games) -> NDArray[np.bool_]:
        """Return (n, A) what the seats to move may do."""

    def encode(self, games: Games) -> NDArray[np.float32]:
        """Return (n, …) the views of the seats to move, as `Game.encode` gives them."""

    def step(self, games: Games, actions: NDArray[np.int64]) -> None:
        """Let the seats to move take these legal actions (n,), positions in the game's vocabulary."""

    def returns(self) -> NDArray[np.float64]:
        """Return (B, P) the payoffs of games that are over, in the game's own units."""

    def state(self, number: int) -> Any:
        """Return the state of one game, as the rules know it."""


class Kernel(States, Protocol):
    """States as arrays."""

    rules: type[Game[Any]]
    """The class of the game that it plays; one that only has the same name is played by its own rules."""

    def __init__(self, game: Game[Any], games: int, rng: np.random.Generator) -> None:
        """Begin so many games; `rng` is for chance."""


def many_states(game: Game[Any], games: int, rng: np.random.Generator) -> States:
    """Return the beginnings of so many games, in the fastest way that there is for them."""
    kernel = _kernel(game.name)
    if kernel is not None and type(game) is kernel.rules:
        return kernel(game, games, rng)
    return ByRules(game, games, rng)


@cache
def _kernel(name: str) -> type[Kernel] | None:
    return cast("type[Kernel]", find("kernels", name)) if name in names("kernels") else None


class ByRules:
    """States of any game with a closed vocabulary; what is known of the first few thousand positions is kept."""

    def __init__(self, game: Game[Any], games: int, rng: np.random.Generator) -> None:
        if not game.actions:
            raise PlayerError(f"{game.name} has no closed vocabulary (Game.actions), so its moves have no numbers")
        self.game, self._rng = game, rng
        self._positions = Positions.of(game)
        self._index = {action: i for i, action in enumerate(game.actions)}
        start = self._positions.start()
        self._at = [self._dealt(start) for _ in range(games)]

    def movers(self) -> NDArray[np.int64]:
        """Ask the rules."""
        return np.array([position.turn for position in self._at], np.int64)

    def mask(self, games: Games) -> NDArray[np.bool_]:
        """Ask the rules."""
        return self._requests(games).mask()

    def encode(self, games: Games) -> NDArray[np.float32]:
        """Ask the rules."""
        return self._requests(games).tensor()

    def step(self, games: Games, actions: NDArray[np.int64]) -> None:
        """Step by the rules, and on to the next decision where chance is to move."""
        for game, action in zip(games.tolist(), actions.tolist(), strict=True):
            before = self._at[game]
            after, _ = self._positions.after(before, before.turn, self.game.actions[action])
            self._at[game] = self._dealt(after)

    def returns(self) -> NDArray[np.float64]:
        """Ask the rules; a seat that played no game has 0."""
        return np.array([[x or 0.0 for x in self._positions.returns(position)] for position in self._at])

    def state(self, number: int) -> Any:
        """Return the state itself."""
        return self._at[number].state

    def _dealt(self, position: Position) -> Position:
        while position.turn == CHANCE:
            outcome = position.draw(self.game, self._rng.random())
            position, _ = self._positions.after(position, CHANCE, outcome)
        return position

    def _requests(self, games: Games) -> Requests:
        return Requests([position.question(self.game) for position in (self._at[i] for i in games.tolist())])


class Questions(Requests):
    """The questions to the seats to move in `games` (n,): tensors at once, a single one where somebody reads it."""

    def __init__(self, game: Game[Any], states: States, games: Games, seats: NDArray[np.int64]) -> None:
        self._game, self._states, self._games, self._seats = game, states, games, seats

    def __len__(self) -> int:
        return len(self._games)

    def __iter__(self) -> Iterator[Request]:
        return iter(self._requests)

    @property
    def game(self) -> Game[Any]:
        """The game that all requests are about."""
        return self._game

    @cached_property
    def _requests(self) -> list[Request]:  # type: ignore[override]
        asked = zip(self._games.tolist(), self._seats.tolist(), strict=True)
        return [Request(self._game, self._states.state(game), seat) for game, seat in asked]

    @cached_property
    def _tensor(self) -> NDArray[np.float32]:
        return self._states.encode(self._games)

    @cached_property
    def _mask(self) -> NDArray[np.bool_]:
        return self._states.mask(self._games)
