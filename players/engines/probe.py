"""Whether an engine answers with the weights that it was asked for: what a member says alone and among others."""

from __future__ import annotations

from dataclasses import dataclass

from arena.players.engines.engine import Message, Prompt

PROBES: tuple[Prompt, ...] = ((Message("user", "Name a card."),), (Message("user", "Count from 1 to 9."),))
"""What every member is asked."""

SLACK = {"float32": 1e-2, "rest": 0.25}
"""Nats by which a log-probability may depend on who else is in the batch: sums are taken in another order there."""


@dataclass(eq=False)
class Probe:
    """What a member says to one probe: at each token the likeliest two and their log-probabilities, the first first."""

    said: list[dict[int, float]]


def alike(alone: Probe, together: Probe, slack: float) -> bool:
    """Return whether two answers are of the same weights: equal tokens, as likely; after a tie they may differ."""
    for one, two in zip(alone.said, together.said, strict=False):
        first, other = next(iter(one)), next(iter(two))
        if other not in one or abs(one[other] - two[other]) > slack:
            return False
        if first != other:
            return one[first] - one[other] <= slack
    return True
