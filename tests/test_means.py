"""One row per information set: the weighted mean of all that was found there, drawn by its weight."""

import numpy as np
import pytest

from arena.trainers.means import Means
from arena.trainers.trainer import Visits


def found(sets, target, times):
    """Return visits of some information sets of ten; the view of number n says n."""
    sets = np.array(sets)
    views = sets[:, None].astype(np.float32)
    return Visits(sets, views, np.ones((len(sets), 2), bool), np.array(target, np.float32), np.array(times, float))


def filled():
    means = Means()
    means.add(found([4, 1], [[1, 0], [0.5, 0.25]], [3, 1]), 1)
    means.add(found([7, 4], [[-1, 1], [0, 1]], [2, 1]), 2)
    return means


def test_what_is_remembered_is_the_weighted_mean():
    rows = filled().sample(10, np.random.default_rng(0))
    assert rows.observation[:, 0].tolist() == [1, 4, 7]
    assert rows.target.tolist() == pytest.approx(np.array([[0.5, 0.25], [3 / 5, 2 / 5], [-1, 1]]))
    assert rows.share.tolist() == pytest.approx([1 / 10, 5 / 10, 4 / 10])


def test_a_smaller_sample_draws_by_weight():
    """Of 12,000 rows, drawn two at a time, each set is 1, 5 and 4 tenths, give or take 0.0045 (one deviation)."""
    means, rng = filled(), np.random.default_rng(1)
    drawn = [means.sample(2, rng) for _ in range(6000)]
    assert all(rows.share.tolist() == [0.5, 0.5] for rows in drawn)
    seen = np.concatenate([rows.observation[:, 0] for rows in drawn])
    assert [np.mean(seen == number) for number in (1, 4, 7)] == pytest.approx([0.1, 0.5, 0.4], abs=4.5 * 0.0045)


def test_rows_drawn_stay_together():
    rows = filled().sample(2, np.random.default_rng(2))
    whole = filled().sample(10, np.random.default_rng(0))
    mean = dict(zip(whole.observation[:, 0].tolist(), whole.target.tolist(), strict=True))
    assert rows.target.tolist() == [mean[number] for number in rows.observation[:, 0].tolist()]


def test_restored_it_goes_on_alike():
    one, again = filled(), Means()
    again.restore("regrets", {**one.state("regrets"), **filled().state("strategies")})
    for means in (one, again):
        means.add(found([9, 4], [[1, 1], [2, 0]], [1, 5]), 3)
    state, same = one.state("m"), again.state("m")
    assert state.keys() == same.keys()
    assert all((state[key] == same[key]).all() for key in state)
    assert len(state["m.weight"]) == 10
