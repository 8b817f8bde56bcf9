"""Which turns of what was played are learned from: a table of its own; what it does is in trainers/filters.py."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from arena.config.curriculum import Part
from arena.config.fields import Strict, Weight


class FilterConfig(Strict):
    """What of a batch is learned from: `[training.filters]`. Without a word, all of it, but for turns worth nothing."""

    varied: Part = 1.0
    """Share of the groups, repeats of one start and seat, that are kept: those whose payoffs differ most. 0.25 in
    StarPO-S; 1 keeps all, and only then need no start be played twice."""
    least_advantage: Weight = 0.0
    """A turn whose |advantage| is not above this, in units of the game's greatest payoff, is left out."""
    refills: Annotated[int, Field(ge=0)] = 4
    """How many times more is played, at most, until a batch is full; then it stays smaller."""
    overlong: Literal["keep", "drop", "penalty"] = "keep"
    """Replies that ran into max_tokens: learn from them, leave them out, or let long replies cost something."""
    overlong_from: Annotated[float, Field(ge=0, lt=1)] = 0.8
    """penalty: the part of max_tokens from which a reply costs, more on a line up to the full price at max_tokens."""
    overlong_price: Weight = 1.0
    """penalty: the full price, in units of the game's greatest payoff."""
    draws: Literal["keep", "drop"] = "keep"
    """Whether drawn matches are learned from."""
    draw_worth: Annotated[float, Field(ge=-1, le=1)] = 0.0
    """What a draw pays both sides in training, in units of the game's greatest payoff; below 0, play that avoids every
    risk does not pay."""
