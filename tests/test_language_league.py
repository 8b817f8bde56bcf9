"""A league whose learners and snapshots are adapters of one language model."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import AutoPeftModelForCausalLM, PeftModel
from transformers import AutoModelForCausalLM

import arena
from arena.cli import terminal
from arena.config import LeagueConfig, check
from arena.league import League
from arena.player import HasLaw, Requests
from arena.players.engines.engine import Message
from arena.registry import find
from arena.store import Store
from arena.trainers.learner import Learner
from arena.trainers.loop import Progress

SPEC = "language_model(model='base', answer='brackets', max_tokens=8, rank={rank})"
GAME = arena.load_game("kuhn_poker")
SNAPSHOTS = ["main-2", "rival-2", "main-4", "rival-4"]


def league(**changed) -> LeagueConfig:
    """Return two learners of unequal rank over one model, who meet each other's snapshots, and two anchors."""
    values = {
        "game": "kuhn_poker",
        "seed": 5,
        "base": {"width": 32, "layers": 1, "matches": 150, "epochs": 4, "learning_rate": 0.02},
        "training": {
            "algorithm": "token_policy_gradient",
            "updates": 4,
            "matches": 8,
            "learning_rate": 0.02,
            "token_policy_gradient": {"kl_weight": 0.1, "warmup": 0},
        },
        "learners": {"main": {"player": SPEC.format(rank=4)}, "rival": {"player": SPEC.format(rank=2)}},
        "opponents": {"latest": 1.0, "uniform": 1.0, "prioritised": 1.0},
        "anchors": {"uniform": "uniform", "base": "chat(model='base', answer='brackets', max_tokens=8)"},
        "schedule": {"checkpoint_every": 1, "snapshot_every": 2},
        "rating": {"pairs": 2, "rivals": 1, "block_pairs": 1},
    }
    return check({**values, **changed}, LeagueConfig, "the test")


@pytest.fixture(scope="module")
def told() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def run(tmp_path_factory, told) -> Path:
    return arena.train(league(), tmp_path_factory.mktemp("league") / "run", tell=told.append)


def test_two_learners_meet_themselves_and_the_snapshots_of_both(run) -> None:
    with Store.read(run) as store:
        kinds = {
            kind: [m.name for m in store.players() if m.kind == kind] for kind in ("anchor", "learner", "snapshot")
        }
        assert {kind: sorted(names) for kind, names in kinds.items()} == {
            "anchor": ["base", "uniform"],
            "learner": ["main", "rival"],
            "snapshot": sorted(SNAPSHOTS),
        }
        for learner in ("main", "rival"):
            met = {tally.opponent for tally in store.tallies() if tally.learner == learner}
            assert learner in met
            assert met & {"main-2", "rival-2"}
        versions = {
            (seat, int(trace["version"]) - record.step)
            for record in store.records()
            if record.kind == "train"
            for place, trace in store.traces(record.key).items()
            if (seat := record.entrants[record.turns[place].seat]) in ("main", "rival")
        }
        assert versions == {("main", -1), ("rival", -1)}
        rated = {record.entrants for record in store.records() if record.kind == "rating"}
        assert {pair[0] for pair in rated} | {pair[1] for pair in rated} == {*SNAPSHOTS, "uniform", "base"}


def test_snapshots_learners_and_the_model_itself_are_played_by_one_engine(run) -> None:
    with Store.open(run) as store:
        config = league()
        members = League(store, GAME, config)
        players = [members.player(name) for name in (*SNAPSHOTS, "base")]
        for name in config.learners:
            described = config.learners[name].model_copy(update={"player": members.spec(config.learners[name].player)})
            players.append(Learner.fresh(name, GAME, config.model_copy(update={"learners": {name: described}})).player)
        assert len({id(player.engine) for player in players}) == 1
        assert len({player.member for player in players}) == len(players)
        questions = Requests(asked())
        laws = [player.law(questions) for player in players]
        assert all(np.abs(law - laws[-1]).max() > 1e-5 for law in laws[:4])  # they have learned
        np.testing.assert_allclose(laws[-1], laws[4], atol=1e-6)  # and a new one is the model itself
        for player in players:
            player.close()


