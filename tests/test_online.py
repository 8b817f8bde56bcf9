import sys

import numpy as np
import pytest

from arena.errors import RatingError
from arena.online import START, K, Online, Skills
from arena.record import Result


def match(first, second, payoff):
    return Result(first, second, "first", "second", float(payoff), "x")


def test_the_first_win_between_equals_is_worth_half_of_k():
    live = Online()
    live.feed([match("a", "b", 2.0)])
    assert live.elo == {"a": START + K / 2, "b": START - K / 2}
    assert (live.matches, live.wins, live.payoff) == ({"a": 1, "b": 1}, {"a": 1, "b": 0}, {"a": 2.0, "b": -2.0})


def test_a_draw_moves_the_stronger_down():
    live = Online(elo={"a": 1400.0, "b": 1000.0}, **{
        field: {"a": 0, "b": 0} for field in ("matches", "wins", "draws", "payoff")
    })  # fmt: skip
    live.feed([match("b", "a", 0.0)])
    assert live.elo["a"] == pytest.approx(1400 - K * (10 / 11 - 0.5))  # 400 Elo are odds of ten to one
    assert live.draws == {"a": 1, "b": 1}


def test_nobody_gains_by_playing_themselves():
    live = Online()
    live.feed([match("a", "a", 1.0)])
    assert live.elo == {}


def test_points_are_kept_and_the_order_matters():
    rng = np.random.default_rng(0)
    results = [match(*rng.choice(list("abcd"), 2, replace=False), rng.integers(-1, 2)) for _ in range(500)]
    there, back = Online(), Online()
    there.feed(results)
    back.feed(results[::-1])
    assert sum(there.elo.values()) == pytest.approx(4 * START)
    assert there.wins == back.wins
    assert there.elo["a"] != pytest.approx(back.elo["a"], abs=0.01)


def test_it_finds_a_difference_that_holds():
    rng, live = np.random.default_rng(1), Online()
    live.feed([match("a", "b", 1 if rng.random() < 10 / 11 else -1) for _ in range(3000)])
    assert live.elo["a"] - live.elo["b"] == pytest.approx(400, abs=130)


def test_openskill_as_it_defines_itself():
    pytest.importorskip("openskill", reason="needs the extra live")
    skills = Skills()
    skills.feed([match("a", "b", 1.0)])
    assert skills["a"] == pytest.approx((27.635389, 8.065901), abs=1e-6)
    assert skills["b"][0] == pytest.approx(22.364611, abs=1e-6)
    assert skills["stranger"] == pytest.approx((25, 25 / 3))
    level = Skills()
    level.feed([match("a", "b", 0.0), match("c", "c", 1.0)])
    assert level["a"] == level["b"] == pytest.approx((25, 8.065901), abs=1e-6)
    assert level["c"] == level["stranger"]


def test_without_the_package_one_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "openskill", None)
    monkeypatch.setitem(sys.modules, "openskill.models", None)
    with pytest.raises(RatingError, match=r"pip install 'selfplay-arena\[live\]'"):
        Skills()
