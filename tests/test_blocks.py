import numpy as np

from arena.blocks import block_games, longest_series, match_games
from arena.games.kuhn_poker import KuhnPoker
from arena.record import Result
from arena.scores import Scores


def pairs_of(nets, first="a", second="b", step=0):
    """Return complete pairs in which `first` earns the given payoffs, half of it in each seat."""
    results = []
    for number, net in enumerate(nets):
        name = f"{first}|{second}|{step}|{number:06d}"
        results.append(Result(first, second, "first", "second", net / 2, name, step))
        results.append(Result(second, first, "first", "second", -net / 2, name, step))
    return results


def scores(results):
    return Scores.of(results, KuhnPoker())


def test_a_match_is_won_by_its_sign():
    games = match_games(scores([Result("a", "b", "first", "second", p, f"{p}") for p in (-2.0, 0.0, 0.5)]))
    assert games.outcome.tolist() == [-1, 0, 1]


def test_a_block_is_won_by_net_payoff_and_leftovers_wait():
    games = block_games(scores(pairs_of([2, -1, -1, -1, 1, -1, 2])), 2, 2.0)
    assert games.outcome.tolist() == [1, -1, 0]
    assert games.first.tolist() == [0, 0, 0]
    assert games.cluster.tolist() == [0, 1, 2]


def test_blocks_follow_step_and_pair_name_whatever_the_order_of_results():
    results = pairs_of([1, 1], step=10) + pairs_of([-1, -1], step=9) + pairs_of([-1, 1], "c", "a")
    shuffled = [results[i] for i in np.random.default_rng(0).permutation(len(results))]
    for each in (results, shuffled):
        assert block_games(scores(each), 2, 2.0).outcome.tolist() == [-1, 1, 0]


def test_a_block_larger_than_anything_played_is_never_full():
    results = scores(pairs_of([1, 1]))
    for pairs in (3, 10**6, 2**63 - 1, 10**30):
        assert len(block_games(results, pairs, 2.0).outcome) == 0
    assert len(block_games(results, 2, 2.0).outcome) == 1


def test_blocks_never_mix_opponents():
    games = block_games(scores(pairs_of([1] * 3) + pairs_of([1] * 3, "a", "c")), 2, 2.0)
    assert len(games.outcome) == 2
    assert longest_series(scores(pairs_of([1] * 3) + pairs_of([1] * 4, "b", "c"))).tolist() == [3, 4, 4]


def test_a_pair_without_its_return_match_stays_outside():
    results = pairs_of([1, 1])[:-1]
    assert len(block_games(scores(results), 2, 2.0).outcome) == 0
    assert len(block_games(scores(results), 1, 2.0).outcome) == 1


def test_rounding_is_a_draw():
    assert block_games(scores(pairs_of([0.1, 0.2, -0.3])), 3, 2.0).outcome.tolist() == [0]
