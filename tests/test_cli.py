"""The command line as a user meets it: real processes, exit codes, one sentence instead of a traceback."""

import os
import pty
import subprocess
import sys
import time

import pytest

import arena

TOURNAMENT = """
game = "kuhn_poker"
pairs = 60
block_pairs = 20
[entrants]
uniform = "uniform"
bet = 'script(prefer="bet")'
"""

LEAGUE = """
game = "kuhn_poker"
[training]
updates = 20
matches = 64
[learners.main]
player = "net(hidden=[8])"
[schedule]
checkpoint_every = 10
snapshot_every = 10
[rating]
pairs = 40
block_pairs = 10
"""


MINE = """
from arena.games.kuhn_poker import KuhnPoker
from arena.players.uniform import UniformPlayer

class Buggy(KuhnPoker):
    def step(self, s, action):
        return super().step(s, action) if action != "bet" else 1 / 0

class Crash(UniformPlayer):
    def act(self, batch):
        raise ValueError("out of paper")

class NoPolicy(UniformPlayer):
    def policy(self, batch):
        return 1 / 0
"""


def run(*arguments, cwd=None):
    command = [sys.executable, "-m", "arena", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=cwd)


def succeed(*arguments, cwd=None):
    done = run(*arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with a finished tournament and a finished league."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "poker.toml").write_text(TOURNAMENT)
    (folder / "league.toml").write_text(LEAGUE)
    (folder / "mine.py").write_text(MINE)
    (folder / "half_written.py").write_text("def game(:\n")
    succeed("tournament", "poker.toml", cwd=folder)
    succeed("train", "league.toml", cwd=folder)
    return folder


def test_help_is_quick_because_nothing_heavy_is_imported():
    heavy = {"torch", "numpy", "matplotlib", "pydantic"}
    code = f"import sys, arena.cli; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert "tournament" in succeed("--help")
    assert arena.__version__ in succeed("--version")


def test_games_lists_every_game():
    text = succeed("games")
    for name in ("kuhn_poker", "leduc_poker", "tic_tac_toe", "connect_four", "rock_paper_scissors"):
        assert name in text


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


def test_pit_says_who_is_better():
    text = succeed("pit", "minimax", "uniform", "--game", "tic_tac_toe", "--pairs", 30)
    assert "minimax is better than uniform" in text
    assert "95% interval" in text


def test_exploit_is_exact():
    assert "NashConv 0.916667" in succeed("exploit", "uniform", "--game", "kuhn_poker")


def test_a_tournament_ends_with_its_table_and_a_second_start_plays_nothing(runs):
    again = succeed("tournament", "poker.toml", cwd=runs)
    assert "payoff per match" in again
    assert "1000 (anchor)" in again
    assert again.splitlines()[:-1] == succeed("ratings", "runs/poker", cwd=runs).splitlines()
    assert again.splitlines()[-1].startswith("kept in runs/poker")


def test_in_a_pipe_no_name_is_cut(tmp_path):
    names = [f"a_player_with_a_long_name_{i:02}" for i in range(12)]
    entrants = "".join(f'{name} = "uniform"\n' for name in names)
    (tmp_path / "many.toml").write_text(f'game = "matching_pennies"\npairs = 2\n[entrants]\n{entrants}')
    shown = succeed("tournament", "many.toml", cwd=tmp_path)
    assert all(shown.count(name) == 3 for name in names)  # in the ladder, and twice in the matrix
    assert "…" not in shown


def test_a_league_shows_elo_and_nashconv_and_its_checkpoints_are_players(runs):
    table = succeed("ratings", "runs/league", cwd=runs)
    assert "NashConv" in table
    assert "digest" in table
    checkpoint = "runs/league/checkpoints/main-20"
    assert "NashConv" in succeed("exploit", checkpoint, "--game", "kuhn_poker", cwd=runs)
    greedy = succeed("exploit", f"{checkpoint}(temperature=0)", "--game", "kuhn_poker", cwd=runs)
    assert greedy != succeed("exploit", checkpoint, "--game", "kuhn_poker", cwd=runs)
    assert "main-20" in succeed("pit", checkpoint, "uniform", "-g", "kuhn_poker", "--pairs", 20, cwd=runs)


@pytest.mark.parametrize("name", ["picture.png", "picture.svg"])
def test_ratings_draw_a_picture(runs, name):
    for run_name in ("league", "poker"):
        succeed("ratings", f"runs/{run_name}", "--plot", name, cwd=runs)
        head = (runs / name).read_bytes()[:300]
        assert head.startswith(b"\x89PNG") if name.endswith("png") else b"<svg" in head or b"<?xml" in head


def test_replay_lists_matches_and_steps_through_one(runs):
    *listed, last = succeed("replay", "runs/poker", cwd=runs).splitlines()
    assert len(listed) == 20
    assert last == "these are the last of 120 matches; arena replay runs/poker KEY shows one"
    story = succeed("replay", "runs/poker", listed[0].split()[0], cwd=runs)
    assert "-> chance:" in story
    assert "payoff: first" in story


MISTAKES = {
    "unknown game": (["exploit", "uniform", "-g", "kuhn_pokr"], "did you mean 'kuhn_poker'?"),
    "unknown player": (["pit", "unifrom", "uniform", "-g", "kuhn_poker"], "did you mean 'uniform'?"),
    "unknown parameter": (["pit", "minimax(dept=3)", "uniform", "-g", "tic_tac_toe"], "did you mean 'depth'?"),
    "unknown command": (["tournment", "x.toml"], "tournament"),
    "unknown option": (["games", "--verbos"], "--verbos"),
    "missing file": (["train", "nowhere.toml"], "there is no file nowhere.toml"),
    "misspelt shipped file": (["train", "tournaments/kuhn_leage.toml"], "did you mean 'kuhn_league'?"),
    "misspelt key": (["tournament", "poker.toml", "--set", "pair=3"], "did you mean 'pairs'?"),
    "too few players": (["play", "kuhn_poker", "uniform"], "2 seats (first, second), but 1 players came"),
    "too large": (["exploit", "uniform", "-g", "connect_four"], "too many for exact tables"),
    "no run": (["ratings", "runs"], "holds no run"),
    "no such match": (["replay", "runs/poker", "zzz"], "no match whose key begins with 'zzz'"),
    "another format": (["train", "league.toml", "--run", "runs/poker"], "holds a tournament, not a league"),
    "changed config": (["train", "league.toml", "--set", "seed=9"], "was begun with another seed (0, now 9)"),
    "changed entrant": (["tournament", "poker.toml", "--set", "entrants.bet=uniform"], "give the new one another name"),
    "no checkpoint": (["exploit", "runs/league", "-g", "kuhn_poker"], "it has no manifest.json"),
    "no folder": (["exploit", "runs/leage", "-g", "kuhn_poker"], "there is no folder runs/leage"),
    "wrong game": (["exploit", "runs/league/checkpoints/main-20", "-g", "leduc_poker"], "was made for kuhn_poker"),
    "no picture": (["ratings", "runs/poker", "--plot", "x.jpg"], "end its name in .png or .svg"),
    "no such action": (["play", "kuhn_poker", 'script(prefer="bed")', "uniform"], "did you mean 'bet'?"),
    "no matches": (["play", "kuhn_poker", "uniform", "uniform", "--matches", "-3"], "-3 matches cannot be played"),
    "no pairs": (["pit", "uniform", "uniform", "-g", "kuhn_poker", "--pairs", "0"], "0 pairs cannot be played"),
    "crash": (["play", "kuhn_poker", "mine.py:Crash", "uniform"], "no match could be played to an end: mine.py:Crash"),
    "buggy game": (
        ["exploit", "uniform", "-g", "mine.py:Buggy"],
        "kuhn_poker fails in the state State(cards=('J', 'Q')",
    ),
    "buggy policy": (["exploit", "mine.py:NoPolicy", "-g", "kuhn_poker"], "mine.py:NoPolicy fails to state its policy"),
    "module with a mistake": (["exploit", "half_written:X", "-g", "kuhn_poker"], "SyntaxError: invalid syntax"),
    "no module": (["exploit", ":b", "-g", "kuhn_poker"], "':b' cannot be imported"),
    "no parent": (["exploit", ".a:b", "-g", "kuhn_poker"], "'.a:b' cannot be imported"),
    "text payoffs": (["exploit", "uniform", "-g", "matrix(payoffs=[['a']])"], "could not convert string to float: 'a'"),
    "no widths": (["exploit", "net(hidden='abc')", "-g", "kuhn_poker"], "hidden = 'abc' is no list of widths"),
    "no device": (
        ["exploit", "net(device='foo')", "-g", "kuhn_poker"],
        "cannot be made: RuntimeError: Expected one of",
    ),
    "learner's name": (["train", "league.toml", "--set", "learners.a/b.player=net"], "'a/b' cannot name a folder"),
    "snapshot's name": (["train", "league.toml", "--set", "anchors.main-9=uniform"], "what a snapshot of 'main' is"),
    "endless": (["train", "league.toml", "--set", "opponents.latest=inf"], "opponents.latest = inf will not do"),
    "hidden state": (["pit", "minimax", "uniform", "-g", "kuhn_poker", "--pairs", "1"], "hides information"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_sentence_and_exit_code_2(runs, mistake):
    arguments, sentence = MISTAKES[mistake]
    done = run(*arguments, cwd=runs)
    assert done.returncode == 2, done.stderr + done.stdout
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("arena: ")]
    assert said == [done.stderr.splitlines()[-1]]


def test_a_truncated_weights_file_is_named(runs, tmp_path):
    folder = tmp_path / "copy"
    subprocess.run(["cp", "-r", runs / "runs/league/checkpoints/main-20", folder], check=True)
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    done = run("exploit", folder, "-g", "kuhn_poker")
    assert done.returncode == 2
    assert f"{weights} is damaged" in done.stderr


def test_two_processes_cannot_write_one_run(runs, tmp_path):
    (tmp_path / "long.toml").write_text(TOURNAMENT.replace("pairs = 60", "pairs = 100000"))
    first = subprocess.Popen(
        [sys.executable, "-m", "arena", "tournament", "long.toml"], cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "runs/long/run.sqlite").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        second = run("tournament", "long.toml", cwd=tmp_path)
    finally:
        first.kill()
        first.wait()
    assert second.returncode == 2
    assert "another process is writing" in second.stderr


def test_on_a_terminal_there_are_bars_and_in_a_pipe_plain_lines(runs, tmp_path):
    (tmp_path / "poker.toml").write_text(TOURNAMENT)
    piped = run("tournament", "poker.toml", cwd=tmp_path)
    assert "matches: 120 of 120 matches" in piped.stderr
    assert "\x1b" not in piped.stderr + piped.stdout

    master, slave = pty.openpty()
    command = [sys.executable, "-m", "arena", "tournament", "poker.toml", "--run", "again"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
    process = subprocess.Popen(command, cwd=tmp_path, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    shown = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    assert process.wait() == 0
    os.close(master)
    text = shown.decode()
    assert "\x1b[" in text
    assert "120/120" in text
