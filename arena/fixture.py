"""A match that is to be played, and what the referee bears in it: values, which everybody may make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Fixture(NamedTuple):
    """A match to be played: who sits where, and with which seed."""

    key: str
    kind: str
    entrants: tuple[str, ...]
    """Names by seat."""
    seed: int
    """Chance is drawn from this; the two matches of a pair share it."""
    pair: str
    step: int = 0


@dataclass(frozen=True)
class Patience:
    """What the referee bears."""

    retries: int = 2
    """How often a seat may answer a question again after an illegal or unreadable reply, before it forfeits."""
    feedback: bool = True
    """Whether the player is told what was wrong."""
    attempts: int = 3
    """Void this often, a match is abandoned, or left void if the infrastructure failed."""
    max_turns: int = 10_000
    """A match with this many moves is truncated: a draw, flagged."""