def test_every_snapshot_is_measured_exactly(run, told) -> None:
    with Store.read(run) as store:
        measured = {name: value for _, name, value in store.measures("nash_conv")}
        forfeits = {name: value for _, name, value in store.measures("forfeits")}
    assert sorted(measured) == sorted(forfeits) == sorted(SNAPSHOTS)
    assert {word.snapshot: word.nash_conv for word in told if word.snapshot} == measured
    for name in SNAPSHOTS:
        found = arena.exploit(str(run / "checkpoints" / name), GAME)
        assert found.sampled is None
        assert found.nash_conv == pytest.approx(measured[name], abs=1e-6)
        assert found.forfeits.matches == pytest.approx(forfeits[name], abs=1e-6)


def test_what_others_ask_of_a_run_is_answered(run, tmp_path, capsys) -> None:
    """Ratings with payoffs and costs, the page, and a comparison of two snapshots."""
    terminal.report(run)
    shown = capsys.readouterr().out
    assert all(name in shown for name in (*SNAPSHOTS, "uniform", "base", "NashConv", "prompt tokens"))
    page = find("tournaments", "page")(run, tmp_path / "page.html").read_text(encoding="utf-8")
    assert all(name in page for name in SNAPSHOTS)
    one, other = (str(run / "checkpoints" / name) for name in ("main-2", "main-4"))
    verdict = arena.pit(one, other, GAME, pairs=3, min_pairs=3)
    assert "main-2" in str(verdict)


def test_a_run_can_be_moved_and_its_snapshots_are_ordinary_adapters(run, tmp_path, monkeypatch) -> None:
    shutil.copytree(run, tmp_path / "moved")
    folder = tmp_path / "moved" / "checkpoints" / "main-4"
    player = arena.load_player(str(folder), GAME)
    assert isinstance(player, HasLaw)
    prompt = (Message("user", "bet or check?"),)
    ids, answer = player.engine.tokenise(prompt, "bet")
    ((wanted,),) = player.engine.score([(prompt, ["bet"])], player.member)
    base = AutoModelForCausalLM.from_pretrained(tmp_path / "moved" / "base")
    monkeypatch.chdir(folder)  # from where the adapter's own configuration finds its model
    for model in (PeftModel.from_pretrained(base, folder), AutoPeftModelForCausalLM.from_pretrained(str(folder))):
        with torch.no_grad():
            logits = model.eval()(input_ids=torch.tensor([[*ids, *answer]])).logits[0, len(ids) - 1 : -1]
        logp = torch.log_softmax(logits, -1).gather(1, torch.tensor(answer)[:, None])[:, 0]
        np.testing.assert_allclose(logp.numpy(), wanted, atol=1e-4)
    player.close()


def test_a_learner_may_have_an_adapter_for_each_role(run, tmp_path) -> None:
    """The base is taken from the other run, which has taught it."""
    shutil.copytree(run / "base", tmp_path / "run" / "base")
    learner = {"player": SPEC.format(rank=2), "policies": "per_role"}
    config = league(learners={"main": learner}, schedule={"checkpoint_every": 2, "snapshot_every": 2})
    arena.train(config, tmp_path / "run")
    with Store.read(tmp_path / "run") as store:
        measured = {name: value for _, name, value in store.measures("nash_conv")}
        assert {"main", "main-2"} >= {tally.opponent for tally in store.tallies()} > {"main"}
    assert sorted(measured) == ["main-2", "main-4"]
    folder = tmp_path / "run" / "checkpoints" / "main-4"
    assert arena.exploit(str(folder), GAME).nash_conv == pytest.approx(measured["main-4"], abs=1e-6)
    first, second = (arena.load_player(str(folder / role), GAME) for role in ("first", "second"))
    questions = Requests(asked())
    assert np.abs(first.law(questions) - second.law(questions)).max() > 1e-5
    for player in (first, second):
        player.close()


def asked():
    """Return all questions of Kuhn poker."""
    from arena.tree import enumerate_game

    return list(enumerate_game(GAME).requests)
