from contextlib import contextmanager
from pathlib import Path

import pytest

import arena
from arena import checkpoint
from arena.config import LeagueConfig, load
from arena.errors import ArenaError, CheckpointError, ConfigError, StoppedError
from arena.interval import Interval
from arena.league import League
from arena.rating import rate
from arena.store import Store
from arena.trainers.circuit import Circuit
from arena.trainers.learner import Learner
from arena.trainers.loop import SelfPlay, train
from arena.trainers.tracking import Tracking
from arena.trainers.watch import Watch
from arena.tree import enumerate_game, nash_conv
from tests.test_tournament import PHONE

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


@contextmanager
def resumed(circuit):
    """Give a run as it stands after it was stopped."""
    step = int(circuit.run.meta("step", 0))
    with Tracking.open(circuit.run.folder, circuit.config.tracking, step, {}) as tracking:
        yield SelfPlay(circuit, lambda _: None, Watch(circuit, tracking))


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


def test_an_anchor_that_cannot_play_is_told_before_anything_is_trained(tmp_path):
    told = []
    with pytest.raises(ConfigError, match=r"anchors\.caller: kuhn_poker has no action 'call'"):
        train(config(anchors={"uniform": "uniform", "caller": 'script(prefer="call")'}), tmp_path, told.append)
    assert not told
    assert train(config(), tmp_path), "what could not begin does not bind what is begun in its place"


def test_an_anchor_that_is_away_stops_the_league_which_then_goes_on_as_if_nothing_had_been(tmp_path):
    (tmp_path / "phone.py").write_text(PHONE)
    phone = f"{tmp_path / 'phone.py'}:Phone(folder={str(tmp_path)!r})"
    league = config(anchors={"uniform": "uniform", "phone": phone})
    (tmp_path / "cut").touch()
    with pytest.raises(StoppedError, match="20 matches could not be played: phone was not available: no line"):
        train(league, tmp_path / "run")
    (tmp_path / "cut").unlink()
    assert train(league, tmp_path / "run") == train(league, tmp_path / "quiet")
    with Store.read(tmp_path / "run") as store, Store.read(tmp_path / "quiet") as other:
        assert {r.key: r for r in store.records()} == {r.key: r for r in other.records()}


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


# Leagues with roles, and PSRO.

ALPHA_STAR = {
    "training": {"updates": 24, "matches": 32},
    "learners": {
        "main": {"player": "net(hidden=[8])", "league_role": "main"},
        "spy": {"player": "net(hidden=[8])", "league_role": "main_exploiter"},
        "hunter": {"player": "net(hidden=[8])", "league_role": "league_exploiter"},
    },
    "schedule": {"checkpoint_every": 4, "snapshot_every": 8},
    "rating": {"pairs": 2, "block_pairs": 1},
}


@pytest.fixture(scope="module")
def alpha_star(tmp_path_factory):
    """Return a league of AlphaStar's three kinds of agents that ran in one go, and its digest."""
    folder = tmp_path_factory.mktemp("alpha_star")
    return folder, train(config(**ALPHA_STAR), folder)


def test_every_kind_of_agent_joins_by_its_own_rule_and_meets_the_others_as_they_are(alpha_star):
    with Store.read(alpha_star[0]) as store:
        joined = {m.name for m in store.players() if m.kind == "snapshot"}
        met = {learner: {t.opponent for t in store.tallies() if t.learner == learner} for learner in ("spy", "hunter")}
    assert {"main-08", "main-16", "main-24", "spy-16", "spy-24", "hunter-08", "hunter-16", "hunter-24"} <= joined
    assert {"main", "main-08"} <= met["spy"], "the main as it is now, and its past"
    assert {"main-08", "hunter-08"} <= met["hunter"]
    assert "spy" not in met["hunter"]


def test_a_copy_joins_before_its_learner_loses_what_it_has_learnt(alpha_star):
    """Not after, as in ports of AlphaStar, whose leagues then fill with first weights."""
    folder, _ = alpha_star
    game = arena.load_game("kuhn_poker")
    tree = enumerate_game(game)
    copy = arena.load_player(str(folder / "checkpoints/spy-16"), game)
    first = Learner.fresh("spy", game, config(**ALPHA_STAR)).player
    assert copy.version == 16
    assert abs(tree.policy(copy) - tree.policy(first)).max() > 1e-3
    last = arena.load_player(str(folder / "checkpoints/spy-24"), game)
    assert last.version == 8, "it began again at update 16"


@pytest.mark.parametrize("step", [7, 8, 16, 17])
def test_a_league_that_stops_anywhere_ends_like_one_that_does_not(alpha_star, tmp_path, step):
    """Update 16 is where the main exploiter starts afresh; after it the run goes on with its first weights."""

    def stop(progress):
        if progress.step == step:
            raise StopError

    with pytest.raises(StopError):
        train(config(**ALPHA_STAR), tmp_path, stop)
    assert train(config(**ALPHA_STAR), tmp_path) == alpha_star[1]


