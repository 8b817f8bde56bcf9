"""One learner: a policy, the reference it is held to, role baselines and an optimiser.

`update` is the whole method on one screen: advantage (advantage.py), loss (losses.py), step (optimiser.py).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file

from arena.batch import DecisionBatch
from arena.errors import CheckpointError
from arena.player import Trainable
from arena.trainers import losses
from arena.trainers.advantage import RoleBaselines
from arena.trainers.optimiser import Adam


class Report(NamedTuple):
    """What one update saw."""

    entropy: float
    """Mean over decisions, in nats."""
    kl: float
    """Mean KL from the policy to its reference, in nats."""
    payoff: float
    """Mean over decisions, divided by the game's scale."""


class PolicyGradient:
    """REINFORCE with role-conditioned advantages and a KL to a periodically copied reference."""

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
        self._copy_reference()

    def update(self, batch: DecisionBatch) -> Report:
        """Improve the policy by one step on matches that it has just played."""
        if not len(batch):  # a role may not have come to move in a handful of matches: there is nothing to learn
            return Report(0.0, 0.0, 0.0)
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
        self.optimiser.step(loss)
        self.policy.version += 1
        if self.policy.version % self.reference_every == 0:
            self._copy_reference()
        return Report(float(evaluation.entropy.mean().detach()), float(kl.detach()), float(payoff.mean()))

    def save(self, folder: Path) -> None:
        """Write what training needs beyond the policy: reference, optimiser and baselines."""
        tensors = {f"reference.{i}": p.detach().cpu() for i, p in enumerate(self.reference.parameters())}
        save_file({**tensors, **self.optimiser.state()}, folder / "trainer.safetensors")
        text = json.dumps({"baselines": self.baselines.state(), "steps": self.optimiser.steps}, indent=1)
        (folder / "trainer.json").write_text(text + "\n", encoding="utf-8")

    def load(self, folder: Path) -> None:
        """Continue exactly where `save` was called; the policy itself is loaded by its own `load`."""
        tensors = load_file(folder / "trainer.safetensors")
        with torch.no_grad():
            for i, parameter in enumerate(self.reference.parameters()):
                if tensors[f"reference.{i}"].shape != parameter.shape:
                    raise CheckpointError(f"{folder} was trained with a net of another shape")
                parameter.copy_(tensors[f"reference.{i}"])
        state = json.loads((folder / "trainer.json").read_text(encoding="utf-8"))
        self.baselines.restore(state["baselines"])
        self.optimiser.restore(tensors, state["steps"])

    def _copy_reference(self) -> None:
        with torch.no_grad():
            for mine, theirs in zip(self.reference.parameters(), self.policy.parameters(), strict=True):
                mine.copy_(theirs)
