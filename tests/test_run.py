import numpy as np
import pytest

import arena
from arena.config import LeagueConfig, TournamentConfig
from arena.errors import ConfigError, RatingError
from arena.store import Store
from arena.tournaments.run import Run
from arena.tournaments.tournament import ladder

ENTRANTS = {"uniform": "uniform", "bet": 'script(prefer="bet")', "pass": 'script(prefer="pass")'}


def played(folder, **changes):
    values = {"game": "kuhn_poker", "pairs": 20, "block_pairs": 5, "entrants": ENTRANTS, **changes}
    arena.tournament(TournamentConfig.model_validate(values), folder)
    return Run.of(folder)


def is_exact(run):
    return not run.payoffs.matches.any()


def test_a_tournament_has_its_ladder_and_no_history(tmp_path):
    run = played(tmp_path / "poker", anchor="bet")
    assert run.title == "poker: kuhn_poker"
    assert (run.anchor, run.ladder["bet"].elo, run.history, run.nash_conv) == ("bet", 1000, [], {})
    assert played(tmp_path / "first").anchor == "uniform"


def test_a_run_in_which_the_first_seed_has_a_bye_has_a_ladder_already(tmp_path):
    """Nobody named an anchor, so the first who has played is one; an anchor that was named is waited for."""
    values = {"game": "tic_tac_toe", "format": "double_elimination", "pairs": 200}
    config = TournamentConfig.model_validate({**values, "entrants": dict.fromkeys(["top", "a", "b"], "uniform")})

    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        arena.tournament(config, tmp_path, tell=stop)
    run = Run.of(tmp_path)
    assert (run.anchor, run.ladder["a"].elo) == ("a", 1000)
    assert {row.name for row in run.ladder.rows} == {"a", "b"}
    with Store.read(tmp_path) as store:
        assert ladder(store, config, run.game).rows == run.ladder.rows
        with pytest.raises(RatingError, match="the anchor 'top' has no results here"):
            ladder(store, config.model_copy(update={"anchor": "top"}), run.game)


def test_payoffs_are_exact_where_the_game_is_small(tmp_path):
    run = played(tmp_path)
    at = run.payoffs.names.index
    assert is_exact(run)
    assert run.payoffs.mean[at("bet"), at("uniform")] == pytest.approx(0.375)
    assert run.payoffs.mean[at("bet"), at("pass")] == pytest.approx(1.0)
    np.testing.assert_allclose(run.payoffs.mean, -run.payoffs.mean.T)


def test_payoffs_are_those_of_the_matches_where_the_game_is_large(tmp_path):
    run = played(tmp_path, game="connect_four", pairs=2, entrants={"a": "uniform", "b": "uniform"})
    assert not is_exact(run)
    assert run.payoffs is run.ladder.payoffs


def test_payoffs_are_those_of_the_matches_where_a_player_is_gone(tmp_path):
    (tmp_path / "mine.py").write_text("from arena.players.uniform import UniformPlayer\nclass P(UniformPlayer): pass\n")
    entrants = {"uniform": "uniform", "mine": f"{tmp_path}/mine.py:P"}
    assert is_exact(played(tmp_path / "run", entrants=entrants))
    with Store.open(tmp_path / "run") as store, store.transaction():
        store.put_players([m._replace(spec="nowhere/mine.py:P") for m in store.players() if m.name == "mine"])
    assert not is_exact(Run.of(tmp_path / "run"))


def test_payoffs_are_those_of_the_matches_where_a_policy_fails(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from arena.players.uniform import UniformPlayer\n"
        "class P(UniformPlayer):\n"
        "    def act(self, batch): return UniformPlayer().act(batch)\n"
        "    def policy(self, batch): return 1 / 0\n"
    )
    assert not is_exact(played(tmp_path / "run", entrants={"uniform": "uniform", "mine": f"{tmp_path}/mine.py:P"}))


def test_a_league_knows_its_history_measures_and_digest_in_a_folder_with_any_name(tmp_path):
    config = {
        "game": "kuhn_poker",
        "training": {"updates": 2, "matches": 16},
        "learners": {"main": {"player": "net(hidden=[2])"}},
        "schedule": {"checkpoint_every": 1, "snapshot_every": 1},
        "rating": {"pairs": 10, "block_pairs": 5},
    }
    folder = tmp_path / "run (1): a"
    arena.train(LeagueConfig.model_validate(config), folder)
    run = Run.of(folder)
    assert {point.name for point in run.history} == {"uniform", "main-1", "main-2"}
    assert set(run.nash_conv) == {"main-1", "main-2", "uniform"}
    assert len(run.digest) == 16
    assert is_exact(run)


def test_a_run_that_never_began_says_so(tmp_path):
    Store.open(tmp_path).close()
    with pytest.raises(ConfigError, match="never began"):
        Run.of(tmp_path)


def test_an_anchor_that_is_gone_only_lacks_its_nashconv(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    game = arena.load_game("kuhn_poker")
    arena.load_player("net(hidden=[2])", game, seed=1).save(tmp_path / "here" / "old")
    config = {
        "game": "kuhn_poker",
        "training": {"updates": 1, "matches": 16},
        "learners": {"main": {"player": "net(hidden=[2])"}},
        "anchors": {"uniform": "uniform", "old": "./old"},
        "schedule": {"checkpoint_every": 1, "snapshot_every": 1},
        "rating": {"pairs": 10, "block_pairs": 5},
    }
    arena.train(LeagueConfig.model_validate(config), tmp_path / "run")
    assert set(Run.of(tmp_path / "run").nash_conv) == {"main-1", "uniform", "old"}
    monkeypatch.chdir(tmp_path)
    assert set(Run.of(tmp_path / "run").nash_conv) == {"main-1", "uniform"}


def test_a_comparison_of_two_players_has_no_ladder(tmp_path):
    arena.pit("uniform", 'script(prefer="bet")', "kuhn_poker", pairs=2, folder=tmp_path)
    with pytest.raises(RatingError, match="holds a comparison of two players, told by arena pit"):
        Run.of(tmp_path)
