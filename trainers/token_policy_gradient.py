"""Policy gradient on the tokens of a language model, with role-conditioned advantages (SPIRAL, Liu et al., 2025).

An answer's advantage is its match's payoff minus the baseline of its role, the same for every token that was sampled,
and for nothing else. With r = π / π_old of a token and w the weight that corrects for the engine that sampled it, a
step goes down the sum over all sampled tokens of

    −w · min(r A, clip(r, 1 − ε, 1 + ε') A) + α · KL(π ‖ reference) + α' · KL(reference ‖ π) − β · entropy

over the number of answers times the most tokens that one may have. The divergences are those of the next token, in
the places that were reached. What regularisation to a reference does for nets in games with hidden information
(Perolat et al., 2022; Sokota et al., 2023) it does here too: without it play falls to one move.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from arena.batch import TokenBatch
from arena.config.algorithms import TokenPolicyGradientConfig
from arena.player import TrainableTokens
from arena.seeds import generator
from arena.trainers import losses, memory, token_losses
from arena.trainers.advantage import RoleBaselines
from arena.trainers.distinct_turns import distinct_turns, within_budget
from arena.trainers.optimiser import Adam
from arena.trainers.trainer import ALONE, NOTHING, Penalty, Report, no_penalty


class TokenPolicyGradient:
    """A language model with its optimiser, its reference and its baselines. `scale` divides payoffs."""

    shares = ALONE

    def __init__(
        self,
        policy: TrainableTokens,
        scale: float,
        options: TokenPolicyGradientConfig,
        *,
        learning_rate: float,
        updates: int,
        seed: int = 0,
    ) -> None:
        self.policy, self.scale, self.options, self.seed = policy, scale, options, seed
        self._updates = updates
        steps = updates * options.epochs * options.minibatches
        self.optimiser = Adam(policy.parameters(), learning_rate, steps, warmup=options.warmup)
        self.baselines = RoleBaselines(options.baseline_decay)
        wanted = options.kl_weight or options.reverse_kl_weight
        self.reference = policy.frozen() if wanted else None

    def update(self, batch: TokenBatch, penalty: Penalty = no_penalty) -> Report:
        """Take `epochs` · `minibatches` steps on matches that the policy has just played, and let it play on."""
        if not len(batch):
            return NOTHING
        begun = perf_counter()
        self.policy.rest()
        advantage = self.advantages(batch)
        seen = _Seen()
        steps = self.options.epochs * self.options.minibatches
        old = None if steps == 1 else replace(batch, behaviour_logp=self._logp(batch))
        for rows in self._parts(len(batch)):
            before = None if old is None else old.where(rows)
            seen.norms.append(self._step(batch.where(rows), before, advantage[rows], seen, penalty))
        self.policy.version += 1
        if self.reference is not None and self.options.reference_rate:
            memory.blend(self.reference, self.policy, self.options.reference_rate)
        learned = perf_counter()
        self.policy.sync()
        seconds = {"update_seconds": learned - begun, "sync_seconds": perf_counter() - learned}
        return seen.report(float(batch.payoff.mean() / self.scale), seconds, self.options.cap)

    def advantages(self, batch: TokenBatch) -> NDArray[np.float64]:
        """Return (N,) advantages in units of the scale; baselines are read once, and then updated from the batch."""
        options = self.options
        if options.baseline == "none":
            advantage = batch.payoff / self.scale
        elif options.baseline == "shared":
            nobody = np.zeros_like(batch.role)
            advantage = self.baselines.advantages(replace(batch, role=nobody, side=nobody), self.scale)
        else:
            advantage = self.baselines.advantages(batch, self.scale)
        return advantage - options.invalid_penalty * ~batch.legal

    def save(self, folder: Path) -> None:
        """Write what training needs beyond the policy: optimiser, baselines and the reference."""
        tensors = self.optimiser.state()
        if self.reference is not None:
            tensors |= memory.weights("reference", self.reference)
        memory.save(folder, tensors, {"baselines": self.baselines.state(), "steps": self.optimiser.steps})

    def load(self, folder: Path) -> None:
        """Continue exactly where `save` was called; the policy itself is loaded by its own `load`."""
        tensors, numbers = memory.load(folder)
        if self.reference is not None:
            memory.restore_weights("reference", self.reference, tensors)
        self.baselines.restore(numbers["baselines"])
        self.optimiser.restore(tensors, numbers["steps"])

    def kl_weight(self) -> float:
        """Return the price of KL(policy ‖ reference) at this update."""
        begin, end = self.options.kl_weight, self.options.final_kl_weight
        if end is None:
            return begin
        return begin * float((end / begin) ** (self.policy.version / self._updates))

    def _step(
        self, batch: TokenBatch, old: TokenBatch | None, advantage: NDArray[np.float64], seen: _Seen, penalty: Penalty
    ) -> float:
        """Take one step on all turns of `batch`, whose tokens were as likely as `old` says; return the gradient's norm.

        Without `old` the policy is as it was when the turns were played.
        """
        kinds = distinct_turns(batch, advantage, by_sign=old is not None)
        for place in within_budget(batch, kinds.rows, self.options.batch_tokens):
            rows = kinds.rows[place]
            loss = self._loss(
                batch.where(rows),
                None if old is None else old.where(rows),
                kinds.advantage[place],
                kinds.times[place],
                len(batch),
                seen,
            )
            self.optimiser.accumulate(loss)
        if isinstance(more := penalty(), torch.Tensor):
            self.optimiser.accumulate(more)
        norm: float = self.optimiser.apply()
        return norm

    def _loss(
        self,
        batch: TokenBatch,
        old: TokenBatch | None,
        advantage: NDArray[np.float64],
        count: NDArray[np.float64],
        turns: int,
        seen: _Seen,
    ) -> torch.Tensor:
        """Return the loss of D distinct turns, each of which stands for `count` (D,) of all `turns`."""
        options = self.options
        reference = None
        if self.reference is not None:
            with torch.no_grad():  # first: gradients are of what was computed last
                reference = self.reference.evaluate(batch)
        said = self.policy.evaluate(batch)
        device = said.logp.device
        turn = torch.from_numpy(_turn_of_tokens(batch)).to(device)
        times, worth = (torch.from_numpy(x).to(device, said.logp.dtype)[turn] for x in (count, advantage))
        engine, before = _sampled(batch).to(device), said.logp.detach()
        if old is not None:
            before = _sampled(old).to(device)
        entropy = token_losses.entropy(said.log_policy)
        each = losses.clipped_surrogate(said.logp, before, worth, options.clip, options.clip_higher)
        if options.correction != "none":
            each = each * token_losses.importance(before, engine, turn, options.correction, options.cap)
        each = each - options.entropy_weight * entropy
        kl = torch.zeros_like(entropy)
        if reference is not None:
            kl = losses.kl(said.log_policy, reference.log_policy)
            each = each + self.kl_weight() * kl
            each = each + options.reverse_kl_weight * losses.kl(reference.log_policy, said.log_policy)
        seen.take(float(count.sum()), times, entropy.detach(), kl.detach(), before, engine)
        loss: torch.Tensor = token_losses.constant_length_mean(each * times, turns, self.policy.max_tokens)
        return loss

    @torch.no_grad()
    def _logp(self, batch: TokenBatch) -> NDArray[np.float32]:
        """Return (T,) log-probabilities of all sampled tokens before the first step; 0 elsewhere."""
        kinds = distinct_turns(batch, np.zeros(len(batch)), by_sign=False)
        said: dict[int, NDArray[np.float32]] = {}
        for place in within_budget(batch, kinds.rows, self.options.batch_tokens):
            part = batch.where(kinds.rows[place])
            logp = self.policy.evaluate(part).logp.cpu().numpy()
            ends = np.cumsum(np.bincount(_turn_of_tokens(part), minlength=len(part)))[:-1]
            said |= dict(zip(place.tolist(), np.split(logp, ends), strict=True))
        found = np.zeros(len(batch.ids), np.float32)
        found[batch.loss_mask] = np.concatenate([said[k] for k in kinds.kind.tolist()])
        return found

    def _parts(self, turns: int) -> Iterator[NDArray[np.int64]]:
        """Yield the turns of every step: each epoch deals them out anew."""
        rng = generator(self.seed, "minibatches", self.policy.version)
        for _ in range(self.options.epochs):
            if self.options.minibatches == 1:
                yield np.arange(turns)
            else:
                yield from np.array_split(rng.permutation(turns), min(self.options.minibatches, turns))


class _Seen:
    """What the steps of one update have seen, token by token."""

    def __init__(self) -> None:
        self.norms: list[float] = []
        self._answers = 0.0
        self._columns: list[list[torch.Tensor]] = [[], [], [], []]

    def take(self, answers: float, times: torch.Tensor, *columns: torch.Tensor) -> None:
        """Take the tokens of so many answers; each stands for `times` (S,) of them."""
        self._answers += answers
        for kept, column in zip(self._columns, columns, strict=True):
            kept.append(column.repeat_interleave(times.long()).cpu())

    def report(self, payoff: float, seconds: Mapping[str, float], cap: float) -> Report:
        """Return the means over answers, and the raw ratios of tokens."""
        entropy, kl, before, engine = (torch.cat(column) for column in self._columns)
        ratios = token_losses.ratios(before, engine, cap)
        others = {f"ratio_{name}": value for name, value in ratios._asdict().items()}
        others |= {"gradient_norm": float(np.mean(self.norms)), "answer_tokens": len(entropy) / self._answers}
        return Report(
            float(entropy.sum()) / self._answers, float(kl.sum()) / self._answers, payoff, {**others, **seconds}
        )


def _turn_of_tokens(batch: TokenBatch) -> NDArray[np.int64]:
    """Return (S,) to which turn each sampled token belongs."""
    owner = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
    return owner[batch.loss_mask]


def _sampled(batch: TokenBatch) -> torch.Tensor:
    """Return (S,) how likely each sampled token was, in nats."""
    return torch.from_numpy(batch.behaviour_logp[batch.loss_mask])
