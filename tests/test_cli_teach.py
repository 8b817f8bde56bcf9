"""The offline quickstart on the command line: a model made on the spot, games, lessons, and a match."""

import json
import signal
import subprocess
import sys
import time

import pytest

from arena.store import Store
from tests.command_line import run, succeed

GAMES = """
game = "kuhn_poker"
pairs = 25
[entrants]
uniform = "uniform"
twin = "uniform"
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder with a small model and recorded games."""
    here = tmp_path_factory.mktemp("quickstart")
    (here / "games.toml").write_text(GAMES)
    said = succeed("new", "model", "models/tiny", "--game", "kuhn_poker", cwd=here)
    assert said.splitlines() == [
        "written: models/tiny, a language model of 1,405,920 random weights",
        "next: arena clone \"chat(model='models/tiny')\" RUN --to NEW_FOLDER",
    ]
    succeed("tournament", "games.toml", cwd=here)
    return here


def test_it_may_learn_from_won_matches_alone(here):
    chat = "chat(model='models/tiny', max_tokens=16)"
    said = succeed("clone", chat, "runs/games", "--to", "models/won", "--won", cwd=here)
    with Store.read(here / "runs/games") as store:
        decisions = sum(turn.seat >= 0 for record in store.records() for turn in record.turns)
    assert 0 < int(said.split(" decisions learned")[0]) < 0.7 * decisions


def test_a_model_that_knows_nothing_is_taught_and_plays(here):
    done = run("clone", "chat(model='models/tiny', max_tokens=16)", "runs/games", "--to", "models/kuhn", cwd=here)
    assert done.returncode == 0, done.stderr
    learned, legal, written = done.stdout.splitlines()
    assert learned.endswith("at the end (nats per token)")
    told = json.loads((here / "models" / "kuhn" / "behaviour_cloning.json").read_text())
    assert learned.startswith(f"{told['decisions']} decisions learned in {len(told['losses'])} steps: loss 6.")
    assert told["losses"][-1] < 0.5
    assert legal.startswith("legal replies: ")
    assert written == "written: models/kuhn, which plays as \"chat(model='models/kuhn', max_tokens=16)\""
    assert "learn: " in done.stderr
    assert "shards" not in done.stderr, "the bars of a library ran through ours"
    player = written.partition('"')[2].rstrip('"')
    how = ["--game", "kuhn_poker", "--pairs", 4, "--min-pairs", 4, "--run", "runs/pit"]
    text = succeed("pit", player, "uniform", *how, cwd=here)
    assert "4 pairs" in text
    with Store.read(here / "runs" / "pit") as store:
        records = list(store.records())
    assert len(records) == 8
    assert any(turn.raw == f"<answer>{turn.action}</answer>" for record in records for turn in record.turns)


MISTAKES = {
    "no run": (["models/tiny", "runs/game"], "there is no run runs/game: name the folder"),
    "nothing named": (["models/tiny"], "there is nothing to learn from: name the folder of a run after the model"),
    "no such player": (["models/tiny", "runs/games", "--player", "twins"], "nobody called 'twins' plays in runs/games"),
    "no folder": (["models/tony", "runs/games"], "models/tony is no folder of a model, since it has no config.json"),
    "already there": (["models/tiny", "runs/games", "--to", "models/tiny"], "models/tiny exists already"),
}


@pytest.mark.parametrize(("arguments", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_sentence(here, arguments, sentence):
    model, *rest = arguments
    to = [] if "--to" in rest else ["--to", "models/new"]
    done = run("clone", f"chat(model='{model}')", *rest, *to, cwd=here)
    assert done.returncode == 2
    assert done.stdout == ""
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (here / "models" / "new").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["models/new", "--game", "kuhn_pokr"], "did you mean 'kuhn_poker'?"),
        (["models/tiny", "--game", "kuhn_poker"], "models/tiny exists already, and nothing is overwritten"),
        (["models/new"], "--game"),
    ],
)
def test_no_model_is_made_by_mistake(here, arguments, sentence):
    done = run("new", "model", *arguments, cwd=here)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (here / "models" / "new").exists()


def test_an_interrupt_writes_nothing_and_says_so(here):
    """By a real signal, in the middle of learning."""
    command = [sys.executable, "-m", "arena", "clone", "chat(model='models/tiny')", "runs/games"]
    command += ["--to", "models/never", "--epochs", "1000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=here)
    for line in process.stderr:
        if line.startswith("lessons: "):
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "interrupted: nothing is written\n")
    assert not (here / "models" / "never").exists()


def test_a_model_is_taught_by_what_its_matches_were_paid(here):
    """Killed in the middle it leaves nothing, and the same command does it all again."""
    command = ["improve", "chat(model='models/tiny', max_tokens=16)", "runs/games", "--role", "second"]
    command += ["--player", "twin", "--to", "models/second"]
    started = [sys.executable, "-m", "arena", *command, "--epochs", "1000"]
    process = subprocess.Popen(started, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=here)
    for line in process.stderr:
        if line.startswith("learn: "):
            break
    process.kill()
    process.wait(timeout=60)
    process.stderr.close()
    assert not (here / "models" / "second").exists()
    command += ["--examples", "runs/games", "--epochs", "2"]
    said = succeed(*command, cwd=here).splitlines()
    told = json.loads((here / "models" / "second" / "offline_clipped.json").read_text())
    answers = f"{told['answers']} answers, paid {told['payoff']:+.3f} on average (in units of the game's scale)"
    assert said[0] == answers
    assert said[1] == f"{told['examples']} examples"
    assert [line.partition(":")[0] for line in said[2:5]] == ["epoch 1", "epoch 2", "afterwards"]
    assert said[2].startswith(
        "epoch 1: ratio 1.000 of the answers that were paid, 1.000 of those that cost something; 0%"
    )
    assert said[5:] == ["written: models/second, which plays as \"chat(model='models/second', max_tokens=16)\""]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["runs/game"], "there is no run runs/game: name the folder"),
        ([], "there is nothing to learn from: name the folder of a run after the model"),
        (["runs/games", "--role", "third"], "kuhn_poker has no role 'third'; there are first, second"),
    ],
)
def test_what_teaches_nothing_is_one_sentence(here, arguments, sentence):
    done = run("improve", "chat(model='models/tiny')", *arguments, "--to", "models/none", cwd=here)
    assert done.returncode == 2
    assert done.stdout == ""
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (here / "models" / "none").exists()
