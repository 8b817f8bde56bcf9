import numpy as np
import pytest

import arena
from arena.config import LeagueConfig, OpponentConfig, RatingConfig
from arena.errors import ConfigError, RatingError
from arena.league import PRIOR_MATCHES, League
from arena.meta_solvers import population_mixture
from arena.payoff import payoff_matrix
from arena.rating import rate
from arena.schema import Tally
from arena.store import Member, Store
from arena.tree import enumerate_game, expected_returns

CONFIG = LeagueConfig.model_validate(
    {
        "game": "kuhn_poker",
        "training": {"updates": 10},
        "anchors": {"uniform": "uniform", "bet": 'script(prefer="bet")'},
        "opponents": {"latest": 2, "uniform": 1, "prioritised": 1},
        "rating": {"pairs": 3, "rivals": 1},
    }
)


@pytest.fixture
def game():
    return arena.load_game("kuhn_poker")


def snapshot(store, game, step):
    """Add a real checkpoint to the population."""
    net = arena.load_player("net(hidden=[4])", game, seed=step)
    net.save(store.folder / f"checkpoints/main-{step}")
    member = Member(f"main-{step}", f"checkpoints/main-{step}", "snapshot", step, "x")
    with store.transaction():
        store.put_players([member])
    return member


def test_a_new_run_knows_its_anchors_and_starts_against_itself(tmp_path, game):
    with Store.open(tmp_path) as store:
        league = League(store, game, CONFIG)
        assert [member.name for member in league.members("anchor")] == ["bet", "uniform"]
        assert league.opponents("main") == {"main": 1.0}


@pytest.mark.parametrize(
    ("name", "cast", "sentence"),
    [
        ("tool_tasks", {}, "tool_tasks has a cast seat 'verifier': name its player"),
        ("tool_tasks", {"verifier": "uniform", "judge": "uniform"}, "tool_tasks has no cast seat 'judge'"),
        ("kuhn_poker", {"judge": "uniform"}, "kuhn_poker has no cast seat 'judge': it has none"),
    ],
)
def test_a_cast_that_does_not_fit_is_refused(tmp_path, name, cast, sentence):
    config = CONFIG.model_copy(update={"game": name, "cast": cast})
    with Store.open(tmp_path) as store, pytest.raises(ConfigError, match=sentence):
        League(store, arena.load_game(name), config)


def test_in_a_run_of_several_games_a_game_takes_the_cast_that_it_needs(tmp_path, game):
    config = CONFIG.model_copy(update={"cast": {"judge": "uniform"}})
    with Store.open(tmp_path / "kuhn_poker") as store:
        assert League(store, game, config, home=tmp_path).cast == {}


def test_anchors_may_be_met_in_training(tmp_path, game):
    config = CONFIG.model_copy(update={"opponents": CONFIG.opponents.model_copy(update={"anchors": 1.0})})
    with Store.open(tmp_path) as store:
        share = League(store, game, config).opponents("main")
        assert share["bet"] == share["uniform"] > 0
        assert set(share) == {"main", "bet", "uniform"}


def test_opponents_are_drawn_from_latest_uniform_past_and_by_win_rate(tmp_path, game):
    with Store.open(tmp_path) as store:
        league = League(store, game, CONFIG)
        for step in (1, 2):
            snapshot(store, game, step)
        with store.transaction():  # main beats main-1 by everything that can be won, and loses as much to main-2
            store.put_tallies(
                [Tally("main", 2, "main-1", 0, 90, 0, 0, 180.0), Tally("main", 2, "main-2", 1, 0, 0, 90, -180.0)]
            )
        rates = league.win_rates("main")
        assert rates["main-1"] == pytest.approx(0.5 + 90 / (2 * (90 + PRIOR_MATCHES)))
        assert rates["main-2"] == pytest.approx(1 - rates["main-1"])
        share = league.opponents("main")
        assert share["main"] == pytest.approx(0.5)
        hard = {name: (1 - rates[name]) ** 2 for name in rates}
        assert share["main-2"] == pytest.approx(0.125 + 0.25 * hard["main-2"] / sum(hard.values()))
        assert sum(share.values()) == pytest.approx(1)


