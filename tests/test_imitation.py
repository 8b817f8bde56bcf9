"""From runs to a folder that plays: what is learned, that it can be done again, and what is refused."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import arena
from arena.demonstrations import demonstrations
from arena.errors import ArenaError, ConfigError, PlayerError, StoreError, UnknownName
from arena.player import Requests
from arena.registry import find, load_player
from arena.store import Store
from arena.trainers import imitation, pupil
from arena.trainers.imitation import PROVENANCE, Cloned, Settings, run
from arena.trainers.tiny_model import make

BET = 'script(prefer="bet")'


def keep(folder: Path, game: str, players: list[str], matches: int) -> Path:
    rules = arena.load_game(game)
    with Store.open(folder) as store:
        with store.transaction():
            store.put_meta({"format": "pit", "config": {"game": game}, "fingerprint": rules.fingerprint})
        store.add(arena.play(rules, players, matches))
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs of two games, and a small model that knows their words."""
    place = tmp_path_factory.mktemp("imitation")
    keep(place / "kuhn", "kuhn_poker", ["uniform", BET], 60)
    keep(place / "pennies", "matching_pennies", ["uniform", "uniform"], 30)
    texts = find("lessons", "chat")
    said = []
    for folder in ("kuhn", "pennies"):
        with Store.read(place / folder) as store:
            game = arena.load_game(store.meta("config")["game"])
            said += [text for record in store.records() for d in demonstrations(record, game) for text in texts(*d)]
    make(place / "tiny", said, width=32, layers=1, heads=2)
    return place


def learn(place: Path, to: Path, *runs: str, who: str = "", spec: str = "", **how) -> Cloned:
    spec = spec or f"chat(model='{place}/tiny', max_tokens=40)"
    return run(spec, [place / name for name in runs], to, who, lambda *_: None, **how)


@pytest.fixture(scope="module")
def cloned(place: Path) -> Cloned:
    """A model that has learned what always betting looks like."""
    return learn(place, place / "bets", "kuhn", who=BET, epochs=8, rate=1e-2)


def decided(place: Path, who: str) -> int:
    with Store.read(place / "kuhn") as store:
        game = arena.load_game("kuhn_poker")
        return sum(1 for record in store.records() for _ in demonstrations(record, game, who))


def test_it_learns_to_play_as_one_player_did(place, cloned) -> None:
    assert cloned.before > 5
    assert cloned.after < 0.1
    assert cloned.legal > 0.95
    game = arena.load_game("kuhn_poker")
    player = load_player(cloned.player, game)
    with Store.read(place / "kuhn") as store:
        asked = [d.request for record in store.records() for d in demonstrations(record, game, BET)]
    moves = Counter(move.action for move in player.act(Requests(asked[:50])))
    assert moves["bet"] > 45


