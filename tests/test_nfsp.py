"""Neural fictitious self-play: who is remembered where, Q on paper, what the average learns, and its memory."""

import numpy as np
import pytest
import torch

from arena.config.algorithms import NFSPConfig
from arena.trainers import gae
from arena.trainers.nfsp import NFSP
from arena.tree import best_response, expected_returns
from tests.learning import TREE, assert_a_stop_leaves_no_trace, learn, nets, play


def trainer(seed=1, updates=100, rate=0.01, **options):
    average, best, target = nets(3, seed=seed)
    options = NFSPConfig(**{"minibatch": 256, **options})
    nfsp = NFSP(average, best, target, average.game.scale, options, learning_rate=rate, updates=updates)
    return nfsp, [average, best]


def test_the_average_remembers_only_what_the_best_response_did():
    nfsp, players = trainer()
    batch = play(players, nfsp.shares, 0)
    nfsp.update(batch)
    assert nfsp.shares == pytest.approx((0.9, 0.1))
    assert len(nfsp.replay) == len(batch)
    assert len(nfsp.reservoir) == (batch.behaviour == 1).sum() < len(batch) / 5


def test_q_learns_what_actions_are_worth():
    """Against the untrained average, which is about uniform and here learns nothing, Q finds the best response."""
    nfsp, players = trainer(updates=80)
    for number in range(80):
        nfsp.update(play(players[:1], [1.0], number))
    policy = TREE.policy(nfsp.best)
    response = TREE.uniform.copy()
    response[TREE.by_seat[0]] = policy[TREE.by_seat[0]]
    assert expected_returns(TREE, response)[0] > best_response(TREE, TREE.uniform, 0).value - 0.15


def test_the_goal_of_q_is_the_payoff_at_the_end_and_the_best_that_comes_before_it():
    nfsp, players = trainer(temperature=0.5)
    batch = play(players, nfsp.shares, 0, 64)
    nfsp._remember(batch, np.random.default_rng(0))
    rows = {name.removeprefix("m."): t.numpy() for name, t in nfsp.replay.state("m").items()}
    q = [nfsp._q(net, batch).detach().numpy() for net in (nfsp.best, nfsp.target)]
    following = gae.next_own(batch)
    goal = np.where(following < 0, batch.payoff / 2, q[1][following].max(axis=1))
    taken = q[0][np.arange(len(batch)), batch.action]
    assert nfsp._q_error(rows).item() == pytest.approx(((taken - goal) ** 2).mean(), rel=1e-4)


def test_the_slow_copy_is_renewed_on_schedule():
    nfsp, players = trainer(target_every=3, steps=1)
    same = []
    for number in range(6):
        nfsp.update(play(players, nfsp.shares, number, 32))
        same.append(
            all(torch.equal(a, b) for a, b in zip(nfsp.best.parameters(), nfsp.target.parameters(), strict=True))
        )
    assert same == [False, False, True, False, False, True]


def test_it_learns_kuhn_poker():
    nfsp, players = trainer(updates=150, temperature=0.1, minibatch=512)
    assert learn(nfsp, players, 150) < 0.3


def test_without_decisions_nothing_is_learned():
    nfsp, players = trainer()
    nfsp.update(play(players, nfsp.shares, 0).where(np.zeros(0, np.int64)))
    assert (nfsp.policy.version, nfsp.best_optimiser.steps, len(nfsp.replay)) == (0, 0, 0)


def test_a_stop_leaves_no_trace(tmp_path):
    assert_a_stop_leaves_no_trace(lambda seed: trainer(seed, target_every=2, replay=300, reservoir=50), tmp_path)