def test_a_league_that_stops_between_joining_and_rating_ends_alike(alpha_star, tmp_path):
    def stop(progress):
        if progress.snapshot == "spy-16":
            raise StopError

    with pytest.raises(StopError):
        train(config(**ALPHA_STAR), tmp_path, stop)
    with Store.open(tmp_path) as store, resumed(Circuit(store, config(**ALPHA_STAR), [store])) as run:
        assert {learner.name: learner.player.version for learner in run.learners}["spy"] == 0
    assert train(config(**ALPHA_STAR), tmp_path) == alpha_star[1]


# Population-based training.

POPULATION = {
    "training": {"updates": 24, "matches": 32},
    "learners": {"weak": {"player": "net(hidden=[8])"}, "strong": {"player": "net(hidden=[8])"}},
    "schedule": {"checkpoint_every": 4, "snapshot_every": 8},
    "rating": {"pairs": 2, "block_pairs": 1},
    "population": {"every": 8},
}


@pytest.fixture
def known_strengths(monkeypatch):
    """So short a run tells nobody apart, so say who is weak."""
    strengths = {"weak": Interval.around(900, 50), "strong": Interval.around(1100, 50)}
    monkeypatch.setattr(League, "strengths", lambda self, step: strengths)


def test_the_weak_go_on_from_the_strong_with_other_hyper_parameters(known_strengths, tmp_path):
    def stop(progress):
        if progress.step == 17:
            raise StopError

    with pytest.raises(StopError):
        train(config(**POPULATION), tmp_path, stop)
    game = arena.load_game("kuhn_poker")
    tree = enumerate_game(game)
    with Store.open(tmp_path) as store, resumed(Circuit(store, config(**POPULATION), [store])) as run:
        league, (weak, strong) = run.league, run.learners
        kept = store.meta("population")
        assert (kept["step"], kept["parents"]) == (16, {"weak": "strong"})
        assert league.win_rates("weak") == {}, "what it was before it inherited is not its own"
        assert league.win_rates("strong") != {}
    assert (tree.policy(weak.player) == tree.policy(strong.player)).all()
    (theirs,), (own,) = strong.trainers.values(), weak.trainers.values()
    assert own.kl_weight / theirs.kl_weight in (pytest.approx(0.8), pytest.approx(1.2))
    assert theirs.kl_weight == kept["hyper"]["strong"]["kl_weight"]


@pytest.mark.parametrize("when", ["step 8", "strong-16", "weak-16", "step 17"])
def test_a_population_that_stops_anywhere_ends_like_one_that_does_not(known_strengths, tmp_path, when):
    def stop(progress):
        if when in (progress.snapshot, f"step {progress.step}"):
            raise StopError

    whole = train(config(**POPULATION), tmp_path / "whole")
    with pytest.raises(StopError):
        train(config(**POPULATION), tmp_path / "stopped", stop)
    assert train(config(**POPULATION), tmp_path / "stopped") == whole


def test_psro_is_a_league_whose_answers_begin_afresh(tmp_path):
    """On rock-paper-scissors every snapshot answers the mixture before it, and the mixture comes near a third each."""
    psro = config(
        game="rock_paper_scissors",
        training={"updates": 160, "matches": 64, "learning_rate": 0.1, "kl_weight": 0.0},
        learners={"answer": {"player": "net(hidden=[4])", "fresh_after_snapshot": True}},
        opponents={"latest": 0, "meta": 1, "meta_solver": "nash"},
        schedule={"checkpoint_every": 20, "snapshot_every": 20},
        rating={"pairs": 1, "block_pairs": 1},
    )
    told = []
    train(psro, tmp_path, told.append)
    with Store.read(tmp_path) as store:
        mixtures = [value for _, _, value in store.measures("mixture_nash_conv")]
        answers = [value for _, _, value in store.measures("nash_conv")]
    assert [p.mixture_nash_conv for p in told if p.snapshot] == mixtures
    assert len(mixtures) == 8
    assert max(answers[1:]) > 1.5, "an answer alone is easy to beat"
    assert mixtures[-1] < 0.2


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
        ({"learners": {"main": {"player": "uniform"}}}, "cannot be trained by policy_gradient; use net"),
        ({"game": "connect_four", "training": {"updates": 1, "rollouts": "tables"}}, "too large for tables"),
        ({"anchors": {"uniform": "minimaks"}}, "did you mean 'minimax'"),
    ],
)
def test_what_cannot_train_is_refused_with_one_sentence(tmp_path, changes, sentence):
    with pytest.raises(ArenaError, match=sentence):
        train(config(**changes), tmp_path)


@pytest.mark.parametrize("algorithm", ["policy_gradient", "ppo", "nfsp", "deep_cfr"])
def test_a_learner_whose_weights_overflow_is_named_with_the_update_and_the_remedy(tmp_path, algorithm):
    training = {"algorithm": algorithm, "updates": 5, "matches": 64, "learning_rate": 1e30}
    told = []
    with pytest.raises(ConfigError, match=r"lower training\.learning_rate, which is 1e\+30") as refused:
        train(config(training=training, opponents={}), tmp_path, told.append)
    update = len(told) + 1
    assert f"after update {update} of learner 'main' the weights are no longer finite numbers" in str(refused.value)


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
