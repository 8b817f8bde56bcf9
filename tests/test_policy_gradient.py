"""The learner's one step, worked out by hand on matching pennies, and its memory."""

import numpy as np
import pytest
import torch

from arena.batch import DecisionBatch
from arena.errors import CheckpointError
from arena.games.kuhn_poker import KuhnPoker
from arena.games.matrix import MatchingPennies
from arena.players.net import Net
from arena.rollout import from_tables
from arena.trainers.advantage import Key
from arena.trainers.policy_gradient import PolicyGradient
from arena.tree import best_response, enumerate_game, expected_returns, rollout

PENNIES, KUHN = MatchingPennies(), KuhnPoker()


def net(game=KUHN, **parameters):
    return Net(game, **{"hidden": [8], "device": "cpu", "seed": 1, **parameters})


def trainer(policy, **options):
    reference = Net(policy.game, hidden=policy.hidden, device="cpu", seed=99)
    defaults = {"learning_rate": 0.01, "updates": 100, "kl_weight": 0.2, "reference_every": 50}
    return PolicyGradient(policy, reference, policy.game.scale, **{**defaults, **options})


def self_play(policy, number, matches=50):
    """Return the batch of some matches of the policy against itself."""
    tree = enumerate_game(policy.game)
    policies = tree.policy(policy)[None]
    played = rollout(tree, policies, np.zeros((matches, 2), np.int64), np.random.default_rng(number))
    return from_tables(tree, played, played.seat >= 0, "shared", policy.version)


def rows(actions, payoffs):
    """Return a batch of the row player's decisions in matching pennies, a match each."""
    n, request = len(actions), enumerate_game(PENNIES).requests[0]
    zeros = np.zeros(n, np.int64)
    return DecisionBatch(
        game=PENNIES.name, policy_id="row", version=0, observation=request.tensor()[None], mask=np.ones((1, 2), bool),
        information_set=zeros, action=np.array(actions), behaviour=zeros,
        behaviour_logp=np.full(n, np.log(0.5), np.float32), payoff=np.array(payoffs, float),
        seat=zeros, side=zeros, role=zeros, match=np.arange(n), turn=zeros,
    )  # fmt: skip


def weights(player):
    return [parameter.detach().clone() for parameter in player.parameters()]


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


# One step.


def test_the_gradient_is_the_one_on_paper():
    """A net without hidden layers on one observation: the gradient at its biases is that at logits and value."""
    policy = net(PENNIES, hidden=[])
    learner = trainer(policy, kl_weight=0.3, value_weight=0.5)
    (bias,) = [parameter for parameter in policy.parameters() if parameter.ndim == 1]
    with torch.no_grad():
        weight = next(iter(policy.parameters()))
        weight.zero_()
        bias.copy_(torch.tensor([0.4, -0.4, 0.1]))
        for parameter in learner.reference.parameters():
            parameter.zero_()  # the reference is uniform
    learner.baselines.update(Key("matching_pennies", 0, 0), np.array([0.2]))
    learner.update(rows([0, 0, 1], [1, -1, 1]))

    p = 1 / (1 + np.exp(-0.8))
    policy_now = np.array([p, 1 - p])
    score = np.eye(2)[[0, 0, 1]] - policy_now  # ∂ log π(a) / ∂ logits
    advantage = np.array([1, -1, 1]) - 0.2
    log_ratio = np.log(policy_now / 0.5)
    divergence = policy_now * (log_ratio - policy_now @ log_ratio)
    at_logits = -(advantage[:, None] * score).mean(axis=0) + 0.3 * divergence
    at_value = 0.5 * (2 * (0.1 - np.array([1, -1, 1]))).mean()
    assert bias.grad.numpy() == pytest.approx([*at_logits, at_value], abs=1e-6)


def test_one_update_makes_what_won_likelier_and_what_lost_less_likely():
    policy = net(PENNIES)
    row = enumerate_game(PENNIES).requests[:1]
    before = policy.policy(row)[0]
    trainer(policy).update(rows([0, 1], [1, -1]))
    after = policy.policy(row)[0]
    assert after[0] > before[0]
    assert after[1] < before[1]