def test_old_tallies_are_forgotten(tmp_path, game):
    with Store.open(tmp_path) as store:
        league = League(store, game, CONFIG)
        with store.transaction():
            store.put_tallies([Tally("main", 1, "main-1", 0, 100, 0, 0, 200.0)])
            store.put_tallies([Tally("main", step, "main-1", 0, 0, 0, 10, -20.0) for step in (2, 3, 4)])
        assert league.win_rates("main")["main-1"] == pytest.approx(0.5 - 60 / (2 * 2 * (30 + PRIOR_MATCHES)))


def test_what_a_learner_did_before_it_started_afresh_is_forgotten(tmp_path, game):
    with Store.open(tmp_path) as store:
        league = League(store, game, CONFIG)
        with store.transaction():
            store.put_tallies([Tally("main", step, "main-1", 0, 10, 0, 0, 20.0) for step in (1, 2)])
            store.put_meta({"born": {"main": 1}})
        assert league.win_rates("main")["main-1"] == pytest.approx(0.5 + 20 / (2 * 2 * (10 + PRIOR_MATCHES)))
        with store.transaction():
            store.put_meta({"born": {"main": 2}})
        assert league.win_rates("main") == {}


def test_a_learner_is_met_as_it_is_now(tmp_path, game):
    with Store.open(tmp_path) as store:
        league = League(store, game, CONFIG)
        net = arena.load_player("net(hidden=[4])", game, "main")
        assert not league.is_learning("main")
        league.enlist("main", net)
        assert league.is_learning("main")
        assert league.player("main") is net


def role(role, **schedule):
    learners = {"main": {"league_role": "main"}, "x": {"league_role": role}}
    changes = {"learners": learners, "schedule": {"checkpoint_every": 10, "snapshot_every": 20, **schedule}}
    return LeagueConfig.model_validate({**CONFIG.model_dump(), "training": {"updates": 1000}, **changes})


def test_exploiters_join_by_the_tallies_and_everybody_at_the_end(tmp_path, game):
    with Store.open(tmp_path) as store:
        league = League(store, game, role("main_exploiter"))
        assert [league.joins("x", step) for step in (10, 20, 30, 40)] == [False, False, False, True]
        assert [league.joins("main", step) for step in (10, 20, 30, 40)] == [False, True, True, True]
        with store.transaction():
            store.put_tallies([Tally("x", 10, "main", 0, 90, 0, 0, 180.0)])
        assert league.joins("x", 10)
        assert league.joins("x", 1000)
        assert not league.starts_afresh("x", 1000), "nothing comes after the end"
        assert league.starts_afresh("x", 40)
        assert not league.starts_afresh("main", 40)


def test_a_league_exploiter_starts_afresh_in_one_of_four_cases(tmp_path, game):
    with Store.open(tmp_path) as store:
        league = League(store, game, role("league_exploiter"))
        cases = [league.starts_afresh("x", step) for step in range(800)]
        assert sum(cases) / 800 == pytest.approx(0.25, abs=0.05)
        assert cases == [league.starts_afresh("x", step) for step in range(800)]


def test_payoffs_among_snapshots_are_exact_where_there_are_tables(tmp_path, game):
    tree = enumerate_game(game)
    with Store.open(tmp_path) as store:
        league = League(store, game, CONFIG)
        names = [snapshot(store, game, step).name for step in (1, 2, 3)]
        exact = league.payoffs(names, tree)
        a, b = (tree.policy(league.player(name)) for name in names[:2])
        first = (tree.seat == 0)[:, None]
        as_first = expected_returns(tree, np.where(first, a, b))[0]
        as_second = expected_returns(tree, np.where(first, b, a))[1]
        assert exact[0, 1] == pytest.approx((as_first + as_second) / 2)
        assert (exact == -exact.T).all()
        assert league.payoffs([]).shape == (0, 0)


def test_payoffs_among_snapshots_are_otherwise_those_of_rating_matches(tmp_path, game):
    with Store.open(tmp_path) as store:
        league = League(store, game, CONFIG)
        members = [snapshot(store, game, step) for step in (1, 2, 3)]
        names = [member.name for member in members]
        assert not league.payoffs(names).any()
        for member in members:
            list(league.rate(member))
        known = payoff_matrix(store.results(game), game)
        place = {name: i for i, name in enumerate(known.names)}
        payoffs = league.payoffs(names)
        assert payoffs[2, 1] == known.mean[place["main-3"], place["main-2"]]
        assert payoffs[0, 2] == 0, "they have not met: a snapshot meets the one before it"


