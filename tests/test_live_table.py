import io
import sys
from dataclasses import replace

import pytest
from rich.console import Console

import arena
from arena.store import Store
from arena.tournaments import live_table
from arena.tournaments.live_table import LiveTable


def text(renderable, width=80):
    console = Console(width=width, file=io.StringIO())
    console.print(renderable)
    return console.file.getvalue()


def records(game, players, count):
    played = arena.play(game, players, matches=count, seed=3)
    return [replace(record, kind="tournament", key=f"{game}-{i:05}", pair=f"{i:05}") for i, record in enumerate(played)]


def begin(folder, game, entrants):
    config = {"game": game, "entrants": {name: name for name in entrants}, "anchor": None, "block_pairs": 5}
    with Store.open(folder) as store, store.transaction():
        store.put_meta({"format": "tournament", "config": config})


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(live_table, "REFIT_AT_MOST", 30)


def test_there_is_none_before_anything_was_played(tmp_path):
    table = LiveTable(tmp_path)
    assert table(80) is None
    begin(tmp_path, "tic_tac_toe", ["uniform", "minimax"])
    assert table(80) is None


def test_a_small_run_shows_its_ladder_and_a_large_one_a_running_table(tmp_path, small):
    begin(tmp_path, "tic_tac_toe", ["uniform", "minimax"])
    played = records("tic_tac_toe", ["uniform", "minimax"], 40)
    table = LiveTable(tmp_path)
    with Store.open(tmp_path) as store:
        store.add(played[:20])
        assert "1000 (anchor)" in text(table(80))
        store.add(played[20:])
    shown = text(table(80))
    assert "live Elo" in shown
    assert "40 matches so far" in shown
    assert "depends on the order of the matches" in " ".join(shown.split())
    assert "(anchor)" not in shown
    assert shown.index("minimax") < shown.index("uniform")
    losses = sum(record.returns[0] < 0 for record in played)
    assert f"{losses}/{sum(record.returns[0] == 0 for record in played)}/" in shown
    assert max(map(len, map(str.rstrip, shown.splitlines()))) <= 80


def test_it_reads_every_match_once(tmp_path, small):
    begin(tmp_path, "tic_tac_toe", ["uniform", "minimax"])
    played = records("tic_tac_toe", ["uniform", "minimax"], 60)
    piecewise, at_once = LiveTable(tmp_path), LiveTable(tmp_path)
    with Store.open(tmp_path) as store:
        for begun in range(0, 60, 20):
            store.add(played[begun : begun + 20])
            piecewise(80)
    assert text(piecewise(80)) == text(at_once(80))


def test_a_payoff_game_shows_money_and_no_elo_of_single_hands(tmp_path, small):
    begin(tmp_path, "kuhn_poker", ["uniform", "bet"])
    played = records("kuhn_poker", ["uniform", 'script(prefer="bet")'], 50)
    with Store.open(tmp_path) as store:
        store.add(played)
    shown = text(LiveTable(tmp_path)(80))
    assert f"{sum(record.returns[0] for record in played) / 50:+.3f}" in shown
    assert "live Elo" not in shown
    assert "Elo follows at the end" in " ".join(shown.split())


def test_openskill_is_shown_where_it_is_installed(tmp_path, small):
    pytest.importorskip("openskill", reason="needs the extra live")
    begin(tmp_path, "tic_tac_toe", ["uniform", "minimax"])
    with Store.open(tmp_path) as store:
        store.add(records("tic_tac_toe", ["uniform", "minimax"], 40))
    shown = " ".join(text(LiveTable(tmp_path)(100)).split())
    assert "skill" in shown
    assert "OpenSkill's μ ± 2σ" in shown


def test_without_openskill_one_sentence_says_so(tmp_path, small, monkeypatch):
    monkeypatch.setitem(sys.modules, "openskill.models", None)
    begin(tmp_path, "tic_tac_toe", ["uniform", "minimax"])
    with Store.open(tmp_path) as store:
        store.add(records("tic_tac_toe", ["uniform", "minimax"], 40))
    shown = " ".join(text(LiveTable(tmp_path)(100)).split())
    assert "skill │" not in shown
    assert "pip install 'selfplay-arena[live]'" in shown
