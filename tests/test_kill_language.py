"""Training of a language model is really killed, at certain places, and started again with the same command."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from arena.store import Store

LEAGUE = """
game = "kuhn_poker"
seed = 5
[base]
width = 32
layers = 1
matches = 100
epochs = 3
learning_rate = 0.02
[training]
algorithm = "token_policy_gradient"
updates = 6
matches = 8
learning_rate = 0.002
[training.token_policy_gradient]
kl_weight = 0.2
reference_rate = 0.1
warmup = 0
[learners.main]
player = "language_model(model='base', answer='brackets', max_tokens=8, rank=4)"
[schedule]
checkpoint_every = 2
snapshot_every = 4
[rating]
pairs = 2
"""

# Every run is a process of its own, but a child of one that has imported everything, which takes most of the time.
KILLER = """
import json
import os
import signal
import sys
from importlib import import_module

import peft
import transformers.models.llama.modeling_llama
from arena.cli import main
for name in ("behaviour_cloning", "base_model", "loop"):
    import_module(f"arena.trainers.{name}")
import_module("arena.players.engines.transformers_engine")


def die_at(place, call):
    module, path = place.split(":")
    *owner, name = path.split(".")
    holder = import_module(module)
    for part in owner:
        holder = getattr(holder, part)
    real, calls = getattr(holder, name), []

    def counted(*args, **kwargs):
        calls.append(place)
        if len(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)

    setattr(holder, name, counted)


arguments, places = json.loads(sys.argv[1])
ends = []
for place, call in places:
    child = os.fork()
    if not child:
        if call:
            die_at(place, call)
        sys.argv = ["arena", *arguments]
        main()
        os._exit(0)
    ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(json.dumps(ends))
"""
QUIET = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}


NOWHERE = ("", 0)


def killed_at(file: Path, folder: Path, *places: tuple[str, int]) -> None:
    """Run the league once for each place, and kill it there: a function, and which of its calls does not come back."""
    asked = json.dumps([["train", str(file), "--run", str(folder)], places])
    done = subprocess.run([sys.executable, "-c", KILLER, asked], capture_output=True, text=True, env=QUIET, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = [0 if place == NOWHERE else -signal.SIGKILL for place in places]
    assert json.loads(done.stdout.splitlines()[-1]) == wanted, done.stdout + done.stderr


def finish(file: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "arena", "train", str(file), "--run", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=QUIET, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[Path, Path]:
    """Return the league's file, and the folder of a run of it that nobody disturbed."""
    folder = tmp_path_factory.mktemp("language")
    (folder / "league.toml").write_text(LEAGUE)
    finish(folder / "league.toml", folder / "whole")
    return folder / "league.toml", folder / "whole"


def memory(run: Path) -> dict[str, dict[str, np.ndarray]]:
    """Return all weights and moments that a run has kept, by their files."""
    return {
        path.relative_to(run).as_posix(): load_file(path)
        for part in ("base", "checkpoints", "training")
        for path in sorted((run / part).rglob("*.safetensors"))
    }


def numbers(run: Path) -> dict[str, object]:
    """Return the baselines and the steps of the optimiser."""
    return json.loads((run / "training" / "main-6" / "shared" / "trainer.json").read_text())


def training(run: Path) -> list[tuple[str, int, int]]:
    """Return key, update and the version of the weights that played, of every training match that is kept."""
    with Store.read(run) as store:
        found = []
        for record in store.records():
            if record.kind == "train":
                (version,) = {int(trace["version"]) for trace in store.traces(record.key).values()}
                found.append((record.key, record.step, version))
    return sorted(found)


def assert_the_same_came_of_it(killed_run: Path, whole_run: Path, atol: float) -> None:
    with Store.read(whole_run) as whole, Store.read(killed_run) as killed:
        assert killed.tallies() == whole.tallies()
        assert sorted(killed.records(), key=key) == sorted(whole.records(), key=key)
        for (step, name, value), (_, _, wanted) in zip(
            killed.measures("nash_conv"), whole.measures("nash_conv"), strict=True
        ):
            assert value == pytest.approx(wanted, abs=atol), (step, name)
        assert [player[:4] for player in killed.players()] == [player[:4] for player in whole.players()]
    mine, theirs = memory(killed_run), memory(whole_run)
    assert mine.keys() == theirs.keys()
    for file, tensors in theirs.items():
        assert mine[file].keys() == tensors.keys()
        for name, tensor in tensors.items():
            np.testing.assert_allclose(mine[file][name], tensor, rtol=0, atol=atol, err_msg=f"{file} {name}")
    assert numbers(killed_run) == numbers(whole_run)
    assert training(killed_run) == training(whole_run)
    for _, step, version in training(killed_run):
        assert version == step - 1  # nothing is left of what weights have played that a kill has lost


def key(record):
    return record.key


def test_killed_between_its_matches_it_ends_with_the_same_bits(whole, tmp_path) -> None:
    file, undisturbed = whole
    killed_at(
        file,
        tmp_path / "killed",
        ("arena.trainers.behaviour_cloning:answer_loss", 3),  # while the base is taught
        ("arena.trainers.optimiser:Adam.apply", 2),  # in an update: there is a gradient, and no step yet
        ("arena.players.language_model:LanguageModel.sync", 3),  # learned, and not yet played
        ("arena.checkpoint:write", 2),  # the player's folder is there, the trainer's is not
        ("arena.store:Store.put_tallies", 1),  # both are there, and not published
        ("arena.store:Store.put_measures", 1),  # a snapshot has played its rating matches, and is not measured
        NOWHERE,
    )
    assert_the_same_came_of_it(tmp_path / "killed", undisturbed, atol=0.0)
    with Store.read(undisturbed) as one, Store.read(tmp_path / "killed") as other:
        assert one.meta("digest") == other.meta("digest")


def test_killed_in_a_rollout_it_keeps_what_was_played_and_forgets_what_lost_weights_have_played(
    whole, tmp_path
) -> None:
    file, undisturbed = whole
    run = tmp_path / "killed"
    killed_at(
        file,
        run,
        ("arena.players.language_model:LanguageModel.sync", 4),  # two updates after the checkpoint that is left
        ("arena.store:Store.add", 2),  # the matches of the first are known, of the second there are some
    )
    kept = training(run)
    played = Counter(step for _, step, _ in kept)
    assert 0 < played.pop(4) < 8
    assert played == {1: 8, 2: 8, 3: 8}
    with Store.read(run) as store:
        traces = {key: store.traces(key) for key, *_ in kept}
    finish(file, run)
    # Whoever is left plays in a smaller batch, whose sums come out otherwise in the last bits; where a gradient is
    # hardly more than that, Adam makes up to a hundredth of a step of it.
    assert_the_same_came_of_it(run, undisturbed, atol=1e-4)
    with Store.read(run) as store:
        for key, turns in traces.items():
            for place, trace in store.traces(key).items():
                assert trace["logp"].tobytes() == turns[place]["logp"].tobytes()  # not drawn again
