"""Losses over the sampled tokens of a language model, each a pure function of tensors, with its source.

The S sampled tokens of N turns stand one after the other, in the order of the turns; `turn` (S,) says whose each is.
A turn is an answer to one question. What holds for decisions as well (clipping, divergences) is in `losses.py`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch

from arena.trainers import losses

Correction = Literal["token", "sequence", "masked"]
"""How the gap between the engine that sampled and the model that learns is weighed; see `importance`."""


def importance(
    logp: torch.Tensor, behaviour_logp: torch.Tensor, turn: torch.Tensor, how: Correction, cap: float = 2.0
) -> torch.Tensor:
    """Return (S,) weights π / μ of tokens that μ has sampled, cut so that their variance stays bounded.

    `logp` (S,) is what the model that learns said before its first step, `behaviour_logp` (S,) what the engine said
    when it sampled. "token": the ratio of each token, `cap` at most (truncated importance sampling, Yao et al., 2025).
    "sequence": that of its whole turn, `cap` at most: less biased, and of more variance. "masked": 1, and 0 for tokens
    whose ratio is above `cap` or below 1 / `cap`.
    """
    difference = (logp - behaviour_logp).detach()
    if how == "sequence":
        whole = difference.new_zeros(int(turn.max()) + 1 if len(turn) else 0).index_add(0, turn, difference)
        difference = whole[turn]
    ratio = difference.exp()
    if how == "masked":
        return ((ratio <= cap) & (ratio >= 1.0 / cap)).to(ratio.dtype)
    return ratio.clamp(max=cap)


def constant_length_mean(each: torch.Tensor, turns: float, length: int) -> torch.Tensor:
    """Return the sum of (S,) over `turns` times `length`, the most tokens that an answer may have.

    Divided by its own length, a long wrong answer would cost less per token than a short one, and answers would grow
    (Liu et al., 2025: Dr. GRPO).
    """
    return each.sum() / (turns * length)


def mean_of_turns(logp: torch.Tensor, turn: torch.Tensor, turns: int) -> torch.Tensor:
    """Return (N,) the mean log-probability of each turn's tokens, in nats; every turn has one token at least."""
    lengths = torch.bincount(turn, minlength=turns).to(logp.dtype)
    return logp.new_zeros(turns).index_add(0, turn, logp) / lengths


def length_normalised_surrogate(
    mean: torch.Tensor, reference_mean: torch.Tensor, advantage: torch.Tensor, clip: float
) -> torch.Tensor:
    """Return (N,) −min(r A, clip(r, 1 − clip, 1 + clip) A) of whole answers (SPC: Chen et al., 2025).

    `mean` and `reference_mean` (N,) are those of `mean_of_turns`, and r = exp(mean − reference_mean): the geometric
    mean of the ratios of an answer's tokens, in which a long answer weighs as much as a short one. Where the reference
    stays as it is, r leaves the band once and is pushed no farther: that, and no divergence, bounds the drift.
    """
    return losses.clipped_surrogate(mean, reference_mean, advantage, clip)


def entropy(log_policy: torch.Tensor) -> torch.Tensor:
    """Return (S,) the entropy in nats of log-probabilities (S, V)."""
    each: torch.Tensor = torch.special.entr(log_policy.exp())
    return each.sum(dim=-1)


class Ratios(NamedTuple):
    """How far the model that learns is from the engine that sampled, before anything is cut."""

    mean: float
    least: float
    most: float
    beyond: float
    """Share of tokens whose ratio is above the cap or below 1 / cap."""
    gap: float
    """Mean |log π − log μ|, in nats; it rises when the engine plays other weights than it should."""


def ratios(logp: torch.Tensor, behaviour_logp: torch.Tensor, cap: float = 2.0) -> Ratios:
    """Return the raw ratios π / μ of (S,) tokens; those of none are 1."""
    if not len(logp):
        return Ratios(1.0, 1.0, 1.0, 0.0, 0.0)
    difference = (logp - behaviour_logp).detach().double()
    ratio = difference.exp()
    beyond = ((ratio > cap) | (ratio < 1.0 / cap)).double().mean()
    return Ratios(*(float(x) for x in (ratio.mean(), ratio.min(), ratio.max(), beyond, difference.abs().mean())))
