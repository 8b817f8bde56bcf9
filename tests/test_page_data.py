import json
from dataclasses import replace

import numpy as np
import pytest

from arena.payoff import PayoffMatrix
from arena.record import Cost
from arena.tournaments.page_data import MATRIX_AT_MOST, matrix, page_data
from arena.tournaments.run import Run
from tests.page_runs import plain_tournament, small_league


@pytest.fixture(scope="module")
def poker(tmp_path_factory):
    return Run.of(plain_tournament(tmp_path_factory.mktemp("poker"), "kuhn_poker", 20))


@pytest.fixture(scope="module")
def league(tmp_path_factory):
    return Run.of(small_league(tmp_path_factory.mktemp("league")))


def test_the_ladder_is_the_run_s_own(poker):
    data = page_data(poker)
    assert [row["name"] for row in data["ladder"]] == [row.name for row in poker.ladder.rows]
    for shown, row in zip(data["ladder"], poker.ladder.rows, strict=True):
        assert shown["payoff"] == pytest.approx(row.mean_payoff, rel=1e-4)
        assert shown["elo"] == pytest.approx([row.elo, row.low, row.high], rel=1e-4)
        assert set(shown["by_role"]) == {"first", "second"}
    assert [row["name"] for row in data["ladder"] if row["anchor"]] == ["uniform"]
    assert (data["scoring"], data["league"], data["history"], data["nash_conv"]) == ("payoff", False, [], [])


def test_costs_are_those_of_the_run(poker):
    assert page_data(poker)["costs"] == []
    spent = page_data(replace(poker, costs={"bet": Cost(0.5, 1000, 20)}))["costs"]
    assert spent == [{"name": "bet", "dollars": 0.5, "prompt_tokens": 1000, "completion_tokens": 20}]


def test_exact_payoffs_have_no_interval(poker):
    shown = matrix(poker)
    at = shown["names"].index
    assert shown["half"] is None
    assert shown["mean"][at("bet")][at("uniform")] == pytest.approx(0.375)
    assert shown["mean"][at("uniform")][at("bet")] == pytest.approx(-0.375)


def test_payoffs_as_played_have_one(tmp_path):
    run = Run.of(plain_tournament(tmp_path))
    played = run.ladder.payoffs
    vars(run)["payoffs"] = played  # as where the game is too large to compute them
    shown = matrix(run)
    i, j = (played.names.index(name) for name in ("minimax", "uniform"))
    place = shown["names"].index
    assert shown["half"][place("minimax")][place("uniform")] == pytest.approx(played.half_width[i, j], rel=1e-4)


def test_two_who_never_met_have_no_payoff_and_many_players_are_cut(poker):
    names = tuple(f"p{i:02}" for i in range(MATRIX_AT_MOST + 5))
    n = len(names)
    mean = np.zeros((n, n))
    mean[0, 1] = np.nan
    many = replace(poker)
    rows = tuple(replace(poker.ladder.rows[0], name=name) for name in names)
    vars(many)["ladder"] = replace(poker.ladder, rows=rows)
    vars(many)["payoffs"] = PayoffMatrix(names, mean, mean, np.ones((n, n), np.int64))
    shown = matrix(many)
    assert (len(shown["names"]), shown["left_out"]) == (MATRIX_AT_MOST, 5)
    assert shown["mean"][0][1] is None
    assert shown["cyclic"] is None


def test_a_league_has_its_histories_by_training_step(league):
    data = page_data(league)
    lines = {line["name"]: line["points"] for line in data["history"]}
    assert set(lines) == {"main", "uniform"}
    assert [point[0] for point in lines["main"]] == [10, 20]
    for (_, elo, low, high), name in zip(lines["main"], ("main-10", "main-20"), strict=True):
        row = league.ladder[name]
        assert [elo, low, high] == pytest.approx([row.elo, row.low, row.high], rel=1e-4)
    (nash_conv,) = data["nash_conv"]
    assert nash_conv["points"] == [[s, pytest.approx(v, rel=1e-4)] for s, _, v in league.nash_conv_by_step]
    anchor = next(row for row in data["ladder"] if row["anchor"])
    assert anchor["nash_conv"] == pytest.approx(11 / 12, rel=1e-4)


def test_everything_is_json_without_nan(league, poker):
    for run in (league, poker):
        json.dumps(page_data(run), allow_nan=False)
