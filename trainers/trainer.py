"""What the loop knows of a learning algorithm: who sits down, one update, and a memory that can be saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from arena.batch import TokenBatch
from arena.player import Trainable, TrainableTokens


class Report(NamedTuple):
    """What one update saw."""

    entropy: float
    """Of the policy: mean over decisions, in nats."""
    kl: float
    """Mean KL from the policy to what holds it back (a reference, a magnet, its own last version), in nats."""
    payoff: float
    """Mean over decisions, divided by the game's scale."""
    others: Mapping[str, float] = MappingProxyType({})
    """What else the method has seen, by name."""


NOTHING = Report(0.0, 0.0, 0.0)
"""The report on a batch without decisions: a role may not have come to move in a handful of matches."""


class Visits(NamedTuple):
    """I information sets that traversals have come to, with what a net should learn to say there."""

    information_set: NDArray[np.int64]
    """(I,) their numbers in the tree, each once."""
    observation: NDArray[np.float32]
    """(I, …) encoded views."""
    mask: NDArray[np.bool_]
    """(I, A) legal actions."""
    target: NDArray[np.float32]
    """(I, A) mean over the visits."""
    times: NDArray[np.float64]
    """(I,) how often."""


class Walked(NamedTuple):
    """What a method that walks the game itself learns from, in place of matches."""

    regrets: Visits
    """Where it tried all actions: sampled regrets, divided by the game's scale."""
    strategies: Visits
    """Where it was another seat's turn to be tried: the strategy that was played."""
    endings: int
    """Terminal nodes reached, by all seats together."""


class Lessons(NamedTuple):
    """What a language model learns by example, in place of matches."""

    batch: TokenBatch
    """The answers that others have given; nothing is known of how likely they were, and payoffs are 0."""


Penalty = Callable[[], torch.Tensor | float]
"""A further term of a policy's loss at the policy's present weights, differentiable and in the loss's own units."""


def no_penalty() -> float:
    """Return 0: the loss is the method's own."""
    return 0.0


Batch = TypeVar("Batch", contravariant=True)


class Trainer(Protocol[Batch]):
    """One policy and the method that improves it on a `Batch`: a DecisionBatch of matches, or what it `Walked`.

    Most methods train what plays. A method may have several players of the same shape sit down in its
    training matches (the best response and the average policy of NFSP, Heinrich and Silver, 2016): then
    `shares` says how often each does, drawn per match and seat, and `DecisionBatch.behaviour` says who decided.
    """

    @property
    def policy(self) -> Trainable | TrainableTokens:
        """What plays in rated matches, joins the population and is saved."""

    @property
    def shares(self) -> Sequence[float]:
        """Probability that each of the trainer's players takes a seat in training, the policy itself first."""

    def update(self, batch: Batch, penalty: Penalty = no_penalty) -> Report:
        """Improve the policy on what has just been played; `penalty` joins the loss of the policy at every step."""

    def save(self, folder: Path) -> None:
        """Write all that training needs beyond the policy itself."""

    def load(self, folder: Path) -> None:
        """Continue exactly where `save` was called; the policy is loaded by its own `load`."""


ALONE: Sequence[float] = (1.0,)
"""The shares of a method that trains what plays."""
