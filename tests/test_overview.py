"""One table over several runs."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import arena
from arena.config import TournamentConfig
from arena.store import Store
from arena.tournaments.overview import show

ENTRANTS = {"uniform": "uniform", "bet": 'script(prefer="bet")', "pass": 'script(prefer="pass")'}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    place = tmp_path_factory.mktemp("runs")
    for game, entrants in (("kuhn_poker", ENTRANTS), ("tic_tac_toe", {"uniform": "uniform", "first": "minimax"})):
        config = TournamentConfig(game=game, pairs=20, block_pairs=5, anchor="uniform", entrants=entrants)
        arena.tournament(config, place / game)
    return [place / "kuhn_poker", place / "tic_tac_toe"]


def shown(folders: list[Path]) -> str:
    console = Console(width=80, record=True, file=StringIO())
    show(folders, console)
    return console.export_text()


def test_everybody_has_a_place_in_every_game_that_it_played(folders) -> None:
    text = shown(folders)
    rows = {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in (
        line.strip("│").split("│") for line in text.splitlines() if line.startswith("│")
    )}  # fmt: skip
    assert set(rows) == {"uniform", "bet", "pass", "first"}
    assert rows["first"][0] == ""
    assert rows["first"][1].startswith("1. ")
    assert rows["uniform"][1] == "2. 1000"
    assert rows["uniform"][2:] == ["0/0", ""]
    assert list(rows)[:2] == ["bet", "first"]  # first of three, and first of two
    assert max(map(len, text.splitlines())) <= 80


def test_a_run_without_a_ladder_is_left_out(folders, tmp_path) -> None:
    config = TournamentConfig(game="matching_pennies", entrants=ENTRANTS)
    with Store.open(tmp_path / "empty") as store, store.transaction():
        store.put_meta({"format": "tournament", "config": config.model_dump()})
    assert shown([*folders, tmp_path / "empty"]) == shown(folders)
    assert shown([tmp_path / "empty"]) == ""
