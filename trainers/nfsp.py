"""Neural fictitious self-play (Heinrich and Silver, 2016): a best response learns against the average, which learns it.

In every match and seat sits the average policy Π, or with probability `anticipation` the best response. The best
response learns by Q-learning from the latest decisions of both. Π learns by heart what the best response did,
from a fair sample of all its decisions ever: so it becomes the time average of best responses, as in fictitious
play (Heinrich et al., 2015). Evaluated is Π, the average; the best response alone is as exploitable as any
pure strategy.

The best response's net says values and logits. Its policy is read as a Boltzmann one, π ∝ exp(Q / τ), which gives

    Q(s, a) = V(s) + τ · (log π(a|s) − mean of log π(s)),

a duelling net (Wang et al., 2016). So the net plays softly by itself, and needs no ε to explore. Targets are the
payoff, or max Q of a slowly copied net at the seat's next decision.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from arena.batch import DecisionBatch
from arena.config.algorithms import NFSPConfig
from arena.player import Trainable
from arena.seeds import generator
from arena.trainers import gae, losses, memory
from arena.trainers.optimiser import Adam
from arena.trainers.reservoir import Columns, Replay, Reservoir, decisions
from arena.trainers.trainer import NOTHING, Penalty, Report, no_penalty


class NFSP:
    """The average policy, a best response and its slow copy, two memories and two optimisers."""

    def __init__(
        self,
        average: Trainable,
        best: Trainable,
        target: Trainable,
        scale: float,
        options: NFSPConfig,
        *,
        learning_rate: float,
        updates: int,
        seed: int = 0,
    ) -> None:
        """Take three nets of one shape. `scale` divides payoffs; the rates fall to 0 over `updates`."""
        self.policy, self.best, self.target = average, best, target
        self.scale, self.options, self.seed = scale, options, seed
        self.shares = (1.0 - options.anticipation, options.anticipation)
        self.replay, self.reservoir = Replay(options.replay), Reservoir(options.reservoir)
        steps = updates * options.steps
        self.average_optimiser = Adam(average.parameters(), learning_rate, steps)
        self.best_optimiser = Adam(best.parameters(), learning_rate, steps)
        memory.blend(target, best)

    def update(self, batch: DecisionBatch, penalty: Penalty = no_penalty) -> Report:
        """Remember a batch, then let both nets learn from their memories."""
        if not len(batch):
            return NOTHING
        rng = generator(self.seed, "nfsp", self.policy.version)
        self._remember(batch, rng)
        entropy = 0.0
        for _ in range(self.options.steps):
            self.best_optimiser.step(self._q_error(self.replay.sample(self.options.minibatch, rng)))
            if len(self.reservoir):
                rows = self.reservoir.sample(self.options.minibatch, rng)
                said = self.policy.evaluate(decisions(rows["observation"], rows["mask"], rows["action"]))
                self.average_optimiser.step(-said.logp.mean() + penalty())
                entropy = float(said.entropy.detach().mean())
        self.policy.version += 1
        self.best.version += 1
        if self.policy.version % self.options.target_every == 0:
            memory.blend(self.target, self.best)
        return Report(entropy, 0.0, float((batch.payoff / self.scale).mean()))

    def _remember(self, batch: DecisionBatch, rng: np.random.Generator) -> None:
        following, n = gae.next_own(batch), len(batch)
        sets, after = batch.information_set, batch.information_set[following]
        seen = {"observation": batch.observation[sets].reshape(n, -1), "mask": batch.mask[sets], "action": batch.action}
        outcome = {"payoff": (batch.payoff / self.scale).astype(np.float32), "last": following < 0}
        coming = {"next_observation": batch.observation[after].reshape(n, -1), "next_mask": batch.mask[after]}
        self.replay.add({**seen, **outcome, **coming}, rng)
        best = batch.behaviour == 1
        self.reservoir.add({name: column[best] for name, column in seen.items()}, rng)

    def _q_error(self, rows: Columns) -> torch.Tensor:
        """Return the mean squared error of Q against payoff or max Q of the slow copy."""
        none = np.zeros_like(rows["action"])
        with torch.no_grad():
            coming = self._q(self.target, decisions(rows["next_observation"], rows["next_mask"], none))
            coming = coming.masked_fill(~torch.from_numpy(rows["next_mask"]).to(coming.device), -torch.inf)
            last, payoff = (torch.from_numpy(rows[name]).to(coming.device) for name in ("last", "payoff"))
            goal = torch.where(last, payoff, coming.amax(dim=1))
        q = self._q(self.best, decisions(rows["observation"], rows["mask"], rows["action"]))
        taken = q.gather(1, torch.from_numpy(rows["action"]).to(q.device)[:, None])[:, 0]
        return (taken - goal).square().mean()

    def _q(self, net: Trainable, batch: DecisionBatch) -> torch.Tensor:
        """Return (N, A) what the net takes each action to be worth, divided by the game's scale."""
        said = net.evaluate(batch)
        log_policy = losses.all_actions(said)
        legal = torch.from_numpy(batch.mask[batch.information_set]).to(log_policy.device)
        q: torch.Tensor = losses.duelling_q(said.value, log_policy, legal, self.options.temperature)
        return q

    def save(self, folder: Path) -> None:
        """Write the best response with its copy, both memories and both optimisers."""
        nets = memory.weights("best", self.best) | memory.weights("target", self.target)
        rows = self.replay.state("replay") | self.reservoir.state("reservoir")
        optimisers = self.best_optimiser.state("best_adam") | self.average_optimiser.state("average_adam")
        numbers = {
            "replay": self.replay.seen,
            "reservoir": self.reservoir.seen,
            "best_steps": self.best_optimiser.steps,
            "average_steps": self.average_optimiser.steps,
        }
        memory.save(folder, nets | rows | optimisers, numbers)

    def load(self, folder: Path) -> None:
        """Continue exactly where `save` was called."""
        tensors, numbers = memory.load(folder)
        memory.restore_weights("best", self.best, tensors)
        memory.restore_weights("target", self.target, tensors)
        self.best.version = self.policy.version
        self.replay.restore("replay", tensors, numbers["replay"])
        self.reservoir.restore("reservoir", tensors, numbers["reservoir"])
        self.best_optimiser.restore(tensors, numbers["best_steps"], "best_adam")
        self.average_optimiser.restore(tensors, numbers["average_steps"], "average_adam")
