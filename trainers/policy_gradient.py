"""One learner: a policy, the reference it is held to, role baselines and an optimiser.

`update` is the whole method on one screen: advantage (advantage.py), loss (losses.py), step (optimiser.py).
"""

from __future__ import annotations

from pathlib import Path

import torch

from arena.batch import DecisionBatch
from arena.player import Trainable
from arena.trainers import losses, memory
from arena.trainers.advantage import RoleBaselines
from arena.trainers.optimiser import Adam
from arena.trainers.trainer import ALONE, NOTHING, Penalty, Report, no_penalty


class PolicyGradient:
    """REINFORCE with role-conditioned advantages and a KL to a periodically copied reference."""

    shares = ALONE

    def __init__(
        self,
        policy: Trainable,
        reference: Trainable,
        scale: float,
        *,
        learning_rate: float,
        updates: int,
        kl_weight: float,
        reference_every: int,
        value_weight: float = 0.5,
        decay: float = 0.95,
    ) -> None:
        """Make `reference`, a second player of the same shape, a copy of the policy. `scale` divides payoffs."""
        self.policy = policy
        self.reference = reference
        self.scale = scale
        self.kl_weight = kl_weight
        self.reference_every = reference_every
        self.value_weight = value_weight
        self.baselines = RoleBaselines(decay)
        self.optimiser = Adam(policy.parameters(), learning_rate, updates)
        memory.blend(reference, policy)

    def update(self, batch: DecisionBatch, penalty: Penalty = no_penalty) -> Report:
        """Improve the policy by one step on matches that it has just played."""
        if not len(batch):
            return NOTHING
        advantage = torch.from_numpy(self.baselines.advantages(batch, self.scale)).float()
        payoff = torch.from_numpy(batch.payoff / self.scale).float()
        evaluation = self.policy.evaluate(batch)
        with torch.no_grad():
            reference = self.reference.evaluate(batch)
        device = evaluation.logp.device
        kl = losses.kl_to_reference(evaluation, reference)
        loss = (
            losses.policy_gradient(evaluation, advantage.to(device))
            + self.kl_weight * kl
            + self.value_weight * losses.value_error(evaluation, payoff.to(device))
        )
        self.optimiser.step(loss + penalty())
        self.policy.version += 1
        if self.policy.version % self.reference_every == 0:
            memory.blend(self.reference, self.policy)
        return Report(float(evaluation.entropy.mean().detach()), float(kl.detach()), float(payoff.mean()))

    def save(self, folder: Path) -> None:
        """Write what training needs beyond the policy: reference, optimiser and baselines."""
        tensors = {**memory.weights("reference", self.reference), **self.optimiser.state()}
        memory.save(folder, tensors, {"baselines": self.baselines.state(), "steps": self.optimiser.steps})

    def load(self, folder: Path) -> None:
        """Continue exactly where `save` was called; the policy itself is loaded by its own `load`."""
        tensors, numbers = memory.load(folder)
        memory.restore_weights("reference", self.reference, tensors)
        self.baselines.restore(numbers["baselines"])
        self.optimiser.restore(tensors, numbers["steps"])
