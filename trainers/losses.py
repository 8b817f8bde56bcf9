"""Losses over evaluated decisions: each a pure function of tensors, with its source."""

from __future__ import annotations

import torch

from arena.player import Evaluation


def policy_gradient(evaluation: Evaluation, advantage: torch.Tensor) -> torch.Tensor:
    """Return the REINFORCE loss (Williams, 1992): −mean of advantage (N,) times log-probability (N,)."""
    return -(advantage * evaluation.logp).mean()


def surrogate(logp: torch.Tensor, behaviour_logp: torch.Tensor, advantage: torch.Tensor) -> torch.Tensor:
    """Return (N,) −r A with r = π / π_behaviour: at r = 1 its gradient is that of `policy_gradient`."""
    return -(logp - behaviour_logp).exp() * advantage


def clipped_surrogate(
    logp: torch.Tensor,
    behaviour_logp: torch.Tensor,
    advantage: torch.Tensor,
    clip: float,
    clip_higher: float | None = None,
) -> torch.Tensor:
    """Return (N,) −min(r A, clip(r, 1 − clip, 1 + clip) A) with r = π / π_behaviour (Schulman et al., 2017).

    With `clip_higher` the upper end of the band is 1 + clip_higher, so that what is rare may grow faster than what is
    common may shrink (Yu et al., 2025).
    """
    ratio = (logp - behaviour_logp).exp()
    higher = clip if clip_higher is None else clip_higher
    return -torch.minimum(ratio * advantage, ratio.clamp(1.0 - clip, 1.0 + higher) * advantage)


def neurd(log_policy: torch.Tensor, advantage: torch.Tensor, legal: torch.Tensor, threshold: float) -> torch.Tensor:
    """Return (N,) −Σ_a advantage · logit over the legal actions (Hennes et al., 2020), all arguments (N, A).

    Logits are centred over the legal actions. Where one is `threshold` away from 0, an advantage that pushes it
    farther counts nothing.
    """
    centred = centred_logits(log_policy, legal)
    push = torch.where(advantage > 0, centred < threshold, centred > -threshold) & legal
    return -(advantage.detach() * push * centred).sum(dim=1)


def centred_logits(log_policy: torch.Tensor, legal: torch.Tensor) -> torch.Tensor:
    """Return (N, A) logits whose mean over the legal actions is 0; 0 where illegal."""
    kept = log_policy.masked_fill(~legal, 0.0)
    mean = kept.sum(dim=1, keepdim=True) / legal.sum(dim=1, keepdim=True)
    return (kept - mean).masked_fill(~legal, 0.0)


def duelling_q(value: torch.Tensor, log_policy: torch.Tensor, legal: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return (N, A) value + temperature · centred logits (Wang et al., 2016): the Q whose Boltzmann policy it is."""
    return value[:, None] + temperature * centred_logits(log_policy, legal)


def kl(log_policy: torch.Tensor, log_reference: torch.Tensor) -> torch.Tensor:
    """Return (N,) KL(policy ‖ reference) in nats for log-probabilities (N, A), exactly over all actions."""
    return (log_policy.exp() * (log_policy - log_reference)).sum(dim=1)


def kl_to_reference(evaluation: Evaluation, reference: Evaluation) -> torch.Tensor:
    """Return the mean over decisions of KL(policy ‖ reference), in nats, exactly over all actions.

    With the reference copied from the policy now and then, the last iterate converges where plain policy
    gradient cycles (the regularised-Nash idea: Perolat et al., 2022; Sokota et al., 2023).
    """
    return kl(all_actions(evaluation), all_actions(reference)).mean()


def all_actions(evaluation: Evaluation) -> torch.Tensor:
    """Return (N, A) log-probabilities of all actions. Raises TypeError where only the one taken is known."""
    if evaluation.log_policy is None:
        raise TypeError("the exact KL needs the whole action distribution: evaluate a net over a closed vocabulary")
    return evaluation.log_policy


def value_error(evaluation: Evaluation, payoff: torch.Tensor) -> torch.Tensor:
    """Return the mean squared error of the predicted payoff (N,), both divided by the game's scale."""
    return (evaluation.value - payoff).square().mean()
