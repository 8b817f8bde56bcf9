"""A tournament's file over several games."""

import pytest

from arena.config import load, load_tournaments
from arena.config.several_games import per_game
from arena.config.tournament_file import TournamentConfig
from arena.errors import ConfigError
from tests.config_files import TOURNAMENT, written

THREE = """
games = ["kuhn_poker", "nim(heaps=[1, 2])", "tic_tac_toe"]
pairs = 7
format = "gauntlet"
newcomers = ["net", "mine"]
[entrants]
uniform = "uniform"
mine = "minimax"
net = {kuhn_poker = "nets/kuhn", tic_tac_toe = "nets/board"}
"""


def test_every_game_has_its_own_entrants_and_all_else_in_common(tmp_path):
    found = load_tournaments(written(tmp_path, THREE), ["pairs=9"])
    assert [(label, config.game) for label, config in found.items()] == [
        ("kuhn_poker", "kuhn_poker"),
        ("nim_heaps_1_2", "nim(heaps=[1, 2])"),
        ("tic_tac_toe", "tic_tac_toe"),
    ]
    assert {config.pairs for config in found.values()} == {9}
    kuhn, nim, board = found.values()
    assert kuhn.entrants == {"uniform": "uniform", "mine": "minimax", "net": "nets/kuhn"}
    assert nim.entrants == {"uniform": "uniform", "mine": "minimax"}
    assert board.entrants["net"] == "nets/board"
    assert (kuhn.newcomers, nim.newcomers) == (("net", "mine"), ("mine",))


def test_a_file_of_one_game_is_what_it_was(tmp_path):
    file = written(tmp_path, TOURNAMENT)
    assert load_tournaments(file) == {"": load(file, TournamentConfig)}


def test_one_run_cannot_be_of_several_games(tmp_path):
    with pytest.raises(ConfigError, match="a tournament for each of several games"):
        load(written(tmp_path, THREE), TournamentConfig)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('games = ["kuhn_poker", ', 'game = "nim"\ngames = ["kuhn_poker", ', "both game and games"),
        ('"tic_tac_toe"]', '"kuhn_poker"]', "names a game twice"),
        ('games = ["kuhn_poker", "nim(heaps=[1, 2])", "tic_tac_toe"]', 'games = "nim"', "should be a list of games"),
        ("{kuhn_poker", "{kuhn_pokr", "did you mean 'kuhn_poker'"),
        ("{kuhn_poker", "{chess", "names the game 'chess', which is not played; games = "),
        ('"minimax"', '{kuhn_poker = "minimax"}', "config.toml, nim(heaps=[1, 2]): a tournament needs at least two"),
        ('"net", "mine"]', '"nett", "mine"]', "the newcomer 'nett' is not among the entrants"),
        ("pairs = 7", "pair = 7", "there is no key 'pair'; did you mean 'pairs'"),
    ],
)
def test_a_mistake_gets_one_sentence(tmp_path, old, new, sentence):
    assert old in THREE
    with pytest.raises(ConfigError) as caught:
        load_tournaments(written(tmp_path, THREE.replace(old, new, 1)))
    assert sentence in str(caught.value)


def test_no_label_leaves_the_folder():
    labels = per_game({"games": ["../x.py:Game", "a/b"], "entrants": {}}, "file")
    assert list(labels) == ["x.py_Game", "a_b"]


def test_an_anchor_that_does_not_play_a_game_leaves_its_place_to_the_first_there() -> None:
    entrants = {"search": {"tic_tac_toe": "mcts"}, "uniform": "uniform", "other": "uniform"}
    values = {"games": ["kuhn_poker", "tic_tac_toe"], "anchor": "search", "entrants": entrants}
    parts = per_game(values, "x.toml")
    assert "anchor" not in parts["kuhn_poker"]
    assert parts["tic_tac_toe"]["anchor"] == "search"
    assert per_game({**values, "anchor": "nobody"}, "x.toml")["kuhn_poker"]["anchor"] == "nobody"  # refused later
