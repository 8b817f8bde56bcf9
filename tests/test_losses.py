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


def test_the_clipped_surrogate_stops_to_pay_outside_the_band():
    """Ratios 1.5 and .5 with a band of .2 around 1, for advantages of both signs (Schulman et al., 2017, figure 1)."""
    logp = torch.log(torch.tensor([1.5, 1.5, 0.5, 0.5])).requires_grad_()
    loss = losses.clipped_surrogate(logp, torch.zeros(4), torch.tensor([1.0, -1.0, 1.0, -1.0]), 0.2)
    assert loss.detach().numpy() == pytest.approx([-1.2, 1.5, -0.5, 0.8])
    loss.sum().backward()
    assert logp.grad.numpy() == pytest.approx([0, 1.5, -0.5, 0])  # d ratio / d logp = ratio where it still counts


def test_the_upper_end_of_the_band_may_lie_farther():
    logp = torch.log(torch.tensor([0.75, 1.25, 1.35])).requires_grad_()
    advantage = torch.tensor([-1.0, 1.0, 1.0])
    loss = losses.clipped_surrogate(logp, torch.zeros(3), advantage, 0.2, 0.28)
    assert loss.tolist() == pytest.approx([0.8, -1.25, -1.28])
    loss.sum().backward()
    assert logp.grad.tolist() == pytest.approx([0.0, -1.25, 0.0])


def test_the_surrogate_has_the_slope_of_the_policy_gradient():
    logp = torch.log(torch.tensor([0.25, 0.5])).requires_grad_()
    loss = losses.surrogate(logp, logp.detach(), torch.tensor([2.0, -1.0]))
    assert loss.detach().numpy() == pytest.approx([-2, 1])
    loss.sum().backward()
    assert logp.grad.numpy() == pytest.approx([-2, 1])


def test_neurd_pushes_centred_logits_along_the_advantage():
    """Logits 1, 0, −1 and one illegal: −Σ A·y, and its slope −A less the mean of the pushed A over legal actions."""
    logits = torch.tensor([[1.0, 0.0, -1.0, 5.0]], requires_grad=True)
    legal = torch.tensor([[True, True, True, False]])
    log_policy = torch.log_softmax(logits.masked_fill(~legal, -1e9), dim=1)
    advantage = torch.tensor([[0.6, 0.3, -0.9, 7.0]])
    loss = losses.neurd(log_policy, advantage, legal, threshold=2.0)
    assert loss.item() == pytest.approx(-(0.6 * 1 + 0.9 * 1))
    loss.backward()
    assert logits.grad.numpy() == pytest.approx(np.array([[-0.6, -0.3, 0.9, 0]]), abs=1e-6)


def test_neurd_does_not_push_over_the_threshold_but_does_push_back():
    legal = torch.ones(1, 2, dtype=torch.bool)
    for advantage, expected in (([[1.0, -1.0]], [0, 0]), ([[-1.0, 1.0]], [1, -1])):
        logits = torch.tensor([[3.0, -3.0]], requires_grad=True)
        losses.neurd(torch.log_softmax(logits, dim=1), torch.tensor(advantage), legal, threshold=2.0).sum().backward()
        assert logits.grad.numpy() == pytest.approx(np.array([expected]), abs=1e-6)


def test_centred_logits_undo_the_softmax_over_legal_actions():
    logits = torch.tensor([[2.0, 0.0, -1e9], [0.5, 0.5, 2.0]])
    legal = torch.tensor([[True, True, False], [True, True, True]])
    centred = losses.centred_logits(torch.log_softmax(logits, dim=1), legal)
    assert centred.numpy() == pytest.approx(np.array([[1, -1, 0], [-0.5, -0.5, 1]]), abs=1e-6)


def test_the_boltzmann_policy_of_q_is_the_nets_own():
    log_policy = torch.log_softmax(torch.tensor([[1.0, -0.5, 0.3]], dtype=torch.float64), dim=1)
    q = losses.duelling_q(torch.tensor([0.25]), log_policy, torch.ones(1, 3, dtype=torch.bool), 0.1)
    assert torch.softmax(q / 0.1, dim=1).numpy() == pytest.approx(log_policy.exp().numpy())
    assert q.mean().item() == pytest.approx(0.25)
