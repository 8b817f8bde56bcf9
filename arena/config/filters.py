"""Which turns of what was played are learned from: a table of its own; what they do is in trainers/filters.py."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from arena.config.fields import Count, Strict, Weight


class FilterConfig(Strict):
    """What of a batch is learned from: `[training.token_policy_gradient.filters]`.

    Without the table all of it; with the table alone all but turns worth nothing.
    """

    varied: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the groups, repeats of one start and seat, that are kept: those whose payoffs differ most. 0.25 in
    StarPO-S; 1 keeps all, and only then need no start be played twice."""
    least_advantage: Weight = 0.0
    """A turn whose |advantage| is not above this, in units of the game's greatest payoff, is left out."""
    turns: Annotated[int, Field(ge=0)] = 0
    """How many turns an update learns from: where too few are left, further matches are played, and what is beyond
    them is left out. 0: whatever is left of the update's matches."""
    refills: Count = 4
    """How often, at most, further matches are played for one update; each time at most as many as an update has."""
    overlong: Literal["keep", "drop", "penalty"] = "keep"
    """Replies that ran into max_tokens: learn from them, leave them out, or let long replies cost something."""
    overlong_from: Annotated[float, Field(ge=0, lt=1)] = 0.8
    """penalty: the part of max_tokens from which a reply costs, more on a line up to the full price at max_tokens."""
    overlong_price: Weight = 1.0
    """penalty: the full price, in units of the game's greatest payoff."""
    draws: Literal["keep", "drop"] = "keep"
    """Whether drawn matches, those that paid 0, are learned from. Where 0 is a payoff like any other, keep them."""
    draw_worth: Annotated[float, Field(ge=-1, le=1)] = 0.0
    """What a draw pays both sides in training, in units of the game's greatest payoff; below 0, play that avoids every
    risk does not pay."""
