"""What one part of an update of a language model computes: its loss, and what it has seen on the way.

A part is a handful of distinct turns that fit into memory together, with how many turns each of them stands for.
Parts can be computed anywhere, by a policy and its reference that have the learner's weights: gradients and sights add
up (`data_parallel.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from arena.batch import TokenBatch
from arena.config.algorithms import TokenPolicyGradientConfig
from arena.player import TokenPolicy
from arena.trainers import losses, token_losses
from arena.trainers.trainer import Report


class Lesson(NamedTuple):
    """Turns, and what is to be learned of each."""

    batch: TokenBatch
    old: TokenBatch | None
    """The same with what the policy said before its first step; None where there is only one, so it is as it was."""
    advantage: NDArray[np.float64]
    """(N,) in units of the scale, prices taken off."""
    value: NDArray[np.float64]
    """(N,) payoff that was predicted before the first step, in units of the scale."""
    target: NDArray[np.float64]
    """(N,) what should have been."""

    def where(self, rows: NDArray[np.int64]) -> Lesson:
        """Return those of some turns."""
        old = None if self.old is None else self.old.where(rows)
        return Lesson(self.batch.where(rows), old, *(column[rows] for column in self[2:]))


class Part(NamedTuple):
    """D distinct turns that are computed together."""

    lesson: Lesson
    times: NDArray[np.float64]
    """(D,) for how many turns each stands."""


Answers = tuple[TokenBatch, NDArray[np.float64]]
"""D distinct answers of others, and (D,) for how many each stands."""


class Sight(NamedTuple):
    """What a part has seen of its S sampled tokens, and for how many answers it stands."""

    answers: float
    times: NDArray[np.int64]
    """(S,) for how many tokens each stands."""
    entropy: NDArray[np.float64]
    """(S,) in nats, as all that follow."""
    kl: NDArray[np.float64]
    logp: NDArray[np.float64]
    """Of the policy before its first step."""
    behaviour_logp: NDArray[np.float64]


class Step(NamedTuple):
    """What a step has seen."""

    norm: float
    """Of the gradient."""
    sights: Sequence[Sight]


class Improve(NamedTuple):
    """A part of one step up the objective of token_policy_gradient.py, over so many `turns` in all."""

    options: TokenPolicyGradientConfig
    kl_weight: float
    turns: float
    longest: int
    """The most tokens that an answer may have."""

    def __call__(self, policy: TokenPolicy, reference: TokenPolicy | None, part: Part) -> tuple[torch.Tensor, Sight]:
        """Return the loss of a part, and what it has seen."""
        options, (batch, old, advantage, _, target), count = self.options, part.lesson, part.times
        held = None
        if reference is not None:
            with torch.no_grad():  # first: gradients are of what was computed last
                held = reference.evaluate(batch)
        said = policy.evaluate(batch)
        device = said.logp.device
        turn = torch.from_numpy(turn_of_tokens(batch)).to(device)
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
        if held is not None:
            kl = losses.kl(said.log_policy, held.log_policy)
            each = each + self.kl_weight * kl
            each = each + options.reverse_kl_weight * losses.kl(held.log_policy, said.log_policy)
        loss: torch.Tensor = token_losses.constant_length_mean(each * times, self.turns, self.longest)
        if options.value_weight and said.value is not None:
            wanted, number = (torch.from_numpy(x).to(said.value) for x in (target, count))
            error = number * (said.value - wanted).square()
            loss = loss + options.value_weight * token_losses.constant_length_mean(error, self.turns, self.longest)
        seen = (column.detach().double().cpu().numpy() for column in (entropy, kl, before, engine))
        return loss, Sight(float(count.sum()), count[turn.cpu().numpy()].astype(np.int64), *seen)


class Imitate(NamedTuple):
    """A part of one step towards the answers of others: up their mean log-likelihood, over so many `tokens` in all."""

    tokens: int

    def __call__(self, policy: TokenPolicy, reference: TokenPolicy | None, part: Answers) -> tuple[torch.Tensor, float]:
        """Return the loss of a part, twice: to be learned from, and to be told."""
        batch, count = part
        logp = policy.evaluate(batch).logp
        times = torch.from_numpy(count[turn_of_tokens(batch)]).to(logp)
        loss = -(times * logp).sum() / self.tokens
        return loss, float(loss.detach())


class Say(NamedTuple):
    """What the policy says of some turns: nothing is learned."""

    @torch.no_grad()
    def __call__(
        self, policy: TokenPolicy, reference: TokenPolicy | None, batch: TokenBatch
    ) -> tuple[None, tuple[list[NDArray[np.float32]], NDArray[np.float64]]]:
        """Return the log-probabilities of each turn's sampled tokens, and (D,) predicted payoffs, 0 without a head."""
        said = policy.evaluate(batch)
        ends = np.cumsum(np.bincount(turn_of_tokens(batch), minlength=len(batch)))[:-1]
        value = np.zeros(len(batch)) if said.value is None else said.value.cpu().numpy()
        return None, (np.split(said.logp.cpu().numpy(), ends), value)


def report(steps: Sequence[Step], payoff: float, more: Mapping[str, float], cap: float) -> Report:
    """Return the means over answers, and the raw ratios of tokens, of all parts of all steps."""
    if not steps:
        return Report(0.0, 0.0, payoff, more)
    sights = [sight for step in steps for sight in step.sights]
    answers = sum(sight.answers for sight in sights)
    times = np.concatenate([sight.times for sight in sights])
    entropy = np.repeat(np.concatenate([sight.entropy for sight in sights]), times)
    kl = np.repeat(np.concatenate([sight.kl for sight in sights]), times)
    before = np.repeat(np.concatenate([sight.logp for sight in sights]), times)
    engine = np.repeat(np.concatenate([sight.behaviour_logp for sight in sights]), times)
    ratios = token_losses.ratios(torch.from_numpy(before), torch.from_numpy(engine), cap)
    others = {f"ratio_{name}": value for name, value in ratios._asdict().items()}
    others |= {"gradient_norm": float(np.mean([step.norm for step in steps])), "answer_tokens": len(entropy) / answers}
    return Report(float(entropy.sum()) / answers, float(kl.sum()) / answers, payoff, {**others, **more})


def turn_of_tokens(batch: TokenBatch) -> NDArray[np.int64]:
    """Return (S,) to which turn each sampled token belongs."""
    owner = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
    return owner[batch.loss_mask]


def _sampled(batch: TokenBatch) -> torch.Tensor:
    """Return (S,) how likely each sampled token was, in nats."""
    return torch.from_numpy(batch.behaviour_logp[batch.loss_mask])
