"""A walk stops at its limits, and knows about how much memory it takes."""

import tracemalloc

import pytest

from arena.errors import ConfigError, TooLarge
from arena.registry import load_game
from arena.tree.enumeration import _Enumeration, enumerate_game
from arena.tree.limits import Limits


def refusal(limits, *size):
    with pytest.raises(TooLarge) as refused:
        limits.check(*size)
    return str(refused.value)


def test_a_limit_may_be_reached_and_not_passed():
    Limits("game", 3, 10**9).check([1, 2, 3], 5, 0)
    assert "game has more than 3 states, too many for exact tables: the walk stopped at 4 states" in refusal(
        Limits("game", 3, 10**9), [1, 2, 3, 4], 5, 0
    )


@pytest.mark.parametrize(("nodes", "memory"), [(0, 10**9), (-1, 10**9), (10, 0), (10, -5)])
def test_a_limit_leaves_room_for_something(nodes, memory):
    with pytest.raises(ConfigError, match=rf"no game fits into {nodes} states and .* bytes: allow 1 or more of both"):
        Limits("game", nodes, memory)
    with pytest.raises(ConfigError, match="allow 1 or more of both"):
        enumerate_game(load_game("liars_dice(faces=2)"), nodes, memory)


def test_too_much_memory_says_how_much_there_is_already():
    limits = Limits("game", 10**6, 2_000_000)
    states = [f"{i}" * 1000 for i in range(1000)]
    assert "game needs more than 2 MB, too much for exact tables: the walk stopped at 1,000 states and about " in (
        refusal(limits, states, 0, 0)
    )


def test_a_table_with_a_column_per_action_counts():
    limits = Limits("game", 10**6, 8_000_000)
    limits.check([1, 2, 3], 10, 800_000)
    assert "needs more than 8 MB" in refusal(limits, [1, 2, 3], 10, 1_000_000)


def test_what_states_share_is_counted_once():
    shared = "x" * 1_000_000
    limits = Limits("game", 10**6, 10**9)
    limits.check([(shared, i) for i in range(64 * 20)], 0, 0)
    assert limits.bytes(1, 0, 0) < 100_000


@pytest.mark.parametrize("name", ["tic_tac_toe", "liars_dice(faces=4)", "leduc_poker"])
def test_the_estimate_is_near_what_is_measured(name):
    walk = _Enumeration(load_game(name), limits := Limits(name, 10**6, 10**9))
    tracemalloc.start()
    try:
        tree = walk.tree()
        measured = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    estimate = limits.bytes(len(tree.mover), len(tree.branch_child), tree.mask.size)
    assert 0.5 < estimate / measured < 2