def test_an_update_is_reported():
    report = trainer(net(PENNIES)).update(rows([0, 1, 1, 1], [1, 1, 1, -1]))
    assert report.payoff == 0.5
    assert report.entropy == pytest.approx(np.log(2), abs=1e-3)  # a fresh net is nearly uniform
    assert report.kl == 0


def test_without_decisions_nothing_is_learned():
    policy = net(PENNIES)
    learner, before = trainer(policy), weights(policy)
    learner.update(rows([], []))
    assert equal(weights(policy), before)
    assert (policy.version, learner.optimiser.steps, learner.baselines.state()) == (0, 0, [])


def test_it_learns_the_best_response_to_uniform_play():
    """The first player of Kuhn poker can win 1/2 from uniform play; it starts at 1/8."""
    tree, policy = enumerate_game(KUHN), net(hidden=[32])
    learner = trainer(policy, kl_weight=0.0, learning_rate=0.03, updates=60)
    best = best_response(tree, tree.uniform, 0).value
    rng = np.random.default_rng(0)
    for _ in range(60):
        policies = np.stack([tree.policy(policy), tree.uniform])
        played = rollout(tree, policies, np.tile([0, 1], (300, 1)), rng)
        learner.update(from_tables(tree, played, played.policy == 0, "main", policy.version))
    final = tree.policy(policy)
    final[tree.by_seat[1]] = tree.uniform[tree.by_seat[1]]
    assert best == 0.5
    assert expected_returns(tree, final)[0] > best - 0.02


# The reference.


def test_the_reference_begins_as_a_copy_and_is_copied_on_schedule():
    policy = net()
    learner = trainer(policy, reference_every=3)
    assert equal(weights(learner.reference), weights(policy))
    copies = []
    for number in range(7):
        before = weights(learner.reference)
        learner.update(self_play(policy, number))
        moved = not equal(weights(learner.reference), before)
        assert not moved or equal(weights(learner.reference), weights(policy))
        copies.append(moved)
    assert copies == [False, False, True, False, False, True, False]


def test_the_reference_pulls():
    free, held = net(), net()
    for policy, weight in ((free, 0.0), (held, 50.0)):
        learner = trainer(policy, kl_weight=weight)
        for number in range(30):
            learner.update(self_play(policy, number))
    start = enumerate_game(KUHN).policy(net())
    moved = [abs(enumerate_game(KUHN).policy(policy) - start).max() for policy in (free, held)]
    assert moved[1] < moved[0] / 5


# Stopping and going on.


@pytest.mark.parametrize("stop", [0, 1, 5, 9])
def test_loaded_it_goes_on_as_if_it_had_never_stopped(stop, tmp_path):
    """The reference is copied every four updates, so at 5 and 9 it is neither first nor last weights."""
    policy = net()
    whole = trainer(policy, reference_every=4)
    for number in range(12):
        if number == stop:
            policy.save(tmp_path / "policy")
            (tmp_path / "trainer").mkdir()
            whole.save(tmp_path / "trainer")
        whole.update(self_play(policy, number))

    again = net(seed=5)
    resumed = trainer(again, reference_every=4)
    again.load(tmp_path / "policy")
    resumed.load(tmp_path / "trainer")
    for number in range(stop, 12):
        resumed.update(self_play(again, number))
    assert equal(weights(policy), weights(again))
    assert equal(weights(whole.reference), weights(resumed.reference))
    assert whole.baselines.state() == resumed.baselines.state()
    assert again.version == 12


@pytest.mark.parametrize("hidden", [[9], [8, 8], []])
def test_the_memory_of_another_net_is_refused(hidden, tmp_path):
    trainer(net()).save(tmp_path)
    with pytest.raises(CheckpointError, match="was trained with a net of another shape"):
        trainer(net(hidden=hidden)).load(tmp_path)
