"""Games, single matches and replays on the command line."""

import os
import pty
import subprocess
import sys
import tempfile
from pathlib import Path

from arena.match import Fixture, play_fixtures
from arena.player import Fault, Move
from arena.registry import load_game
from arena.store import Store
from tests.command_line import run, succeed


def test_games_lists_every_game():
    text = succeed("games")
    for name in ("kuhn_poker", "leduc_poker", "tic_tac_toe", "connect_four", "rock_paper_scissors"):
        assert name in text


def test_games_are_listed_where_a_package_is_missing():
    code = "import sys; sys.modules['pyspiel'] = None; sys.argv[1:] = ['games']; import arena.cli; arena.cli.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "pip install 'selfplay-arena[openspiel]'" in done.stdout
    assert "tic_tac_toe" in done.stdout


def test_play_tells_one_match_and_adds_up_many():
    story = succeed("play", "tic_tac_toe", "minimax", "minimax")
    assert "-> first:" in story
    assert "finished; payoff: first +0, second +0" in story
    many = succeed("play", "kuhn_poker", "uniform", "uniform", "--matches", 200, "--seed", 4)
    assert many == succeed("play", "kuhn_poker", "uniform", "uniform", "--matches", 200, "--seed", 4)
    assert "over 200 matches" in many


def test_names_are_shown_as_they_are():
    """No name is markup, and none is a picture of a cat."""
    game = "matrix(payoffs=[[0, 1], [-1, 0]], actions=['[/x]', ':cat:'])"
    one, other = "script(prefer=['[/x]'])", "script(prefer=[':cat:'])"
    many = succeed("play", game, one, other, "--matches", 2)
    assert f"({one}): mean payoff +1.0000 over 2 matches" in many
    assert f"({other}): mean payoff -1.0000 over 2 matches" in many
    assert "-> column: :cat:" in succeed("play", game, one, other)


def test_replay_lists_matches_and_steps_through_one(runs):
    *listed, last = succeed("replay", "runs/poker", cwd=runs).splitlines()
    assert len(listed) == 20
    assert last == "these are the last of 120 matches; arena replay runs/poker KEY shows one"
    story = succeed("replay", "runs/poker", listed[0].split()[0], cwd=runs)
    assert "-> chance:" in story
    assert "payoff: first" in story


def test_replay_of_a_run_that_never_began_has_no_match_to_show(tmp_path):
    Store.open(tmp_path / "refused").close()
    shown = run("replay", "refused", "KEY", cwd=tmp_path)
    assert (shown.returncode, shown.stdout) == (2, "")
    assert "refused has no match whose key begins with 'KEY'" in shown.stderr


def stepping(runs, key, words):
    """Replay a match on a terminal, type the words one at a time, and return what each of them showed."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "arena", "replay", "runs/poker", key]
    process = subprocess.Popen(command, cwd=runs, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown = []
    for word in words:
        text = b""
        while b"quit > " not in text:
            text += os.read(master, 4096)
        shown.append(text.decode())
        os.write(master, word.encode() + b"\n")
    assert process.wait(timeout=30) == 0
    os.close(master)
    return shown


def test_replay_steps_through_a_match_on_a_terminal(runs):
    key = succeed("replay", "runs/poker", cwd=runs).split()[0]
    first, second, back, last = stepping(runs, key, ["", "b", "99", ""])
    assert "vs" in first
    assert "[1/" in first
    assert "[2/" in second
    assert "-> chance:" in second
    assert "[1/" in back
    assert "payoff: first" in last


class Stubborn:
    """Says nonsense before it moves."""

    name = "stubborn"

    def act(self, batch):
        return [
            Move(request.legal[0], "well, " + request.legal[0])
            if request.complaint
            else Move(None, "hm", fault=Fault.EMPTY)
            for request in batch
        ]


def test_a_replay_tells_what_was_refused_and_said():
    game = load_game("kuhn_poker")
    fixtures = [Fixture("abc", "tournament", ("stubborn", "stubborn"), 1, "p")]
    with tempfile.TemporaryDirectory() as folder:
        with Store.open(Path(folder)) as store:
            store.add(play_fixtures(game, fixtures, {"stubborn": Stubborn()}))
        text = succeed("replay", folder, "abc")
    assert "-> first tried 'hm': empty" in text
    assert "-> first: pass   said: well, pass" in text
