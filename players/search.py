"""What tree searches share: the rules asked once per state, random playouts, and a budget of simulations."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from time import perf_counter
from typing import Any

from arena.errors import ConfigError, PlayerError
from arena.game import CHANCE, OVER, Choices, Game, Text, Uniform

REMEMBERED = 50_000
"""States of one game that are kept between moves: some tens of megabytes."""

PLAYED_OUT = 10_000
"""States up to which playouts keep theirs too: all of a small game. In a large one hardly any comes again."""

MOST_MOVES = 10_000
"""Legal moves of one state. Every node of a tree lists them, and with more of them hardly any is tried twice."""

LONGEST = 10_000
"""Moves after which a playout counts as a draw."""

Draw = Callable[[], float]
"""A source of numbers in [0, 1)."""


class Place:
    """A state with what the rules say of it. Rules are pure, so nothing here depends on who asks or when."""

    __slots__ = ("actions", "after", "mover", "returns", "state", "sums", "view")

    def __init__(self, state: Any, mover: int) -> None:
        self.state = state
        self.mover = mover
        self.actions: Sequence[str] = ()
        """The legal moves, or the outcomes of chance."""
        self.after: dict[int, Place] = {}
        """Position in `actions` → the place behind it, as far as it was looked at."""
        self.sums: list[float] = []
        """The cumulative probabilities of chance; empty where every outcome is as likely."""
        self.returns: tuple[float, ...] = ()
        """Per seat, divided by the game's scale; only when over."""
        self.view: str | None = None
        """What the mover sees, once somebody has asked."""

    def draw(self, random: Draw) -> int:
        """Return the position of an outcome of chance by its probability, or of a move with equal ones."""
        return bisect_right(self.sums, random() * self.sums[-1]) if self.sums else int(random() * len(self.actions))


class Places:
    """The states of one game that a search has come to."""

    def __init__(self, game: Game[Any], remembered: int = REMEMBERED) -> None:
        self.game = game
        self.remembered = remembered
        self._known: dict[Any, Place] = {}

    def begin(self) -> None:
        """Forget everything if the memory is full: a game that goes on leaves its early states behind."""
        if len(self._known) >= self.remembered:
            self._known.clear()

    def at(self, state: Any) -> Place:
        """Return the place of a state. Raises PlayerError where the moves cannot be listed."""
        place = self._known.get(state)
        if place is None:
            place = self._look(state)
            if len(self._known) < self.remembered:
                self._known[state] = place
        return place

    def after(self, place: Place, index: int) -> Place:
        """Return the place behind a move or an outcome."""
        found = place.after.get(index)
        if found is None:
            found = self.at(self.game.step(place.state, place.actions[index]))
            if len(self._known) < self.remembered:
                place.after[index] = found
        return found

    def view(self, place: Place) -> str:
        """Return what the mover sees."""
        if place.view is None:
            place.view = self.game.view(place.state, place.mover)
        return place.view

    def playout(self, place: Place, random: Draw) -> tuple[float, ...]:
        """Return what the seats win, divided by the game's scale, when everyone moves at random from here."""
        for _ in range(LONGEST):
            if place.mover == OVER:
                return place.returns
            index = place.draw(random)
            found = place.after.get(index)
            if found is None:
                if len(self._known) >= PLAYED_OUT:
                    return self._play(self.game.step(place.state, place.actions[index]), random)
                found = self.after(place, index)
            place = found
        return (0.0,) * self.game.seats

    def _play(self, s: Any, random: Draw) -> tuple[float, ...]:
        """Play out without keeping anything, which is faster where no state comes again."""
        turn, legal, step = self.game.turn, self.game.legal, self.game.step
        for _ in range(LONGEST):
            mover = turn(s)
            if mover < 0:
                place = self._look(s)
                if mover == OVER:
                    return place.returns
                s = step(s, place.actions[place.draw(random)])
            else:
                actions = listed(self.game, legal(s, mover))
                s = step(s, actions[int(random() * len(actions))])
        return (0.0,) * self.game.seats

    def _look(self, state: Any) -> Place:
        game = self.game
        place = Place(state, game.turn(state))
        if place.mover == OVER:
            place.returns = tuple((payoff or 0.0) / game.scale for payoff in game.returns(state))
        elif place.mover == CHANCE:
            outcomes = game.chance(state)
            if isinstance(outcomes, Uniform):
                place.actions = _Names(outcomes)
            else:
                possible = [(name, p) for name, p in outcomes if p > 0]
                place.actions = [name for name, _ in possible]
                place.sums = list(accumulate(p for _, p in possible))
        else:
            place.actions = listed(game, game.legal(state, place.mover))
        return place


def listed(game: Game[Any], legal: Sequence[str] | Text) -> Sequence[str]:
    """Return the legal moves. Raises PlayerError where any text is one, or where they are too many for a tree."""
    if isinstance(legal, Text):
        if legal.moves:
            return listed(game, legal.moves)  # a search does not talk
        raise PlayerError(f"{game.name} has free text moves, which a search cannot list: seat another player")
    if (moves := legal.n if isinstance(legal, Choices) else len(legal)) > MOST_MOVES:
        raise PlayerError(
            f"{game.name} has {moves:,} moves in one state, and a search tries {MOST_MOVES:,}: seat another player"
        )
    return legal


class _Names(Sequence[str]):
    """The names of equally likely outcomes, made one at a time."""

    def __init__(self, outcomes: Uniform) -> None:
        self.outcomes = outcomes

    def __len__(self) -> int:
        return len(self.outcomes)

    def __getitem__(self, index: Any) -> Any:
        return self.outcomes[index][0]


class Budget:
    """How long to search before a move: a number of simulations, or a time, which no seed can reproduce."""

    def __init__(self, who: str, simulations: int, seconds: float | None) -> None:
        if type(simulations) is not int or simulations < 1:
            raise ConfigError(f"{who} cannot search with {simulations!r} simulations a move: give 1 or more")
        if seconds is not None and not (isinstance(seconds, int | float) and 0 < seconds < float("inf")):
            raise ConfigError(
                f"{who} cannot search for {seconds!r} seconds a move: give a positive number, or leave it"
            )
        self.simulations = simulations
        self.seconds = seconds

    def __iter__(self) -> Iterator[int]:
        """Yield 0, 1, 2, … as long as there may be another simulation; at least one."""
        if self.seconds is None:
            yield from range(self.simulations)
            return
        end, number = perf_counter() + self.seconds, 0
        while number == 0 or perf_counter() < end:
            yield number
            number += 1

    def note(self, simulations: int) -> str:
        """Return what the log should say of a move: nothing, or that it may be another one next time."""
        if self.seconds is None:
            return ""
        return f"{simulations:,} simulations in {self.seconds:g} s; a time budget is not reproducible"


def check_exploration(who: str, exploration: float) -> None:
    """Raise ConfigError unless the weight of the confidence bounds is a finite number, 0 or more."""
    if not (isinstance(exploration, int | float) and 0 <= exploration < float("inf")):
        raise ConfigError(f"{who} cannot explore with {exploration!r}: give a number such as 1.4")
