"""From recorded matches to a folder that plays better: a round of SPC with a small real model, and what is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import arena
from arena.demonstrations import demonstrations
from arena.errors import ConfigError, UnknownName
from arena.player import Request, Requests
from arena.record import Record, Turn
from arena.registry import find, load_player
from arena.store import Store
from arena.trainers import imitation
from arena.trainers.improvement import PROVENANCE, TOO_LONG, Improved, Settings, run
from arena.trainers.recorded_answers import answers_of
from arena.trainers.tiny_model import make

GAME = arena.load_game("inspection(catch=[0.9, 0.1])")
"""Against a sneaky player who does not care, the critic does well to look for errors of kind 1."""


def keep(folder: Path, records: list[Record]) -> Path:
    with Store.open(folder) as store:
        with store.transaction():
            store.put_meta({"format": "pit", "config": {"game": GAME.spec}, "fingerprint": GAME.fingerprint})
        store.add(records)
    return folder


def spec(model: Path, adapter: str = "") -> str:
    return f"chat(model='{model}', max_tokens=16{f', adapter={adapter!r}' if adapter else ''})"


def record(place: Path, name: str, model: str, matches: int, seed: int) -> Path:
    """Play a round: the critic of a folder against a sneaky player who draws by lot."""
    players = ["uniform", spec(place / model)]
    return keep(place / name, arena.play(GAME, players, matches, seed))


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A critic who was taught to choose by lot, and two rounds that it has played."""
    place = tmp_path_factory.mktemp("improvement")
    keep(place / "lot", played := arena.play(GAME, ["uniform", "uniform"], 150))
    texts = find("lessons", "chat")
    make(place / "tiny", [t for r in played for d in demonstrations(r, GAME) for t in texts(*d)], width=48, layers=2)
    imitation.run(spec(place / "tiny"), [place / "lot"], place / "critic-0", "", lambda *_: None)
    record(place, "round-1", "critic-0", 200, seed=1)
    record(place, "round-2", "critic-0", 100, seed=2)
    return place


def improve(
    place: Path, to: str, *runs: str, model="critic-0", role="critic", who="", examples: tuple[str, ...] = (), **how
) -> Improved:
    played, shown = ([place / name for name in names] for names in (runs, examples))
    return run(spec(place / model), played, place / to, role, who, shown, lambda *_: None, **how)


def law(player: str) -> np.ndarray:
    """Return how likely a critic looks for each kind, and that it says neither: exactly."""
    critic = load_player(player, GAME)
    return critic.law(Requests([Request(GAME, ("kind 1",), 1)]))[0]


def worth(player: str) -> float:
    """Return what a critic gets against a sneaky player who draws by lot: exactly, forfeits included."""
    first, second, none = law(player)
    return float(0.5 * (first * 0.9 + second * 0.1) + none * GAME.forfeit(1)[1])


@pytest.fixture(scope="module")
def improved(place) -> Improved:
    return improve(place, "critic-1", "round-1", epochs=10)


def test_answers_that_were_paid_better_become_likelier_and_the_critic_gets_more(place, improved) -> None:
    before, after = spec(place / "critic-0"), improved.player
    assert after == spec(place / "critic-1")
    assert improved.answers >= 200
    assert 0.1 < improved.payoff < 0.4
    assert law(after)[0] > law(before)[0] + 0.15
    assert worth(after) > worth(before) + 0.05
    assert improved.after.raised > 1.02
    records = arena.play(GAME, ["uniform", after], 300, seed=9)
    looked = np.mean([any(turn[:2] == (1, "kind 1") for turn in record.turns) for record in records])
    assert looked == pytest.approx(law(after)[0], abs=0.12), "what plays is what was measured"


def test_beside_the_weights_stands_what_they_learned_from(place, improved) -> None:
    told = json.loads((place / "critic-1" / PROVENANCE).read_text())
    assert (told["role"], told["learned"], told["before"], told["examples"]) == ("critic", "all players", [], 0)
    assert told["runs"][0]["run"] == str(place / "round-1")
    assert told["runs"][0]["answers"] == told["answers"] == improved.answers
    assert told["settings"] == {**Settings()._asdict(), "epochs": 10, "rate": 1e-3}
    assert [epoch["clipped"] for epoch in told["epochs"]] == [sight.clipped for sight in improved.epochs]
    assert len(improved.epochs) == 10


def test_the_same_inputs_and_seed_make_the_same_weights_and_every_round_begins_from_round_0(place) -> None:
    for name, how in {"one": {}, "two": {}, "other": {"seed": 1}}.items():
        found = improve(place, name, "round-1", "round-2", epochs=1, **how)
        assert found.epochs[0].raised == pytest.approx(1.0, abs=0.1)
    one, two, other = ((place / name / "model.safetensors").read_bytes() for name in ("one", "two", "other"))
    assert one == two != other


def test_a_model_learns_from_no_run_twice(place, improved) -> None:
    with pytest.raises(ConfigError, match=r"critic-1 has learned from .*round-1 already: to pool rounds, begin from"):
        improve(place, "x", "round-2", "round-1", model="critic-1")
    with pytest.raises(ConfigError, match="round-2 is named twice, and its matches would count twice"):
        improve(place, "x", "round-2", "round-2")
    improve(place, "critic-2", "round-2", model="critic-1", epochs=1)
    assert json.loads((place / "critic-2" / PROVENANCE).read_text())["before"] == [str(place / "round-1")]
    for name in ("round-1", "round-2"):
        with pytest.raises(ConfigError, match="has learned from"):
            improve(place, "x", name, model="critic-2")
    assert not (place / "x").exists()


