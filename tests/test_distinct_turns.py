"""Equal answers once, and turns in groups that fit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arena.batch import TokenBatch
from arena.trainers.distinct_turns import distinct_turns, within_budget


def batch_of(pairs, **columns) -> TokenBatch:
    """Return a batch of (prompt, answer) pairs."""
    n = len(pairs)
    zeros = np.zeros(n, np.int64)
    tokens = [len(p) + len(a) for p, a in pairs]
    values = {
        "game": "kuhn_poker",
        "policy_id": "shared",
        "version": 0,
        "ids": np.array([i for p, a in pairs for i in [*p, *a]], np.int64),
        "offsets": np.append(0, np.cumsum(tokens)).astype(np.int64),
        "loss_mask": np.array([x for p, a in pairs for x in [False] * len(p) + [True] * len(a)], np.bool_),
        "behaviour_logp": np.zeros(sum(tokens), np.float32),
        "payoff": np.zeros(n),
        "legal": np.ones(n, np.bool_),
        "cut": np.zeros(n, np.bool_),
        **dict.fromkeys(("seat", "side", "role", "match", "turn"), zeros),
    }
    return TokenBatch(**{**values, **columns})


PAIRS = [([1, 2], [3]), ([1], [2, 3]), ([1, 2], [3]), ([4], [5]), ([1, 2], [3])]


def test_equal_answers_are_one_with_the_mean_of_their_advantages() -> None:
    """([1], [2, 3]) has the ids of ([1, 2], [3]), but another token of it is the answer."""
    advantage = np.array([1.0, 5.0, -2.0, 3.0, 4.0])
    found = distinct_turns(batch_of(PAIRS), advantage, by_sign=False)
    assert found.kind.tolist() == [0, 1, 0, 2, 0]
    assert found.rows.tolist() == [0, 1, 3]
    assert found.times.tolist() == [3, 1, 1]
    assert found.advantage.tolist() == [1, 5, 3]


def test_signs_are_kept_apart_where_the_loss_is_not_linear() -> None:
    advantage = np.array([1.0, 5.0, -2.0, 3.0, 4.0])
    found = distinct_turns(batch_of(PAIRS), advantage, by_sign=True)
    assert found.rows.tolist() == [0, 1, 2, 3]
    assert found.times.tolist() == [2, 1, 1, 1]
    assert found.advantage.tolist() == [2.5, 5, -2, 3]


@given(st.lists(st.integers(2, 30), min_size=1, max_size=30), st.integers(1, 100))
def test_groups_fit_and_hold_every_turn_once(lengths, tokens) -> None:
    batch = batch_of([([1] * (n - 1), [2]) for n in lengths])
    groups = within_budget(batch, tokens)
    assert sorted(int(i) for group in groups for i in group) == list(range(len(lengths)))
    for group in groups:
        assert len(group) == 1 or len(group) * max(lengths[i] for i in group) <= tokens


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(2, 20)), min_size=1), st.integers(1, 60))
def test_a_group_is_of_one_game_and_role(turns, tokens) -> None:
    game, role, lengths = (np.array(column) for column in zip(*turns, strict=True))
    batch = batch_of([([1] * (n - 1), [2]) for n in lengths], role=role, games=("a", "b", "c"), played=game)
    groups = within_budget(batch, tokens)
    assert sorted(int(i) for group in groups for i in group) == list(range(len(turns)))
    assert all(len({turns[i][:2] for i in group}) == 1 for group in groups)
    alone = within_budget(batch_of([([1] * (n - 1), [2]) for n in lengths], role=role), tokens)
    assert all(len({role[i] for i in group}) == 1 for group in alone)
