import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

import arena
from arena.config import LeagueConfig, TournamentConfig
from arena.errors import RatingError, StoreError
from arena.record import Cost
from arena.store import Store
from arena.tournaments.deep import percent
from arena.tournaments.report import ladder_table, matrix_table, show, tables
from arena.tournaments.run import Run


def text(renderable):
    console = Console(width=200, file=io.StringIO())
    console.print(renderable)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def poker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("poker")
    entrants = {"uniform": "uniform", "bet": 'script(prefer="bet")', "pass": 'script(prefer="pass")'}
    config = TournamentConfig(game="kuhn_poker", pairs=60, block_pairs=20, entrants=entrants)
    arena.tournament(config, folder)
    return folder


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    folder = tmp_path_factory.mktemp("board")
    entrants = {"uniform": "uniform", "minimax": "minimax"}
    arena.tournament(TournamentConfig(game="tic_tac_toe", pairs=30, entrants=entrants), folder)
    return folder


@pytest.fixture(scope="module")
def league(tmp_path_factory):
    folder = tmp_path_factory.mktemp("league")
    config = LeagueConfig.model_validate(
        {
            "game": "kuhn_poker",
            "training": {"updates": 20, "matches": 32},
            "learners": {"main": {"player": "net(hidden=[4])"}},
            "schedule": {"checkpoint_every": 10, "snapshot_every": 10},
            "rating": {"pairs": 20, "block_pairs": 5},
        }
    )
    arena.train(config, folder)
    return folder


def test_a_payoff_game_shows_chips_first_and_elo_from_blocks(poker):
    run = Run.of(poker)
    shown = text(ladder_table(run, 200))
    assert shown.index("payoff per match") < shown.index("Elo")
    assert "1000 (anchor)" in shown
    for row in run.ladder.rows:
        assert f"{row.mean_payoff.value:+.3f} ±{row.mean_payoff.high - row.mean_payoff.value:.3f}" in shown


def test_an_outcome_game_shows_elo_and_wins_draws_losses(board):
    run = Run.of(board)
    shown = text(ladder_table(run, 200))
    assert "payoff per match" not in shown
    row = run.ladder["minimax"]
    assert f"{row.wins}/{row.draws}/{row.losses}" in shown


def test_the_matrix_is_in_the_order_of_the_ladder_and_mirrors_itself(poker):
    run = Run.of(poker)
    shown = text(matrix_table(run.ladder.payoffs, run.ladder))
    places = [shown.index(row.name) for row in run.ladder.rows]
    assert places == sorted(places)
    np.testing.assert_allclose(run.ladder.payoffs.mean, -run.ladder.payoffs.mean.T)


def test_rows_are_in_the_order_that_is_said(poker, tmp_path):
    assert "rows are in order of Elo; payoff per match depends" in text(tables(Run.of(poker), 200))
    entrants = {"uniform": "uniform", "bet": 'script(prefer="bet")', "pass": 'script(prefer="pass")'}
    config = TournamentConfig(game="kuhn_poker", pairs=19, block_pairs=20, entrants=entrants)
    arena.tournament(config, tmp_path)
    run = Run.of(tmp_path)
    assert [(row.name, row.elo) for row in run.ladder.rows] == [("bet", None), ("pass", None), ("uniform", None)]
    assert "rows are in order of names, as nobody has an Elo yet; payoff per match" in text(tables(run, 200))


def test_long_names_are_folded_and_not_cut(tmp_path):
    entrants = {f"a_long_name_for_player_{i:02}": "uniform" for i in range(12)}
    arena.tournament(TournamentConfig(game="matching_pennies", pairs=2, entrants=entrants), tmp_path)
    console = Console(width=100, file=io.StringIO())
    run = Run.of(tmp_path)
    console.print(matrix_table(run.payoffs, run.ladder))
    assert "…" not in console.file.getvalue()


def test_every_player_is_shown_against_the_anchor(poker):
    run = Run.of(poker)
    played = run.ladder.payoffs
    at = played.names.index("bet"), played.names.index("uniform")
    assert f"{played.mean[at]:+.3f} ±{played.half_width[at]:.3f}" in text(ladder_table(run, 200))


def test_the_crash_rate_stands_beside_the_rating(poker, tmp_path):
    run = replace(Run.of(poker), crashes={"bet": (3, 240), "uniform": (0, 240)})
    assert "bet crashed in 3 of its 240 matches" in text(tables(run, 200))
    assert "uniform crashed" not in text(tables(run, 200))


