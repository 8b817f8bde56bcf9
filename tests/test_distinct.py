"""Merged rows give the loss and the gradient of all rows."""

import numpy as np
import pytest
import torch

from arena.trainers import losses
from arena.trainers.distinct import distinct
from tests.learning import nets, play

BATCH = play(nets(1, seed=3), [1.0], 0, 300)
RNG = np.random.default_rng(1)
ADVANTAGE, TARGET = RNG.normal(size=len(BATCH)), RNG.normal(size=len(BATCH))


def gradient(net, loss):
    net.module.zero_grad()
    loss.backward()
    return torch.cat([parameter.grad.flatten() for parameter in net.parameters()])


def loss_of(said, behaviour_logp, advantage, target):
    """The clipped loss with a policy that has moved, so that some of it is clipped, and a value's error."""
    return losses.clipped_surrogate(said.logp, behaviour_logp, advantage, 0.1) + (said.value - target).square()


def test_the_gradient_is_that_of_all_rows():
    moved = nets(1, seed=4)[0]
    with torch.no_grad():
        for parameter in moved.parameters():
            parameter.mul_(3)
    rows = [torch.from_numpy(x).float() for x in (BATCH.behaviour_logp, ADVANTAGE, TARGET)]
    expected = gradient(moved, loss_of(moved.evaluate(BATCH), *rows).mean())
    part = distinct(BATCH, ADVANTAGE, TARGET)
    assert len(part.batch) < len(BATCH) / 5
    share, *columns = part.on(torch.device("cpu"))
    found = gradient(moved, share @ loss_of(moved.evaluate(part.batch), *columns))
    assert found.numpy() == pytest.approx(expected.numpy(), abs=1e-6)


def test_shares_sum_to_one_and_means_are_kept():
    part = distinct(BATCH, ADVANTAGE, TARGET)
    assert part.share.sum().item() == pytest.approx(1)
    assert (part.share @ part.advantage).item() == pytest.approx(ADVANTAGE.mean(), abs=1e-6)
    assert (part.share @ part.target).item() == pytest.approx(TARGET.mean(), abs=1e-6)


def test_advantages_of_both_signs_stay_apart():
    part = distinct(BATCH.where(np.array([0, 0, 0])), np.array([1.0, -2.0, 3.0]), np.zeros(3))
    assert sorted(zip(part.advantage.tolist(), part.share.tolist(), strict=True)) == [
        (-2, pytest.approx(1 / 3)),
        (2, pytest.approx(2 / 3)),
    ]