def test_it_learns_from_success_alone_where_that_is_asked_for(place, tmp_path) -> None:
    """One update of REINFORCE by 0 and 1: what won is learned, and what did not is passed over."""
    with Store.read(place / "kuhn") as store:
        game = arena.load_game("kuhn_poker")
        won = sum(1 for record in store.records() for _ in demonstrations(record, game, won=True))
    learned = learn(place, tmp_path / "won", "kuhn", won=True)
    assert 0 < won < decided(place, "")
    assert learned.decisions + max(won // 10, 1) == won
    told = json.loads((tmp_path / "won" / PROVENANCE).read_text())
    assert told["settings"]["won"] is True


def test_it_learns_nothing_that_it_is_asked_afterwards(place, monkeypatch, tmp_path) -> None:
    """Of all decisions a tenth is held back, whole."""
    learned, asked = [], []
    monkeypatch.setattr(imitation, "_teach", lambda model, lessons, *_: learned.extend(lessons) or [1.0])
    monkeypatch.setattr(imitation, "_legal", lambda spec, played, *_: asked.extend(played) or 0.5)
    found = learn(place, tmp_path / "x", "kuhn")
    every = decided(place, "")
    assert len(asked) == every // 10
    assert found.decisions == len(learned) == every - len(asked)
    assert found.legal == 0.5


def test_beside_the_weights_stands_what_they_learned_from(place, cloned) -> None:
    said = json.loads((place / "bets" / PROVENANCE).read_text())
    assert said["runs"] == [
        {"run": str(place / "kuhn"), "game": "kuhn_poker", "matches": 60, "decisions": decided(place, BET)}
    ]
    assert said["learned"] == BET
    assert said["decisions"] == cloned.decisions
    assert said["losses"] == cloned.losses
    assert said["settings"] == {**Settings()._asdict(), "epochs": 8, "rate": 1e-2}


def test_the_same_inputs_and_seed_make_the_same_weights(place, tmp_path) -> None:
    for name, how in {"one": {}, "two": {}, "other": {"seed": 1}}.items():
        torch.rand(3)  # other draws do not matter
        learn(place, tmp_path / name, "kuhn", decisions=40, **how)
    one, two, other = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two", "other"))
    assert one == two != other


def test_several_runs_of_several_games_are_learned_together(place, tmp_path) -> None:
    found = learn(place, tmp_path / "both", "kuhn", "pennies", epochs=6, rate=1e-2)
    said = json.loads((tmp_path / "both" / PROVENANCE).read_text())
    assert [(r["game"], r["matches"]) for r in said["runs"]] == [("kuhn_poker", 60), ("matching_pennies", 30)]
    assert said["runs"][1]["decisions"] == 60
    assert found.legal > 0.9


def test_of_more_decisions_than_wanted_it_takes_a_fair_sample(place) -> None:
    """From everywhere in a run alike: how often each decision is kept, over many seeds."""
    every, counts = 60, Counter()
    for seed in range(300):
        settings = Settings(decisions=15, seed=seed)
        played, _ = imitation.gather([place / "pennies"], "", settings, lambda *_: None)
        assert len(played) == 15
        counts.update((d.request.match, d.request.seat) for d in played)
    assert len(counts) == every
    expected = 300 * 15 / every
    assert sum((n - expected) ** 2 / (expected * (1 - 15 / every)) for n in counts.values()) < 110  # p < 1e-4


def test_an_adapter_leaves_the_model_as_it_is_and_is_played_on_it(place, cloned, tmp_path) -> None:
    spec = f"chat(model='{place}/bets')"
    before = (place / "bets" / "model.safetensors").read_bytes()
    found = learn(place, tmp_path / "adapter", "kuhn", spec=spec, adapter=True, epochs=4, rate=1e-2)
    assert found.player == f"chat(model='{place}/bets', adapter='{tmp_path}/adapter')"
    assert found.legal > 0.5
    files = {path.name for path in (tmp_path / "adapter").iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", PROVENANCE} <= files
    assert "model.safetensors" not in files
    assert (place / "bets" / "model.safetensors").read_bytes() == before
    assert found.after < 0.7 * found.before
    learn(place, tmp_path / "again", "kuhn", spec=spec, adapter=True, epochs=4, rate=1e-2)
    one, two = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("adapter", "again"))
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert any(np.abs(weight).max() > 0 for name, weight in one.items() if "lora_B" in name)


MISTAKES = {
    "no folder": ("chat(model='nowhere')", {}, ConfigError, "nowhere is no folder of a model.*arena new model makes"),
    "a server": (
        "chat(model='gpt', engine='openai')",
        {},
        ConfigError,
        "has engine = 'openai', but what can be taught",
    ),
    "no model": ("uniform", {}, ConfigError, "'uniform' has no model, but what can be taught is a folder"),
    "an adapter": ("chat(model='TINY', adapter='x')", {}, ConfigError, "has an adapter already"),
    "thinking": ("chat(model='TINY', thinking=True)", {}, PlayerError, "do not show how to think"),
    "nobody": ("", {"who": "unifrom"}, UnknownName, "nobody called 'unifrom' plays in .*; there are script.*, uniform"),
    "nothing": ("", {"epochs": 0}, ConfigError, "epochs = 0 teaches nothing"),
    "no rate": ("", {"rate": -1.0}, ConfigError, "rate = -1 is no learning rate"),
}


@pytest.mark.parametrize(("spec", "how", "error", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_a_sentence_and_writes_nothing(place, tmp_path, spec, how, error, sentence) -> None:
    with pytest.raises(error, match=sentence):
        learn(place, tmp_path / "x", "kuhn", spec=spec.replace("TINY", f"{place}/tiny"), **how)
    assert list(tmp_path.iterdir()) == []


def test_no_run_and_a_run_without_decisions_are_sentences(place, tmp_path) -> None:
    with pytest.raises(StoreError, match="there is no run"):
        learn(place, tmp_path / "x", "nowhere")
    keep(tmp_path / "empty", "kuhn_poker", ["uniform", "uniform"], 1)
    with Store.open(tmp_path / "empty") as store, store.transaction():
        store._db.execute("DELETE FROM matches")
    with pytest.raises(UnknownName, match="shows no decision: play some matches first"):
        learn(place, tmp_path / "x", str(tmp_path / "empty"))


def test_what_cannot_be_learned_is_not_written(place, tmp_path, monkeypatch) -> None:
    from arena.trainers import behaviour_cloning

    monkeypatch.setattr(behaviour_cloning, "clone", lambda *_, **__: [6.0, float("nan")])
    with pytest.raises(ConfigError, match=r"the loss has become no number.*: try less than rate = 0\.5"):
        learn(place, tmp_path / "x", "kuhn", rate=0.5)
    monkeypatch.undo()
    make(tmp_path / "short", ["bet pass"], width=32, layers=1, heads=2, context=40)
    with pytest.raises(ConfigError, match=r"a decision takes \d+ tokens, but .*short reads 40 at most"):
        learn(place, tmp_path / "x", "kuhn", spec=f"chat(model='{tmp_path}/short')")
    assert not (tmp_path / "x").exists()


def test_nothing_is_overwritten(place) -> None:
    with pytest.raises(ConfigError, match="tiny exists already"):
        learn(place, place / "tiny", "kuhn")


@pytest.mark.parametrize(("package", "adapter"), [("transformers", False), ("peft", True)])
def test_a_missing_package_is_named_with_the_way_to_get_it(place, tmp_path, monkeypatch, package, adapter) -> None:
    monkeypatch.setattr(pupil, "find_spec", lambda name: None if name == package else object())
    with pytest.raises(ArenaError, match=rf"package {package}, which is missing: pip install 'selfplay-arena\[llm\]'"):
        learn(place, tmp_path / "x", "kuhn", adapter=adapter)
