"""The registry: every form of a spec, and an answer that helps when a name is wrong."""

from __future__ import annotations

import json
import pickle
import sys
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.checkpoint import read
from arena.errors import ArenaError, CheckpointError, ConfigError, GameError, UnknownName
from arena.games.kuhn_poker import KuhnPoker, equilibrium
from arena.games.matrix import Matrix
from arena.player import Move, Request, Requests
from arena.players.script import Script
from arena.players.tabular import Tabular
from arena.registry import (
    BUILT_IN,
    Spec,
    checkpoint_digest,
    checkpoint_game,
    find,
    load_checkpoint,
    load_game,
    load_player,
    load_visitor,
    names,
    parse,
)

KUHN = KuhnPoker()

NIM = """
    from typing import NamedTuple
    from arena.game import OVER, Game, IllegalAction

    class State(NamedTuple):
        left: int
        mover: int = 0

    class Pebbles(Game[State]):
        name = "pebbles"
        actions = ("1", "2")

        def __init__(self, heap: int = 7) -> None:
            self.heap = heap

        def start(self): return State(self.heap)
        def turn(self, s): return s.mover if s.left > 0 else OVER
        def step(self, s, action): return State(s.left - int(action), 1 - s.mover)
        def returns(self, s): return (1.0, -1.0) if s.mover == 1 else (-1.0, 1.0)
        def view(self, s, seat): return str(s.left)

    class Chatty:
        name = "chatty"
        def act(self, batch): return []

    NOT_A_CLASS = 5
"""


@pytest.fixture
def pebbles(tmp_path: Path) -> Path:
    path = tmp_path / "pebbles.py"
    path.write_text(dedent(NIM))
    return path


# Reading a spec.


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("kuhn_poker", Spec("kuhn_poker", {})),
        ("  kuhn_poker ( ) ", Spec("kuhn_poker", {})),
        ("pebbles(heap=9)", Spec("pebbles", {"heap": 9})),
        ("net(hidden=[64, 64], device='cpu')", Spec("net", {"hidden": [64, 64], "device": "cpu"})),
        ("script(prefer='bet (all)')", Spec("script", {"prefer": "bet (all)"})),
        (
            "pkg.mod:Class(a=-1.5, b=None, c={'x': (1,)})",
            Spec("pkg.mod:Class", {"a": -1.5, "b": None, "c": {"x": (1,)}}),
        ),
        ("some/file.py:Class", Spec("some/file.py:Class", {})),
        ("runs/kuhn/checkpoints/main-2000(temperature=0)", Spec("runs/kuhn/checkpoints/main-2000", {"temperature": 0})),
        ("matrix(payoffs=[[1, -1],\n [-1, 1]])", Spec("matrix", {"payoffs": [[1, -1], [-1, 1]]})),
    ],
)
def test_parse(text: str, spec: Spec) -> None:
    assert parse(text) == spec


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no name: write name or name"),
        ("(heap=9)", "is no name"),
        ("pebbles(heap=9", "is no name"),
        ("pebbles(heap=9) now", "is no name"),
        ("pebbles(9)", "give every parameter by name, as key=value"),
        ("pebbles(**{'heap': 9})", "give every parameter by name, as key=value"),
        ("pebbles(heap=nine)", r"nine is no Python literal \(text needs quotes\)"),
        ("pebbles(heap=print('x'))", r"print\('x'\) is no Python literal"),
        ("pebbles(heap={[]: 1})", "is no Python literal"),
        ("pebbles(heap=9, heap=8)", "one is given twice"),
        ("pebbles(heap=9)(heap=8)", "one pair of brackets holds them all"),
        ("pebbles(heap=9) + pebbles(heap=8)", "one pair of brackets holds them all"),
        ("pebbles(heap==9)", "give every parameter by name"),
        ("pebbles(heap=)", "cannot be read"),
    ],
)
def test_what_is_no_spec_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("depth", [3_000, 100_000])
def test_parameters_that_are_nested_too_deeply_get_one_short_sentence(depth: int) -> None:
    with pytest.raises(ConfigError, match="cannot be read: they are nested too deeply") as caught:
        parse(f"nim(piles={'-' * depth}1)")
    assert len(str(caught.value)) < 200


LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=3), inside, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["heap", "size", "payoffs"]), LITERALS))
def test_parameters_come_back_as_they_were_written(parameters: dict[str, object]) -> None:
    inside = ", ".join(f"{key}={value!r}" for key, value in parameters.items())
    assert parse(f"pebbles({inside})") == Spec("pebbles", parameters)


@given(st.text(alphabet="pebbles(heap=9),'[]{}:* \n#\\\0", max_size=30))
def test_any_text_is_a_spec_or_a_config_error(text: str) -> None:
    with suppress(ConfigError):
        parse(text)


# Games.


@pytest.mark.parametrize("name", sorted(BUILT_IN["games"]))
def test_every_built_in_game_is_called_by_its_name(name: str) -> None:
    assert load_game(name).spec == name


@pytest.mark.parametrize("kind", sorted(BUILT_IN))
def test_every_built_in_name_is_there(kind: str) -> None:
    for name in BUILT_IN[kind]:
        assert callable(find(kind, name)), name
    assert names(kind) == sorted(names(kind))
    assert set(BUILT_IN[kind]) <= set(names(kind))


def test_a_game_with_parameters() -> None:
    game = load_game("matrix(payoffs=[[0, 3], [-3, 0]])")
    assert isinstance(game, Matrix)
    assert game.payoffs == ((0.0, 3.0), (-3.0, 0.0))


def test_a_game_by_module_and_class() -> None:
    assert isinstance(load_game("arena.games.kuhn_poker:KuhnPoker"), KuhnPoker)


def test_a_game_is_its_own_spec() -> None:
    assert load_game(KUHN) is KUHN


def test_a_game_in_a_file(pebbles: Path) -> None:
    game = load_game(f"{pebbles}:Pebbles(heap=9)")
    assert game.spec == f"{pebbles}:Pebbles(heap=9)"
    assert game.parameters == {"heap": 9}
    assert game.view(game.step(game.start(), "2"), 1) == "7"
    assert load_game(game.spec).fingerprint == game.fingerprint


def test_states_of_a_game_in_a_file_survive_pickling(pebbles: Path) -> None:
    game = load_game(f"{pebbles}:Pebbles")
    state = game.step(game.start(), "2")
    assert pickle.loads(pickle.dumps(state)) == state
    assert type(pickle.loads(pickle.dumps(state))) is type(state)


def test_a_file_is_imported_once(pebbles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pebbles.parent)
    assert type(load_game("pebbles.py:Pebbles")) is type(load_game(f"{pebbles}:Pebbles"))


