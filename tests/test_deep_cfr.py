"""Deep CFR: regret matching on paper, what the average learns, and its memory."""

import numpy as np
import pytest

from arena.config.algorithms import DeepCFRConfig
from arena.trainers.deep_cfr import DeepCFR, matched
from arena.trainers.trainer import NOTHING, Visits, Walked
from arena.trainers.traversal import traverse
from arena.tree import nash_conv
from tests.learning import KUHN, TREE, memory_of, nets


def trainer(seed=1, updates=100, rate=0.01, **options):
    policy, advantage = nets(2, seed=seed)
    return DeepCFR(
        policy, advantage, DeepCFRConfig(**{"minibatch": 256, **options}), learning_rate=rate, updates=updates
    )


def walk(deep, number, roots=100):
    """Return what one update walks, from both seats."""
    observation, rng = TREE.requests.tensor(), np.random.default_rng(number)
    strategy = deep.strategy(observation, TREE.mask)
    found = [traverse(TREE, strategy, seat, roots, rng) for seat in (0, 1)]
    visits, others = found[0].visits + found[1].visits, found[0].others + found[1].others
    mean = (found[0].regret + found[1].regret) / KUHN.scale / np.maximum(visits, 1)[:, None]
    kept = [
        Visits(sets, observation[sets], TREE.mask[sets], target[sets].astype(np.float32), times[sets])
        for times, target in ((visits, mean), (others, strategy))
        for sets in (np.flatnonzero(times),)
    ]
    return Walked(*kept, found[0].endings + found[1].endings)


def test_positive_advantages_are_matched_and_the_best_is_taken_where_none_is():
    advantage = np.array([[3.0, 1.0, 9.0], [-2.0, -1.0, 5.0], [0.0, -1.0, -1.0], [-1.0, 2.0, -3.0]])
    mask = np.array([[True, True, False], [True, True, False], [True, True, True], [True, True, True]])
    expected = [[0.75, 0.25, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0]]
    assert matched(advantage, mask) == pytest.approx(np.array(expected))


def test_the_nets_learn_what_was_found_weighted_by_update_and_visits():
    """One view, found twice with other regrets: the nets come to say their mean with weights 1·30 and 2·60."""
    deep = trainer(updates=2, steps=200, rate=0.02)
    view, mask, first = TREE.requests.tensor()[:1], TREE.mask[:1], np.array([0])

    def found(regret, strategy, times):
        target = [np.array([row], np.float32) for row in (regret, strategy)]
        return Walked(*(Visits(first, view, mask, t, np.array([times])) for t in target), 1)

    deep.update(found([0.5, -0.5], [1, 0], 30.0))
    deep.update(found([-0.1, 0.3], [0, 1], 60.0))
    said = deep._advantages(view, mask)[0].detach().numpy()
    assert said == pytest.approx([(30 * 0.5 - 120 * 0.1) / 150, (-30 * 0.5 + 120 * 0.3) / 150], abs=0.03)
    assert TREE.policy(deep.policy)[0] == pytest.approx([0.2, 0.8], abs=0.03)


def test_an_update_that_found_nothing_changes_nothing():
    deep = trainer()
    before = TREE.policy(deep.policy)
    nothing = Visits(np.zeros(0, int), TREE.requests.tensor()[:0], TREE.mask[:0], np.zeros((0, 2)), np.zeros(0))
    assert deep.update(Walked(nothing, nothing, 0)) == NOTHING
    assert (TREE.policy(deep.policy) == before).all()


def test_it_learns_kuhn_poker():
    deep = trainer(updates=60, steps=5)
    for number in range(60):
        deep.update(walk(deep, number))
    assert nash_conv(TREE, TREE.policy(deep.policy)) < 0.2


def test_a_stop_leaves_no_trace(tmp_path):
    whole, again = trainer(1, steps=2, minibatch=5), trainer(2, steps=2, minibatch=5)
    for number in range(7):
        if number == 4:
            (tmp_path / "trainer").mkdir()
            whole.save(tmp_path / "trainer")
            whole.policy.save(tmp_path / "policy")
        whole.update(walk(whole, number))
    again.policy.load(tmp_path / "policy")
    again.load(tmp_path / "trainer")
    for number in range(4, 7):
        again.update(walk(again, number))
    assert (TREE.policy(whole.policy) == TREE.policy(again.policy)).all()
    assert memory_of(whole, tmp_path / "whole") == memory_of(again, tmp_path / "again")
