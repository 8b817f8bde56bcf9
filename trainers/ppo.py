"""Proximal policy optimisation (Schulman et al., 2017): several steps on one batch, none of them far.

With r = π(a|s) / π_old(a|s) and A the advantage of gae.py, in standard deviations of the batch, a step climbs

    mean of min(r A, clip(r, 1 − ε, 1 + ε) A) + β · entropy − c · (V − target)²,   target = A + V_old.

In games with hidden information the entropy weight β decides: with 0 to .01, the defaults elsewhere, self-play
cycles and ends worse than it began; .05 to .2 work (Rudolph et al., 2026). Evaluated is the last policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from arena.batch import DecisionBatch
from arena.config.algorithms import PPOConfig
from arena.player import Trainable
from arena.seeds import generator
from arena.trainers import gae, losses, memory
from arena.trainers.distinct import Distinct, distinct
from arena.trainers.optimiser import Adam
from arena.trainers.trainer import ALONE, NOTHING, Penalty, Report, no_penalty


class PPO:
    """A policy with its optimiser. `scale` divides payoffs; the rate falls to 0 over `updates`."""

    shares = ALONE

    def __init__(
        self, policy: Trainable, scale: float, options: PPOConfig, *, learning_rate: float, updates: int, seed: int = 0
    ) -> None:
        self.policy, self.scale, self.options, self.seed = policy, scale, options, seed
        self.optimiser = Adam(policy.parameters(), learning_rate, updates * options.epochs * options.minibatches)

    def update(self, batch: DecisionBatch, penalty: Penalty = no_penalty) -> Report:
        """Take `epochs` · `minibatches` steps on matches that the policy has just played."""
        if not len(batch):
            return NOTHING
        options, payoff = self.options, batch.payoff / self.scale
        with torch.no_grad():
            value = self.policy.evaluate(batch).value.double().cpu().numpy()
        advantage = gae.advantages(batch, value, gae.at_the_end(batch, payoff), options.trace_decay)
        for part in self._parts(batch, gae.standardised(advantage), value + advantage):
            said = self.policy.evaluate(part.batch)
            share, behaviour_logp, advantages, target = part.on(said.logp.device)
            loss = (
                losses.clipped_surrogate(said.logp, behaviour_logp, advantages, options.clip)
                - options.entropy_weight * said.entropy
                + options.value_weight * (said.value - target).square()
            )
            self.optimiser.step(share @ loss + penalty())
        self.policy.version += 1
        moved = share @ (behaviour_logp - said.logp.detach())
        return Report(float(share @ said.entropy.detach()), float(moved), float(payoff.mean()))

    def save(self, folder: Path) -> None:
        """Write the optimiser."""
        memory.save(folder, self.optimiser.state(), {"steps": self.optimiser.steps})

    def load(self, folder: Path) -> None:
        """Continue exactly where `save` was called."""
        tensors, numbers = memory.load(folder)
        self.optimiser.restore(tensors, numbers["steps"])

    def _parts(
        self, batch: DecisionBatch, advantage: NDArray[np.float64], target: NDArray[np.float64]
    ) -> Iterator[Distinct]:
        """Yield what every step sees: each epoch deals the rows out anew."""
        rng, n = generator(self.seed, "minibatches", self.policy.version), len(batch)
        if self.options.minibatches == 1:
            yield from [distinct(batch, advantage, target)] * self.options.epochs
            return
        for _ in range(self.options.epochs):
            for rows in np.array_split(rng.permutation(n), min(self.options.minibatches, n)):
                yield distinct(batch.where(rows), advantage[rows], target[rows])