def test_two_files_of_one_name_are_two_modules(pebbles: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "pebbles.py"
    other.parent.mkdir()
    other.write_text(pebbles.read_text().replace('name = "pebbles"', 'name = "other"'))
    assert (load_game(f"{pebbles}:Pebbles").name, load_game(f"{other}:Pebbles").name) == ("pebbles", "other")


def test_a_file_that_fails_is_named_and_can_be_mended(pebbles: Path) -> None:
    whole = pebbles.read_text()
    pebbles.write_text("import nonsense_that_is_not_there\n")
    with pytest.raises(UnknownName, match=r"pebbles\.py cannot be imported: ModuleNotFoundError: .*nonsense"):
        load_game(f"{pebbles}:Pebbles")
    pebbles.write_text(whole)
    assert load_game(f"{pebbles}:Pebbles").name == "pebbles"


def test_a_module_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_written.py").write_text("def game(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UnknownName, match="'half_written:Game' cannot be imported: SyntaxError: invalid syntax"):
        load_game("half_written:Game")


# Names that are wrong.


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("khun_poker", UnknownName, "there is no game 'khun_poker'; did you mean 'kuhn_poker'?"),
        ("tictactoe", UnknownName, "there is no game 'tictactoe'; did you mean 'tic_tac_toe'?"),
        ("zzz", UnknownName, "there is no game 'zzz'; known: challenger_solver, chess, connect_four,"),
        ("matrix(payofs=[[1]])", ConfigError, "has no parameter 'payofs'; did you mean 'payoffs'?"),
        ("matrix(zzz=1)", ConfigError, "has no parameter 'zzz'; known: payoffs, actions"),
        ("kuhn_poker(players=3)", ConfigError, "has no parameter 'players'; known: none"),
        ("arena.games.kuhn_poker:KuhnPokr", UnknownName, "has no 'KuhnPokr'; did you mean 'KuhnPoker'?"),
        ("arena.games.kuhn_poker:Zzz", UnknownName, "arena.games.kuhn_poker has no 'Zzz'"),
        ("arena.games.kuhn_pokr:KuhnPoker", UnknownName, "cannot be imported: ModuleNotFoundError: No module named"),
        ("games.kuhn_poker:KuhnPoker", UnknownName, "this folder is the package arena.games: import that name"),
        ("nowhere.py:Pebbles", UnknownName, "there is no file nowhere.py"),
        ("arena.players.script:Script", GameError, "names the class Script, not an arena.Game: subclass it"),
        ("arena.game:Game", ConfigError, "'arena.game:Game' cannot be made: TypeError: Can't instantiate abstract"),
        ("matrix(payoffs=[['a']])", ConfigError, "cannot be made: ValueError: could not convert string to float: 'a'"),
        ("arena.game:CHANCE", GameError, "names a int, not an arena.Game: subclass it"),
        (":b", UnknownName, "':b' cannot be imported: ValueError: Empty module name"),
        (".a:b", UnknownName, "'.a:b' cannot be imported: TypeError: the 'package' argument is required"),
    ],
)
def test_a_wrong_game_is_explained(spec: str, error: type[ArenaError], message: str) -> None:
    with pytest.raises(error) as caught:
        load_game(spec)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("unifrom", UnknownName, "there is no player 'unifrom'; did you mean 'uniform'?"),
        ("script(prefers='bet')", ConfigError, "has no parameter 'prefers'; did you mean 'prefer'?"),
        ("tabular(game='kuhn_poker')", ConfigError, "has no parameter 'game'; known: table"),
        ("net(device='foo')", ConfigError, "\"net(device='foo')\" cannot be made: RuntimeError: Expected one of cpu"),
        ("net(hidden=[-3])", ConfigError, "hidden = [-3] is no list of widths"),
        ("arena.games.kuhn_poker:State", UnknownName, "names the class State, not a player: name a class"),
    ],
)
def test_a_wrong_player_is_explained(spec: str, error: type[ArenaError], message: str) -> None:
    with pytest.raises(error) as caught:
        load_player(spec, KUHN)
    assert message in str(caught.value)


# Players.


def test_a_player_is_called_by_its_spec_or_as_told() -> None:
    assert load_player("script(prefer='bet')", KUHN).name == "script(prefer='bet')"
    assert load_player("script(prefer='bet')", KUHN, name="maniac").name == "maniac"


def test_a_player_is_its_own_spec() -> None:
    player = Script("bet")
    assert load_player(player, KUHN) is player


def test_a_player_that_asks_for_the_game_gets_it() -> None:
    player = load_player("tabular(table='arena.games.kuhn_poker:equilibrium')", KUHN)
    assert isinstance(player, Tabular)
    assert player.game is KUHN


def test_a_player_in_a_file(pebbles: Path) -> None:
    assert load_player(f"{pebbles}:Chatty", KUHN).name == f"{pebbles}:Chatty"


# Checkpoints.


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    player = Tabular(KUHN, equilibrium())
    player.name, player.version = "nash", 3
    player.save(tmp_path / "nash-3")
    return tmp_path / "nash-3"


def test_a_checkpoint_folder_is_a_player(saved: Path) -> None:
    player = load_player(str(saved), KUHN)
    assert isinstance(player, Tabular)
    assert (player.name, player.version) == ("nash-3", 3)
    king = Request(KUHN, KUHN.step(KUHN.step(KUHN.start(), "K"), "Q"), 0)
    assert player.policy(Requests([king])).tolist() == [pytest.approx([0.4, 0.6])]
    assert load_player(str(saved), KUHN, name="old").name == "old"


