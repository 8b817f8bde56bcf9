"""Training matches of language models: kept as they end, not played twice, and forgotten in time."""

from __future__ import annotations

import numpy as np
import pytest

import arena
from arena.config import LeagueConfig
from arena.league import League
from arena.store import Store
from arena.trainers import collect_answers
from arena.trainers.collect_answers import ByAnswers
from arena.trainers.learner import SHARED, Learner
from tests.language import tiny_folder

GAME, MATCHES = arena.load_game("kuhn_poker"), 6


def config(**options) -> LeagueConfig:
    training = {
        "algorithm": "token_policy_gradient",
        "updates": 30,
        "matches": MATCHES,
        "token_policy_gradient": options,
    }
    player = f"language_model(model={str(tiny_folder())!r}, max_tokens=12)"
    return LeagueConfig.model_validate(
        {"game": "kuhn_poker", "training": training, "learners": {"main": {"player": player}}}
    )


@pytest.fixture
def run(tmp_path):
    """Return a function that opens the run once more, as a restarted program would."""
    opened = []

    def begin(**options):
        while opened:
            opened.pop()()
        store = Store.open(tmp_path)
        league = League(store, GAME, config(**options))
        learner = Learner.fresh("main", GAME, league.config)
        league.enlist("main", learner.player)
        collect = ByAnswers(league, league.config.training.token_policy_gradient)
        opened.extend([store.close, league.close])
        return store, learner, collect

    yield begin
    for close in reversed(opened):
        close()


def same(one, other) -> bool:
    """Return whether two batches are alike; log-probabilities up to what else was in the engine's batch."""
    columns = ("ids", "offsets", "loss_mask", "payoff", "seat", "match", "turn")
    alike = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in columns)
    return alike and np.allclose(one.behaviour_logp, other.behaviour_logp, atol=1e-5)


def keys(store: Store) -> list[str]:
    return sorted(record.key for record in store.records())


def test_a_match_that_was_kept_is_not_played_again(run, monkeypatch) -> None:
    store, learner, collect = run()
    wanted = collect(learner, {"main": 1.0}, 4, MATCHES)
    for key in keys(store)[2:]:
        store._db.execute("DELETE FROM traces WHERE match = (SELECT number FROM matches WHERE key = ?)", (key,))
        store._db.execute("DELETE FROM matches WHERE key = ?", (key,))
    store, learner, collect = run()
    asked = []
    play = collect_answers.play_rounds
    monkeypatch.setattr(
        collect_answers,
        "play_rounds",
        lambda game, fixtures, players, **how: asked.extend(fixtures) or play(game, fixtures, players, **how),
    )
    again = collect(learner, {"main": 1.0}, 4, MATCHES)
    assert [fixture.key for fixture in asked] == [f"main-4-{i:06d}" for i in range(2, 6)]
    assert same(again.batches[SHARED], wanted.batches[SHARED])
    assert {k: v.tolist() for k, v in again.tallies.items()} == {k: v.tolist() for k, v in wanted.tallies.items()}
    assert {record.step for record in store.records()} == {5}
    assert {record.kind for record in store.records()} == {"train"}


def test_what_lost_weights_have_played_is_forgotten(run) -> None:
    store, learner, collect = run()
    for step in (3, 4, 5):
        collect(learner, {"main": 1.0}, step, MATCHES)
    store, learner, collect = run()  # the checkpoint is of step 3
    collect(learner, {"main": 1.0}, 3, MATCHES)
    assert {key.split("-")[1] for key in keys(store)} == {"3"}
    collect(learner, {"main": 1.0}, 4, MATCHES)
    assert {key.split("-")[1] for key in keys(store)} == {"3", "4"}


def test_only_the_latest_updates_are_kept_and_rating_matches_always(run) -> None:
    store, learner, collect = run(keep_updates=2)
    from arena.match import Fixture, play_rounds

    fixture = Fixture("rated", "rating", ("main", "main"), 1, "", 1)
    list(store.keep(play_rounds(GAME, [fixture], {"main": learner.player})))
    for step in range(5):
        collect(learner, {"main": 1.0}, step, MATCHES)
    assert {key.split("-")[1] for key in keys(store) if key != "rated"} == {"3", "4"}
    assert "rated" in keys(store)
    assert store.traces("rated")


def test_matches_of_one_update_differ_and_seeds_decide_them(run) -> None:
    _, learner, collect = run()
    first, second = (collect(learner, {"main": 1.0}, step, MATCHES).batches[SHARED] for step in (0, 1))
    assert not same(first, second)
    assert len(collect.played) == 6
    assert all(record.traces for record in collect.played)


def test_against_others_only_its_own_side_is_learned(run) -> None:
    store, learner, collect = run()
    played = collect(learner, {"uniform": 1.0}, 0, MATCHES)
    batch = played.batches[SHARED]
    own = {record.key: record.entrants.index("main") for record in store.records()}
    assert [own[f"main-0-{m:06d}"] for m in batch.match] == batch.seat.tolist()
    assert sorted(played.tallies) == [("uniform", 0), ("uniform", 1)]
    assert sum(result[:3].sum() for result in played.tallies.values()) == 6


@pytest.mark.parametrize("retries", [0, 2])
def test_an_answer_that_is_no_move_forfeits_at_once_unless_it_may_be_tried_again(run, retries) -> None:
    store, learner, collect = run(retries=retries)
    for step in range(8):
        collect(learner, {"main": 1.0}, step, MATCHES)
    refused = [[bool(turn.fault) for turn in record.turns].count(True) for record in store.records()]
    assert max(refused) == 1 if retries == 0 else max(refused) > 1


def test_a_cast_sits_where_nobody_learns(tmp_path) -> None:
    judged = arena.load_game("tool_tasks(challenger=False, turns=5)")
    values = {**config().model_dump(), "game": judged.spec, "cast": {"verifier": "script(prefer='true')"}}
    with Store.open(tmp_path) as store:
        league = League(store, judged, LeagueConfig.model_validate(values))
        learner = Learner.fresh("main", judged, league.config)
        league.enlist("main", learner.player)
        played = ByAnswers(league, league.config.training.token_policy_gradient)(learner, {"main": 1.0}, 0, MATCHES)
        assert {record.entrants for record in store.records()} == {("main", "main", "cast:verifier")}
        assert set(played.batches[SHARED].seat) == {1}
        league.close()
