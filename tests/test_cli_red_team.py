"""Attacks on critics on the command line: real processes, one of them interrupted."""

import os
import signal
import subprocess
import sys
import time

import pytest

import arena.api
from arena.cli.red_team import describe
from arena.errors import ConfigError
from arena.games.red_team import Findings
from arena.games.sneaky_critic import SneakyCritic
from arena.games.worked_files import load
from arena.registry import load_player
from tests.command_line import run, succeed
from tests.stepwise_players import Says

GAME = "sneaky_critic(words=False, part='test', errors=['slip', 'inverted'])"

SLOW = """
import time
from pathlib import Path
from arena.player import Move

class Slow:
    name = "slow"

    def act(self, batch):
        if Path(__file__).with_suffix(".asked").exists():
            time.sleep(60)
        if any(request.match.startswith("inverted") for request in batch):
            Path(__file__).with_suffix(".asked").touch()
        return [Move("Correct") for request in batch]
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder with the checkpoint of a critic that has learned nothing."""
    here = tmp_path_factory.mktemp("red_team")
    game = SneakyCritic(words=False, errors=("slip",))
    load_player("by_role(player='net(hidden=[8])')", game, seed=3).save(here / "critic")
    (here / "slow.py").write_text(SLOW)
    return here


def test_a_critic_is_attacked_and_what_it_believed_is_written(here):
    command = ("red-team", "./critic", "--game", GAME, "--steps", 40, "--to", "fooled.jsonl")
    lines = succeed(*command, cwd=here).splitlines()
    assert lines[0].split() == ["steps", "noticed", "not", "shown"]
    assert [line.split()[0] for line in lines[1:4]] == ["slip", "inverted", "right"]
    assert "false alarms" in lines[3]
    assert lines[4].startswith("balanced accuracy ")
    fooled = load(here / "fooled.jsonl")
    assert lines[5] == f"written: fooled.jsonl, {len(fooled)} wrong steps that were taken for right"
    done = run(*command, cwd=here)
    assert (done.returncode, done.stderr) == (2, "arena: fooled.jsonl exists: name a new file\n")


def test_an_interrupted_attack_tells_what_it_has_found(here):
    command = [
        sys.executable,
        "-m",
        "arena",
        "red-team",
        "slow.py:Slow",
        "--game",
        GAME,
        "--steps",
        "5",
        "--to",
        "part.jsonl",
    ]
    process = subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not (here / "slow.asked").exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGINT)
    text, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "slip" in text
    assert text.splitlines()[-1] == "interrupted: this is what was found until then"
    assert len(load(here / "part.jsonl")) >= 5


def test_a_critic_is_asked_on_test_problems_where_it_learned(here):
    found = arena.api.red_team(str(here / "critic"), steps=5)
    assert found.kinds == ("slip",)
    with pytest.raises(ConfigError, match="whose moves are other ones than those of sneaky_critic"):
        arena.api.red_team(str(here / "critic"), game="sneaky_critic")
    assert len(arena.api.red_team(Says(lambda request: "Correct"), steps=1).kinds) == 9


def test_what_is_no_game_for_it_is_said(here):
    done = run("red-team", "uniform", "--game", "kuhn_poker", cwd=here)
    assert (done.returncode, done.stderr) == (2, "arena: there is no red_team 'kuhn_poker'; known: sneaky_critic\n")


def test_a_kind_without_steps_is_unknown():
    lines = describe(Findings(("slip",), 10))
    assert lines[1].split() == ["slip", "0", "unknown", "-"]
    assert "false alarms unknown" in lines[2]
