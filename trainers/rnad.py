"""Regularised Nash dynamics (Perolat et al., 2021, and DeepNash, 2022): a game made easy, solved, and made again.

Payoffs are changed so that leaving a reference policy costs: with ℓ = log π(a|s) / π_reg(a|s), a seat pays η ℓ for
its own moves and gets η ℓ for the other's. The changed game has one equilibrium and gradient dynamics reach it;
with that equilibrium as the next reference the references converge to a Nash equilibrium of the game itself.
Every `reference_every` updates the policy becomes the reference; in the first half of the time after that the
old one fades out.

The step is NeuRD's (Hennes et al., 2020): logits, centred over the legal actions, are pushed along the advantage

    A(s, a) = q(s, a) − Σ_b π(b|s) q(s, b),   q(s, a) = −η ℓ(s, a) + [a was taken] (G − its mean) / π(a|s),

where G is the changed payoff that follows, so that an action long out of use comes back as fast as it went; a
logit that is `threshold` away from the mean is pushed no farther. The matches are the policy's own, so V-trace's
ratios are 1 and its targets are those of gae.py. Evaluated is the last policy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from arena.batch import DecisionBatch
from arena.config.algorithms import RNaDConfig
from arena.player import Trainable
from arena.trainers import gae, losses, memory
from arena.trainers.distinct import distinct
from arena.trainers.optimiser import Adam
from arena.trainers.trainer import ALONE, NOTHING, Penalty, Report, no_penalty


class RNaD:
    """A policy, two references and an optimiser. `scale` divides payoffs; the rate falls to 0 over `updates`."""

    shares = ALONE

    def __init__(
        self,
        policy: Trainable,
        reference: Trainable,
        previous: Trainable,
        scale: float,
        options: RNaDConfig,
        *,
        learning_rate: float,
        updates: int,
    ) -> None:
        """Make the references, nets of the same shape, copies of the policy."""
        self.policy, self.reference, self.previous = policy, reference, previous
        self.scale, self.options = scale, options
        self.optimiser = Adam(policy.parameters(), learning_rate, updates)
        for net in (reference, previous):
            memory.blend(net, policy)

    def update(self, batch: DecisionBatch, penalty: Penalty = no_penalty) -> Report:
        """Take one step on matches that the policy has just played."""
        if not len(batch):
            return NOTHING
        options, payoff = self.options, batch.payoff / self.scale
        with torch.no_grad():
            now = self.policy.evaluate(batch)
            log_ratio = losses.all_actions(now) - self._log_reference(batch)
            taken = log_ratio.gather(1, torch.from_numpy(batch.action).to(log_ratio.device)[:, None])[:, 0]
            divergence = (losses.all_actions(now).exp() * log_ratio).sum(dim=1)
        value, own, paid = (x.double().cpu().numpy() for x in (now.value, taken, divergence))
        changed = transformed(batch, payoff, options.regularisation * own)
        advantage = gae.advantages(batch, value, changed, options.trace_decay)
        surprise = advantage + options.regularisation * (own - paid)  # what the price of this move does not explain
        part = distinct(batch, surprise, value + advantage)
        share, _, surprises, target = part.on(now.logp.device)

        said = self.policy.evaluate(part.batch)
        log_policy = losses.all_actions(said)
        with torch.no_grad():
            policy = log_policy.exp()
            q = -options.regularisation * (log_policy - self._log_reference(part.batch))
            actions = torch.from_numpy(part.batch.action).to(q.device)[:, None]
            q.scatter_add_(1, actions, (surprises / said.logp.exp())[:, None])
            advantages = q - (policy * q).sum(dim=1, keepdim=True)
        legal = torch.from_numpy(part.batch.mask[part.batch.information_set]).to(q.device)
        loss = losses.neurd(log_policy, advantages, legal, options.threshold)
        loss = loss + options.value_weight * (said.value - target).square()
        self.optimiser.step(share @ loss + penalty())
        self.policy.version += 1
        if self.policy.version % options.reference_every == 0:
            memory.blend(self.previous, self.reference)
            memory.blend(self.reference, self.policy)
        return Report(float(share @ said.entropy.detach()), float(paid.mean()), float(payoff.mean()))

    def _log_reference(self, batch: DecisionBatch) -> torch.Tensor:
        """Return (N, A) the logarithm of the reference, which fades from the previous to the present one."""
        age = self.policy.version % self.options.reference_every / self.options.reference_every
        fresh = min(2.0 * age, 1.0)
        present, before = (losses.all_actions(net.evaluate(batch)) for net in (self.reference, self.previous))
        mixed: torch.Tensor = fresh * present + (1.0 - fresh) * before
        return mixed

    def save(self, folder: Path) -> None:
        """Write both references and the optimiser."""
        references = memory.weights("reference", self.reference) | memory.weights("previous", self.previous)
        memory.save(folder, {**references, **self.optimiser.state()}, {"steps": self.optimiser.steps})

    def load(self, folder: Path) -> None:
        """Continue exactly where `save` was called."""
        tensors, numbers = memory.load(folder)
        memory.restore_weights("reference", self.reference, tensors)
        memory.restore_weights("previous", self.previous, tensors)
        self.optimiser.restore(tensors, numbers["steps"])


def transformed(batch: DecisionBatch, payoff: NDArray[np.float64], price: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N,) what a seat gets between a decision and its next: −its price, + others' prices, and the payoff.

    `price` (N,) is what each decision costs its seat. Decisions of frozen opponents and of other policies are
    not in the batch: their price is not known here, and a price that the learner cannot change teaches nothing.
    """
    following = gae.next_own(batch)
    end = np.append(np.flatnonzero(np.diff(batch.match)), len(batch) - 1)
    last_of_match = end[np.searchsorted(end, np.arange(len(batch)))]
    until = np.where(following < 0, last_of_match, following - 1)
    total = np.cumsum(price)
    others = total[until] - total  # between two own decisions all are others'
    return others - price + np.where(following < 0, payoff, 0.0)
