"""Proximal policy optimisation: its one step on paper, what it learns, and its memory."""

import numpy as np
import pytest
import torch

from arena.config.algorithms import PPOConfig
from arena.trainers.ppo import PPO
from tests.learning import assert_a_stop_leaves_no_trace, learn, nets, play


def trainer(seed=1, updates=100, rate=0.01, hidden=(32, 32), **options):
    (policy,) = nets(1, hidden, seed)
    return PPO(policy, policy.game.scale, PPOConfig(**options), learning_rate=rate, updates=updates), [policy]


def test_one_step_climbs_the_standardised_advantage_and_the_entropy():
    """A net without hidden layers whose weights are zero: the gradient at its biases is that at logits and value."""
    ppo, (policy,) = trainer(hidden=(), epochs=1, entropy_weight=0.3, trace_decay=1.0, value_weight=0.5)
    weight, bias = policy.parameters()
    with torch.no_grad():
        weight.zero_()
        bias.copy_(torch.tensor([0.4, -0.4, 0.1]))
    batch = play([policy], [1.0], 0, 8)
    ppo.update(batch)
    p = 1 / (1 + np.exp(-0.8))
    policy_now, payoff = np.array([p, 1 - p]), batch.payoff / 2
    advantage = (payoff - payoff.mean()) / payoff.std()
    score = np.eye(2)[batch.action] - policy_now
    log_odds = np.log(p / (1 - p))
    entropy_slope = -p * (1 - p) * log_odds * np.array([1, -1])
    at_logits = -(advantage[:, None] * score).mean(axis=0) - 0.3 * entropy_slope
    at_value = 0.5 * (2 * (0.1 - payoff)).mean()
    assert bias.grad.numpy() == pytest.approx([*at_logits, at_value], abs=1e-5)


def test_an_action_stops_to_pay_once_it_has_moved_far_enough():
    """With a narrow clip many epochs hardly move the policy; with a wide one they do."""
    moved = []
    for clip in (0.01, 10.0):
        ppo, (policy,) = trainer(epochs=20, entropy_weight=0.0, clip=clip)
        batch = play([policy], [1.0], 0)
        before = policy.evaluate(batch).logp.detach()
        ppo.update(batch)
        moved.append(float((policy.evaluate(batch).logp.detach() - before).abs().max()))
    assert moved[0] < 0.1 < moved[1]


@pytest.mark.parametrize(("minibatches", "updates"), [(1, 120), (4, 40)])
def test_it_learns_kuhn_poker(minibatches, updates):
    """So short a run needs a high price of entropy: with 0.1 it ends between 0.2 and 0.7, as the seeds have it."""
    ppo, players = trainer(updates=updates, minibatches=minibatches, entropy_weight=0.3)
    assert learn(ppo, players, updates) < 0.3


def test_without_decisions_nothing_is_learned():
    ppo, (policy,) = trainer()
    batch = play([policy], [1.0], 0)
    ppo.update(batch.where(np.zeros(len(batch), bool)))
    assert (policy.version, ppo.optimiser.steps) == (0, 0)


@pytest.mark.parametrize("minibatches", [1, 3])
def test_a_stop_leaves_no_trace(minibatches, tmp_path):
    assert_a_stop_leaves_no_trace(lambda seed: trainer(seed, epochs=2, minibatches=minibatches), tmp_path)