def test_a_checkpoint_takes_parameters_over_those_it_was_saved_with(tmp_path: Path) -> None:
    net = load_player("net(hidden=[8])", KUHN, name="main")
    net.save(tmp_path / "main")  # type: ignore[attr-defined]
    again = load_player(f"{tmp_path / 'main'}(temperature=0)", KUHN)
    assert again.hidden == (8,)  # type: ignore[attr-defined]
    assert again.temperature == 0  # type: ignore[attr-defined]
    assert again.name == "main(temperature=0)"


def test_a_checkpoint_of_another_game_is_refused(saved: Path) -> None:
    with pytest.raises(CheckpointError, match="was made for kuhn_poker"):
        load_player(str(saved), load_game("tic_tac_toe"))


def test_a_path_that_is_no_folder_is_a_missing_checkpoint() -> None:
    with pytest.raises(CheckpointError, match="there is no folder runs/kuhn/checkpoints/main-9"):
        load_player("runs/kuhn/checkpoints/main-9", KUHN)


def test_a_folder_in_the_working_directory_is_found_by_its_bare_name(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(saved.parent)
    assert load_player("nash-3", KUHN).name == "nash-3"


def test_a_folder_does_not_hide_a_built_in_player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "script").mkdir()
    monkeypatch.chdir(tmp_path)
    assert isinstance(load_player("script", KUHN), Script)


def test_a_checkpoint_of_a_player_that_cannot_load_is_refused(saved: Path) -> None:
    manifest = saved / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"player": "tabular"', '"player": "script"'))
    with pytest.raises(CheckpointError, match="holds a 'script', which cannot load a checkpoint"):
        load_player(str(saved), KUHN)


def test_a_checkpoint_is_opened_by_its_path_whatever_the_path_looks_like(saved: Path) -> None:
    folder = saved.rename(saved.parent / "nash (old): 3")
    assert load_checkpoint(folder, KUHN).name == "nash (old): 3"
    assert load_checkpoint(folder, KUHN, "old").name == "old"


def test_parameters_go_before_those_that_a_checkpoint_was_saved_with(tmp_path: Path) -> None:
    load_player("net(hidden=[8])", KUHN, name="main").save(tmp_path / "main")  # type: ignore[attr-defined]
    assert load_checkpoint(tmp_path / "main", KUHN, parameters={"temperature": 0}).temperature == 0  # type: ignore[attr-defined]


