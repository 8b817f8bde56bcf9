"""Runs of several games: who plays what, what lies where, and what a kill between two files leaves."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from arena.config import LeagueConfig
from arena.errors import ConfigError
from arena.runs import SEVERAL, runs_in
from arena.store import Store
from arena.tournaments.run import Run
from arena.trainers.circuit import Circuit, stores
from arena.trainers.loop import train
from tests.language import tiny_folder

GAMES = ["kuhn_poker", "matching_pennies"]
TAUGHT = {
    "base": {"width": 32, "layers": 1, "matches": 100, "epochs": 3, "learning_rate": 0.02},
    "learners": {"main": {"player": "language_model(model='base', answer='brackets', max_tokens=8)"}},
}
"""A model that knows how to answer in each of the games."""


def config(**changes) -> LeagueConfig:
    training = {"algorithm": "token_policy_gradient", "updates": 4, "matches": 9}
    return LeagueConfig.model_validate(
        {
            "games": GAMES,
            "training": {**training, **changes.pop("training", {})},
            "learners": {"main": {"player": f"language_model(model={str(tiny_folder())!r}, max_tokens=12)"}},
            "anchors": {"uniform": "uniform", "bold": {"kuhn_poker": "script(prefer='bet')"}},
            "schedule": {"checkpoint_every": 2, "snapshot_every": 2},
            "rating": {"pairs": 4, "block_pairs": 2},
            **changes,
        }
    )


def trained(folder: Path) -> dict[str, int]:
    """Return how many training matches of each game are kept."""
    found = {}
    for part in runs_in(folder):
        with Store.read(part) as store:
            found[part.name] = sum(record.kind == "train" for record in store.records())
    return found


def log_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()[1:]]


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("several")
    return folder, train(config(), folder)


def test_each_game_has_a_league_of_its_own_and_the_weights_are_one(finished) -> None:
    folder, _ = finished
    assert [part.name for part in runs_in(folder)] == GAMES
    for part in runs_in(folder):
        run = Run.of(part)
        assert run.is_league
        assert run.game.spec == part.name
        assert {row.name for row in run.ladder.rows} >= {"uniform", "main-2", "main-4"}
        assert ("bold" in {row.name for row in run.ladder.rows}) == (part.name == "kuhn_poker")
        assert {name for _, name, _ in run.nash_conv_by_step} == {"main-2", "main-4"}
        assert run.payoffs is not None  # its snapshots are found, from where the ladder lies
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == ["main-2", "main-4"]
    with Store.read(folder) as store:
        assert store.meta("format") == SEVERAL
        assert store.meta("step") == 4
        assert store.count() == 0


def test_every_match_of_an_update_is_of_one_of_the_games(finished) -> None:
    counts = trained(finished[0])
    assert sum(counts.values()) == 4 * 9
    assert all(counts.values())


def test_replies_are_measured_together_and_by_game(finished) -> None:
    lines = log_of(finished[0])
    updates = [line for line in lines if "gradient_norm" in line]
    assert len(updates) == 4
    for line in updates:
        assert line["matches"] == sum(line.get(f"{game}/matches", 0) for game in GAMES) == 9
        assert line["replies"] == sum(line.get(f"{game}/replies", 0) for game in GAMES)
        assert abs(line["payoff_seat_0"]) <= 1
        for game in GAMES:
            assert (f"{game}/advantage" in line) == (line.get(f"{game}/replies", 0) > 0)
    rated = [line for line in lines if "anchor_win_rate" in line]
    assert [line["step"] for line in rated] == [2, 4]
    of_games = {k: v for line in lines if line["step"] == 4 for k, v in line.items() if k.endswith("/anchor_win_rate")}
    assert rated[-1]["anchor_win_rate"] == pytest.approx(sum(of_games.values()) / 2)
    assert rated[-1]["anchor_low"] <= rated[-1]["anchor_win_rate"] <= rated[-1]["anchor_high"]


def test_a_game_of_weight_0_is_not_played_but_rated(tmp_path) -> None:
    train(config(curriculum={"method": "fixed", "weights": {"kuhn_poker": 0}}), tmp_path)
    assert trained(tmp_path) == {"kuhn_poker": 0, "matching_pennies": 36}
    assert len(Run.of(tmp_path / "kuhn_poker").nash_conv_by_step) == 2


@pytest.mark.parametrize("method", ["progress", "sec"])
def test_a_run_that_was_stopped_ends_as_if_it_had_not_been(method, tmp_path, monkeypatch) -> None:
    """The second time it is stopped after the games have their checkpoint, and before the run has its own."""
    chosen = config(curriculum={"method": method})
    whole = train(chosen, tmp_path / "whole")

    def stop(progress):
        if progress.step == 3 and progress.report:
            raise StopError

    with pytest.raises(StopError):
        train(chosen, tmp_path / "torn", stop)
    transaction = Store.transaction

    @contextmanager
    def torn(store):
        with transaction(store):
            yield
            if store.folder.name == "torn" and store.meta("step") == 4:
                raise StopError

    monkeypatch.setattr(Store, "transaction", torn)
    with pytest.raises(StopError):
        train(chosen, tmp_path / "torn")
    monkeypatch.undo()
    with Store.read(tmp_path / "torn") as run, Store.read(tmp_path / "torn" / "kuhn_poker") as league:
        assert (run.meta("step"), league.meta("step")) == (2, 4)
        assert {member.step for member in league.players()} == {0, 2, 4}
    assert train(chosen, tmp_path / "torn") == whole
    assert trained(tmp_path / "torn") == trained(tmp_path / "whole")


class StopError(Exception):
    """A watcher that stops the run."""


def test_the_curriculum_goes_on_from_what_was_rated(finished) -> None:
    """Its shares are a function of what the files hold."""
    with Store.open(finished[0]) as run, ExitStack() as ends:
        again = Circuit(run, config(), stores(run, config(), ends))
        assert sum(again.shares()["main"].values()) == pytest.approx(1)
        (state,) = (of.state()["series"] for of in again._curricula.values())
        assert [step for step, *_ in state["kuhn_poker"]] == [2, 4]
        assert state["kuhn_poker"][1][1:] == list(again.all[0].score("main-4"))


def test_another_set_of_games_is_another_run(finished) -> None:
    with pytest.raises(ConfigError, match="was begun with another games"):
        train(config(games=["matching_pennies", "kuhn_poker"]), finished[0])
    with pytest.raises(ConfigError, match="holds leagues of several games, not a league"):
        train(config(games=[], game="kuhn_poker"), finished[0])


def test_what_cannot_begin_leaves_what_others_began(tmp_path) -> None:
    """The folder of a game is a finished league of somebody else."""
    other = config(games=[], game="kuhn_poker", anchors={"uniform": "uniform"}, training={"updates": 2})
    digest = train(other, tmp_path / "kuhn_poker")
    with pytest.raises(ConfigError, match="kuhn_poker was begun with another"):
        train(config(), tmp_path)
    assert train(other, tmp_path / "kuhn_poker") == digest
    with Store.read(tmp_path) as run:
        assert run.meta("config") is None


def test_an_adapter_is_let_go_once_though_it_plays_several_games(tmp_path) -> None:
    learner = {"player": f"language_model(model={str(tiny_folder())!r}, rank=2, max_tokens=12)"}
    chosen = config(learners={"main": learner}, training={"updates": 2})
    assert train(chosen, tmp_path) == train(chosen, tmp_path)


def test_what_cannot_begin_leaves_nothing_behind(tmp_path) -> None:
    broken = config(anchors={"uniform": "uniform", "nobody": {"matching_pennies": "no_such_player"}})
    with pytest.raises(ConfigError, match=r"anchors\.nobody in matching_pennies: .*no_such_player"):
        train(broken, tmp_path)
    assert len(train(config(), tmp_path)) == 16


def test_lessons_come_from_all_games(tmp_path) -> None:
    train(config(**TAUGHT, training={"phases": {"opening": 2}}), tmp_path)
    lines = log_of(tmp_path)
    assert [line["step"] for line in lines if "imitation_loss" in line] == [1, 2]
    assert sum(trained(tmp_path).values()) == 2 * 9


@pytest.mark.parametrize("games", [GAMES, []])
def test_an_update_is_filled_up_to_its_size(games, tmp_path) -> None:
    """Turns of small advantage are left out, and further matches are played, so that all updates are of one size."""
    method = "token_policy_gradient"
    training = {"updates": 3, "matches": 9, method: {"filters": {"turns": 30, "least_advantage": 0.2, "refills": 9}}}
    one = {} if games else {"game": "kuhn_poker", "anchors": {"uniform": "uniform"}}
    fixed = {"curriculum": {"method": "fixed", "weights": {"kuhn_poker": 8}}} if games else {}
    chosen = config(games=games, **one, **fixed, **TAUGHT, training=training)
    whole = train(chosen, tmp_path / "whole")
    lines = log_of(tmp_path / "whole")
    updates = [line for line in lines if "gradient_norm" in line]
    assert len(updates) == 3
    for line in updates:
        assert line["kept"] * line["replies"] == pytest.approx(30)
        assert line["matches"] > 9
    assert sum(trained(tmp_path / "whole").values()) == sum(line["matches"] for line in updates)
    for part in runs_in(tmp_path / "whole"):
        with Store.read(part) as store:
            played = sum(tally.wins + tally.draws + tally.losses for tally in store.tallies())
        assert played == trained(tmp_path / "whole")[part.name]

    def stop(progress):
        if progress.step == 3 and progress.report:
            raise StopError

    with pytest.raises(StopError):
        train(chosen, tmp_path / "stopped", stop)
    assert train(chosen, tmp_path / "stopped") == whole


def test_as_many_matches_as_a_run_may_play_for_one_update(tmp_path) -> None:
    """Nothing is worth so much, so the rounds of further matches come to their end and the update moves nothing."""
    method = "token_policy_gradient"
    filters = {"turns": 20, "least_advantage": 5.0, "refills": 2}
    train(config(training={"updates": 1, "matches": 4, method: {"filters": filters}}), tmp_path)
    assert sum(trained(tmp_path).values()) == 3 * 4


def test_what_an_update_did_not_play_is_not_measured_with_it(tmp_path) -> None:
    """A game of a small share is left out by most updates."""
    weights = {"method": "fixed", "weights": {"matching_pennies": 0.1}}
    train(config(curriculum=weights, training={"updates": 6, "matches": 4}), tmp_path)
    updates = [line for line in log_of(tmp_path) if "matches" in line]
    assert [line["matches"] for line in updates] == [4] * 6
    assert 1 <= sum("matching_pennies/matches" in line for line in updates) < 6


def test_a_game_that_nobody_has_shown_cannot_be_learned_by_example(finished, tmp_path) -> None:
    """The recorded run is of one of the games, and its decisions are no lessons in the other."""
    base = {**TAUGHT["base"], "teachers": [], "runs": [str(finished[0] / "kuhn_poker")]}
    chosen = config(**{**TAUGHT, "base": base}, training={"phases": {"opening": 2}})
    with pytest.raises(ConfigError, match=r"\[base\] shows no decision in matching_pennies"):
        train(chosen, tmp_path)
