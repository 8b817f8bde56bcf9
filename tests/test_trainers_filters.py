"""Which turns are learned from: by hand, by property, and on RAGEN's bandit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.config.filters import FilterConfig
from arena.errors import ConfigError
from arena.trainers import filters

ALL = FilterConfig()


def ints(*values):
    return np.array(values, np.int64)


# Groups of repeats.


def repeats(payoffs_by_start, seat=0):
    """Return (payoff, match, seat, start) of one turn a match, from start → payoffs of its repeats."""
    payoff = np.concatenate([np.array(each, float) for each in payoffs_by_start.values()])
    start = np.repeat(list(payoffs_by_start), [len(each) for each in payoffs_by_start.values()])
    return payoff, np.arange(len(payoff)), np.full(len(payoff), seat), start


def test_the_starts_whose_payoffs_differ_most_stay():
    rows = repeats({0: [1, 1, 1, 1], 1: [1, -1, 1, -1], 2: [-1, -1, -1, -1], 3: [1, 1, 1, -1]})
    assert filters.most_varied(*rows, share=0.25).tolist() == [start == 1 for start in rows[3]]
    assert filters.most_varied(*rows, share=0.5).tolist() == [start in (1, 3) for start in rows[3]]
    assert filters.most_varied(*rows, share=1.0).all()


@given(st.integers(1, 60), st.floats(0.001, 1))
def test_some_group_is_always_kept(groups, share):
    """int(share · groups) would be 0 for a quarter of three groups, and nothing would ever be learned."""
    rng = np.random.default_rng(groups)
    rows = repeats({start: rng.choice([-1.0, 1.0], 4) for start in range(groups)})
    number = len(set(rows[3][filters.most_varied(*rows, share)]))
    assert max(share * groups, 1) - 1e-6 <= number < share * groups + 1


@pytest.mark.parametrize(("share", "groups", "number"), [(0.25, 8, 2), (0.25, 3, 1), (0.07, 100, 7), (0.7, 10, 7)])
def test_a_share_is_what_one_reckons_and_rounded_up(share, groups, number):
    rows = repeats({start: [0.0, start + 1.0] for start in range(groups)})
    kept = set(rows[3][filters.most_varied(*rows, share)])
    assert kept == set(range(groups - number, groups))


def test_seats_are_groups_of_their_own():
    """In mirror play both seats together always differ; each by itself has one outcome at the first start."""
    start, match, seat = ints(0, 0, 0, 0, 1, 1, 1, 1), ints(0, 0, 1, 1, 2, 2, 3, 3), ints(0, 1, 1, 0, 0, 1, 0, 1)
    payoff = np.array([1.0, -1, -1, 1, 1, -1, -1, 1])
    assert filters.most_varied(payoff, match, seat, start, 0.5).tolist() == [False] * 4 + [True] * 4


def test_a_match_counts_once_however_many_turns_it_took():
    """Of three and of four matches one each is lost, so the first differ more; by turns it would be the second."""
    won_in_three_turns, lost_in_three = [(1.0, 3), (1.0, 3), (-1.0, 1)], [(1.0, 1), (1.0, 1), (1.0, 1), (-1.0, 3)]
    matches = [(payoff, start) for start, each in enumerate([won_in_three_turns, lost_in_three]) for payoff in each]
    turns = [(won, number, start) for number, ((won, length), start) in enumerate(matches) for _ in range(length)]
    payoff, match, start = (np.array(column) for column in zip(*turns, strict=True))
    kept = filters.most_varied(payoff, match, np.zeros(len(turns), np.int64), start, 0.5)
    assert set(start[kept]) == {0}


def test_few_repeats_do_not_look_alike_for_being_few():
    """The sample's deviations, with n − 1 below, are 1.41 and 1.27; with n below they would be 1 and 1.1."""
    rows = repeats({0: [0.0, 2.0], 1: [0.0, 0.0, 2.2, 2.2]})
    assert set(rows[3][filters.most_varied(*rows, 0.5)]) == {0}


@given(st.floats(0.1, 100), st.floats(-10, 10), st.permutations(range(12)))
def test_neither_units_nor_a_bonus_nor_the_order_of_turns_matter(scale, bonus, order):
    payoff, match, seat, start = repeats({0: [0, 1, 2], 1: [0, 4, 0], 2: [5, 5, 5], 3: [-1, 0, -2]})
    once = filters.most_varied(payoff, match, seat, start, 0.25)
    order = list(order)
    again = filters.most_varied((scale * payoff + bonus)[order], match[order], seat[order], start[order], 0.25)
    assert set(start[once]) == set(start[order][again]) == {1}


def test_a_start_whose_repeats_were_lost_to_accidents_counts_as_unvaried():
    rows = repeats({0: [1.0], 1: [1.0, -1.0]})
    assert filters.most_varied(*rows, 0.5).tolist() == [False, True, True]


def test_without_repeats_there_is_one_sentence():
    with pytest.raises(ConfigError, match=r"no start was played twice: let training\.matches be several times"):
        filters.most_varied(*repeats({0: [1.0], 1: [-1.0]}), 0.5)
    assert len(filters.most_varied(np.zeros(0), ints(), ints(), ints(), 0.5)) == 0


def test_on_the_bandit_of_ragen_the_mixed_arm_stays():
    """The low arm pays .1, the high one 1 with probability ¼. A start is an arm, drawn 16 times (Wang et al., 2025)."""
    rng = np.random.default_rng(0)
    rows = repeats({k: np.full(16, 0.1) if k % 2 else (rng.random(16) < 0.25).astype(float) for k in range(8)})
    kept = rows[3][filters.most_varied(*rows, 0.25)]
    assert len(kept) == 32  # two groups of 16, the published mini-batch
    assert set(kept % 2) == {0}


