import io
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import arena
from arena.config import LeagueConfig
from arena.diversity import determinant_diversity
from arena.games.tic_tac_toe import TicTacToe
from arena.record import Result
from arena.tournaments.deep import deep_tables, percent, superiority_table
from arena.tournaments.run import Run


def text(renderable, width=80):
    console = Console(width=width, file=io.StringIO())
    console.print(renderable)
    return console.file.getvalue()


def row_of(shown, name):
    return next(line for line in shown.splitlines() if line.startswith(f"│ {name} "))


class Unlisted(TicTacToe):
    """A game whose players are unknown, so that payoffs are those of the matches."""


def run_of(results):
    return Run(
        folder=Path("made up"), game=Unlisted(), results=results, members=[], is_league=False, anchor="rock",
        block_pairs=5, crashes={}, nash_conv_by_step=[], digest="",
    )  # fmt: skip


@pytest.fixture(scope="module")
def circle():
    """Rock, paper, scissors with win rates of 90%, a copy of scissors, and one whom all of them beat."""
    names = ["rock", "scissors", "paper", "copy"]
    edge = np.array([[0, 1, -1, 1], [-1, 0, 1, 0], [1, -1, 0, -1], [-1, 0, 1, 0]])
    rng, results = np.random.default_rng(0), []
    for i, a in enumerate(names):
        for j, b in enumerate(names[:i]):
            for k in range(100):
                for first, second, sign in ((a, b, 1), (b, a, -1)):
                    won = sign * (1 if rng.random() < 0.5 + 0.4 * edge[i, j] else -1)
                    results.append(Result(first, second, "first", "second", float(won), f"{a}|{b}|{k}"))
        for k in range(100):
            for first, second, won in ((a, "weak", 1), ("weak", a, -1 if k % 20 else 1)):
                results.append(Result(first, second, "first", "second", float(won), f"{a}|weak|{k}"))
    return run_of(results)


def test_who_is_needed_who_is_not_and_how_sure_that_is(circle):
    nash = dict(zip(circle.payoffs.names, circle.nash.weight, strict=True))
    assert nash["weak"] == 0
    assert nash["copy"] + nash["scissors"] == pytest.approx(1 / 3, abs=0.1)
    shown = text(deep_tables(circle))
    assert "-0." in row_of(shown, "weak")
    assert row_of(shown, "weak").count("0.00 (0.00–0.00)") == 2
    assert f"{nash['rock']:.2f} (" in row_of(shown, "rock")
    assert "in brackets: the range of 95% of redrawn results" in " ".join(shown.split())
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 80
    low, high = np.quantile(circle.redrawn_payoffs[:, 0, 1], [0.025, 0.975])
    assert low < circle.payoffs.mean[0, 1] < high


def test_the_cyclic_share_and_the_superiority_of_everybody(circle):
    shown = text(deep_tables(circle))
    assert "cyclic share of the payoffs: " in shown
    matrix = text(superiority_table(circle.ladder))
    assert f"{percent(circle.ladder.superiority('rock', 'weak'))}" in row_of(matrix, "rock")
    assert ">99.9%" in row_of(matrix, "rock")


def test_exact_payoffs_have_no_range(runs):
    run = Run.of(runs / "runs" / "poker")
    shown = text(deep_tables(run))
    assert run.redrawn_payoffs is None
    assert "redrawn" not in shown
    assert "1.00" in row_of(shown, "bet")


def test_diversity_is_told_where_behaviour_can_be(runs, circle):
    run = Run.of(runs / "runs" / "poker")
    shown = " ".join(text(deep_tables(run)).split())
    found = re.search(r"diversity: (\d) players behave like (\d\.\d) .* determinant (\S+) .* distance (\S+) of", shown)
    assert found, shown
    assert 1 < float(found[2]) <= int(found[1]) == len(run.payoffs.names)
    assert float(found[3]) == pytest.approx(determinant_diversity(run.behaviour), rel=0.1)
    assert circle.behaviour is None
    assert "diversity" not in text(deep_tables(circle))


def test_the_diversity_of_those_who_learn_is_told_apart_from_that_of_their_past(runs, tmp_path):
    assert "learners behave like" not in text(deep_tables(Run.of(runs / "runs" / "league"))), "one learns alone"
    league = {"game": "kuhn_poker", "training": {"updates": 2, "matches": 8}, "learners": {"a": {}, "b": {}}}
    config = {**league, "rating": {"pairs": 2, "block_pairs": 1}}
    arena.train(LeagueConfig.model_validate(config), tmp_path)
    run = Run.of(tmp_path)
    shown = " ".join(text(deep_tables(run)).split())
    assert "diversity: 3 players behave like" in shown, "the anchor and two snapshots"
    found = re.search(r"diversity: 2 learners behave like \d\.\d .* determinant (\S+)", shown)
    assert float(found[1]) == pytest.approx(determinant_diversity(run.learners_behaviour), rel=0.1)
    assert sorted(run.payoffs.names) == ["a-2", "b-2", "uniform"]
    assert run.learners_behaviour == pytest.approx(run.behaviour[:2])


def test_who_never_met_is_one_sentence():
    results = [
        Result(a, b, "first", "second", float(won), f"{a}{b}{k}")
        for a, b in (("rock", "paper"), ("paper", "scissors"))
        for k in range(6)
        for won in (1, -1)
    ]
    shown = " ".join(text(deep_tables(run_of(results))).split())
    assert "no Nash averaging and no alpha-rank: 1 of the pairs of entrants never met" in shown
    assert "likelihood that the row is stronger" in shown


@pytest.mark.parametrize(
    ("probability", "written"),
    [(0.5, "50%"), (0.951, "95.1%"), (1.0, ">99.9%"), (0.0, "<0.1%"), (0.0305, "3.0%"), (0.8, "80%")],
)
def test_no_probability_is_certain(probability, written):
    assert percent(probability) == written
