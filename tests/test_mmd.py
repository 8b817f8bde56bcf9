"""Magnetic mirror descent: its fixed point, its schedule, what it learns, and its memory."""

import numpy as np
import pytest
import torch

from arena.config.algorithms import MMDConfig
from arena.trainers.mmd import MMD
from tests.learning import TREE, assert_a_stop_leaves_no_trace, learn, nets, play


def trainer(seed=1, updates=100, rate=0.01, **options):
    policy, magnet = nets(2, seed=seed)
    mmd = MMD(policy, magnet, policy.game.scale, MMDConfig(**options), learning_rate=rate, updates=updates)
    return mmd, [policy]


def test_the_price_of_entropy_falls_in_a_line():
    mmd, players = trainer(updates=4, entropy_weight=0.2, final_entropy_weight=0.1, epochs=3)
    seen = []
    for number in range(6):
        seen.append(mmd.entropy_weight)
        mmd.update(play(players, [1.0], number, 16))
    assert seen == pytest.approx([0.2, 0.175, 0.15, 0.125, 0.1, 0.1])


def test_the_magnet_follows_at_its_rate():
    for rate in (0.0, 0.25, 1.0):
        mmd, (policy,) = trainer(magnet_rate=rate)
        before = [parameter.detach().clone() for parameter in mmd.magnet.parameters()]
        mmd.update(play([policy], [1.0], 0))
        for old, new, target in zip(before, mmd.magnet.parameters(), policy.parameters(), strict=True):
            assert new.detach().numpy() == pytest.approx((old + rate * (target - old)).detach().numpy(), abs=1e-6)


def test_a_heavy_magnet_holds_play_uniform_and_a_small_step_holds_it_where_it_is():
    for options in ({"magnet_weight": 100.0, "magnet_rate": 0.0}, {"entropy_weight": 100.0}, {"step_size": 1e-3}):
        mmd, players = trainer(updates=30, **options)
        learn(mmd, players, 30)
        assert abs(TREE.policy(mmd.policy) - TREE.uniform).max() < 0.1
    mmd, players = trainer(updates=30)
    learn(mmd, players, 30)
    assert abs(TREE.policy(mmd.policy) - TREE.uniform).max() > 0.3


def test_it_learns_kuhn_poker():
    mmd, players = trainer(updates=120, magnet_rate=0.05)
    assert learn(mmd, players, 120) < 0.25


def test_without_decisions_nothing_is_learned():
    mmd, (policy,) = trainer()
    batch = play([policy], [1.0], 0)
    mmd.update(batch.where(np.zeros(len(batch), bool)))
    assert (policy.version, mmd.optimiser.steps) == (0, 0)


def test_a_stop_leaves_no_trace(tmp_path):
    assert_a_stop_leaves_no_trace(lambda seed: trainer(seed, epochs=2, magnet_rate=0.1), tmp_path)


def test_a_net_whose_actions_cannot_be_listed_has_no_exact_divergence():
    mmd, (policy,) = trainer()
    batch = play([policy], [1.0], 0)
    whole = policy.evaluate
    policy.evaluate = lambda decisions: whole(decisions)._replace(log_policy=None)
    with pytest.raises(TypeError, match="needs the whole action distribution"):
        mmd.update(batch)
    assert torch.is_tensor(whole(batch).log_policy)
