import numpy as np
import pytest

from arena.blocks import match_games
from arena.errors import RatingError
from arena.games.tic_tac_toe import TicTacToe
from arena.record import Result
from arena.scores import Scores
from arena.strengths import strengths


def series(a, b, outcomes, roles=("first", "second"), step=0):
    """Return pairs in which `a` has each of the outcomes in both seats; with one seating where roles are fixed."""
    results = []
    for k, y in enumerate(outcomes):
        name = f"{a}|{b}|{step}|{k}"
        results.append(Result(a, b, *roles, float(y), name, step))
        if roles == ("first", "second"):
            results.append(Result(b, a, *roles, float(-y), name, step))
    return results


def found(results, wanted=(), role_skill=True):
    scores = Scores.of(results, TicTacToe())
    return strengths(scores, match_games(scores), wanted, role_skill)


def test_four_hundred_elo_are_odds_of_ten_to_one():
    result = found(series("a", "b", [1] * 1000 + [-1] * 100), role_skill=False)
    assert result.elo == pytest.approx([1000, 600], abs=2)
    assert result.ladder == ("", "")


def test_without_ties_the_half_width_is_that_of_a_binomial():
    # Pairs that end alike are one observation each: the log-odds of 50 of 100.
    result = found(series("a", "b", [1, -1] * 50), role_skill=False)
    assert result.half_width[0, 1] == pytest.approx(400 / np.log(10) * 1.96 * np.sqrt(1 / 50 + 1 / 50), rel=0.05)
    assert (np.diag(result.half_width) == 0).all()


def test_links_need_wins_or_draws_there_and_back():
    result = found(series("a", "b", [1, -1]) + series("b", "c", [1, 1]) + series("c", "d", [0]))
    assert result.linked.tolist() == [
        [True, True, False, False],
        [True, True, False, False],
        [False, False, True, True],
        [False, False, True, True],
    ]


def test_only_games_linked_to_the_anchor_are_fitted():
    apart = series("a", "b", [1, -1]) + series("c", "d", [1, -1])
    assert found(apart).names == ("a", "b")
    assert found(apart, ["d"]).names == ("c", "d")


def test_the_default_anchor_was_there_first():
    assert found(series("a", "b", [1], step=2) + series("b", "c", [1], step=1)).anchors == {"": 1}


def test_roles_have_an_anchor_each():
    roles = ("attack", "defend")
    results = series("a", "d", [1, -1], roles) + series("b", "d", [1, -1], roles) + series("b", "e", [1, -1], roles)
    result = found(results, ["b"], role_skill=False)
    assert {key: result.names[i] for key, i in result.anchors.items()} == {"attack": "b", "defend": "d"}
    with pytest.raises(RatingError, match="a and b stand on one ladder"):
        found(results, ["a", "b"], role_skill=False)


def test_a_seat_advantage_has_the_sign_of_the_first_role():
    results = [r._replace(payoff=1.0 if k % 11 else -1.0) for k, r in enumerate(series("a", "b", [0] * 100))]
    advantage = found(results).advantage(("first", "second"))["first", "second"]
    assert advantage.value == pytest.approx(400 * np.log10(181 / 19), abs=20)
    assert advantage.low > 200


def test_a_role_is_a_strength_of_its_own():
    # "a" wins all games in the first seat against everyone, and is even in the second.
    rng = np.random.default_rng(0)
    results = []
    for x, y in ("ab", "ac", "ad", "bc", "bd", "cd"):
        for r in series(x, y, [0] * 50):
            edge = 0.9 if r.first == "a" else 0.5
            results.append(r._replace(payoff=1.0 if rng.random() < edge else -1.0))
    result = found(results)
    roles = result.by_role(0, ("first", "second"))
    assert roles["first"].low > roles["second"].high
    assert (roles["first"].value + roles["second"].value) / 2 == pytest.approx(result.elo[0])
