import numpy as np
import pytest

from arena.errors import RatingError
from arena.games.kuhn_poker import KuhnPoker
from arena.record import Result
from arena.scores import Scores, reachable

GAME = KuhnPoker()


def match(first, second, payoff, pair, roles=("first", "second"), step=0):
    return Result(first, second, *roles, payoff, pair, step)


def test_names_become_numbers_in_sorted_order():
    scores = Scores.of([match("b", "a", 2, "x"), match("a", "c", -1, "y")], GAME)
    assert scores.names == ("a", "b", "c")
    assert scores.roles == ("first", "second")
    assert scores.first.tolist() == [1, 0]
    assert scores.second.tolist() == [0, 2]


def test_a_deal_shared_by_other_entrants_is_another_pair():
    scores = Scores.of([match("a", "b", 1, "deal"), match("b", "a", 1, "deal"), match("a", "c", 1, "deal")], GAME)
    assert scores.pair[0] == scores.pair[1] != scores.pair[2]


def test_self_matches_are_left_out_and_alone_refused():
    results = [match("a", "a", 1, "x"), match("a", "b", 1, "y")]
    assert len(Scores.of(results, GAME).first) == 1
    with pytest.raises(RatingError, match="against themselves"):
        Scores.of(results[:1], GAME)
    with pytest.raises(RatingError, match="no results"):
        Scores.of([], GAME)


def test_where_keeps_only_the_entrants_that_are_left():
    scores = Scores.of([match("a", "b", 1, "x"), match("b", "c", 2, "y"), match("c", "b", 1, "y")], GAME)
    rest = scores.among({"b", "c"})
    assert rest.names == ("b", "c")
    assert rest.pair.tolist() == [0, 0]
    assert rest.payoff.tolist() == [2, 1]


def test_roles_are_disjoint_when_nobody_changes_them():
    roles = ("attack", "defend")
    one_way = [match("a", "d", 1, "x", roles), match("b", "d", 1, "y", roles)]
    assert Scores.of(one_way, GAME).disjoint
    assert not Scores.of([*one_way, match("d", "a", 1, "x", roles)], GAME).disjoint
    assert Scores.of([*one_way, match("d", "a", 1, "x", roles)], GAME).roles_of("a") == ["attack", "defend"]


def test_a_pair_is_complete_with_its_return_match():
    scores = Scores.of([match("a", "b", 1, "x"), match("b", "a", 1, "x"), match("b", "a", 1, "y")], GAME)
    assert scores.complete().tolist() == [True, True, False]
    same = Scores.of([match("a", "b", 1, "x", ("player", "player"))], GAME)
    assert same.complete().all()


def test_a_zero_sum_match_is_seen_from_both_sides():
    who, opponent, role, payoff, pair = Scores.of([match("b", "a", 2, "x")], GAME).seen()
    assert who.tolist() == [1, 0]
    assert opponent.tolist() == [0, 1]
    assert role.tolist() == [0, 1]
    assert payoff.tolist() == [2, -2]
    assert len(set(pair)) == 2


def test_reachable_is_the_transitive_closure():
    edges = np.zeros((5, 5), bool)
    edges[0, 1] = edges[1, 2] = edges[2, 3] = edges[3, 1] = True
    expected = np.eye(5, dtype=bool)
    expected[0, 1:4] = expected[1:4, 1:4] = True
    assert (reachable(edges) == expected).all()
