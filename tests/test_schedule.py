"""Who sits where and with which seed: fair pairs, stable keys."""

from collections import Counter
from itertools import combinations

import pytest

from arena.errors import ConfigError
from arena.games.kuhn_poker import KuhnPoker
from arena.games.tic_tac_toe import TicTacToe
from arena.schedule import challenge, gauntlet, meeting, pair, round_robin

GAME = KuhnPoker()


class Three(KuhnPoker):
    """Three seats, three sides."""

    name = "three"
    roles = ("a", "b", "c")


class Teams(KuhnPoker):
    """Two solvers on each side, and a judge whom nobody competes for."""

    name = "teams"
    roles = ("lead", "aide", "lead", "aide", "judge")
    sides = (0, 0, 1, 1, -1)


def test_a_pair_is_one_deal_with_every_rotation_of_the_seats():
    one, other = pair(GAME, ["x", "y"], 3, seed=0, kind="rating", step=7)
    assert (one.entrants, other.entrants) == (("x", "y"), ("y", "x"))
    assert (one.seed, one.pair, one.kind, one.step) == (other.seed, other.pair, "rating", 7)
    assert one.key != other.key
    seatings = [fixture.entrants for fixture in pair(Three(), "xyz", 0, 0, "rating")]
    assert seatings == [("x", "y", "z"), ("y", "z", "x"), ("z", "x", "y")]


def test_the_order_of_naming_does_not_matter():
    assert pair(GAME, ["x", "y"], 0, 0, "rating") == pair(GAME, ["y", "x"], 0, 0, "rating")


def test_a_side_sits_down_whole_and_the_cast_stays():
    one, other = pair(Teams(), ["x", "y"], 0, 0, "rating", cast={"judge": "jury"})
    assert one.entrants == ("x", "x", "y", "y", "jury")
    assert other.entrants == ("y", "y", "x", "x", "jury")


def test_an_empty_chair_of_the_cast_is_named():
    with pytest.raises(ConfigError, match=r"teams has a cast seat 'judge': name its player under \[cast\]"):
        pair(Teams(), ["x", "y"], 0, 0, "rating")


def test_the_cast_stays_in_a_challenge_too():
    fixtures = list(challenge(Teams(), "x", ["y"], 1, 0, "rating", cast={"judge": "jury"}))
    assert [fixture.entrants[-1] for fixture in fixtures] == ["jury", "jury"]


def test_in_a_round_robin_everyone_meets_everyone_as_often_from_every_seat():
    names = ["a", "b", "c", "d"]
    seatings = Counter(fixture.entrants for fixture in round_robin(GAME, names, 5, 0))
    assert seatings == {pairing: 5 for both in combinations(names, 2) for pairing in (both, both[::-1])}


def test_a_round_robin_is_fair_at_any_moment():
    """Round by round: no two have met twice before all have met once."""
    fixtures = list(round_robin(GAME, ["a", "b", "c", "d"], 3, 0))
    for begin in range(0, len(fixtures), 12):
        assert len({frozenset(fixture.entrants) for fixture in fixtures[begin : begin + 12]}) == 6


def test_in_a_gauntlet_newcomers_meet_the_pool_round_by_round_and_nobody_else_meets():
    fixtures = list(gauntlet(GAME, ["x", "y"], ["a", "b"], 3, 0))
    met = [frozenset(fixture.entrants) for fixture in fixtures[::2]]
    assert met == [frozenset(two) for two in ("xa", "xb", "ya", "yb")] * 3
    assert set(fixtures) < set(round_robin(GAME, ["a", "b", "x", "y"], 3, 0))


def test_a_meeting_is_the_pairs_that_were_asked_for():
    fixtures = meeting(GAME, ("x", "y"), range(4, 6), 0)
    assert fixtures == [*pair(GAME, "xy", 4, 0, "tournament"), *pair(GAME, "xy", 5, 0, "tournament")]


def test_keys_and_deals_are_all_different():
    fixtures = list(round_robin(GAME, ["a", "b", "c"], 100, 0))
    assert len({fixture.key for fixture in fixtures}) == len(fixtures) == 600
    assert len({fixture.seed for fixture in fixtures}) == len({fixture.pair for fixture in fixtures}) == 300


def test_new_entrants_leave_the_matches_of_the_others_as_they_are():
    few = list(round_robin(GAME, ["a", "b"], 10, 0))
    many = list(round_robin(GAME, ["new", "b", "a", "newer"], 10, 0))
    assert set(few) <= set(many)


def test_more_pairs_go_on_where_fewer_ended():
    short, long = (list(round_robin(GAME, ["a", "b", "c"], pairs, 0)) for pairs in (4, 9))
    assert long[: len(short)] == short


@pytest.mark.parametrize(
    "other",
    [
        lambda: pair(TicTacToe(), ["x", "y"], 0, 0, "rating"),
        lambda: pair(GAME, ["x", "z"], 0, 0, "rating"),
        lambda: pair(GAME, ["x", "y"], 1, 0, "rating"),
        lambda: pair(GAME, ["x", "y"], 0, 1, "rating"),
        lambda: pair(GAME, ["x", "y"], 0, 0, "tournament"),
        lambda: pair(GAME, ["x", "y"], 0, 0, "rating", step=1),
    ],
    ids=["game", "entrants", "number", "seed", "kind", "step"],
)
def test_a_key_changes_with_all_that_makes_a_match_another_one(other):
    keys = {fixture.key for fixture in pair(GAME, ["x", "y"], 0, 0, "rating")}
    assert keys.isdisjoint(fixture.key for fixture in other())


def test_deals_never_change():
    """Runs on disk were dealt from these numbers: another one would be played differently when it goes on."""
    one = pair(KuhnPoker(), ["alice", "bob"], 2, 11, "tournament")[0]
    assert (one.seed, one.pair) == (5992782938266940018, "alice|bob|0|000002")


def test_too_few_entrants_are_an_error():
    with pytest.raises(ConfigError, match="three is played by 3 entrants, but only 2 were given"):
        list(round_robin(Three(), ["a", "b"], 1, 0))


def test_a_challenge_pairs_the_newcomer_with_each_opponent_round_by_round():
    fixtures = list(challenge(GAME, "new", ["a", "b"], 2, 0, "rating", step=5))
    met = [frozenset(fixture.entrants) - {"new"} for fixture in fixtures]
    assert met == [{"a"}, {"a"}, {"b"}, {"b"}] * 2
    assert Counter(fixture.entrants.index("new") for fixture in fixtures) == {0: 4, 1: 4}
    assert {fixture.step for fixture in fixtures} == {5}


def test_a_challenge_in_a_larger_game_meets_one_opponent_in_all_other_seats():
    fixtures = list(challenge(Three(), "new", ["a"], 1, 0, "rating"))
    assert sorted(fixture.entrants for fixture in fixtures) == [("a", "a", "new"), ("a", "new", "a"), ("new", "a", "a")]
