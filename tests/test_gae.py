"""Advantages worked out by hand, and their two extremes."""

import numpy as np
import pytest

from arena.trainers import gae
from tests.learning import TREE, nets, play
from tests.test_distinct_turns import batch_of

NET = nets(1)[0]
BATCH = play([NET], [1.0], 0, 40)


def match(seats, payoff):
    """Return one match as a batch: who decided in turn, and what each seat won."""
    n = len(seats)
    whole = BATCH.where(np.zeros(n, np.int64))
    columns = {"seat": np.array(seats), "payoff": np.array(payoff, float)[seats], "turn": np.arange(n)}
    return type(whole)(**{**vars(whole), **columns})


def test_a_seat_looks_ahead_to_its_own_next_decision():
    assert gae.next_own(match([0, 1, 0, 1, 0], [1, -1])).tolist() == [2, 3, 4, -1, -1]


def test_a_seat_does_not_look_into_the_next_match():
    batch = match([0, 1, 0, 1], [1, -1])
    apart = type(batch)(**{**vars(batch), "match": np.array([0, 0, 1, 1])})
    assert gae.next_own(apart).tolist() == [-1, -1, -1, -1]


def test_the_advantages_are_those_on_paper():
    """Seat 0 sees .2, .5, .1 and wins 1; seat 1 sees .3, −.4 and loses 1; λ = ½."""
    batch = match([0, 1, 0, 1, 0], [1, -1])
    value = np.array([0.2, 0.3, 0.5, -0.4, 0.1])
    last = 1 - 0.1
    middle = (0.1 - 0.5) + 0.5 * last
    first = (0.5 - 0.2) + 0.5 * middle
    lost = -1 + 0.4
    expected = [first, (-0.4 - 0.3) + 0.5 * lost, middle, lost, last]
    assert gae.advantages(batch, value, gae.at_the_end(batch, batch.payoff), 0.5) == pytest.approx(expected)


def test_at_one_it_is_the_payoff_minus_the_value_and_at_zero_the_next_value():
    value = np.random.default_rng(0).normal(size=len(BATCH))
    following = gae.next_own(BATCH)
    target = np.where(following < 0, BATCH.payoff, value[following])
    reward = gae.at_the_end(BATCH, BATCH.payoff)
    assert gae.advantages(BATCH, value, reward, 1.0) == pytest.approx(BATCH.payoff - value)
    assert gae.advantages(BATCH, value, reward, 0.0) == pytest.approx(target - value)


def test_rewards_on_the_way_add_up():
    batch = match([0, 0, 0], [1, -1])
    reward = np.array([0.5, -0.25, 1.0])
    assert gae.advantages(batch, np.zeros(3), reward, 1.0) == pytest.approx([1.25, 0.75, 1.0])


def test_standardised_has_mean_nothing_and_deviation_one():
    scaled = gae.standardised(np.array([1.0, 2.0, 6.0]))
    assert (scaled.mean(), scaled.std()) == pytest.approx((0, 1))
    assert gae.standardised(np.full(3, 0.25)).tolist() == [0, 0, 0]


def test_without_decisions_there_are_no_advantages():
    nothing = BATCH.where(np.zeros(len(BATCH), bool))
    assert len(gae.advantages(nothing, np.zeros(0), np.zeros(0), 0.9)) == 0
    assert TREE.game.name == nothing.game


def test_the_order_of_the_rows_does_not_matter():
    rng = np.random.default_rng(0)
    value, order = rng.normal(size=len(BATCH)), rng.permutation(len(BATCH))
    there = gae.advantages(BATCH, value, gae.at_the_end(BATCH, BATCH.payoff), 0.7)
    mixed = BATCH.where(order)
    assert gae.advantages(mixed, value[order], gae.at_the_end(mixed, mixed.payoff), 0.7) == pytest.approx(there[order])


# Turns of a language model.


def answers(seats, payoff):
    """Return one match as a batch of answers of three tokens: who spoke in turn, and what each seat won."""
    n, seat = len(seats), np.array(seats)
    won = np.array(payoff, float)[seat]
    return batch_of([([0], [1, 2])] * n, payoff=won, seat=seat, side=seat, role=seat, turn=np.arange(n))


def test_answers_are_decisions_however_many_tokens_they_have():
    value = np.array([0.2, 0.3, 0.5, -0.4, 0.1])
    spoken, decided = answers([0, 1, 0, 1, 0], [1, -1]), match([0, 1, 0, 1, 0], [1, -1])
    of_answers = gae.advantages(spoken, value, gae.at_the_end(spoken, spoken.payoff), 0.5)
    assert of_answers.tolist() == gae.advantages(decided, value, gae.at_the_end(decided, decided.payoff), 0.5).tolist()


def test_a_turn_that_earns_nothing_does_not_vanish():
    """Three turns earn ½, 0 and 1; λ = ½. If turns ended where there is a reward, as in RAGEN, there would be two."""
    spoken, value, reward = answers([0, 0, 0], [1]), np.array([0.2, 0.6, 0.4]), np.array([0.5, 0.0, 1.0])
    last = 1 - 0.4
    middle = (0 + 0.4 - 0.6) + 0.5 * last
    first = (0.5 + 0.6 - 0.2) + 0.5 * middle
    assert gae.advantages(spoken, value, reward, 0.5) == pytest.approx([first, middle, last])
    two, paid = answers([0, 0], [1]), np.flatnonzero(reward)
    assert gae.advantages(two, value[paid], reward[paid], 0.5)[0] == pytest.approx(0.5 + 0.4 - 0.2 + 0.5 * last)


def test_a_match_that_pays_nothing_has_all_its_turns():
    """A draw: by rewards no turn would end at all."""
    spoken, value = answers([0, 1, 0, 1], [0, 0]), np.array([0.4, -0.2, 0.1, 0.3])
    advantage = gae.advantages(spoken, value, gae.at_the_end(spoken, spoken.payoff), 0.0)
    assert advantage == pytest.approx([0.1 - 0.4, 0.3 + 0.2, -0.1, -0.3])
