from pathlib import Path

import pytest

import arena
from arena import checkpoint
from arena.config import LeagueConfig, load
from arena.errors import ArenaError, CheckpointError
from arena.rating import rate
from arena.store import Store
from arena.trainers.loop import train
from arena.tree import enumerate_game, nash_conv

ROOT = Path(__file__).resolve().parent.parent


def config(**changes):
    values = {
        "game": "kuhn_poker",
        "training": {"updates": 40, "matches": 64},
        "learners": {"main": {"player": "net(hidden=[8])"}},
        "opponents": {"latest": 1, "uniform": 1, "prioritised": 1},
        "schedule": {"checkpoint_every": 10, "snapshot_every": 20},
        "rating": {"pairs": 10, "block_pairs": 5},
        **changes,
    }
    return LeagueConfig.model_validate(values)


def test_a_run_leaves_rated_snapshots_and_only_the_folders_it_needs(tmp_path):
    told = []
    digest = train(config(), tmp_path, told.append)
    assert [p.step for p in told if p.report] == list(range(1, 41))
    assert [p.snapshot for p in told if p.snapshot] == ["main-20", "main-40"]
    assert sum(p.rated for p in told) == (1 + 2) * 20
    assert sorted(p.name for p in (tmp_path / "checkpoints").iterdir()) == ["main-20", "main-40"]
    assert [p.name for p in (tmp_path / "training").iterdir()] == ["main-40"]
    game = arena.load_game("kuhn_poker")
    with Store.read(tmp_path) as store:
        assert store.meta("digest") == digest
        tree = enumerate_game(game)
        for step, name, value in store.measures("nash_conv"):
            player = arena.load_player(str(tmp_path / "checkpoints" / name), game)
            assert player.version == step
            assert value == pytest.approx(nash_conv(tree, tree.policy(player)), abs=1e-12)
        assert {r.kind for r in store.records()} == {"rating"}, "training matches on tables are not kept"
        assert sum(t.wins + t.draws + t.losses for t in store.tallies()) == 40 * 64


def test_the_same_configuration_gives_the_same_digest_and_another_seed_another(tmp_path):
    assert train(config(), tmp_path / "a") == train(config(), tmp_path / "b")
    assert train(config(), tmp_path / "a") != train(config(seed=1), tmp_path / "c")


class StopError(Exception):
    pass


@pytest.mark.parametrize("step", [1, 9, 10, 11, 20, 39, 40])
def test_a_run_that_stops_anywhere_ends_like_one_that_does_not(tmp_path, step):
    def stop(progress):
        if progress.step == step:
            raise StopError

    whole = train(config(), tmp_path / "whole")
    with pytest.raises(StopError):
        train(config(), tmp_path / "stopped", stop)
    assert train(config(), tmp_path / "stopped") == whole


def test_rating_matches_that_were_interrupted_are_completed(tmp_path):
    def stop(progress):
        if progress.rated and progress.step == 20:
            raise StopError

    train(config(), tmp_path / "whole")
    with pytest.raises(StopError):
        train(config(), tmp_path / "stopped", stop)
    train(config(), tmp_path / "stopped")
    game = arena.load_game("kuhn_poker")
    with Store.read(tmp_path / "whole") as whole, Store.read(tmp_path / "stopped") as stopped:
        assert stopped.results(game) == whole.results(game)
        assert (
            rate(stopped.results(game), game, "uniform", 5).rows == rate(whole.results(game), game, "uniform", 5).rows
        )


def test_a_policy_per_role_trains_as_two_nets_that_play_as_one_member(tmp_path):
    learners = {"main": {"player": "net(hidden=[8])", "policies": "per_role"}}
    train(config(learners=learners), tmp_path)
    game = arena.load_game("kuhn_poker")
    member = arena.load_player(str(tmp_path / "checkpoints/main-40"), game)
    assert set(member.parts) == {"first", "second"}
    assert [part.version for part in member.parts.values()] == [40, 40]
    alone = checkpoint.read(tmp_path / "checkpoints/main-40/first")
    assert alone.roles == ["first"]