def test_a_league_shows_nashconv_beside_elo_and_its_digest(league):
    run = Run.of(league)
    shown = text(tables(run, 200))
    assert run.digest
    assert run.digest in shown
    for name in ("main-10", "main-20"):
        assert f"{run.nash_conv[name]:.4f}" in shown
    assert {point.name for point in run.history} == {"uniform", "main-10", "main-20"}


def test_the_payoff_matrix_of_many_entrants_is_left_to_the_picture(tmp_path):
    entrants = {f"p{i}": "uniform" for i in range(13)}
    arena.tournament(TournamentConfig(game="matching_pennies", pairs=2, entrants=entrants), tmp_path)
    assert "mean payoff of the row" not in text(tables(Run.of(tmp_path), 200))


def test_a_name_with_markup_is_shown_as_it_is(tmp_path):
    entrants = {"[red]a[/red]": "uniform", "b": "uniform"}
    arena.tournament(TournamentConfig(game="matching_pennies", pairs=5, entrants=entrants), tmp_path)
    assert "[red]a[/red]" in text(tables(Run.of(tmp_path), 200))


def test_a_folder_without_results_says_so(tmp_path):
    with pytest.raises(StoreError, match="holds no run"):
        show(tmp_path, Console())
    with Store.open(tmp_path) as store, store.transaction():
        store.put_meta(
            {"config": {"game": "kuhn_poker", "entrants": {"a": "uniform"}, "anchor": None, "block_pairs": 5}}
        )
    with pytest.raises(RatingError, match="no rated matches yet"):
        show(tmp_path, Console())


def test_a_narrow_console_gets_fewer_columns_and_whole_numbers(league):
    run = Run.of(league)
    narrow = text(ladder_table(run, 80))
    assert max(len(line.rstrip()) for line in narrow.splitlines()) <= 80
    assert "as first" not in narrow
    assert "as first" in text(ladder_table(run, 200))
    assert "…" not in narrow


def test_anchors_show_their_nashconv_too(league):
    assert Run.of(league).nash_conv["uniform"] == pytest.approx(11 / 12)


def test_every_player_shows_how_likely_it_is_above_the_next(board):
    run = Run.of(board)
    top, below = run.ladder.rows
    shown = text(tables(run, 200))
    line = next(line for line in shown.splitlines() if line.startswith("│ 1 "))
    assert percent(run.ladder.superiority(top.name, below.name)) in line
    assert "LOS: the likelihood that a player is stronger than the next one below" in shown


def test_forfeits_and_voids_are_counted_where_there_are_any(board, league):
    assert "forfeit/void" not in text(tables(Run.of(board), 80))
    run = replace(Run.of(board), forfeits={"uniform": 3}, crashes={"minimax": (2, 200), "uniform": (0, 60)})
    shown = text(tables(run, 80))
    for name, failed in (("uniform", "3/0"), ("minimax", "0/2")):
        line = next(line for line in shown.splitlines() if f" {name} " in line)
        assert failed in line.split("│")[-2]
    assert "uniform forfeited 3 of its matches" in shown
    run = replace(Run.of(league), forfeits={"main-10": 1})  # beside NashConv a narrow table has no room: a sentence
    assert max(len(line.rstrip()) for line in text(ladder_table(run, 80)).splitlines()) <= 80
    assert "main-10 forfeited 1 of its matches" in text(tables(run, 80))


def test_what_players_cost_is_told_where_they_told_it(board):
    assert "tokens" not in text(tables(Run.of(board), 200))
    run = replace(Run.of(board), costs={"uniform": Cost(12.5, 1_234_567, 89), "minimax": Cost(0.0, 10, 2)})
    shown = text(tables(run, 200))
    assert "uniform cost $12.5000 for 1,234,567 prompt tokens and 89 sampled ones" in shown
    assert "minimax cost 10 prompt tokens and 2 sampled ones" in shown


def test_who_has_lost_every_match_is_told_so_in_plain_words(tmp_path):
    entrants = {"uniform": "uniform", "bet": 'script(prefer="bet")', "pass": 'script(prefer="pass")'}
    arena.tournament(TournamentConfig(game="kuhn_poker", pairs=60, block_pairs=20, entrants=entrants), tmp_path)
    assert "pass: provisional: lost blocks of 20 pairs put it below uniform, but none was won yet" in text(
        tables(Run.of(tmp_path), 200)
    )


def test_deep_tables_are_shown_when_asked_for(poker):
    for deep in (False, True):
        console = Console(width=80, file=io.StringIO())
        show(poker, console, deep)
        assert ("Nash weight" in console.file.getvalue()) is deep
