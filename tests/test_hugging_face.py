"""Folders as TRL, verl, prime-rl and oat leave them, made for real from a small model: each plays in one line."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arena
from arena.config import TournamentConfig
from arena.errors import CheckpointError, ConfigError
from arena.game import decision_states
from arena.hugging_face import chat_parameters, digest, label
from arena.player import Request, Requests
from arena.players.prompt import Style, conversation
from arena.registry import checkpoint_digest, load_game, load_player
from arena.trainers.tiny_model import make
from tests.command_line import succeed

KUHN = load_game("kuhn_poker")
ASKED = [Request(KUHN, *place) for place in decision_states(KUHN, 1000)]


class Bomb:
    """Whoever unpickles this leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.trace),)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder of trainers' outputs; what is pickled in them makes the folder `opened` when it is opened."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    place = tmp_path_factory.mktemp("trained")
    base = place / "base"
    make(base, [m.content for r in ASKED for m in conversation(r, Style())], width=32, layers=1, heads=2)
    bomb = pickle.dumps(Bomb(place / "opened"))
    pickle.loads(bomb)
    (place / "opened").rmdir()  # it works, so it would be noticed

    def model(folder: Path, seed: int, **how: Any) -> Path:
        """Save a model that was trained a little, as transformers does."""
        shutil.copytree(base, folder, ignore=shutil.ignore_patterns("*.safetensors"))
        trained = AutoModelForCausalLM.from_pretrained(base, use_safetensors=True)
        noise = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for weight in trained.parameters():
                weight += 0.3 * torch.randn(weight.shape, generator=noise)
        trained.save_pretrained(folder, **how)
        return folder

    def adapter(folder: Path, seed: int) -> Path:
        with torch.random.fork_rng():
            torch.random.manual_seed(seed)
            made = get_peft_model(
                AutoModelForCausalLM.from_pretrained(base, use_safetensors=True),
                LoraConfig(r=4, target_modules=["q_proj", "v_proj", "up_proj"], init_lora_weights=False),
            )
        made.save_pretrained(folder)
        return folder

    def beside(folder: Path, *names: str) -> None:
        for name in names:
            (folder / name).write_bytes(bomb)

    state = ("training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth")
    for step in (100, 200):
        beside(model(place / f"trl/checkpoint-{step}", step, max_shard_size="20KB"), *state)
        (place / f"trl/checkpoint-{step}/trainer_state.json").write_text("{}")
    lora = adapter(place / "trl-lora/checkpoint-200", 7)
    for file in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if (base / file).is_file():
            shutil.copy(base / file, lora)
    beside(lora, *state)
    actor = place / "verl/global_step_10/actor"
    model(actor / "huggingface", 3)
    adapter(actor / "lora_adapter", 4)
    beside(actor, "extra_state_world_size_1_rank_0.pt", "optim_world_size_1_rank_0.pt")
    sharded = place / "verl/global_step_20/actor"
    shutil.copytree(base, sharded / "huggingface", ignore=shutil.ignore_patterns("*.safetensors"))
    beside(sharded, "model_world_size_2_rank_0.pt", "model_world_size_2_rank_1.pt")
    for step in (9, 10):
        (model(place / f"prime-rl/weights/step_{step}", step) / "STABLE").touch()
    (place / "prime-rl/checkpoints/step_10").mkdir(parents=True)
    beside(place / "prime-rl/checkpoints/step_10", "__0_0.distcp")
    model(place / "oat/saved_models/step_00100", 6)
    old = place / "old/checkpoint-1"
    shutil.copytree(base, old, ignore=shutil.ignore_patterns("*.safetensors"))
    beside(old, "pytorch_model.bin")
    yield place
    assert not (place / "opened").exists()


PLAYABLE = {
    "trl/checkpoint-200": "trl/checkpoint-200",
    "trl-lora/checkpoint-200": "trl-lora/checkpoint-200",
    "verl/global_step_10/actor/huggingface": "verl/global_step_10",
    "verl/global_step_10/actor/lora_adapter": "verl/global_step_10",
    "prime-rl/weights/step_10": "prime-rl/step_10",
    "oat/saved_models/step_00100": "oat/step_00100",
}


def law(spec: str) -> np.ndarray:
    """Return what a player does at every information set of Kuhn poker, held to legal moves."""
    return load_player(spec, KUHN).policy(Requests(ASKED))


@pytest.mark.parametrize("folder", PLAYABLE)
def test_each_plays_as_what_it_is(place: Path, folder: str) -> None:
    """Its law is that of chat(model=…, adapter=…) written in full, and not that of the model it began as."""
    where = f"{place}/{folder}"
    adapted = (place / folder / "adapter_config.json").is_file()
    model, adapter = (place / "base", f', adapter="{where}"') if adapted else (where, "")
    found = law(f"{where}(constrained=True)")
    np.testing.assert_allclose(found, law(f'chat(model="{model}"{adapter}, constrained=True)'), atol=1e-6)
    assert np.abs(found - law(f'chat(model="{place}/base", constrained=True)')).max() > 1e-3
    assert load_player(where, KUHN).name == PLAYABLE[folder]


def test_they_meet_in_one_line(place: Path) -> None:
    short = "(max_tokens=4)"
    line = ("trl/checkpoint-200", f"prime-rl/weights/step_9{short}", "--game", "kuhn_poker", "--pairs", 2)
    shown = succeed("pit", f"{line[0]}{short}", *line[1:], cwd=place)
    assert f"trl/checkpoint-200{short}" in shown
    assert f"prime-rl/step_9{short}" in shown
    assert "pairs" in shown


