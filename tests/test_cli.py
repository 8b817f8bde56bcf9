"""The command line as a user meets it: real processes, exit codes, one sentence instead of a traceback."""

import subprocess
import sys

import pytest

import arena
from tests.command_line import run, succeed


def test_help_is_quick_because_nothing_heavy_is_imported():
    heavy = {"torch", "numpy", "matplotlib", "pydantic"}
    code = f"import sys, arena.cli; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert "tournament" in succeed("--help")
    assert arena.__version__ in succeed("--version")


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
    "too large": (
        ["exploit", "uniform", "-g", "connect_four"],
        "by matches instead (arena pit), or take a smaller game; in Python,",
    ),
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
    "half a match": (["play", "kuhn_poker", "uniform", "uniform", "--matches", "2.7"], "'2.7' is no whole number"),
    "an empty variable": (["ratings", ""], "one of the arguments is empty: is there a shell variable"),
    "no such run": (["ratings", "runs/pokre"], "there is no run runs/pokre"),
    "no place": (["ratings", "runs/poker", "--plot", "no/x.png"], "cannot be written: there is no folder no"),
    "no such table": (
        ["exploit", 'tabular(table="x.json")', "-g", "kuhn_poker"],
        "the table x.json cannot be read: no such file",
    ),
    "no command": (["exploit", "process", "-g", "kuhn_poker"], "'process' needs a parameter: write process(command=…)"),
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
