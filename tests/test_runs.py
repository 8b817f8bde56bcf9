"""Which game a run is of, and where the runs of several games lie."""

import pytest

import arena
from arena.errors import ConfigError
from arena.runs import SEVERAL, game_of, only_run, opened, runs_in
from arena.store import Store


def begun(folder, **about):
    with Store.open(folder) as store, store.transaction():
        store.put_meta(about)


def test_a_run_of_one_game_is_its_own_only_part(tmp_path):
    begun(tmp_path, format="league", config={"game": "nim"})
    assert runs_in(tmp_path) == [tmp_path]
    with Store.read(tmp_path) as store:
        assert game_of(store).spec == arena.load_game("nim").spec


def test_a_league_of_several_games_has_a_folder_for_each_in_the_order_of_its_file(tmp_path):
    games = ["tic_tac_toe", "goofspiel(cards=4)"]
    begun(tmp_path, format=SEVERAL, config={"games": games})
    for game, part in zip(games, runs_in(tmp_path), strict=True):
        begun(part, format="league", config={"game": game})
        with Store.read(part) as store:
            assert game_of(store).name == game.partition("(")[0]
    assert [part.name for part in runs_in(tmp_path)] == ["tic_tac_toe", "goofspiel_cards_4"]
    with (
        Store.read(tmp_path) as store,
        pytest.raises(ConfigError, match=r"holds several games.*tic_tac_toe for example"),
    ):
        game_of(store)


def test_a_tournament_over_several_games_has_no_file_of_its_own(tmp_path):
    begun(tmp_path / "nim", format="tournament", config={"game": "nim"})
    begun(tmp_path / "other", format="tournament", config={"game": "nim"})
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.sqlite").write_text("nothing")
    assert runs_in(tmp_path) == [tmp_path / "nim"]


def test_what_is_no_run_is_returned_as_it_is(tmp_path):
    assert runs_in(tmp_path / "missing") == [tmp_path / "missing"]


def test_the_only_run_of_a_folder_may_lie_below_it(tmp_path):
    begun(tmp_path, format=SEVERAL, config={"games": ["nim"]})
    assert only_run(tmp_path) == tmp_path / "nim"
    begun(tmp_path / "more", format=SEVERAL, config={"games": ["nim", "chess"]})
    with pytest.raises(ConfigError, match=r"more holds several games.*more/nim for example"):
        only_run(tmp_path / "more")


def test_runs_are_opened_one_after_the_other_with_their_games(tmp_path):
    begun(tmp_path / "one", format="league", config={"game": "nim"})
    begun(tmp_path / "two", format=SEVERAL, config={"games": ["chess"]})
    begun(tmp_path / "two" / "chess", format="league", config={"game": "chess"})
    found = [(store.folder, game.name) for store, game in opened([tmp_path / "one", tmp_path / "two"])]
    assert found == [(tmp_path / "one", "nim"), (tmp_path / "two" / "chess", "chess")]
    begun(tmp_path / "never")
    with pytest.raises(ConfigError, match="never holds a run that never began"):
        list(opened([tmp_path / "never"]))