def test_they_stand_in_a_tournament_and_a_folder_that_changed_is_another_player(place: Path, tmp_path: Path) -> None:
    mine = tmp_path / "checkpoint-100"
    shutil.copytree(place / "trl/checkpoint-100", mine)
    spec = f"{mine}(max_tokens=2)"
    lora = f"{place}/trl-lora/checkpoint-200(max_tokens=2)"
    config = TournamentConfig(
        game="kuhn_poker", pairs=1, block_pairs=1, entrants={"uniform": "uniform", "mine": spec, "lora": lora}
    )
    assert {row.name for row in arena.tournament(config, tmp_path / "run").rows} == set(config.entrants)
    before = checkpoint_digest(spec)
    assert before == digest(place / "trl/checkpoint-100") != digest(place / "trl/checkpoint-200")
    shutil.rmtree(mine)
    shutil.copytree(place / "trl/checkpoint-200", mine)
    with pytest.raises(ConfigError, match=re.escape(f"entrant 'mine' was {spec!r} {before}")):
        arena.tournament(config, tmp_path / "run")


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [
        ("verl/global_step_20/actor/huggingface", "verl_model_merger"),
        ("verl/global_step_20/actor", "verl_model_merger"),
        ("verl/global_step_20", "it has no manifest.json"),
        ("verl/global_step_10", "there are players in it: PLACE/verl/global_step_10/actor/huggingface"),
        ("prime-rl", "there are players in it: PLACE/prime-rl/weights/step_9, PLACE/prime-rl/weights/step_10"),
        ("prime-rl/checkpoints/step_10", "__0_0.distcp is not opened, as pickled files can run code"),
        ("old/checkpoint-1", "pytorch_model.bin is pickled, so it could run code, and is not opened; if you trust it"),
        ("nowhere/checkpoint-1", "there is no folder PLACE/nowhere/checkpoint-1"),
    ],
)
def test_what_cannot_be_played_gets_one_sentence_that_says_what_to_do(place: Path, folder: str, sentence: str) -> None:
    if sentence == "verl_model_merger":
        sentence = f"python -m verl.model_merger merge --backend fsdp --local_dir {place}/verl/global_step_20/actor"
    with pytest.raises(CheckpointError) as caught:
        load_player(f"{place}/{folder}", KUHN)
    assert sentence.replace("PLACE", str(place)) in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_a_shard_that_was_not_copied_is_named(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "trl/checkpoint-200", tmp_path / "part")
    gone = sorted((tmp_path / "part").glob("model-*.safetensors"))[1]
    gone.unlink()
    with pytest.raises(CheckpointError, match=f"{gone} is missing: copy the whole folder again"):
        load_player(str(tmp_path / "part"), KUHN)


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("Qwen/Qwen3-4B", "its model 'Qwen/Qwen3-4B' is neither a folder here nor in the local cache"),
        ("gone/model/of/mine", "its model 'gone/model/of/mine' is neither"),
        (None, "it names no model"),
    ],
)
def test_an_adapter_whose_model_is_elsewhere_says_how_to_name_it(
    place: Path, tmp_path: Path, base: str | None, said: str
) -> None:
    folder = tmp_path / "lora"
    shutil.copytree(place / "trl-lora/checkpoint-200", folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": base}))
    with pytest.raises(CheckpointError) as caught:
        load_player(str(folder), KUHN)
    assert said in str(caught.value)
    assert f'chat(model="MODEL", adapter="{folder}")' in str(caught.value)
    assert load_player(f'{folder}(model="{place}/base", max_tokens=3)', KUHN).member == str(folder)


def test_an_arena_checkpoint_is_what_it_was(place: Path, tmp_path: Path) -> None:
    """Even where it lies beside a config.json."""
    load_player("net(hidden=[4])", KUHN, seed=1).save(tmp_path / "net")
    (tmp_path / "net" / "config.json").write_text("{}")
    assert type(load_player(str(tmp_path / "net"), KUHN)).__name__ == "Net"


def test_large_files_are_told_apart_by_samples_and_both_ends(tmp_path: Path) -> None:
    """What lies between is not read: a model of 16 GB would take half a minute."""
    found = []
    for at in (None, 0, 3 << 20, (3 << 20) + (1 << 19), (6 << 20) - 1):
        weights = bytearray(6 << 20)
        if at is not None:
            weights[at] = 1
        (tmp_path / "model.safetensors").write_bytes(weights)
        found.append(digest(tmp_path))
    plain, first, middle, between, last = found
    assert len({plain, first, middle, last}) == 4
    assert between == plain
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}", encoding="utf-8")
    assert digest(tmp_path) != last


def test_an_adapter_is_another_on_another_model(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(base)}), encoding="utf-8")
    before = digest(tmp_path)
    (base / "config.json").write_text('{"changed": true}', encoding="utf-8")
    assert digest(tmp_path) != before


def test_a_folder_is_not_played_under_the_name_of_another(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is the model itself: leave out model = 'other'"):
        chat_parameters(tmp_path, {"model": "other"})


def test_names_that_say_nothing_are_passed_over() -> None:
    assert label(Path("/a/run/global_step_5/actor/huggingface")) == "run/global_step_5"
    assert label(Path("/a/run/weights/step_5")) == "run/step_5"
    assert label(Path("/a/qwen3-4b")) == "qwen3-4b"
    assert label(Path("/step_5")) == "step_5"
