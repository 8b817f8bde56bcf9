"""What the rules say of a position, asked once: rules are pure, so the referee need not ask them again.

The first few thousand positions of a game are remembered with their successors, which for a small game are all
of them. Positions beyond that are worked out where they occur and forgotten, so memory stays flat.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from math import isfinite
from numbers import Real
from operator import index
from typing import Any

from arena.errors import GameError
from arena.game import CHANCE, OVER, Game, Text, Uniform
from arena.player import Request
from arena.record import Turn

_REMEMBERED = 20_000
"""Positions of one game that are kept: all of Leduc poker, and a few dozen megabytes at the most."""
_FORGOTTEN: dict[str, tuple[Position, Turn]] = {}
"""What follows a position that is not kept: nothing is ever written here."""

_KNOWN = "_known_to_the_referee"
"""The attribute of a game under which it lies."""

_ROUNDING = 1e-9
"""How far payoffs may be off, in units of the game's scale."""

turn_of = lru_cache(maxsize=4096)(Turn)
"""`Turn`, made once for each seat and action."""


class Position:
    """A state with what the rules say of it. `open` fills in what is only needed where a seat decides."""

    __slots__ = ("after", "asked", "legal", "outcomes", "ready", "returns", "state", "sums", "turn")

    def __init__(self, state: Any, turn: int, after: dict[str, tuple[Position, Turn]]) -> None:
        self.state = state
        self.turn = turn
        """The seat to move, `CHANCE` or `OVER`."""
        self.after = after
        """Action → (the position after it, the turn as a record writes it), as far as played and remembered."""
        self.ready: tuple[int, ...] = ()
        """The seats that may be asked together, once the position is open."""
        self.legal: tuple[Sequence[str] | Text, ...] = ()
        """What each of them may do."""
        self.outcomes: Sequence[tuple[str, float]] = ()
        self.sums: list[float] = []
        self.returns: tuple[float | None, ...] = ()
        """Payoff per seat where the game is over, once somebody has asked."""
        self.asked: Request | None = None

    def question(self, game: Game[Any]) -> Request:
        """Return the question to the seat whose turn it is, without a seed; its view and tensor are made once."""
        if self.asked is None:
            if not self.ready:
                self.open(game)
            self.asked = Request(game, self.state, self.turn, legal=self.legal[self.ready.index(self.turn)])
        return self.asked

    def open(self, game: Game[Any]) -> None:
        """Ask the rules who is ready here, and for what. Raises GameError where they contradict themselves."""
        if type(game).ready is Game.ready:
            self.legal, self.ready = (_allowed(game, self.state, self.turn),), (self.turn,)
            return
        ready = tuple(map(index, game.ready(self.state)))
        seats = set(ready)
        if self.turn not in seats or len(seats) < len(ready) or not seats <= set(range(game.seats)):
            raise GameError(f"it is the turn of seat {self.turn}, but the ready seats are {ready}")
        self.legal, self.ready = tuple(_allowed(game, self.state, seat) for seat in ready), ready

    def draw(self, game: Game[Any], u: float) -> str:
        """Return the outcome of chance at `u` in [0, 1) of the cumulative distribution; never one of probability 0."""
        if not self.outcomes:
            self.outcomes = game.chance(self.state)
            if not isinstance(self.outcomes, Uniform):  # which may be too many to walk through
                self.sums = list(accumulate(p for _, p in self.outcomes))
                if not abs(self.sums[-1] - 1) <= 1e-6:
                    raise GameError(f"the probabilities of chance add up to {self.sums[-1]:g}, not to 1")
        if isinstance(self.outcomes, Uniform):
            return self.outcomes[int(u * len(self.outcomes))][0]
        place = bisect_right(self.sums, u)
        if place < len(self.sums):
            return self.outcomes[place][0]
        # Where rounding leaves the sum below u, the draw belongs to the last outcome that is possible.
        return [name for name, p in self.outcomes if p > 0][-1]


def _returns(game: Game[Any], state: Any) -> tuple[float | None, ...]:
    """Return the payoff per seat as plain numbers. Raises GameError where they are not what the game declares."""
    returns = tuple(game.returns(state))
    if len(returns) != game.seats:
        raise GameError(f"the game has {game.seats} seats, but its returns are {returns}")
    paid = tuple([_payoff(value, returns) for value in returns])
    low, high = game.payoff_range
    slack = _ROUNDING * game.scale
    if any(value is not None and not low - slack <= value <= high + slack for value in paid):
        raise GameError(f"its returns {returns} leave its payoff_range {low:g} to {high:g}: widen the range")
    played = [value for value in paid if value is not None]
    # Who played no game has no payoff that the others' could balance.
    if game.zero_sum and len(played) == game.seats == game.entrants >= 2:
        total = sum(played)
        if not abs(total) <= slack:
            raise GameError(f"its returns {returns} add up to {total:g}: mend them, or say zero_sum = False")
    return paid


def _payoff(value: Any, returns: tuple[Any, ...]) -> float | None:
    """Return a seat's payoff as a plain number, or None. Raises GameError for what is neither."""
    if value is None:
        return None
    if not (type(value) is float or isinstance(value, Real)) or not isfinite(value):
        raise GameError(f"its returns are {returns}: give a finite number or None for every seat")
    return float(value)


def _allowed(game: Game[Any], state: Any, seat: int) -> Sequence[str] | Text:
    legal = game.legal(state, seat)
    if isinstance(legal, list):
        legal = tuple(legal)  # which players cannot change
    if not isinstance(legal, Text) and not len(legal):
        raise GameError(f"seat {seat} is to move but has no legal action")
    return legal


class Positions:
    """The positions of one game that have come up."""

    def __init__(self, game: Game[Any], remembered: int = _REMEMBERED) -> None:
        self.game = game
        self._seats = game.seats
        self._known: dict[Any, Position] = {}
        self._remembered = remembered

    @classmethod
    def of(cls, game: Game[Any]) -> Positions:
        """Return what is known of this game; it is kept with the game, so that it lasts from match to match."""
        known: Positions = vars(game).setdefault(_KNOWN, cls(game))
        return known

    @staticmethod
    def forget(game: Game[Any]) -> None:
        """Let the referee ask a game anew, which is the copy of another and no longer the same."""
        vars(game).pop(_KNOWN, None)

    def start(self) -> Position:
        """Return the position before the first move."""
        return self._at(self.game.start())

    def after(self, position: Position, seat: int, action: str) -> tuple[Position, Turn]:
        """Return the position after an action, and the turn to write. Raises what the rules raise."""
        known = position.after.get(action)
        if known is None:
            known = self._at(self.game.step(position.state, action)), turn_of(seat, action)
            if position.after is not _FORGOTTEN:
                position.after[action] = known
        return known

    def returns(self, position: Position) -> tuple[float | None, ...]:
        """Return the payoff per seat at the end of a game. Raises GameError for what the game does not declare."""
        if not position.returns:
            position.returns = _returns(self.game, position.state)
        return position.returns

    def _at(self, state: Any) -> Position:
        full = len(self._known) >= self._remembered
        if not full and (found := self._known.get(state)):
            return found
        turn = index(self.game.turn(state))
        if not 0 <= turn < self._seats and turn != OVER and turn != CHANCE:
            raise GameError(f"it is the turn of seat {turn}, but the seats are 0 to {self._seats - 1}")
        if full:
            return Position(state, turn, _FORGOTTEN)
        position = self._known[state] = Position(state, turn, {})
        return position
