"""Updates by example and by self-play in a real run, and opponents that stay as they are."""

from __future__ import annotations

import json

import pytest

import arena
from arena.config import LeagueConfig
from arena.league import League
from arena.players.engines.engine import Message
from arena.store import Store
from arena.trainers.by_phases import ByPhases
from arena.trainers.collect_answers import ByAnswers
from arena.trainers.learner import SHARED, Learner
from arena.trainers.loop import train
from arena.trainers.trainer import Lessons

GAME = arena.load_game("kuhn_poker")


def config(phases, **learner) -> LeagueConfig:
    return LeagueConfig.model_validate(
        {
            "game": "kuhn_poker",
            "base": {"width": 32, "layers": 1, "matches": 30, "epochs": 2, "teachers": ['script(prefer="bet")']},
            "training": {"algorithm": "token_policy_gradient", "updates": 6, "matches": 8, "phases": phases},
            "learners": {"main": {"player": "language_model(model='base', max_tokens=12)", **learner}},
            "schedule": {"checkpoint_every": 2, "snapshot_every": 2},
            "rating": {"pairs": 2, "block_pairs": 2},
        }
    )


def test_a_run_learns_by_example_and_from_itself_in_turn(tmp_path) -> None:
    train(config({"opening": 1, "after": "interleaved", "self_play": 2, "supervised": 1}), tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()[1:]]
    updates = {line["step"]: line for line in lines if "gradient_norm" in line}
    assert [step for step, line in updates.items() if "imitation_loss" in line] == [1, 4]
    assert [step for step, line in updates.items() if "length_mean" in line] == [2, 3, 5, 6]
    with Store.read(tmp_path) as store:
        assert {record.step for record in store.records() if record.kind == "train"} == {2, 3, 5, 6}
        assert sum(t.wins + t.draws + t.losses for t in store.tallies()) == 4 * 8


@pytest.fixture
def run(tmp_path):
    """A finished run, opened again."""
    chosen = config({"frozen": 1.0, "after": "random", "supervised_share": 0.0})
    train(chosen, tmp_path)
    with Store.open(tmp_path) as store:
        league = League(store, GAME, chosen)
        described = chosen.learners["main"].model_copy(update={"player": league.spec(chosen.learners["main"].player)})
        learner = Learner.fresh("main", GAME, chosen.model_copy(update={"learners": {"main": described}}))
        league.enlist("main", learner.player)
        yield league, learner, ByPhases(league, ByAnswers(league, chosen.training.token_policy_gradient))
        league.close()


def test_frozen_opponents_are_the_last_copy_once_there_is_one(run) -> None:
    league, *_ = run
    entrants = {}
    for record in league.store.records():
        if record.kind == "train":
            entrants.setdefault(record.step, set()).update(record.entrants)
    opponent = {1: "main", 2: "main", 3: "main-2", 4: "main-2", 5: "main-4", 6: "main-4"}
    assert entrants == {step: {"main", name} for step, name in opponent.items()}


def test_examples_are_drawn_anew_for_every_update_and_are_those_of_the_base(run) -> None:
    _, learner, collect = run
    first, again, later = (collect._lessons(learner, step, 8)[SHARED] for step in (3, 3, 4))
    assert isinstance(first, Lessons)
    assert len(first.batch) == 8
    assert first.batch.ids.tolist() == again.batch.ids.tolist() != later.batch.ids.tolist()
    said = {tuple(first.batch.pair(n)[1]) for n in range(8)}
    ask = (Message("user", "?"),)
    assert said == {tuple(learner.player.engine.tokenise(ask, "<answer>bet</answer>")[1])}


def test_examples_need_somebody_who_gives_them() -> None:
    values = config({"opening": 1}).model_dump()
    del values["base"]
    values["learners"]["main"]["player"] = "language_model(model='m')"
    with pytest.raises(ValueError, match=r"\[training.phases\] learns by example, and \[base\] says from whom"):
        LeagueConfig.model_validate(values)