def test_only_checkpoints_have_a_digest(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checkpoint_digest(str(saved)) == checkpoint_digest(f"{saved}(table='')") == read(saved).digest
    (saved.parent / "uniform").mkdir()
    monkeypatch.chdir(saved.parent)
    assert checkpoint_digest("uniform") == checkpoint_digest("script(prefer='bet')") == ""
    assert checkpoint_digest("nash-3") == read(saved).digest
    with pytest.raises(CheckpointError, match="there is no folder"):
        checkpoint_digest("nowhere/main-9")
    assert checkpoint_game(str(saved)) == "kuhn_poker"
    assert checkpoint_game("uniform") == checkpoint_game("script(prefer='bet')") == ""


def test_a_checkpoint_may_visit_a_game_with_the_same_moves(tmp_path: Path) -> None:
    load_player("net(hidden=[8])", load_game("sneaky_critic(words=False)"), name="main").save(tmp_path / "main")  # type: ignore[attr-defined]
    other = load_game("sneaky_critic(words=False, part='test')")
    assert load_visitor(str(tmp_path / "main"), other).name == "main"
    assert load_visitor("uniform", other).name == "uniform"
    with pytest.raises(CheckpointError):
        load_player(str(tmp_path / "main"), other)
    with pytest.raises(ConfigError, match=r"learned in sneaky_critic\(words=False\), whose moves are other ones"):
        load_visitor(str(tmp_path / "main"), KUHN)


EVIL = """
    from pathlib import Path
    Path(__file__).with_name("ran").touch()
    def Player(path): Path(path).touch()
"""


@pytest.mark.parametrize(
    "player",
    [
        "pathlib:Path.touch",
        "os:system(command='touch {ran}')",
        "{evil}:Player(path='{ran}')",
        "tabular(table='{evil}:Player')",
        "by_role(player=\"{evil}:Player(path='{ran}')\")",
        "by_role(player='by_role(player=\\'{evil}\\\\x3aPlayer\\')')",
    ],
)
def test_opening_a_checkpoint_runs_no_code_that_came_with_it(saved: Path, player: str) -> None:
    evil, ran = saved / "evil.py", saved / "ran"
    evil.write_text(dedent(EVIL))
    manifest = json.loads((saved / "manifest.json").read_text())
    manifest["player"] = player.format(evil=evil, ran=ran)
    (saved / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(
        CheckpointError, match=r"may only name registered players.*entry point in the group 'arena\.pla"
    ):
        load_player(str(saved), KUHN)
    assert not ran.exists()
    with pytest.raises(ConfigError, match="cannot be read"):  # afterwards, files may be named again
        load_player("tabular(table='nowhere.json')", KUHN)
    assert load_game("arena.games.kuhn_poker:KuhnPoker").name == "kuhn_poker"


# Plug-ins.


@pytest.fixture
def plug_in(pebbles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a distribution as pip would leave it: a module, and metadata with entry points."""
    site = pebbles.parent / "site-packages"
    metadata = site / "acme_games-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "acme_pebbles.py").write_text(pebbles.read_text())
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-games\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[arena.games]\npebbles = acme_pebbles:Pebbles\nkuhn_poker = acme_pebbles:Pebbles\n"
        "[arena.players]\nchatty = acme_pebbles:Chatty\n"
    )
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, "acme_pebbles", raising=False)


@pytest.mark.usefixtures("plug_in")
def test_an_installed_package_adds_games_and_players() -> None:
    assert "pebbles" in names("games")
    assert load_game("pebbles(heap=3)").parameters == {"heap": 3}
    assert load_game("pebbles(heap=3)").spec == "pebbles(heap=3)"
    assert load_player("chatty", KUHN).name == "chatty"


@pytest.mark.usefixtures("plug_in")
def test_a_plug_in_is_offered_for_a_misspelt_name() -> None:
    with pytest.raises(UnknownName, match="did you mean 'pebbles'"):
        load_game("pebbels")


@pytest.mark.usefixtures("plug_in")
def test_a_plug_in_cannot_take_a_built_in_name() -> None:
    assert isinstance(load_game("kuhn_poker"), KuhnPoker)


def test_a_plug_in_that_cannot_be_imported_is_named(
    pebbles: Path, monkeypatch: pytest.MonkeyPatch, plug_in: None
) -> None:
    (pebbles.parent / "site-packages" / "acme_pebbles.py").write_text("1 / 0\n")
    with pytest.raises(
        UnknownName, match="'acme_pebbles:Pebbles' cannot be imported: ZeroDivisionError: division by zero"
    ):
        load_game("pebbles")


def test_without_the_package_there_is_no_plug_in() -> None:
    assert "pebbles" not in names("games")
    with pytest.raises(UnknownName):
        load_game("pebbles")


def test_a_player_made_here_plays() -> None:
    """The spec's parameters arrive: a script that prefers to bet bets."""
    request = Request(KUHN, KUHN.step(KUHN.step(KUHN.start(), "J"), "Q"), 0)
    assert load_player("script(prefer='bet')", KUHN).act(Requests([request])) == [Move("bet")]


@pytest.mark.parametrize("load", [load_game, lambda spec: load_player(spec, load_game("kuhn_poker"))])
def test_a_spec_calls_nothing_but_games_and_players(load, tmp_path: Path) -> None:
    """A run's file that somebody else wrote names its game; it must not be able to name a command."""
    mark = tmp_path / "mark"
    with pytest.raises(ArenaError, match="names a builtin_function"):
        load(f"os:mkdir(path={str(mark)!r})")
    assert not mark.exists()