def test_several_learners_share_the_population(tmp_path):
    learners = {"a": {"player": "net(hidden=[8])"}, "b": {"player": "net(hidden=[4])"}}
    train(config(learners=learners), tmp_path)
    with Store.read(tmp_path) as store:
        assert {m.name for m in store.players() if m.kind == "snapshot"} == {"a-20", "a-40", "b-20", "b-40"}
        assert {"a-20", "b-20"} <= {t.opponent for t in store.tallies() if t.learner == "a"}


def test_games_too_large_for_tables_train_through_the_referee(tmp_path):
    training = {"updates": 2, "matches": 8}
    schedule = {"checkpoint_every": 1, "snapshot_every": 1}
    whole = train(config(game="connect_four", training=training, schedule=schedule), tmp_path / "a")
    assert whole == train(config(game="connect_four", training=training, schedule=schedule), tmp_path / "b")
    with Store.read(tmp_path / "a") as store:
        assert store.measures("nash_conv") == []
        assert sum(t.wins + t.draws + t.losses for t in store.tallies()) == 16


def test_matches_and_tables_both_teach(tmp_path):
    """On a game with a dominant action, both ways of playing find it."""
    game = "matrix(payoffs=[[1, 1], [0, 0]])"
    for rollouts in ("tables", "matches"):
        training = {"updates": 60, "matches": 64, "learning_rate": 0.03, "kl_weight": 0.01, "rollouts": rollouts}
        schedule = {"checkpoint_every": 60, "snapshot_every": 60}
        train(config(game=game, training=training, schedule=schedule), tmp_path / rollouts)
        found = arena.exploit(str(tmp_path / rollouts / "checkpoints/main-60"), game)
        assert found.values[0] > 0.95, rollouts


def test_a_damaged_training_folder_is_refused_by_name(tmp_path):
    train(config(), tmp_path)
    file = tmp_path / "training/main-40/shared/trainer.safetensors"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(CheckpointError, match=r"trainer\.safetensors is damaged"):
        train(config(), tmp_path)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"learners": {"main": {"player": "uniform"}}}, "cannot be trained; use net"),
        ({"game": "connect_four", "training": {"updates": 1, "rollouts": "tables"}}, "too large for tables"),
        ({"anchors": {"uniform": "minimaks"}}, "did you mean 'minimax'"),
    ],
)
def test_what_cannot_train_is_refused_with_one_sentence(tmp_path, changes, sentence):
    with pytest.raises(ArenaError, match=sentence):
        train(config(**changes), tmp_path)


def last_nash_conv(folder):
    with Store.read(folder) as store:
        return store.measures("nash_conv")[-1][2]


def test_kuhn_poker_is_learnt_to_a_small_nash_conv(tmp_path):
    """The shipped league with a fifth of its updates; the whole run ends below 0.05."""
    shipped = ROOT / "tournaments/kuhn_league.toml"
    overrides = ["training.updates=900", "training.reference_every=100", "rating.pairs=50", "seed=3"]
    train(load(shipped, LeagueConfig, overrides), tmp_path)
    assert last_nash_conv(tmp_path) < 0.3  # uniform play: 0.917


@pytest.mark.slow
@pytest.mark.parametrize("seed", [21, 22])
def test_tic_tac_toe_is_learnt_until_a_best_response_wins_nothing(tmp_path, seed):
    shipped = ROOT / "tournaments/tic_tac_toe_league.toml"
    train(load(shipped, LeagueConfig, [f"seed={seed}", "rating.pairs=5"]), tmp_path)
    *_, last = sorted((tmp_path / "checkpoints").iterdir())
    found = arena.exploit(f"{last}(temperature=0)", "tic_tac_toe")
    assert found.best_responses == (0.0, 0.0)
    assert found.values == (0.0, 0.0)
