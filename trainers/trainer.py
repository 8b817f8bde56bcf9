"""What the loop knows of a learning algorithm: who sits down, one update, and a memory that can be saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from arena.batch import DecisionBatch
from arena.player import Trainable


class Report(NamedTuple):
    """What one update saw."""

    entropy: float
    """Of the policy: mean over decisions, in nats."""
    kl: float
    """Mean KL from the policy to what holds it back (a reference, a magnet, its own last version), in nats."""
    payoff: float
    """Mean over decisions, divided by the game's scale."""


NOTHING = Report(0.0, 0.0, 0.0)
"""The report on a batch without decisions: a role may not have come to move in a handful of matches."""


class Trainer(Protocol):
    """One policy and the method that improves it.

    Most methods train what plays. A method may have several players of the same shape sit down in its
    training matches (the best response and the average policy of NFSP, Heinrich and Silver, 2016): then
    `shares` says how often each does, drawn per match and seat, and `DecisionBatch.behaviour` says who decided.
    """

    policy: Trainable
    """What plays in rated matches, joins the population and is saved."""

    @property
    def shares(self) -> Sequence[float]:
        """Probability that each of the trainer's players takes a seat in training, the policy itself first."""

    def update(self, batch: DecisionBatch) -> Report:
        """Improve the policy on matches that have just been played."""

    def save(self, folder: Path) -> None:
        """Write all that training needs beyond the policy itself."""

    def load(self, folder: Path) -> None:
        """Continue exactly where `save` was called; the policy is loaded by its own `load`."""


ALONE: Sequence[float] = (1.0,)
"""The shares of a method that trains what plays."""
