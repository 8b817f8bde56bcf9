import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import arena
from arena.games.kuhn_poker import KuhnPoker
from arena.games.tic_tac_toe import TicTacToe
from arena.rating import rate
from arena.record import Result, StopReason, to_result
from arena.results import Results
from arena.scores import Scores
from arena.store import Store

names = st.sampled_from(["ann", "bob", "zoë"])
result = st.builds(
    Result,
    names,
    names,
    st.sampled_from(["first", "attack"]),
    st.just("second"),
    st.sampled_from([-2.0, 0.0, 0.5]),
    st.sampled_from(["p", "q", "r"]),
    st.integers(0, 3),
)


@given(st.lists(result))
def test_columns_hold_the_same_sequence(results):
    columns = Results.of(results)
    assert columns == results
    assert list(columns) == results
    assert len(columns) == len(results)
    assert [columns[i] for i in range(len(results))] == results
    assert columns[1:3] == results[1:3]
    assert Results.of(columns) is columns


def test_they_are_equal_to_sequences_only():
    assert Results.of([]) == []
    assert Results.of([]) != 3
    with pytest.raises(TypeError, match="unhashable"):
        hash(Results.of([]))


def test_rows_of_a_store_are_read_as_single_matches_are():
    game = KuhnPoker()
    rows = [
        (json.dumps(["b", "a"]), json.dumps([2.0, -2.0]), "x", 0),
        (json.dumps(["a", "b"]), "[1,-1]", "x", 0),
        (json.dumps(["a", "c"]), "[null, 1.0]", "w", 7),
    ]
    found = Results.of_rows(rows, game)
    assert found == [to_result(game, json.loads(e), json.loads(r), pair, step) for e, r, pair, step in rows]
    assert Results.of_rows([], game) == []


def test_a_game_with_several_seats_per_side_keeps_its_sides():
    class Team(TicTacToe):
        roles = ("judge", "first", "helper", "second")
        sides = (-1, 0, 0, 1)

    (one,) = Results.of_rows([(json.dumps(["j", "a", "a", "b"]), "[null, 1, 1, -1]", "x", 0)], Team())
    assert one == Result("a", "b", "first", "second", 1.0, "x", 0)


@given(st.lists(result, min_size=1).filter(lambda rs: any(r.first != r.second for r in rs)), st.randoms())
def test_scores_of_columns_are_those_of_single_results_in_any_order(results, random):
    shuffled = random.sample(results, len(results))
    one, other = Scores.of(results, KuhnPoker()), Scores.of(Results.of(shuffled), KuhnPoker())
    assert (one.names, one.roles) == (other.names, other.roles)

    def rows(scores):
        columns = (scores.first, scores.second, scores.first_role, scores.payoff, scores.pair, scores.step)
        return sorted(zip(*(column.tolist() for column in columns), strict=True))

    assert rows(one) == rows(other)


def test_a_ladder_of_columns_is_the_ladder_of_single_results():
    rng = np.random.default_rng(0)
    results = []
    for k in range(200):
        a, b = rng.choice(list("abcd"), 2, replace=False)
        results += [Result(a, b, "first", "second", float(y), f"{k:04d}") for y in rng.integers(-1, 2, 2)]
        results[-1] = results[-1]._replace(first=b, second=a)
    assert rate(Results.of(results), TicTacToe()).rows == rate(results, TicTacToe()).rows


@pytest.fixture
def poker(tmp_path):
    records = [
        replace(record, kind="tournament", pair=f"{i // 2:04d}")
        for i, record in enumerate(arena.play("kuhn_poker", ["uniform", 'script(prefer="bet")'], matches=20, seed=1))
    ]
    records[3] = replace(records[3], stop=StopReason.FORFEIT, culprit=1, reason="no legal move")
    records[5] = replace(records[5], stop=StopReason.FORFEIT, culprit=1, reason="no legal move")
    records[6] = replace(records[6], stop=StopReason.ABANDONED, crashes=(0, 0, 0), reason="it crashed")
    return records


def test_a_store_gives_what_was_written_since(tmp_path, poker):
    game = KuhnPoker()
    with Store.open(tmp_path) as store:
        store.add(poker[:10])
        first, number = store.results_after(game, 0)
        assert len(first) == 9
        assert sorted(first) == sorted(store.results(game))
        assert store.results_after(game, number) == ([], number)
        store.add(poker[10:])
        later, end = store.results_after(game, number)
        assert end > number
        assert len(later) == 10
        assert sorted([*first, *later]) == sorted(store.results(game))
        assert store.results_after(TicTacToe(), 0) == ([], 0)


def test_a_store_counts_who_forfeited(tmp_path, poker):
    with Store.open(tmp_path) as store:
        assert store.forfeits() == {}
        store.add(poker)
        assert store.forfeits() == {'script(prefer="bet")': 2}
