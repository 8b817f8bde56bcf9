"""A real run whose training remembers: what it was paid for, what it keeps, and what a kill in a round leaves of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from arena.config import load
from arena.config.league_file import LeagueConfig
from arena.record import StopReason
from arena.registry import load_game
from arena.store import Store
from arena.trainers.loop import train
from tests.language import tiny_folder
from tests.test_kill_language import NOWHERE, finish, killed_at

LEAGUE = """
game = "challenger_solver(changed={'solvers': 4, 'truth': 'worked', 'examples': 1, 'kept_examples': 1, 'low': 0.0})"
seed = 5
[base]
width = 32
layers = 1
teachers = ["reckoner(slip=0.3, numbers=2, largest=4)"]
matches = 80
epochs = 2
learning_rate = 0.02
[training]
algorithm = "token_policy_gradient"
updates = 6
matches = 6
learning_rate = 0.002
[training.token_policy_gradient]
baseline = "match"
warmup = 0
[training.phases]
in_turn = {challenger = 1, solver = 2}
[learners.main]
player = "language_model(model='base', answer='brackets', max_tokens=12)"
policies = "per_role"
[anchors]
reckoner = "reckoner(slip=0.3, numbers=2, largest=4)"
[schedule]
checkpoint_every = 2
snapshot_every = 4
[rating]
pairs = 2
block_pairs = 2
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the league's file, and the folder of a run of it that nobody disturbed."""
    folder = tmp_path_factory.mktemp("history")
    (folder / "league.toml").write_text(LEAGUE)
    finish(folder / "league.toml", folder / "whole")
    return folder / "league.toml", folder / "whole"


def training(run):
    """Return the training matches of a run by update, in the order of their keys."""
    with Store.read(run) as store:
        records = sorted((r for r in store.records() if r.kind == "train"), key=lambda record: record.key)
    return {step: [r for r in records if r.step == step] for step in sorted({record.step for record in records})}


def remembered(run):
    with Store.read(run) as store:
        return store.meta("history")[""]["main"]


def test_all_tasks_that_were_answered_are_remembered_once_and_in_their_order(whole):
    game = load_game(load(whole[0], LeagueConfig).game)
    history = game.history(0)
    for records in training(whole[1]).values():
        history.remember(records)
    kept = remembered(whole[1])
    assert kept == history.state()
    assert kept["updates"] == 6
    assert 0 < len(kept["tasks"]) <= 36
    assert kept["kept"]


def test_what_was_kept_is_shown_to_the_challenger(whole):
    game = load_game(load(whole[0], LeagueConfig).game)
    kept, shown = set(remembered(whole[1])["kept"]), Counter()
    for records in training(whole[1]).values():
        shown.update(record.turns[0].action in kept - set(game.given) for record in records)
    assert shown[True]


def test_killed_between_matches_a_run_remembers_the_same(whole, tmp_path):
    file, undisturbed = whole
    killed_at(
        file,
        tmp_path / "killed",
        ("arena.players.language_model:LanguageModel.sync", 3),  # learned, and not yet played
        ("arena.games.task_history:TaskHistory.remember", 3),  # an update is over, and nobody knows
        ("arena.checkpoint:write", 2),
        ("arena.store:Store.put_tallies", 1),  # all is written, and not published
        ("arena.store:Store.put_measures", 1),
        NOWHERE,
    )
    assert remembered(tmp_path / "killed") == remembered(undisturbed)
    assert training(tmp_path / "killed") == training(undisturbed)
    with Store.read(undisturbed) as one, Store.read(tmp_path / "killed") as other:
        assert one.meta("digest") == other.meta("digest")


def test_killed_in_the_middle_of_a_round_no_task_or_answer_is_lost_or_counted_twice(whole, tmp_path):
    file, undisturbed = whole
    run = tmp_path / "killed"
    killed_at(file, run, ("arena.store:Store.add", 2))
    (begun,) = training(run).values()
    assert 0 < len(begun) < 6
    with Store.read(run) as store:
        said = {record.key: store.traces(record.key) for record in begun}
    finish(file, run)
    assert training(run) == training(undisturbed)
    assert remembered(run) == remembered(undisturbed)
    with Store.read(run) as store, Store.read(undisturbed) as other:
        assert store.tallies() == other.tallies()
        for key, turns in said.items():
            for place, trace in store.traces(key).items():
                np.testing.assert_array_equal(trace["ids"], turns[place]["ids"])  # not drawn again


def test_payoffs_do_not_touch_what_is_recorded(whole):
    game = load_game(load(whole[0], LeagueConfig).game)
    records = training(whole[1])[1]
    paid = game.history(0).payoffs(records)
    assert [record.returns for record in records] != list(paid)
    for record, returns in zip(records, paid, strict=True):
        list(replace(record, traces={}).replay(game))
        assert len(returns) == len(record.returns)


@pytest.mark.parametrize("preset", ["ours", "r_zero", "serl", "ttrl", "eva"])
def test_every_preset_trains(preset, tmp_path):
    few = {"solvers": 3, "learning": 2} if preset == "ttrl" else {"solvers": 3}
    config = LeagueConfig.model_validate(
        {
            "game": f"challenger_solver(preset={preset!r}, changed={few})",
            "training": {
                "algorithm": "token_policy_gradient",
                "updates": 2,
                "matches": 4,
                "token_policy_gradient": {"baseline": "match"},
            },
            "learners": {"main": {"player": f"language_model(model={str(tiny_folder())!r}, max_tokens=12)"}},
            "anchors": {"same": f"chat(model={str(tiny_folder())!r}, max_tokens=12)"},
            "schedule": {"checkpoint_every": 1, "snapshot_every": 2},
            "rating": {"pairs": 1, "block_pairs": 1},
        }
    )
    train(config, tmp_path)
    assert remembered(tmp_path)["updates"] == 2
    for records in training(tmp_path).values():
        assert len(records) == 4
        assert {record.stop for record in records} <= {StopReason.FINISHED, StopReason.FORFEIT}
