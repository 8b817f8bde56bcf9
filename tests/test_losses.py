"""Losses against their formulas, worked out by hand."""

import numpy as np
import pytest
import torch

from arena.player import Evaluation
from arena.trainers import losses


def evaluation(policy, actions=(), value=0.0):
    """Return what a policy (N, A) says of the actions taken; its logits are the parameters."""
    logits = torch.log(torch.tensor(policy, dtype=torch.float64)).requires_grad_()
    log_policy = torch.log_softmax(logits, dim=1)
    rows = torch.arange(len(actions))
    entropy = -(log_policy.exp() * log_policy).sum(dim=1)
    return logits, Evaluation(
        log_policy[rows, torch.tensor(actions, dtype=torch.int64)],
        entropy,
        torch.full((len(policy),), value),
        log_policy,
    )


def test_the_policy_gradient_is_the_mean_of_advantage_times_score():
    logits, said = evaluation([[0.25, 0.75], [0.5, 0.5]], [0, 1])
    advantage = torch.tensor([2.0, -1.0], dtype=torch.float64)
    loss = losses.policy_gradient(said, advantage)
    assert loss.item() == pytest.approx(-(2 * np.log(0.25) - np.log(0.5)) / 2)
    loss.backward()
    # ∂ log π(a) / ∂ logit = 1[a] − π (Williams, 1992), weighted by advantage and halved by the mean.
    assert logits.grad.numpy() == pytest.approx(np.array([[-0.75, 0.75], [-0.25, 0.25]]))


def test_the_divergence_goes_from_the_policy_to_the_reference():
    _, policy = evaluation([[0.5, 0.5], [0.9, 0.1]])
    _, reference = evaluation([[0.25, 0.75], [0.9, 0.1]])
    forward = 0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75)
    assert losses.kl_to_reference(policy, reference).item() == pytest.approx(forward / 2)
    backward = 0.25 * np.log(0.25 / 0.5) + 0.75 * np.log(0.75 / 0.5)
    assert losses.kl_to_reference(reference, policy).item() == pytest.approx(backward / 2)


def test_a_policy_has_no_divergence_from_itself_and_no_slope_there():
    logits, policy = evaluation([[0.2, 0.8]])
    _, reference = evaluation([[0.2, 0.8]])
    divergence = losses.kl_to_reference(policy, reference)
    divergence.backward()
    assert divergence.item() == pytest.approx(0)
    assert logits.grad.numpy() == pytest.approx(0, abs=1e-12)


def test_illegal_actions_add_nothing_to_the_divergence():
    logits = torch.tensor([[0.0, 1.0, -1e9]], requires_grad=True)
    other = torch.tensor([[1.0, 0.0, -1e9]])
    said = [
        Evaluation(torch.zeros(1), torch.zeros(1), torch.zeros(1), torch.log_softmax(x, 1)) for x in (logits, other)
    ]
    divergence = losses.kl_to_reference(*said)
    divergence.backward()
    assert divergence.item() == pytest.approx(np.tanh(0.5), rel=1e-6)  # (p − q) log(p / q) with log-odds of ∓1
    assert torch.isfinite(logits.grad).all()
    assert logits.grad[0, 2] == 0


def test_the_divergence_needs_the_whole_distribution():
    said = Evaluation(torch.zeros(1), torch.zeros(1), torch.zeros(1))
    with pytest.raises(TypeError, match="evaluate a net over a closed vocabulary"):
        losses.kl_to_reference(said, said)


def test_the_value_error_is_the_mean_square():
    _, said = evaluation([[0.5, 0.5]] * 2, value=0.5)
    assert losses.value_error(said, torch.tensor([1.0, -1.0])).item() == pytest.approx((0.25 + 2.25) / 2)
