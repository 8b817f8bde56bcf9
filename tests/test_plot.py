from dataclasses import replace

import pytest

import arena
from arena.config import LeagueConfig, TournamentConfig
from arena.errors import ConfigError
from arena.tournaments.plot import draw, picture
from arena.tournaments.run import Run


@pytest.fixture(scope="module")
def league(tmp_path_factory):
    folder = tmp_path_factory.mktemp("league")
    config = LeagueConfig.model_validate(
        {
            "game": "kuhn_poker",
            "training": {"updates": 30, "matches": 32},
            "learners": {"main": {"player": "net(hidden=[4])"}, "other": {"player": "net(hidden=[2])"}},
            "schedule": {"checkpoint_every": 10, "snapshot_every": 10},
            "rating": {"pairs": 20, "block_pairs": 5},
        }
    )
    arena.train(config, folder)
    return folder


def test_a_league_has_histories_nashconv_and_the_heat_map(league):
    run = Run.of(league)
    histories, payoffs, nash_conv, heat_map, colour_bar = picture(run).axes
    lines = {line.get_label(): line for line in histories.lines}
    assert {"main", "other"} <= set(lines)
    assert list(lines["main"].get_xdata()) == [10, 20, 30]
    assert list(lines["main"].get_ydata()) == [run.ladder[f"main-{step}"].elo for step in (10, 20, 30)]
    (main, _) = nash_conv.lines
    assert list(main.get_ydata()) == [run.nash_conv[f"main-{step}"] for step in (10, 20, 30)]
    assert [tick.get_text() for tick in heat_map.get_yticklabels()] == [row.name for row in run.ladder.rows]
    assert colour_bar is not heat_map
    assert [tick.get_text() for tick in payoffs.get_yticklabels()] == [row.name for row in reversed(run.ladder.rows)]
    assert "payoff per match" in payoffs.get_xlabel()


def test_every_line_of_the_history_has_its_interval(league):
    histories, *_ = picture(Run.of(league)).axes
    bands = histories.collections
    assert len(bands) == 3  # one per learner, and an empty one for the legend; the anchor's is a span of no height
    assert "95% interval" in [text.get_text() for text in histories.get_legend().get_texts()]


def test_a_tournament_has_its_ladder_and_the_heat_map(tmp_path):
    entrants = {"uniform": "uniform", "minimax": "minimax"}
    arena.tournament(TournamentConfig(game="tic_tac_toe", pairs=20, entrants=entrants), tmp_path)
    ladder, heat_map, _ = picture(Run.of(tmp_path)).axes
    assert [tick.get_text() for tick in ladder.get_yticklabels()] == ["uniform", "minimax"]
    assert [text.get_text() for text in ladder.get_legend().get_texts()] == ["95% interval"]
    assert all(text.get_fontsize() >= 6 for text in heat_map.texts)
    assert len(heat_map.texts) == 2


def test_a_dollar_in_a_name_is_a_dollar(league, tmp_path):
    entrants = {"$x^$": "uniform", "$\\frac$": "uniform"}
    arena.tournament(TournamentConfig(game="matching_pennies", pairs=5, entrants=entrants), tmp_path / "$x_$")
    draw(tmp_path / "$x_$", tmp_path / "ladder.png")
    run = Run.of(league)
    names = {"main": "$m^$", "uniform": "$u^$"}

    def renamed(name):
        lineage, dash, step = name.partition("-")
        return names.get(lineage, lineage) + dash + step

    results = [r._replace(first=renamed(r.first), second=renamed(r.second)) for r in run.results]
    steps = [(step, renamed(name), value) for step, name, value in run.nash_conv_by_step]
    members = [m._replace(name=renamed(m.name)) for m in run.members]
    run = replace(run, results=results, members=members, nash_conv_by_step=steps, anchor=renamed("uniform"))
    picture(run).savefig(tmp_path / "league.png")


@pytest.mark.parametrize(("name", "magic"), [("a.png", b"\x89PNG"), ("a.SVG", b"<?xml")])
def test_pictures_are_png_or_svg(league, tmp_path, name, magic):
    draw(league, tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(magic)


def test_other_names_and_places_are_refused(league, tmp_path):
    with pytest.raises(ConfigError, match=r"end its name in \.png or \.svg"):
        draw(league, tmp_path / "a.pdf")
    with pytest.raises(ConfigError, match="cannot be written"):
        draw(league, tmp_path / "no" / "a.png")
