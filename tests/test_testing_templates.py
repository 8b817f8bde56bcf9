"""The first files: right as they are, whatever they are called."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from arena.errors import ConfigError
from arena.registry import load_game, load_player
from arena.testing import examine_game, examine_player
from arena.testing.templates import class_name, write_files

ROOT = Path(__file__).parent.parent


@pytest.fixture
def folder(tmp_path):
    for kind, name in (("game", "my_race"), ("player", "keen")):
        for file, text in write_files(kind, name).items():
            (tmp_path / file).write_text(text, encoding="utf-8")
    return tmp_path


def run(folder, *command):
    environment = {**os.environ, "MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    return done.returncode, done.stdout + done.stderr


def test_the_first_game_and_player_are_right(folder):
    game = load_game(f"{folder}/my_race.py:MyRace(heap=7)")
    assert examine_game(game, games=30).findings == ()
    assert examine_player(load_player(f"{folder}/keen.py:Keen(step=2.0)", game), game, draws=500) == ()


def test_the_first_tests_pass(folder):
    code, text = run(folder, "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder))
    assert code == 0, text
    assert "6 passed" in text


def test_the_first_files_are_tidy(folder):
    code, text = run(folder, "ruff", "check", "--no-cache", ".")
    assert code == 0, text


@pytest.mark.slow  # mypy reads whatever is imported, torch too
def test_the_first_files_are_typed(folder):
    pytest.importorskip("mypy")
    code, text = run(folder, "mypy", "--strict", "--follow-imports=silent", ".")
    assert code == 0, text


def test_a_class_is_called_after_its_file():
    assert class_name("my_game") == "MyGame"
    assert class_name("hex2") == "Hex2"
    assert "class Hex2(Game[State])" in write_files("game", "hex2")["hex2.py"]
    assert "from hex2 import Hex2" in write_files("game", "hex2")["test_hex2.py"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("3d", "cannot name a module"),
        ("my-game", "cannot name a module"),
        ("a b", "cannot name a module"),
        ("", "cannot name a module"),
        ("class", "cannot name a module"),
        ("_", "cannot name a module"),
        ("../x", "cannot name a module"),
        ("random", "would hide the module 'random'"),
        ("arena", "would hide the module 'arena'"),
        ("test_game", "leave test_ out"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(name, sentence):
    with pytest.raises(ConfigError, match=sentence):
        write_files("game", name)
