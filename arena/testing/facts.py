"""What a game answers about one state, in a form that compares by value."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from arena.errors import TooLarge
from arena.game import CHANCE, OVER, Choices, Game, Text, Uniform


def facts(game: Game[Any], s: Any, *, encode: bool = True) -> dict[str, Any]:
    """Return question → answer: who moves, what every seat sees, what can happen, and what a net gets.

    Raises what the game raises.
    """
    mover = int(game.turn(s))
    answers: dict[str, Any] = {"turn": mover}
    for seat in range(game.seats):
        answers[f"the view of seat {seat}"] = game.view(s, seat)
    if mover == OVER:
        answers["returns"] = tuple(game.returns(s))
    elif mover == CHANCE:
        outcomes = game.chance(s)
        answers["chance"] = outcomes if isinstance(outcomes, Uniform) else tuple(map(tuple, outcomes))
    else:
        answers["legal"] = by_value(game.legal(s, mover))
        if encode and type(game).encode is not Game.encode:  # the default is computed from the views
            with suppress(TooLarge):  # the author has not written an encoding, which only nets need
                answers["encode"] = np.asarray(game.encode(s, mover)).tolist()
    return answers


def by_value(legal: Any) -> Any:
    """Return a legal set in a form that compares by value."""
    return legal if isinstance(legal, Text | Choices) else tuple(legal)


def first_difference(one: dict[str, Any], other: dict[str, Any]) -> str | None:
    """Return the first question that is answered differently; None if there is none."""
    for name, answer in one.items():
        if answer != other.get(name) and repr(answer) != repr(other.get(name)):  # NaN is not equal to itself
            return name
    return None
