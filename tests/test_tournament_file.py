import ast
import re
from inspect import signature
from pathlib import Path

import pytest

from arena.config import TournamentConfig, check, load
from arena.errors import ConfigError
from arena.players.engines.kinds import _ENGINES
from arena.registry import find, parse
from tests.config_files import TOURNAMENT, written

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(("n", "least", "most"), [(2, 1, 1), (3, 2, 3), (4, 2, 3), (5, 3, 5), (8, 3, 7), (9, 4, 9)])
def test_a_swiss_has_enough_rounds_to_link_all_and_no_more_than_there_are_opponents(n, least, most):
    entrants = {f"p{i}": "uniform" for i in range(n)}
    for rounds in range(1, n + 3):
        values = {"game": "kuhn_poker", "format": "swiss", "rounds": rounds, "entrants": entrants}
        if least <= rounds <= most:
            check(values, TournamentConfig, "x")
        else:
            with pytest.raises(ConfigError, match="rounds are too"):
                check(values, TournamentConfig, "x")


def test_entrants_are_seeded_by_strength_or_else_in_the_order_of_the_file(tmp_path):
    text = "format = 'double_elimination'\n" + TOURNAMENT + "c = 'uniform'\n"
    assert load(written(tmp_path, text), TournamentConfig).seeded == ["a", "b", "c"]
    text += "[seeding]\na = 900\nb = 1100.5\nc = 900\n"
    assert load(written(tmp_path, text), TournamentConfig).seeded == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty: it needs at least game, entrants"),
        ("game = ", "is no TOML: Invalid value"),
        (TOURNAMENT.replace("game", "gmae"), "there is no key 'gmae'; did you mean 'game'?"),
        ("[entrants]\na = 'uniform'\nb = 'uniform'\n", "the key 'game' is missing"),
        ("pairs = 0\n" + TOURNAMENT, "pairs = 0 will not do: input should be greater than or equal to 1"),
        ('pairs = "many"\n' + TOURNAMENT, "pairs = 'many' will not do: input should be a valid integer"),
        ("pairs = true\n" + TOURNAMENT, "pairs = True will not do: input should be a valid integer"),
        ('pairs = "7"\n' + TOURNAMENT, "pairs = '7' will not do: input should be a valid integer"),
        ("pairs = 2.0\n" + TOURNAMENT, "pairs = 2.0 will not do: input should be a valid integer"),
        ("anchor = 5\n" + TOURNAMENT, "anchor = 5 will not do: input should be a valid string"),
        (
            TOURNAMENT + "[patience]\nfeedback = 'yes'\n",
            "patience.feedback = 'yes' will not do: input should be a valid bool",
        ),
        (
            TOURNAMENT + "[patience]\nretries = false\n",
            "patience.retries = False will not do: input should be a valid integer",
        ),
        (f"seed = {'9' * 5000}\n" + TOURNAMENT, "cannot be read: it holds a number of thousands of digits"),
        (f"seed = {'[' * 5000}{']' * 5000}\n" + TOURNAMENT, "or hundreds of brackets in each other"),
        (f"seed = 0x{'f' * 5000}\n" + TOURNAMENT, "seed = a value of great length will not do"),
        (f"seed.{'a.' * 5000}b = 1\n" + TOURNAMENT, "seed = a value of great length will not do"),
        (f"format = '{'a' * 5000}'\n" + TOURNAMENT, f"format = '{'a' * 198}… will not do"),
        (TOURNAMENT.replace('b = "uniform"\n', ""), "a tournament needs at least two entrants"),
        ('anchor = "c"\n' + TOURNAMENT, "the anchor 'c' is not among the entrants"),
        (TOURNAMENT + "'a|b' = 'uniform'\n", "the name 'a|b' will not do: take 1 to 100 printable characters, no |"),
        (TOURNAMENT + "'' = 'uniform'\n", "the name '' will not do"),
        (TOURNAMENT + "' a' = 'uniform'\n", "the name ' a' will not do"),
        (TOURNAMENT + '"a\\n" = "uniform"\n', r"the name 'a\n' will not do"),
        (TOURNAMENT + f"{'a' * 101} = 'uniform'\n", "will not do"),
        (TOURNAMENT + "[patience]\nretires = 1\n", "there is no key 'patience.retires'; did you mean 'retries'?"),
        (
            "format = 'suisse'\n" + TOURNAMENT,
            "format = 'suisse' will not do: input should be 'round_robin', 'gauntlet', 'swiss'",
        ),
        ("rounds = 3\n" + TOURNAMENT, "rounds belongs to the format swiss, and this is a round_robin"),
        ("format = 'swiss'\nrounds = 1\nnewcomers = ['a']\n" + TOURNAMENT, "newcomers belongs to the format gauntlet"),
        ("extra_pairs = 0\n" + TOURNAMENT, "extra_pairs belongs to the format double_elimination"),
        (TOURNAMENT + "[seeding]\na = 1\nb = 2\n", "seeding belongs to the format swiss or double_elimination"),
        ("format = 'gauntlet'\n" + TOURNAMENT, 'a gauntlet needs newcomers, for example newcomers = ["mine"]'),
        ("format = 'gauntlet'\nnewcomers = ['c']\n" + TOURNAMENT, "the newcomer 'c' is not among the entrants"),
        ("format = 'gauntlet'\nnewcomers = ['a', 'a']\n" + TOURNAMENT, "the newcomer 'a' is named twice"),
        ("format = 'gauntlet'\nnewcomers = ['a', 'b']\n" + TOURNAMENT, "at least one entrant must not be a newcomer"),
        ("format = 'swiss'\n" + TOURNAMENT, "a swiss needs a number of rounds, for example rounds = 5"),
        ("format = 'swiss'\nrounds = 0\n" + TOURNAMENT, "rounds = 0 will not do"),
        (
            "format = 'swiss'\nrounds = 2\n" + TOURNAMENT,
            "2 rounds are too many for 2 entrants, who have all met after 1",
        ),
        (
            "format = 'swiss'\nrounds = 1\n" + TOURNAMENT + "c = 'uniform'\n",
            "1 rounds are too few to put 3 entrants on one",
        ),
        ("format = 'double_elimination'\nextra_pairs = -1\n" + TOURNAMENT, "extra_pairs = -1 will not do"),
        ("format = 'double_elimination'\n" + TOURNAMENT + "[seeding]\na = 1\n", "and only them: 'b' is missing"),
        ("format = 'swiss'\nrounds = 1\n" + TOURNAMENT + "[seeding]\na = 1\nb = 2\nc = 3\n", "'c' is no entrant"),
        ("format = 'swiss'\nrounds = 1\n" + TOURNAMENT + "[seeding]\na = nan\nb = 2\n", "seeding.a = nan will not do"),
        (
            TOURNAMENT + "'cast:judge' = 'uniform'\n[cast]\njudge = 'uniform'\n",
            "what the player of a cast seat is called",
        ),
    ],
)
def test_a_bad_tournament_file_gets_one_sentence(tmp_path, text, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)) as caught:
        load(written(tmp_path, text), TournamentConfig)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def shipped():
    return [path for path in sorted((ROOT / "tournaments").glob("*.toml")) if "[entrants]" in path.read_text("utf-8")]


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_every_tournament_that_comes_with_arena_names_players_that_there_are(path):
    """With parameters that they have, and for language models options that their engines have."""
    for spec in load(path, TournamentConfig).entrants.values():
        target, given = parse(spec)
        known = signature(find("players", target)).parameters
        assert given.keys() <= known.keys()
        if target == "chat" and "engine" in given:
            assert given.get("options", {}).keys() <= parameters_of_engine(given["engine"])


def parameters_of_engine(name):
    """Read them from its file, since what it is made of need not be installed."""
    kind = _ENGINES[name]
    file = ROOT / kind.module.replace("arena.", "", 1).replace(".", "/")
    tree = ast.parse(file.with_suffix(".py").read_text(encoding="utf-8"))
    (cls,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == kind.name]
    (init,) = [node for node in cls.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"]
    return {argument.arg for argument in init.args.args}
