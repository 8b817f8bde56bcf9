"""Tournaments and leagues on the command line."""

import re
import subprocess
import sys
import time

import pytest

from tests.command_line import MINE, TOURNAMENT, run, succeed
from tests.language import tiny_folder

PSRO = """
game = "rock_paper_scissors"
[training]
updates = 2
matches = 16
[learners.answer]
player = "net(hidden=[4])"
fresh_after_snapshot = true
[opponents]
latest = 0.0
meta = 1.0
[schedule]
checkpoint_every = 1
snapshot_every = 1
[rating]
pairs = 5
"""


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


def test_psro_tells_of_its_mixture_and_ratings_of_its_diversity(tmp_path):
    (tmp_path / "psro.toml").write_text(PSRO)
    said = run("train", "psro.toml", "--run", "r", cwd=tmp_path).stderr
    assert re.search(r"answer-2 rated: exact NashConv \d.\d+, of the mixture of snapshots \d.\d+", said), said
    assert "diversity: 3 players behave like" in " ".join(succeed("ratings", "r", "--deep", cwd=tmp_path).split())


@pytest.mark.parametrize("name", ["picture.png", "picture.svg"])
def test_ratings_draw_a_picture(runs, name):
    for run_name in ("league", "poker"):
        succeed("ratings", f"runs/{run_name}", "--plot", name, cwd=runs)
        head = (runs / name).read_bytes()[:300]
        assert head.startswith(b"\x89PNG") if name.endswith("png") else b"<svg" in head or b"<?xml" in head


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ('format = "swiss"\nrounds = 2', ["swiss: after 2 of 2 rounds", "  1. ", "round 2: ", "had a bye"]),
        (
            'format = "double_elimination"',
            ["double elimination: seeds uniform, bet, pass", "grand final: ", "places: 1. "],
        ),
        ('format = "gauntlet"\nnewcomers = ["pass"]', ["payoff per match"]),
    ],
)
def test_every_format_ends_with_the_ladder_and_what_is_its_own(tmp_path, form, said):
    (tmp_path / "t.toml").write_text(f"{form}\n{TOURNAMENT}pass = 'script(prefer=\"pass\")'\n")
    shown = succeed("tournament", "t.toml", cwd=tmp_path)
    assert all(words in shown for words in said)
    assert shown.splitlines()[:-1] == succeed("ratings", "runs/t", cwd=tmp_path).splitlines()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (["format=gauntlet", 'newcomers=["mine"]'], "the newcomer 'mine' is not among the entrants"),
        (["format=swiss", "rounds=9"], "9 rounds are too many for 2 entrants"),
        (["pairs=50"], "runs/poker was begun with pairs = 60, so 50 is too few: take 60 or more"),
        (["format=double_elimination"], "runs/poker was begun with format = 'round_robin', not 'double_elimination'"),
        (["cast.judge=uniform"], "kuhn_poker has no cast seat 'judge': it has none"),
    ],
)
def test_a_mistake_in_a_tournament_is_one_sentence(runs, changes, sentence):
    options = [word for change in changes for word in ("--set", change)]
    failed = run("tournament", "poker.toml", *options, cwd=runs)
    assert failed.returncode == 2
    assert sentence in failed.stderr
    assert len(failed.stderr.splitlines()) == 1


def test_a_bracket_is_shown_even_where_nobody_is_left_for_a_ladder(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "t.toml").write_text(
        f"format = 'double_elimination'\n{TOURNAMENT}".replace('"uniform"', "'mine.py:Crash'")
    )
    failed = run("tournament", "t.toml", cwd=tmp_path)
    assert failed.returncode == 2
    assert failed.stdout.splitlines()[-1] == "places: 1. bet; 2. uniform"
    assert failed.stderr.splitlines()[-1].startswith("arena: there are no results")


def test_two_runs_are_merged_and_rated_together(tmp_path):
    for name, seed in (("one", 1), ("two", 2)):
        (tmp_path / f"{name}.toml").write_text(f"seed = {seed}\n{TOURNAMENT}")
        succeed("tournament", f"{name}.toml", cwd=tmp_path)
    shown = succeed("merge", "runs/one", "runs/two", "--into", "runs/both", cwd=tmp_path)
    assert "payoff per match" in shown
    assert shown.splitlines()[-1] == "kept in runs/both: 240 matches"
    again = run("merge", "runs/one", "runs/two", "--into", "runs/both", cwd=tmp_path)
    assert again.returncode == 2
    assert "runs/both exists already" in again.stderr


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


def test_pruning_says_what_it_freed_and_refuses_what_is_no_run(runs, tmp_path):
    assert "the traces of 0 matches are deleted, 0.0 MB are free again" in succeed("prune", "runs/poker", cwd=runs)
    assert succeed("prune", "runs/poker", "--keep-latest", 10, cwd=runs)
    for wrong, sentence in (
        ((tmp_path / "nothing",), "there is no run"),
        (("runs/poker", "--keep-latest", -1), "ask for 0"),
    ):
        done = run("prune", *wrong, cwd=runs)
        assert (done.returncode, sentence in done.stderr) == (2, True)
    assert not (tmp_path / "nothing").exists()


def test_a_league_of_several_games_has_a_ladder_for_each(tmp_path):
    learner = f"language_model(model={str(tiny_folder())!r}, max_tokens=12)"
    (tmp_path / "two.toml").write_text(f"""
games = ["kuhn_poker", "matching_pennies"]
[training]
algorithm = "token_policy_gradient"
updates = 1
matches = 4
[learners.main]
player = "{learner}"
[rating]
pairs = 2
block_pairs = 1
""")
    shown = succeed("train", "two.toml", cwd=tmp_path)
    for line in ("kuhn_poker: kuhn_poker", "matching_pennies: matching_pennies", "all games: place and Elo"):
        assert line in shown
    assert "main-1" in shown
    assert shown.splitlines()[:-1] == succeed("ratings", "runs/two", cwd=tmp_path).splitlines()
    written = succeed("report", "runs/two", cwd=tmp_path).splitlines()
    assert [line.split("/")[-2] for line in written] == ["kuhn_poker", "matching_pennies"]
    # 4 training matches, and in each game 4 that rate.
    assert "of 12 matches" in succeed("prune", "runs/two", cwd=tmp_path)
    for asked in (["replay", "runs/two"], ["export", "runs/two", "all.csv"]):
        refused = run(*asked, cwd=tmp_path)
        assert refused.returncode == 2
        assert "holds several games, each in a folder of its own: name one, runs/two/kuhn_poker" in refused.stderr
    assert "vs" in succeed("replay", "runs/two/kuhn_poker", cwd=tmp_path)
