"""Deep counterfactual regret minimisation (Brown et al., 2019): nets instead of tables of regrets.

Each update walks the game by external sampling (traversal.py) under the current strategy, which matches regrets:
an action is played in proportion to the positive part of its advantage, and the best one where none is positive.
What was found is remembered as means (means.py) in which update t weighs t (linear CFR), and two nets learn them:

    advantage net: weighted mean of (D(s, a) − mean sampled regret)² over legal actions,
    policy net: weighted mean of the cross entropy from the mean strategy that was played to π.

The policy net is the average strategy, which converges; it alone is evaluated. Unlike the paper the advantage net
is trained on from where it was, not anew each time, and one net, whose view names the seat, stands for one per
seat (`policies = "per_role"` gives one each).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from arena.config.algorithms import DeepCFRConfig
from arena.player import Trainable
from arena.seeds import generator
from arena.trainers import losses, memory
from arena.trainers.means import Means, Rows
from arena.trainers.optimiser import Adam
from arena.trainers.reservoir import decisions
from arena.trainers.trainer import ALONE, NOTHING, Penalty, Report, Walked, no_penalty


class DeepCFR:
    """The average policy and the advantages, each with its means and an optimiser."""

    shares = ALONE

    def __init__(
        self,
        policy: Trainable,
        advantage: Trainable,
        options: DeepCFRConfig,
        *,
        learning_rate: float,
        updates: int,
        seed: int = 0,
    ) -> None:
        """Take two nets of one shape. The rates fall to 0 over `updates`."""
        self.policy, self.advantage, self.options, self.seed = policy, advantage, options, seed
        self.regrets, self.strategies = Means(), Means()
        steps = updates * options.steps
        self.policy_optimiser = Adam(policy.parameters(), learning_rate, steps)
        self.advantage_optimiser = Adam(advantage.parameters(), learning_rate, steps)

    def strategy(self, observation: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return (I, A) the current strategy at views (I, …) with legal actions (I, A)."""
        with torch.no_grad():
            advantage = self._advantages(observation, mask).double().cpu().numpy()
        return matched(advantage, mask)

    def update(self, batch: Walked, penalty: Penalty = no_penalty) -> Report:
        """Remember what was found, then let both nets learn what is remembered."""
        if not len(batch.regrets.times):
            return NOTHING
        rng = generator(self.seed, "deep_cfr", self.policy.version)
        self.policy.version += 1
        self.regrets.add(batch.regrets, self.policy.version)
        self.strategies.add(batch.strategies, self.policy.version)
        for _ in range(self.options.steps):
            self._learn_advantages(self.regrets.sample(self.options.minibatch, rng))
            entropy = self._learn_policy(self.strategies.sample(self.options.minibatch, rng), penalty)
        return Report(entropy, 0.0, 0.0)

    def _learn_advantages(self, rows: Rows) -> None:
        found = self._advantages(rows.observation, rows.mask)
        legal, target, share = (torch.as_tensor(x, device=found.device) for x in (rows.mask, rows.target, rows.share))
        self.advantage_optimiser.step(share @ ((found - target).square() * legal).sum(dim=1))

    def _learn_policy(self, rows: Rows, penalty: Penalty) -> float:
        """Take one step; returns the policy's mean entropy before it."""
        said = self.policy.evaluate(decisions(rows.observation, rows.mask, np.zeros(len(rows.mask), np.int64)))
        log_policy = losses.all_actions(said)
        target, share = rows.target.to(log_policy.device), rows.share.to(log_policy.device)
        self.policy_optimiser.step(share @ -(target * log_policy).sum(dim=1) + penalty())
        return float(share @ said.entropy.detach())

    def _advantages(self, observation: NDArray[np.float32], mask: NDArray[np.bool_]) -> torch.Tensor:
        """Return (N, A) what the net takes each action to gain on the strategy, divided by the game's scale."""
        said = self.advantage.evaluate(decisions(observation, mask, np.zeros(len(mask), np.int64)))
        log_policy = losses.all_actions(said)
        legal = torch.from_numpy(mask).to(log_policy.device)
        found: torch.Tensor = losses.duelling_q(said.value, log_policy, legal, 1.0)
        return found

    def save(self, folder: Path) -> None:
        """Write the advantage net, both means and both optimisers."""
        means = self.regrets.state("regrets") | self.strategies.state("strategies")
        optimisers = self.policy_optimiser.state("policy_adam") | self.advantage_optimiser.state("advantage_adam")
        numbers = {"steps": self.policy_optimiser.steps}
        memory.save(folder, memory.weights("advantage", self.advantage) | means | optimisers, numbers)

    def load(self, folder: Path) -> None:
        """Continue exactly where `save` was called."""
        tensors, numbers = memory.load(folder)
        memory.restore_weights("advantage", self.advantage, tensors)
        self.regrets.restore("regrets", tensors)
        self.strategies.restore("strategies", tensors)
        self.policy_optimiser.restore(tensors, numbers["steps"], "policy_adam")
        self.advantage_optimiser.restore(tensors, numbers["steps"], "advantage_adam")


def matched(advantage: NDArray[np.float64], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return (I, A) the strategy in proportion to positive advantages, or the best legal action where none is."""
    positive = np.where(mask, np.maximum(advantage, 0.0), 0.0)
    total = positive.sum(axis=1, keepdims=True)
    best = np.where(mask, advantage, -np.inf).argmax(axis=1)
    pure = np.eye(mask.shape[1])[best]
    strategy: NDArray[np.float64] = np.where(total > 0, positive / np.where(total > 0, total, 1.0), pure)
    return strategy
