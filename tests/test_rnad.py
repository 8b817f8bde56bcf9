"""Regularised Nash dynamics: the changed payoffs on paper, the references, what it learns, and its memory."""

import numpy as np
import pytest
import torch

from arena.config.algorithms import RNaDConfig
from arena.trainers.rnad import RNaD, transformed
from tests.learning import TREE, assert_a_stop_leaves_no_trace, learn, nets, play


def trainer(seed=1, updates=100, rate=0.01, **options):
    policy, *references = nets(3, seed=seed)
    rnad = RNaD(policy, *references, policy.game.scale, RNaDConfig(**options), learning_rate=rate, updates=updates)
    return rnad, [policy]


def decisions(seats, matches, payoffs):
    """Return a batch of decisions with the payoff of each one's seat."""
    batch = play(nets(1), [1.0], 0, 8).where(np.zeros(len(seats), np.int64))
    columns = {"seat": np.array(seats), "match": np.array(matches), "payoff": np.array(payoffs, float)}
    return type(batch)(**{**vars(batch), **columns})


def test_a_seat_pays_for_its_own_moves_and_gets_what_the_other_pays():
    """Match 0: seats 0, 1, 0 pay .1, .2, .4 and seat 0 wins 1; match 1: seats 0, 1 pay .8, 1.6 and seat 0 loses 2."""
    batch = decisions([0, 1, 0, 0, 1], [0, 0, 0, 1, 1], [1, -1, 1, -2, 2])
    changed = transformed(batch, batch.payoff, np.array([0.1, 0.2, 0.4, 0.8, 1.6]))
    assert changed == pytest.approx([-0.1 + 0.2, -0.2 + 0.4 - 1, -0.4 + 1, -0.8 + 1.6 - 2, -1.6 + 2])
    # What the first seat of match 0 gets in all, and the second from its move on, is worth nothing together, but
    # for what the first paid before the second had moved.
    assert changed[[0, 2]].sum() + changed[1] == pytest.approx(-0.1)


def test_without_the_others_decisions_only_the_own_price_counts():
    batch = decisions([0, 0], [0, 0], [1, 1])
    assert transformed(batch, batch.payoff, np.array([0.1, 0.2])) == pytest.approx([-0.1, 0.8])


def test_the_policy_becomes_the_reference_and_the_old_one_fades():
    rnad, (policy,) = trainer(reference_every=4)
    first = [parameter.detach().clone() for parameter in policy.parameters()]
    batch = play([policy], [1.0], 0)
    for number in range(4):
        rnad.update(play([policy], [1.0], number))
    for net, expected in ((rnad.reference, policy.parameters()), (rnad.previous, first)):
        assert all(torch.equal(a, b) for a, b in zip(net.parameters(), expected, strict=True))
    with torch.no_grad():
        old, new = (net.evaluate(batch).log_policy.numpy() for net in (rnad.previous, rnad.reference))
        for version, fresh in ((4, 0.0), (5, 0.5), (6, 1.0), (7, 1.0)):
            policy.version = version
            assert rnad._log_reference(batch).numpy() == pytest.approx(fresh * new + (1 - fresh) * old, abs=1e-5)


def test_a_high_price_holds_play_at_the_reference():
    rnad, players = trainer(updates=50, regularisation=50.0, reference_every=1000)
    learn(rnad, players, 50)
    assert abs(TREE.policy(rnad.policy) - TREE.uniform).max() < 0.1


def test_logits_stop_at_the_threshold():
    rnad, players = trainer(updates=100, threshold=0.5, regularisation=0.01, rate=0.003)
    learn(rnad, players, 100)
    policy = TREE.policy(rnad.policy)
    logits = np.log(policy) - np.log(policy).mean(axis=1, keepdims=True)
    assert 0.4 < abs(logits).max() < 0.8  # a step may carry it a little over the line


def test_it_learns_kuhn_poker():
    rnad, players = trainer(updates=200, reference_every=100)
    assert learn(rnad, players, 200) < 0.3


def test_without_decisions_nothing_is_learned():
    rnad, (policy,) = trainer()
    rnad.update(play([policy], [1.0], 0).where(np.zeros(0, np.int64)))
    assert (policy.version, rnad.optimiser.steps) == (0, 0)


def test_a_stop_leaves_no_trace(tmp_path):
    assert_a_stop_leaves_no_trace(lambda seed: trainer(seed, reference_every=2), tmp_path)
