"""A language model for tests that is a table, so that gradients can be worked out by hand, and what it has played."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import torch

from arena.config.algorithms import TokenPolicyGradientConfig
from arena.player import TokenEvaluation
from arena.trainers.token_policy_gradient import TokenPolicyGradient
from tests.test_distinct_turns import batch_of

V, LONGEST = 6, 5
PAIRS = [([0], [1, 2]), ([1], [3]), ([0], [1, 2]), ([1], [3]), ([0], [4, 4, 5]), ([1], [0, 1])]
PAYOFF = np.array([2.0, -2.0, -1.0, 1.0, 2.0, -2.0])
SEAT = np.array([0, 1, 0, 1, 0, 1])
MATCH = np.array([0, 0, 1, 1, 2, 2])
UNTOLD = np.zeros(6)


class Bigrams:
    """A language model whose next token depends on the one before: a table of logits.

    With `values` it has a table of what it predicts after the last token of a prompt, too.
    """

    max_tokens = LONGEST

    def __init__(self, logits: torch.Tensor, values: torch.Tensor | None = None) -> None:
        self.name, self.version, self.synced = "bigrams", 0, []
        self.logits = torch.nn.Parameter(logits.clone())
        self.predicts = values is not None
        self.values = torch.nn.Parameter(values.clone()) if values is not None else None

    def parameters(self) -> list[torch.nn.Parameter]:
        return [self.logits, self.values] if self.predicts else [self.logits]

    def evaluate(self, batch) -> TokenEvaluation:
        before = np.flatnonzero(batch.loss_mask) - 1
        policy = torch.log_softmax(self.logits, -1)[torch.from_numpy(batch.ids[before])]
        logp = policy.gather(1, torch.from_numpy(batch.ids[batch.loss_mask])[:, None])[:, 0]
        ends = [batch.pair(n)[0][-1] for n in range(len(batch))]
        return TokenEvaluation(logp, policy, self.values[ends] if self.predicts else None)

    def frozen(self) -> Bigrams:
        return Bigrams(self.logits.detach())

    def replica(self):
        return partial(blank, self.predicts)

    def rest(self) -> None:
        self.rested = self.version

    def sync(self) -> None:
        self.synced.append(self.version)


def blank(predicts: bool, place: int) -> Bigrams:
    """Return a model of the same shape, as another process makes it."""
    return Bigrams(torch.zeros(V, V, dtype=torch.float64), torch.zeros(V, dtype=torch.float64) if predicts else None)


def policy_of(seed: int, predicts: bool = False) -> Bigrams:
    rng = torch.Generator().manual_seed(seed)
    logits = torch.randn(V, V, dtype=torch.float64, generator=rng)
    return Bigrams(logits, torch.randn(V, dtype=torch.float64, generator=rng) if predicts else None)


def batch_by(policy: Bigrams, engine_off: float = 0.0, **columns):
    """Return a batch that the policy has played, through an engine that is off by so many nats at every third token."""
    columns = {"payoff": PAYOFF, "seat": SEAT, "side": SEAT, "role": SEAT, "match": MATCH, "turn": SEAT, **columns}
    batch = batch_of(PAIRS, **columns)
    logp = np.zeros(len(batch.ids))
    logp[batch.loss_mask] = policy.evaluate(batch).logp.detach().numpy()
    logp[batch.loss_mask] += engine_off * (np.arange(batch.loss_mask.sum()) % 3 == 0)
    return replace(batch, behaviour_logp=logp)


def trainer_of(policy: Bigrams, **options) -> TokenPolicyGradient:
    return TokenPolicyGradient(
        policy, 2.0, TokenPolicyGradientConfig(**options), learning_rate=0.01, updates=10, seed=3
    )


def gradients(trainer: TokenPolicyGradient, batch) -> list[torch.Tensor]:
    """Return the gradient of every parameter."""
    found = []
    apply = trainer.optimiser.apply

    def kept() -> float:
        found.append([parameter.grad.clone() for parameter in trainer.policy.parameters()])
        return apply()

    trainer.optimiser.apply = kept
    trainer.update(batch)
    return found[0]
