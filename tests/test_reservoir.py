"""Who stays in memory: the latest, or anyone with equal chance."""

import numpy as np
import pytest

from arena.trainers.reservoir import Replay, Reservoir, decisions
from tests.learning import nets

RNG = np.random.default_rng(0)


def numbers(memory):
    """Return what is in memory, if it holds numbers."""
    return sorted(memory.state("m")["m.number"].tolist())


def filled(memory, total, step, rng=RNG):
    for begin in range(0, total, step):
        memory.add({"number": np.arange(begin, min(begin + step, total))}, rng)
    return memory


@pytest.mark.parametrize("step", [1, 7, 10, 25, 60])
def test_a_replay_keeps_the_latest(step):
    assert numbers(filled(Replay(10), 60, step)) == list(range(50, 60))
    assert numbers(filled(Replay(100), 60, step)) == list(range(60))


@pytest.mark.parametrize("step", [1, 7, 40])
def test_a_reservoir_keeps_anyone_with_equal_chance(step):
    """4 of 40 are kept: over 3000 trials each number stays 300 times, give or take 16.4 (one standard deviation)."""
    rng = np.random.default_rng(step)
    kept = [numbers(filled(Reservoir(4), 40, step, rng)) for _ in range(3000)]
    count = np.bincount(np.concatenate(kept), minlength=40)
    assert count.sum() == 12_000
    assert abs(count - 300).max() < 4.5 * 16.4
    assert ((count - 300) ** 2 / (300 * 0.9)).sum() < 80  # one in ten thousand exceeds it with 39 degrees of freedom


def test_columns_stay_together():
    memory = Reservoir(20)
    for begin in range(0, 200, 9):
        number = np.arange(begin, begin + 9)
        memory.add({"number": number, "square": (number**2)[:, None]}, RNG)
    rows = memory.sample(50, RNG)
    assert (rows["number"] ** 2 == rows["square"][:, 0]).all()


def test_a_sample_reaches_all_and_nothing_else():
    memory = filled(Replay(100), 30, 30)
    assert set(memory.sample(1000, RNG)["number"]) == set(range(30))


@pytest.mark.parametrize("kind", [Replay, Reservoir])
def test_restored_it_goes_on_alike(kind):
    one = filled(kind(10), 33, 4)
    again = kind(10)
    again.restore("m", {**one.state("m"), "other.number": one.state("m")["m.number"]}, one.seen)
    assert (len(again), again.seen) == (len(one), one.seen)
    for memory in (one, again):
        filled(memory, 20, 5, np.random.default_rng(1))
    assert (one.state("m")["m.number"] == again.state("m")["m.number"]).all()


def test_remembered_rows_are_evaluated_like_the_batch_they_came_from():
    (net,) = nets(1)
    observation = RNG.random((5, 7), np.float32)
    mask, action = np.ones((5, 2), bool), np.array([0, 1, 0, 1, 1])
    said = net.evaluate(decisions(observation, mask, action))
    assert said.logp.tolist() == said.log_policy[np.arange(5), action].tolist()
