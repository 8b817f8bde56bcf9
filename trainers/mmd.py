"""Magnetic mirror descent (Sokota et al., 2023): small steps that magnets pull back, so the last policy converges.

Each update descends, on one batch and over all actions exactly,

    −mean of r A + α KL(π ‖ magnet) − β entropy(π) + (1/η) KL(π ‖ π_old),   r = π(a|s) / π_old(a|s),

with A from gae.py in standard deviations of the batch. Under a magnet that stays, π converges to an equilibrium of
the game with that price. So the magnet moves: it follows the policy's weights at a slow rate, and each of its
places is nearer to Nash. The uniform magnet, which is the entropy, pulls with a β that falls: it keeps everything
frequent enough for the other's answer to be learned. With α = 0 that is the paper's annealed method.
Evaluated is the last policy.
"""

from __future__ import annotations

from pathlib import Path

import torch

from arena.batch import DecisionBatch
from arena.config.algorithms import MMDConfig
from arena.player import Trainable
from arena.trainers import gae, losses, memory
from arena.trainers.distinct import distinct
from arena.trainers.optimiser import Adam
from arena.trainers.trainer import ALONE, NOTHING, Penalty, Report, no_penalty


class MMD:
    """A policy, its magnet and an optimiser. `scale` divides payoffs; the rate falls to 0 over `updates`."""

    shares = ALONE

    def __init__(
        self,
        policy: Trainable,
        magnet: Trainable,
        scale: float,
        options: MMDConfig,
        *,
        learning_rate: float,
        updates: int,
    ) -> None:
        """Make `magnet`, a second net of the same shape, a copy of the policy."""
        self.policy, self.magnet, self.scale, self.options = policy, magnet, scale, options
        self.updates = updates
        self.optimiser = Adam(policy.parameters(), learning_rate, updates * options.epochs)
        memory.blend(magnet, policy)

    @property
    def entropy_weight(self) -> float:
        """β at this update."""
        done = min(self.optimiser.steps / (self.options.epochs * self.updates), 1.0)
        first, last = self.options.entropy_weight, self.options.final_entropy_weight
        return float(first + done * (last - first))

    def update(self, batch: DecisionBatch, penalty: Penalty = no_penalty) -> Report:
        """Take `epochs` steps on matches that the policy has just played."""
        if not len(batch):
            return NOTHING
        options, payoff = self.options, batch.payoff / self.scale
        beta = self.entropy_weight
        with torch.no_grad():
            value = self.policy.evaluate(batch).value.double().cpu().numpy()
        advantage = gae.advantages(batch, value, gae.at_the_end(batch, payoff), options.trace_decay)
        part = distinct(batch, gae.standardised(advantage), value + advantage)
        with torch.no_grad():
            old = losses.all_actions(self.policy.evaluate(part.batch))
            magnet = losses.all_actions(self.magnet.evaluate(part.batch))
        share, behaviour_logp, advantages, target = part.on(old.device)
        for _ in range(options.epochs):
            said = self.policy.evaluate(part.batch)
            log_policy = losses.all_actions(said)
            to_magnet = losses.kl(log_policy, magnet)
            loss = (
                losses.surrogate(said.logp, behaviour_logp, advantages)
                + options.magnet_weight * to_magnet
                - beta * said.entropy
                + losses.kl(log_policy, old) / options.step_size
                + options.value_weight * (said.value - target).square()
            )
            self.optimiser.step(share @ loss + penalty())
        self.policy.version += 1
        memory.blend(self.magnet, self.policy, options.magnet_rate)
        return Report(float(share @ said.entropy.detach()), float(share @ to_magnet.detach()), float(payoff.mean()))

    def save(self, folder: Path) -> None:
        """Write magnet and optimiser."""
        tensors = {**memory.weights("magnet", self.magnet), **self.optimiser.state()}
        memory.save(folder, tensors, {"steps": self.optimiser.steps})

    def load(self, folder: Path) -> None:
        """Continue exactly where `save` was called."""
        tensors, numbers = memory.load(folder)
        memory.restore_weights("magnet", self.magnet, tensors)
        self.optimiser.restore(tensors, numbers["steps"])
