import pytest

import arena
from arena.config import LeagueConfig
from arena.errors import ConfigError, RatingError
from arena.league import PRIOR_MATCHES, League
from arena.store import Member, Store, Tally

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
        ({"training": {"updates": 11}}, r"another training.updates \(10, now 11\)"),
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
