"""Perfect play by looking at every continuation (von Neumann, 1928); chance counts by its expectation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError, HiddenState, PlayerError, TooLarge
from arena.game import CHANCE, OVER, Game
from arena.player import Move, Request, Requests

STATE_LIMIT = 200_000
"""States that perfect play may have to look at: a few seconds."""

_CLOSE = 1e-9
"""Values this near to the best one are as good: expectations carry rounding errors."""


class Minimax:
    """Plays perfectly in small open games of two seats, and chooses uniformly among equally good actions.

    With a `depth` it looks that many moves ahead and takes whatever is not decided by then to be worth 0,
    so it plays games of any size, no longer perfectly.
    """

    def __init__(self, depth: int | None = None, game: Game[Any] | None = None) -> None:
        if game is not None and game.hidden:
            raise HiddenState(f"{game.name} hides information, and minimax must see the state: use ismcts")
        if depth is not None and (type(depth) is not int or depth < 1):
            raise ConfigError(f"minimax cannot look {depth!r} moves ahead: give a depth of 1 or more")
        self.name = "minimax"
        self.depth = depth
        self._searches: dict[tuple[type[Game[Any]], str], _Search] = {}
        """By class as well: one that is written again in a notebook, under the same name, is another."""

    def act(self, batch: Requests) -> list[Move]:
        """Draw one of the best actions for every request from its own seed."""
        actions = batch.game.actions
        return [Move(actions[i]) for i in batch.sample(self.policy(batch))]

    def policy(self, batch: Requests) -> NDArray[np.float64]:
        """Return equal shares for the best actions, shape (B, A)."""
        search = self._search(batch.game)
        try:
            best = np.array([search.best(request) for request in batch], dtype=np.float64)
        except RecursionError:
            raise PlayerError(
                f"matches of {batch.game.name} are too long for perfect play: give minimax a depth, as in "
                "minimax(depth=4)"
            ) from None
        policy: NDArray[np.float64] = best / best.sum(axis=1, keepdims=True)
        return policy

    def _search(self, game: Game[Any]) -> _Search:
        """Return what is known of the game; a search with a depth starts afresh, as it would fill the memory."""
        if not game.actions or not game.zero_sum or game.seats != 2:
            raise PlayerError(f"minimax plays zero-sum games of two seats and listed actions; {game.name} is another")
        if self.depth is not None:
            return _Search(game, self.depth)
        return self._searches.setdefault((type(game), game.fingerprint), _Search(game, None))


class _Search:
    """The values that were found in one game; each state is looked at once."""

    def __init__(self, game: Game[Any], depth: int | None) -> None:
        self.game = game
        self.depth = depth
        self.values: dict[tuple[Any, int | None], float] = {}
        """(state, moves left to look ahead) → what seat 0 will win."""

    def best(self, request: Request) -> list[bool]:
        """Return for each of the game's actions whether it is legal and none is better."""
        s, sign = request.state(), 1 if request.seat == 0 else -1
        left = None if self.depth is None else self.depth - 1
        worth = {action: sign * self.value(self.game.step(s, action), left) for action in self._legal(s)}
        most = max(worth.values())
        return [worth.get(action, -np.inf) >= most - _CLOSE for action in self.game.actions]

    def value(self, s: Any, left: int | None) -> float:
        """Return what seat 0 wins from `s` on when both play their best; chance does not count as a move."""
        known = self.values.get((s, left))
        if known is None:
            if self.depth is None and len(self.values) >= STATE_LIMIT:
                raise TooLarge(
                    f"{self.game.name} has more than {STATE_LIMIT:,} states, too many for perfect play: "
                    "give minimax a depth, as in minimax(depth=4)"
                )
            known = self.values[s, left] = self._look(s, left)
        return known

    def _look(self, s: Any, left: int | None) -> float:
        game, mover = self.game, self.game.turn(s)
        if mover == OVER:
            return game.returns(s)[0] or 0.0
        if mover == CHANCE:
            return sum(p * self.value(game.step(s, outcome), left) for outcome, p in game.chance(s))
        if left == 0:
            return 0.0
        after = None if left is None else left - 1
        values = [self.value(game.step(s, action), after) for action in self._legal(s)]
        return max(values) if mover == 0 else min(values)

    def _legal(self, s: Any) -> list[str]:
        legal = self.game.legal(s, self.game.turn(s))
        return [action for action in self.game.actions if action in legal]
