"""A watched run of a language model: its log, its alarms, its way back, and its benchmark on the side."""

from __future__ import annotations

import json

import numpy as np
import pytest

from arena import checkpoint
from arena.config import LeagueConfig
from arena.config.phases import PhasesConfig
from arena.errors import ConfigError
from arena.store import Store
from arena.trainers import loop, watch
from arena.trainers.alarms import Alarm
from arena.trainers.loop import train
from tests.language import tiny_folder


def config(**changes) -> LeagueConfig:
    player = f"language_model(model={str(tiny_folder())!r}, max_tokens=12)"
    return LeagueConfig.model_validate(
        {
            "game": "kuhn_poker",
            "training": {
                "algorithm": "token_policy_gradient",
                "updates": 6,
                "matches": 6,
                "token_policy_gradient": {"kl_weight": 0.1},
            },
            "learners": {"main": {"player": player}},
            "schedule": {"checkpoint_every": 2, "snapshot_every": 2},
            "rating": {"pairs": 3, "block_pairs": 2},
            **changes,
        }
    )


def log_of(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()][1:]


def test_a_run_is_logged_measured_and_goes_on(tmp_path) -> None:
    told = []
    train(config(), tmp_path, told.append)
    lines = log_of(tmp_path)
    updates = [line for line in lines if "gradient_norm" in line]
    assert [line["step"] for line in updates] == list(range(1, 7))
    for name in ("entropy", "kl", "ratio_gap", "length_mean", "invalid", "win_rate_seat_0", "baseline_seat_1"):
        assert name in updates[-1], name
    rated = [line for line in lines if "nash_conv" in line]
    assert [line["step"] for line in rated] == [2, 4, 6]
    assert {"anchor_win_rate", "forfeits"} <= rated[0].keys()
    with Store.read(tmp_path) as store:
        measured = store.measures("nash_conv")
        assert [name for _, name, _ in measured] == ["main-2", "main-4", "main-6"]
        assert [line["nash_conv"] for line in rated] == [value for _, _, value in measured]
        assert len(store.measures("forfeits")) == 3
    train(config(tracking={"to": ["tensorboard"]}), tmp_path)  # what is told to whom makes no other run
    assert log_of(tmp_path) == lines


def test_a_learner_goes_back_and_on_from_there(tmp_path, monkeypatch) -> None:
    """An alarm that is made up, at update 4, about what has gone wrong since update 3."""

    def wrong(history, limits):
        at = history[-1][0] if history else 0
        return [Alarm("invalid", at, 3, "It is made up.", True)] if at == 4 else []

    monkeypatch.setattr("arena.trainers.roll_back.alarms", wrong)
    monkeypatch.setattr(watch, "new_alarms", wrong)
    told, loaded = [], []
    load = loop.SelfPlay._load
    monkeypatch.setattr(loop.SelfPlay, "_load", lambda run, learner: (loaded.append(run.step), load(run, learner))[1])
    train(config(alarms={"roll_backs": 1}), tmp_path, told.append)
    back = [p.rolled_back for p in told if p.rolled_back]
    assert [(b.at, b.to, b.step, b.why) for b in back] == [(4, "main-2", 2, "It is made up.")]
    assert loaded == [4]
    assert [p.alarms for p in told if p.alarms] == [["main: It is made up."]]
    with Store.read(tmp_path) as store:
        assert store.meta("roll_backs") == {"main": [back[0]._asdict()]}
        assert [m.name for m in store.players() if m.kind == "snapshot"] == ["main-2", "main-4", "main-6"]
    assert [line["step"] for line in log_of(tmp_path) if "gradient_norm" in line] == list(range(1, 7))
    assert sorted(p.name for p in (tmp_path / "training").iterdir()) == ["main-2", "main-4", "main-6"]


def test_reasoning_is_measured_before_during_and_after(tmp_path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"question": "2 + 2", "answer": "4"}\n{"question": "1 + 2", "answer": "3"}\n')
    transfer = {"questions": str(questions), "samples": 2, "max_tokens": 8}
    train(config(transfer=transfer), tmp_path / "run")
    with Store.read(tmp_path / "run") as store:
        measured = store.measures("pass_at_1")
        assert [(step, name) for step, name, _ in measured] == [
            *[(0, "main-before"), (2, "main-2"), (4, "main-4"), (6, "main-6")]
        ]
        assert all(0 <= value <= 1 for *_, value in measured)
    with Store.read(tmp_path / "run" / "transfer") as store:
        assert store.count() == 4 * 2 * 2
        assert {record.kind for record in store.records()} == {"benchmark"}
    missing = {**transfer, "questions": str(tmp_path / "none.jsonl")}
    with pytest.raises(ConfigError, match=r"transfer\.questions: there is no file"):
        train(config(transfer=missing), tmp_path / "other")
    with pytest.raises(ValueError, match="asks language models, and this run has none"):
        LeagueConfig.model_validate({"game": "kuhn_poker", "training": {"updates": 3}, "transfer": transfer})


def test_nets_are_logged_too_without_alarms(tmp_path) -> None:
    nets = LeagueConfig.model_validate(
        {
            "game": "kuhn_poker",
            "training": {"updates": 4, "matches": 8},
            "learners": {"main": {"player": "net(hidden=[4])"}},
            "schedule": {"checkpoint_every": 2, "snapshot_every": 4},
            "rating": {"pairs": 3, "block_pairs": 2},
        }
    )
    train(nets, tmp_path)
    updates = [line for line in log_of(tmp_path) if "kl" in line]
    assert [line["step"] for line in updates] == [1, 2, 3, 4]
    assert np.isfinite([line["entropy"] for line in updates]).all()


def test_where_roles_learn_in_turn_an_update_is_compared_with_those_of_its_role(tmp_path, monkeypatch) -> None:
    """A role that rests has not lost its entropy."""
    seen = []
    monkeypatch.setattr(watch, "new_alarms", lambda history, config: seen.append([step for step, _ in history]) or [])
    changed = config(opponents={"latest": 0.0, "anchors": 1.0})
    training = changed.training.model_copy(update={"phases": PhasesConfig(in_turn={"first": 1, "second": 2})})
    per_role = {"main": changed.learners["main"].model_copy(update={"policies": "per_role"})}
    train(changed.model_copy(update={"training": training, "learners": per_role}), tmp_path)
    assert seen == [[1], [2], [2, 3], [1, 4], [2, 3, 5], [2, 3, 5, 6]]
    updates = [line for line in log_of(tmp_path) if "gradient_norm" in line]
    assert [line["step"] for line in updates] == list(range(1, 7))
    assert all(line["entropy"] > 0 for line in updates)
    with Store.read(tmp_path) as store:
        weights = {
            role: [checkpoint_of(store, tmp_path, step, role) for step in (2, 4, 6)] for role in ("first", "second")
        }
    assert weights["first"][0] != weights["first"][1] == weights["first"][2]
    assert len(set(weights["second"])) == 3


def checkpoint_of(store, folder, step, role) -> str:
    """Return the digest of the weights of one role in a snapshot."""
    (member,) = [m for m in store.players() if m.kind == "snapshot" and m.step == step]
    return checkpoint.read(folder / member.spec / role).files["model.safetensors"]