def test_what_it_learned_from_is_remembered_whatever_teaches_it_next(place, improved) -> None:
    cloned = json.loads((place / "critic-0" / imitation.PROVENANCE).read_text())
    assert json.loads((place / "critic-1" / imitation.PROVENANCE).read_text()) == cloned
    player, lessons, few = spec(place / "critic-1"), [place / "lot"], {"decisions": 20}
    imitation.run(player, lessons, place / "reminded", "", lambda *_: None, **few)
    assert json.loads((place / "reminded" / imitation.PROVENANCE).read_text())["decisions"] < cloned["decisions"]
    with pytest.raises(ConfigError, match=r"reminded has learned from .*round-1 already"):
        improve(place, "x", "round-1", model="reminded")
    imitation.run(player, lessons, place / "worn", "", lambda *_: None, adapter=True, **few)
    assert not (place / "worn" / PROVENANCE).exists()


def test_examples_are_imitated_beside_the_answers(place) -> None:
    """Of a run in which everybody looks for kind 2, whatever that has been paid."""
    keep(place / "second", arena.play(GAME, ["uniform", "script(prefer='kind 2')"], 30))
    found = improve(place, "shown", "round-1", examples=("second",), epochs=4, example_weight=5.0)
    assert found.examples == 30
    assert found.after.examples < found.epochs[0].examples
    assert law(found.player)[1] > law(spec(place / "critic-0"))[1] + 0.2


def test_an_adapter_leaves_the_model_as_it_is_and_is_played_on_it(place) -> None:
    before = (place / "critic-0" / "model.safetensors").read_bytes()
    found = improve(place, "adapter", "round-1", adapter=True, epochs=1, rate=1e-2)
    assert found.player == spec(place / "critic-0", adapter=str(place / "adapter"))
    assert (place / "critic-0" / "model.safetensors").read_bytes() == before
    weights = load_file(place / "adapter" / "adapter_model.safetensors")
    assert any(np.abs(weight).max() > 0 for name, weight in weights.items() if "lora_B" in name)
    assert law(found.player).sum() == pytest.approx(1.0)


def test_what_is_too_long_is_left_out_whole_and_told(place) -> None:
    """No prompt is cut on the left, where its problem stands."""
    played = arena.play(GAME, ["uniform", "script(prefer='kind 1')"], 5)
    for i in (1, 3):
        seat, action, *_ = played[i].turns[1]
        turns = (
            played[i].turns[0],
            Turn(seat, action, f"So many words. <answer>{action}</answer>"),
            *played[i].turns[2:],
        )
        played[i] = replace(played[i], turns=turns)
    keep(place / "talk", played)
    whole = max(len(p) + len(a) for p, a in answers_of(spec(place / "tiny"), [place / "talk"], "critic", "").pairs)
    shutil.copytree(place / "critic-0", place / "narrow")
    config = place / "narrow" / "config.json"
    for room, left_out in ((whole, {}), (whole - 1, {TOO_LONG: 2})):
        config.write_text(json.dumps({**json.loads(config.read_text()), "max_position_embeddings": room}))
        found = improve(place, f"room-{room}", "talk", model="narrow", epochs=1)
        assert (found.answers, found.left_out) == (5 - sum(left_out.values()), left_out)
    config.write_text(json.dumps({**json.loads(config.read_text()), "max_position_embeddings": 10}))
    with pytest.raises(ConfigError, match=r"narrow reads 10 tokens at most, and every answer is longer"):
        improve(place, "none", "talk", model="narrow", epochs=1)


MISTAKES = {
    "an unknown role": ({"role": "critc"}, ConfigError, r"has no role 'critc'; there are sneaky, critic"),
    "nobody": ({"who": "nobody"}, UnknownName, "shows no answer of 'nobody' in the role critic"),
    "no epoch": ({"epochs": 0}, ConfigError, "epochs = 0 teaches nothing"),
    "no step": ({"step_answers": 0}, ConfigError, "step_answers = 0 teaches nothing"),
    "no tokens": ({"batch_tokens": 0}, ConfigError, "batch_tokens = 0 teaches nothing"),
    "no band": ({"clip": 0.0}, ConfigError, "clip = 0 leaves no band around 1"),
    "no weight": ({"example_weight": -1.0}, ConfigError, "example_weight = -1 is no weight"),
    "no rate": ({"rate": 2.0}, ConfigError, "rate = 2 is no learning rate"),
}


@pytest.mark.parametrize(("how", "error", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_a_sentence_and_writes_nothing(place, how, error, sentence) -> None:
    with pytest.raises(error, match=sentence):
        improve(place, "new", "round-1", **how)
    assert not (place / "new").exists()


def test_nothing_is_overwritten(place) -> None:
    with pytest.raises(ConfigError, match="critic-0 exists already"):
        improve(place, "critic-0", "round-1")


def test_a_folder_that_does_not_say_what_it_learned_from_is_a_sentence(place) -> None:
    shutil.copytree(place / "critic-0", place / "broken")
    (place / "broken" / PROVENANCE).write_text("{}")
    with pytest.raises(ConfigError, match=f"{PROVENANCE} cannot be read"):
        improve(place, "new", "round-1", model="broken")
