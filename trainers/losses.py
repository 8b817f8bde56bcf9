"""Losses over evaluated decisions: each a pure function of tensors, with its source."""

from __future__ import annotations

import torch

from arena.player import Evaluation


def policy_gradient(evaluation: Evaluation, advantage: torch.Tensor) -> torch.Tensor:
    """Return the REINFORCE loss (Williams, 1992): −mean of advantage (N,) times log-probability (N,)."""
    return -(advantage * evaluation.logp).mean()


def kl_to_reference(evaluation: Evaluation, reference: Evaluation) -> torch.Tensor:
    """Return the mean over decisions of KL(policy ‖ reference), in nats, exactly over all actions.

    With the reference copied from the policy now and then, the last iterate converges where plain policy
    gradient cycles (the regularised-Nash idea: Perolat et al., 2022; Sokota et al., 2023).
    """
    if evaluation.log_policy is None or reference.log_policy is None:
        raise TypeError("the exact KL needs the whole action distribution: evaluate a net over a closed vocabulary")
    log_ratio = evaluation.log_policy - reference.log_policy
    return (evaluation.log_policy.exp() * log_ratio).sum(dim=1).mean()


def value_error(evaluation: Evaluation, payoff: torch.Tensor) -> torch.Tensor:
    """Return the mean squared error of the predicted payoff (N,), both divided by the game's scale."""
    return (evaluation.value - payoff).square().mean()