# Batches of one size.


def test_turns_worth_nothing_are_left_out_and_asked_for_again():
    """Of four matches five turns are worth something, and ten are wanted: five more, from 4 · 5 / 5 matches."""
    advantage = np.array([0.5, 0, -0.5, 0, 0.1, 0, -0.1, 1])
    match = ints(0, 0, 1, 1, 2, 2, 3, 3)
    filled = filters.fill(advantage, np.ones(8, bool), match, 10)
    assert (filled.rows.tolist(), filled.missing, filled.matches) == ([0, 2, 4, 6, 7], 5, 4)
    strict = filters.fill(advantage, np.ones(8, bool), match, 10, least=0.1)
    assert (strict.rows.tolist(), strict.missing, strict.matches) == ([0, 2, 7], 7, 10)


def test_a_full_batch_has_its_size_and_wants_nothing():
    filled = filters.fill(np.ones(8), np.ones(8, bool), ints(0, 0, 1, 1, 2, 2, 3, 3), 5)
    assert (filled.rows.tolist(), filled.missing, filled.matches) == ([0, 1, 3, 4, 6], 0, 0)


def test_a_batch_that_is_too_full_is_thinned_in_all_its_parts():
    """Its games follow each other: of three times twenty turns thirty are ten of each."""
    filled = filters.fill(np.ones(60), np.ones(60, bool), np.arange(60), 30)
    assert np.bincount(filled.rows // 20).tolist() == [10, 10, 10]


def test_where_nothing_is_worth_learning_as_much_again_is_asked_for():
    filled = filters.fill(np.zeros(4), np.ones(4, bool), ints(0, 0, 1, 1), 10)
    assert (len(filled.rows), filled.missing, filled.matches) == (0, 10, 2)


@given(st.lists(st.tuples(st.integers(-2, 2), st.booleans()), max_size=40), st.integers(1, 30), st.integers(1, 5))
def test_no_turn_is_taken_that_should_not_be_and_none_is_lost(rows, size, turns):
    advantage, keep = np.array([a for a, _ in rows], float), np.array([k for _, k in rows], bool)
    match = np.arange(len(rows)) // turns
    filled = filters.fill(advantage, keep, match, size)
    worth = [n for n in range(len(rows)) if keep[n] and advantage[n] != 0]
    assert len(filled.rows) == min(size, len(worth))
    assert set(filled.rows) <= set(worth)
    assert (np.diff(filled.rows) > 0).all()
    assert filled.missing == size - len(filled.rows)
    assert (filled.matches > 0) == (filled.missing > 0 and len(rows) > 0)
    if worth and filled.missing:
        assert filled.matches * len(worth) / len(set(match)) >= filled.missing  # at this rate it is full


def test_filling_again_and_again_reaches_the_size():
    """A third of the turns is worth something; what is asked for fills the batch within a few rounds."""
    rng, advantage, rounds, wanted = np.random.default_rng(0), np.zeros(0), 0, 10
    while True:
        advantage = np.concatenate([advantage, (rng.random(3 * wanted) < 1 / 3).astype(float)])
        filled = filters.fill(advantage, np.ones(len(advantage), bool), np.arange(len(advantage)) // 3, 64)
        if not filled.missing:
            break
        rounds, wanted = rounds + 1, filled.matches
    assert len(filled.rows) == 64
    assert 1 <= rounds <= 4


# Long replies.


def test_the_price_of_length_is_dapos():
    """Free up to 16384 tokens, −1 at 20480, and halfway between −½ (Yu et al., 2025)."""
    price = filters.overlong_price(ints(1, 16384, 18432, 20480), 20480, FilterConfig(overlong="penalty"))
    assert price == pytest.approx([0, 0, -0.5, -1])


def test_the_price_has_its_own_height_and_beginning():
    options = FilterConfig(overlong="penalty", overlong_from=0.0, overlong_price=0.3)
    assert filters.overlong_price(ints(0, 5, 10), 10, options) == pytest.approx([0, -0.15, -0.3])
    assert filters.overlong_price(ints(0, 5, 10), 10, ALL).tolist() == [0, 0, 0]


# All together.

PAYOFF = np.array([1.0, -1.0, 0.0, 0.0, 1.0, -1.0])
MATCH, SEAT, START = ints(0, 0, 1, 1, 2, 2), ints(0, 1, 0, 1, 0, 1), ints(0, 0, 0, 0, 1, 1)
DRAWN, TRUNCATED = PAYOFF == 0, np.array([True, False, False, False, False, False])


def keep(**options):
    columns = {"start": START, "drawn": DRAWN, "truncated": TRUNCATED}
    return filters.kept(FilterConfig(**options), PAYOFF, MATCH, SEAT, **columns).tolist()


def test_every_filter_takes_out_its_own():
    assert keep() == [True] * 6
    assert keep(draws="drop") == [True, True, False, False, True, True]
    assert keep(overlong="drop") == [False, True, True, True, True, True]
    assert keep(overlong="penalty") == [True] * 6
    assert keep(varied=0.5) == [True] * 4 + [False] * 2
    assert keep(varied=0.5, draws="drop", overlong="drop") == [False, True] + [False] * 4


def test_a_draw_is_worth_what_one_says_it_is():
    assert filters.worth_of_draws(PAYOFF, DRAWN, 2.0, ALL).tolist() == PAYOFF.tolist()
    worth = filters.worth_of_draws(PAYOFF, DRAWN, 2.0, FilterConfig(draw_worth=-0.25))
    assert worth.tolist() == [1, -1, -0.5, -0.5, 1, -1]
