"""What replies cost, in dollars: what the provider says, else what the user's prices make of the tokens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from arena.errors import ConfigError


class Usage(NamedTuple):
    """What one reply used up."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    """Those of a hidden chain of thought included, as they are paid for."""
    dollars: float | None = None
    """As the provider reports it, or None."""


def usage_of(reported: Mapping[str, Any] | None) -> Usage | None:
    """Return what the field `usage` of an answer says, None if it says nothing. Nonsense counts as not said."""
    if not reported:
        return None
    counts = [reported.get(name) for name in ("prompt_tokens", "completion_tokens")]
    prompt, completion = (n if type(n) is int and 0 <= n < 2**31 else 0 for n in counts)
    cost = reported.get("cost")
    if isinstance(cost, dict):  # Perplexity itemises; OpenRouter gives the sum
        cost = cost.get("total_cost")
    if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost < math.inf:
        cost = None
    return Usage(prompt, completion, cost)


class Bill:
    """The total of an engine, and the most that it may come to.

    Prices are dollars per million tokens. `most` is None for no limit. Raises ConfigError for what is no price.
    """

    def __init__(
        self, prompt_price: float | None = None, completion_price: float | None = None, most: float | None = None
    ) -> None:
        numbers = {"prompt_price": prompt_price, "completion_price": completion_price, "most_dollars": most}
        for name, number in numbers.items():
            if number is not None and (
                not isinstance(number, int | float) or isinstance(number, bool) or not 0 <= number < math.inf
            ):
                raise ConfigError(f"{name} = {number!r} will not do: give dollars, 0 or more")
        if (prompt_price is None) != (completion_price is None):
            raise ConfigError("one price is missing: give both prompt_price and completion_price, or neither")
        self.prompt_price, self.completion_price, self.most = prompt_price, completion_price, most
        self.dollars: float = 0.0
        """All that was charged so far."""

    @property
    def used_up(self) -> bool:
        """Whether no further request may begin."""
        return self.most is not None and self.dollars >= self.most

    def sentence(self) -> str:
        """Return why no further request begins, to be said of a server."""
        return (
            f"is asked nothing more, since {self.dollars:.2f} of {self.most or 0:.2f} dollars are spent: "
            "raise most_dollars to go on"
        )

    def cost(self, usage: Usage | None) -> float | None:
        """Return what a reply cost in dollars, or None where neither the provider nor the user says."""
        if usage is None:
            return None
        if usage.dollars is not None:
            return usage.dollars
        if self.prompt_price is None or self.completion_price is None:
            return None
        return (usage.prompt_tokens * self.prompt_price + usage.completion_tokens * self.completion_price) / 1e6

    def charge(self, usage: Usage | None) -> None:
        """Add the cost of a reply; nothing where it is unknown."""
        self.dollars += self.cost(usage) or 0.0
