import json

import pytest

from arena.errors import CheckpointError, ConfigError, PlayerError
from arena.games.kuhn_poker import KuhnPoker, State, equilibrium
from arena.games.leduc_poker import LeducPoker
from arena.games.leduc_poker import State as LeducState
from arena.games.tic_tac_toe import TicTacToe
from arena.player import Loadable, Request, Requests
from arena.players.tabular import Tabular
from arena.registry import load_player
from arena.testing import check_player

GAME = KuhnPoker()
JACK = "your card: J; so far: nothing"


def policy(player, *states):
    return player.policy(Requests([Request(player.game, s, len(s.bets) % 2) for s in states])).tolist()


def test_it_keeps_the_contract():
    check_player(Tabular(GAME, equilibrium()), GAME)
    check_player(Tabular(TicTacToe()), TicTacToe())


def test_it_plays_its_table_and_uniformly_elsewhere():
    player = Tabular(GAME, {JACK: {"bet": 1.0}})
    assert policy(player, State(("J", "Q")), State(("Q", "K"))) == [[0, 1], [0.5, 0.5]]


@pytest.mark.parametrize("source", ["function", "file"])
def test_a_spec_names_a_function_or_a_file(source, tmp_path):
    path = tmp_path / "table.json"
    path.write_text(json.dumps(equilibrium()))
    where = "arena.games.kuhn_poker:equilibrium" if source == "function" else path
    player = load_player(f'tabular(table="{where}")', GAME)
    assert policy(player, State(("J", "Q"))) == [[0.8, 0.2]]


def test_a_checkpoint_folder_is_a_player(tmp_path):
    player = Tabular(GAME, equilibrium())
    player.name, player.version = "kuhn-1950", 7
    player.save(tmp_path / "kuhn")
    again = load_player(str(tmp_path / "kuhn"), GAME)
    assert isinstance(again, Loadable)
    assert (again.name, again.version, again.table) == ("kuhn", 7, player.table)
    with pytest.raises(CheckpointError, match="cannot play leduc_poker"):
        load_player(str(tmp_path / "kuhn"), LeducPoker())


def test_a_damaged_checkpoint_is_refused(tmp_path):
    Tabular(GAME, equilibrium()).save(tmp_path / "kuhn")
    (tmp_path / "kuhn" / "table.json").write_text("{}")
    with pytest.raises(CheckpointError, match="is damaged"):
        load_player(str(tmp_path / "kuhn"), GAME)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({JACK: {"bet": 0.5}}, "sums to 0.5"),
        ({JACK: {"bet": 1.5, "pass": -0.5}}, "gives 'pass' the probability -0.5"),
        ({JACK: {"bet": float("nan")}}, "gives 'bet' the probability nan"),
        ({JACK: {"raise": 1.0}}, "names 'raise'"),
        ({JACK: 1.0}, "must map action"),
        ([1.0], "but this is a list"),
        ("no/such/file.json", "cannot be read"),
    ],
)
def test_a_table_that_is_none_is_refused(table, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Tabular(GAME, table)


def test_an_illegal_action_in_the_table_is_found_where_it_is_played():
    game, s = LeducPoker(), LeducState(("Js", "Qs"))
    player = Tabular(game, {game.view(s, 0): {"fold": 0.1, "call": 0.9}})
    with pytest.raises(PlayerError, match="plays an illegal action at 'your card: Js"):
        player.act(Requests([Request(game, s, 0)]))