def test_opponents_come_from_a_meta_solver(tmp_path, game):
    config = CONFIG.model_copy(update={"opponents": OpponentConfig(latest=0.0, meta=1.0)})
    tree = enumerate_game(game)
    with Store.open(tmp_path) as store:
        league = League(store, game, config)
        assert league.opponents("main", tree) == {"main": 1.0}
        names = [snapshot(store, game, step).name for step in (1, 2, 3)]
        mixture = population_mixture("nash", league.payoffs(names, tree))
        share = league.opponents("main", tree)
        assert [share.get(name, 0.0) for name in names] == pytest.approx(mixture)


def test_strength_is_the_elo_of_the_copy_of_this_step_with_its_interval(tmp_path, game):
    config = CONFIG.model_copy(update={"rating": RatingConfig(pairs=20, block_pairs=2)})
    with Store.open(tmp_path) as store:
        league = League(store, game, config)
        for step in (1, 2):
            list(league.rate(snapshot(store, game, step)))
        (strength,) = league.strengths(2).values()
        row = rate(store.results(game), game, "uniform", 2)["main-2"]
        assert strength == (row.elo, row.low, row.high)
        assert strength.low < strength.value < strength.high
        assert league.strengths(3) == {}


def test_a_run_that_an_older_arena_began_goes_on(tmp_path, game):
    with Store.open(tmp_path) as store:
        League(store, game, CONFIG)
        old = store.meta("config")
        del old["opponents"]["delta"], old["schedule"]["beaten"], old["learners"]["main"]["league_role"]
        with store.transaction():
            store.put_meta({"config": old})
        League(store, game, CONFIG)


def test_a_snapshot_meets_every_anchor_and_the_snapshots_before_it_once(tmp_path, game):
    with Store.open(tmp_path) as store:
        league = League(store, game, CONFIG)
        members = [snapshot(store, game, step) for step in (1, 2, 3)]
        met = [sorted({name for r in league.rate(m) for name in r.entrants} - {m.name}) for m in members]
        assert met == [["bet", "uniform"], ["bet", "main-1", "uniform"], ["bet", "main-2", "uniform"]]
        assert len({record.key for record in store.records()}) == (2 + 3 + 3) * 3 * 2
        assert all(record.kind == "rating" and record.stop == "finished" for record in store.records())
        assert [list(league.rate(member)) for member in members] == [[], [], []]


def test_the_digest_sees_weights_trainers_pool_and_tallies(tmp_path, game):
    with Store.open(tmp_path) as store:
        league = League(store, game, CONFIG)
        seen = {league.digest()}
        snapshot(store, game, 1)
        seen.add(league.digest())
        with store.transaction():
            store.put_tallies([Tally("main", 1, "main", 0, 1, 0, 0, 1.0)])
        seen.add(league.digest())
        with store.transaction():
            store.put_meta({"trainers": {"main": "abc"}})
        seen.add(league.digest())
        assert len(seen) == 4
        assert league.digest() in seen


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"training": {"updates": 11}},
            r"another training.updates \(10, now 11\), and as learning rates fall to 0 over all updates, it would have "
            r"learnt otherwise so far: go on with the old configuration, or give this run another folder \(--run\)$",
        ),
        ({"training": {"updates": 10, "kl_weight": 0.3}}, "another training.kl_weight"),
        (
            {"training": {"updates": 10, "algorithm": "ppo"}},
            r"another training.algorithm \('policy_gradient', now 'ppo'\)",
        ),
        ({"anchors": {"uniform": "uniform"}}, "another anchors.bet"),
        ({"seed": 1}, r"another seed \(0, now 1\)"),
    ],
)
def test_a_run_is_not_continued_with_another_configuration(tmp_path, game, change, sentence):
    with Store.open(tmp_path) as store:
        League(store, game, CONFIG)
        other = LeagueConfig.model_validate({**CONFIG.model_dump(), **change})
        with pytest.raises(ConfigError, match=sentence):
            League(store, game, other)
        League(store, game, CONFIG)


def test_what_the_chosen_algorithm_does_not_read_may_change(tmp_path, game):
    def with_training(**changes):
        return LeagueConfig.model_validate({**CONFIG.model_dump(), "training": {"updates": 10, **changes}})

    with Store.open(tmp_path / "gradient") as store:
        League(store, game, CONFIG)
        League(store, game, with_training(ppo={"clip": 0.3}, nfsp={"steps": 1}, deep_cfr={"steps": 1}))
    with Store.open(tmp_path / "ppo") as store:
        League(store, game, with_training(algorithm="ppo"))
        League(store, game, with_training(algorithm="ppo", mmd={"epochs": 7}, kl_weight=0.9, reference_every=1))
        with pytest.raises(ConfigError, match=r"another training.ppo.clip \(0.2, now 0.3\)"):
            League(store, game, with_training(algorithm="ppo", ppo={"clip": 0.3}))


def test_a_run_that_was_begun_with_what_is_refused_by_now_gets_one_sentence(tmp_path, game):
    with Store.open(tmp_path) as store:
        League(store, game, CONFIG)
        old = store.meta("config")
        old["training"] |= {"algorithm": "nfsp", "nfsp": {"anticipation": 0.0}}
        with store.transaction():
            store.put_meta({"config": old})
        with pytest.raises(ConfigError, match=r"training\.nfsp\.anticipation = 0\.0 will not do"):
            League(store, game, CONFIG)


def test_a_run_is_not_continued_under_other_rules(tmp_path, game):
    with Store.open(tmp_path) as store:
        League(store, game, CONFIG)
        changed = arena.load_game("kuhn_poker")
        changed.version = 2
        with pytest.raises(ConfigError, match="begun under other rules"):
            League(store, changed, CONFIG)


def test_an_anchor_whose_checkpoint_was_exchanged_is_noticed(tmp_path, game):
    arena.load_player("net(hidden=[4])", game, seed=1).save(tmp_path / "old")
    config = CONFIG.model_copy(update={"anchors": {"old": str(tmp_path / "old")}})
    with Store.open(tmp_path / "run") as store:
        assert League(store, game, config).player("old").name == "old"
        League(store, game, config)
        arena.load_player("net(hidden=[4])", game, seed=2).save(tmp_path / "old")
        with pytest.raises(ConfigError, match="the checkpoint of anchor 'old' has changed"):
            League(store, game, config)


def test_a_run_may_lie_in_a_folder_with_any_name(tmp_path, game):
    for name in ("run (1)", "run:2", "run(a=1)"):
        with Store.open(tmp_path / name) as store:
            league = League(store, game, CONFIG)
            member = snapshot(store, game, 1)
            assert league.player(member.name).name == "main-1"


def test_a_game_of_three_sides_has_no_league(tmp_path):
    class Three(type(arena.load_game("matching_pennies"))):
        sides = (0, 1, 2)

    with Store.open(tmp_path) as store, pytest.raises(RatingError, match="played by 3 sides"):
        League(store, Three(), CONFIG)


def test_snapshots_whom_nobody_will_meet_are_let_go(tmp_path):
    """With rivals = 1 the next one meets the last; whoever draws opponents from the past may meet anybody."""
    game = arena.load_game("kuhn_poker")
    closed = []

    class Held:
        def close(self):
            closed.append(self)

    for mirror in (True, False):
        values = {**CONFIG.model_dump(), "opponents": {"latest": 1.0, "uniform": 0.0 if mirror else 0.5}}
        with Store.open(tmp_path / str(mirror)) as store:
            league = League(store, game, LeagueConfig.model_validate(values))
            names = [f"main-{step}" for step in (10, 20, 30)]
            with store.transaction():
                store.put_players(Member(name, "x", "snapshot", int(name[5:])) for name in names)
            league._players = {name: Held() for name in ["uniform", *names]}
            held = dict(league._players)
            league.release()
            assert list(league._players) == (["uniform", "main-30"] if mirror else ["uniform", *names])
            assert closed == ([held["main-10"], held["main-20"]] if mirror else [])
            closed.clear()
