"""A learner's training matches: fair sides, the opponents that were asked for, and tallies that add up."""

from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from arena import trainers
from arena.config import LeagueConfig, load
from arena.errors import ConfigError
from arena.league import League
from arena.players.net import Net
from arena.players.script import Script
from arena.registry import load_game
from arena.store import Store
from arena.tournaments.run import Run
from arena.trainers.collect import Batched, ByMatches, ByTables, collector, schedule
from arena.trainers.learner import SHARED, Learner
from arena.trainers.loop import train
from arena.tree import enumerate_game, expected_returns

ROOT = Path(__file__).resolve().parent.parent
SELF, MIXED = {"main": 1.0}, {"main": 0.5, "bets": 0.125, "uniform": 0.375}
MIXED_WITH_UNIFORM = {"main": 0.5, "uniform": 0.5}


@contextmanager
def league(folder, rollouts="auto", matches=400, game="kuhn_poker", others=None, **learner):
    config = LeagueConfig.model_validate(
        {
            "game": game,
            "training": {"updates": 10, "matches": matches, "rollouts": rollouts},
            "learners": {"main": {"player": "net(hidden=[4])", **learner}},
            "anchors": {"uniform": "uniform", "bets": "script(prefer='bet')", **(others or {})},
        }
    )
    with Store.open(folder) as store:
        yield League(store, load_game(game), config)


def collect(folder, share, rollouts="tables", step=0, **options):
    """Return the learner and what it played in one step."""
    with league(folder, "auto" if rollouts == "batched" else rollouts, **options) as run:
        member = Learner.fresh("main", run.game, run.config)
        way = Batched(run) if rollouts == "batched" else collector(run)
        return member, way(member, share, step, run.config.training.matches)


every_way = pytest.mark.parametrize("rollouts", ["tables", "batched", "matches"])


JUDGED = "tool_tasks(challenger=False, words=False)"


@contextmanager
def judged(folder, rollouts="auto"):
    """Give a league of a game in which a cast decides."""
    config = {
        "game": JUDGED,
        "training": {"updates": 2, "matches": 40, "rollouts": rollouts},
        "learners": {"main": {"player": "net(hidden=[4])"}},
        "cast": {"verifier": "script(prefer='true')"},
        "rating": {"pairs": 4, "block_pairs": 1},
    }
    with Store.open(folder) as store:
        yield League(store, load_game(JUDGED), LeagueConfig.model_validate(config))


# Which way.


def test_small_games_are_played_on_tables_unless_matches_are_asked_for(tmp_path):
    with league(tmp_path / "auto") as run:
        assert isinstance(collector(run), ByTables)
    with league(tmp_path / "matches", "matches") as run:
        assert isinstance(collector(run), ByMatches)
        assert collector(run).tree is enumerate_game(run.game)


def test_large_games_are_played_in_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(trainers.collect, "TABLE_LIMIT", 1000)  # so that the walk to the limit is short
    with league(tmp_path / "auto", game="connect_four") as run:
        assert isinstance(collector(run), Batched)
        assert collector(run).tree is None
    with (
        league(tmp_path / "tables", "tables", game="connect_four") as run,
        pytest.raises(ConfigError, match=r'connect_four is too large for tables: set training.rollouts = "auto"'),
    ):
        collector(run)


def test_the_referee_plays_for_who_states_no_policy(tmp_path, monkeypatch):
    acting, act = [], Net.act
    monkeypatch.setattr(Net, "act", lambda self, batch: (acting.append(len(batch)), act(self, batch))[1])
    with league(tmp_path, others={"mute": f"{__file__}:Mute"}, matches=50) as run:
        member = Learner.fresh("main", run.game, run.config)
        Batched(run)(member, {"uniform": 1.0}, 0, 50)
        assert not acting  # its policy is asked, not its moves
        played = Batched(run)(member, {"mute": 1.0}, 0, 50)
        assert acting
    assert sum(tally[:3].sum() for tally in played.tallies.values()) == 50


def test_on_tables_the_referee_plays_for_an_anchor_that_states_no_policy(tmp_path):
    mute = {"mute": f"{__file__}:Mute"}
    _, played = collect(tmp_path / "auto", {"mute": 0.5, "main": 0.5}, "auto", others=mute)
    assert {name for name, _ in played.tallies} == {"mute", "main"}
    with pytest.raises(ConfigError, match=r"the opponent 'mute' states no policy, so there are no tables of it: set"):
        collect(tmp_path / "tables", {"mute": 1.0}, "tables", others=mute)


class Mute:
    """Bets, and states no policy."""

    name = "mute"

    def act(self, batch):
        return Script("bet").act(batch)


def test_a_net_is_evaluated_once_per_information_set_and_batch_of_weights(tmp_path, monkeypatch):
    asked, policy = Counter(), Net.policy

    def counting(self, batch):
        asked[self.name, self.version] += len(batch)
        return policy(self, batch)

    monkeypatch.setattr(Net, "policy", counting)
    with league(tmp_path, "tables", others={"old": "net(hidden=[4])"}) as run:
        member, way = Learner.fresh("main", run.game, run.config), collector(run)
        for step in range(3):
            member.update(
                way(member, {"main": 0.25, "old": 0.5, "uniform": 0.25}, step, run.config.training.matches).batches
            )
    # Kuhn poker has 12 information sets, whatever the number of matches.
    assert asked == {("main", 0): 12, ("main", 1): 12, ("main", 2): 12, ("old", 0): 12}


# Sides and opponents.


@every_way
def test_against_others_the_learners_sides_alternate(rollouts, tmp_path):
    _, played = collect(tmp_path, {"uniform": 1.0}, rollouts)
    batch = played.batches[SHARED]
    assert (batch.seat == batch.match % 2).all()
    assert set(batch.match) == set(range(400))


@every_way
def test_where_matches_are_odd_another_side_begins_with_every_step(rollouts, tmp_path):
    """Else a game with one match an update would never be learned from its second side."""
    for step in range(4):
        _, played = collect(tmp_path / str(step), {"uniform": 1.0}, rollouts, step, matches=1)
        assert set(played.batches[SHARED].seat) <= {step % 2}
        assert {seat for _, seat in played.tallies} == {step % 2}


@every_way
def test_against_itself_it_learns_from_both_seats(rollouts, tmp_path):
    _, played = collect(tmp_path, SELF, rollouts)
    batch = played.batches[SHARED]
    assert {(int(m), int(s)) for m, s in zip(batch.match, batch.seat, strict=True)} == {
        (m, s) for m in range(400) for s in (0, 1)
    }
    assert sorted(played.tallies) == [("main", 0), ("main", 1)]


@every_way
def test_opponents_come_in_their_shares(rollouts, tmp_path):
    _, played = collect(tmp_path, MIXED, rollouts)
    met = {name: sum(t[:3].sum() for (n, _), t in played.tallies.items() if n == name) for name in MIXED}
    statistic = sum((met[name] - 400 * p) ** 2 / (400 * p) for name, p in MIXED.items())
    assert statistic < 13.8  # one in a thousand exceeds it with 2 degrees of freedom


@every_way
def test_whom_it_does_not_meet_it_does_not_meet(rollouts, tmp_path):
    _, played = collect(tmp_path, {"bets": 1.0}, rollouts)
    assert {name for name, _ in played.tallies} == {"bets"}


# Tallies.


@every_way
def test_tallies_add_up_to_the_matches_and_to_their_payoffs(rollouts, tmp_path):
    _, played = collect(tmp_path, {"bets": 0.5, "uniform": 0.5}, rollouts)
    batch = played.batches[SHARED]
    _, first = np.unique(batch.match, return_index=True)
    for seat in (0, 1):
        paid = batch.payoff[first][batch.seat[first] == seat]
        tallies = [tally for (_, s), tally in played.tallies.items() if s == seat]
        expected = [(paid > 0).sum(), (paid == 0).sum(), (paid < 0).sum(), paid.sum()]
        assert sum(tallies).tolist() == expected
    assert sum(tally[:3].sum() for tally in played.tallies.values()) == 400


def test_every_way_has_the_same_law(tmp_path):
    """All means lie about the exact value, from either seat and against every opponent."""
    for rollouts in ("tables", "batched", "matches"):
        member, played = collect(tmp_path / rollouts, {"bets": 0.5, "uniform": 0.5}, rollouts, matches=3000)
        tree = enumerate_game(member.player.game)
        policy = tree.policy(member.player)
        with league(tmp_path / rollouts, "auto" if rollouts == "batched" else rollouts, matches=3000) as run:
            others = {name: tree.policy(run.player(name)) for name in ("bets", "uniform")}
        for (name, seat), (wins, draws, losses, payoff) in played.tallies.items():
            mixed = others[name].copy()
            mixed[tree.by_seat[seat]] = policy[tree.by_seat[seat]]
            n = wins + draws + losses
            assert draws == 0  # Kuhn poker has none
            # A payoff is at most 2, so its mean has a standard error below 2 / √n.
            assert payoff / n == pytest.approx(expected_returns(tree, mixed)[seat], abs=3.5 * 2 / n**0.5)


@every_way
def test_the_behaviour_is_the_learners_policy(rollouts, tmp_path):
    member, played = collect(tmp_path, MIXED, rollouts)
    batch = played.batches[SHARED]
    assert member.player.evaluate(batch).logp.detach().numpy() == pytest.approx(batch.behaviour_logp, abs=1e-5)


@every_way
def test_a_method_of_two_players_has_both_sit_down_by_their_shares(rollouts, tmp_path):
    """NFSP: per match and seat the best response with probability .1; and each row tells who decided."""
    with league(tmp_path, "auto" if rollouts == "batched" else rollouts, 1000) as run:
        config = run.config.model_copy(
            update={"training": run.config.training.model_copy(update={"algorithm": "nfsp"})}
        )
        member = Learner.fresh("main", run.game, config)
        best = member.behaviours[1]
        with torch.no_grad():
            for parameter in best.parameters():
                parameter.mul_(5)  # so that the two are not alike
        way = Batched(run) if rollouts == "batched" else collector(run)
        batch = way(member, SELF, 0, run.config.training.matches).batches[SHARED]
    sat = {(int(m), int(s)): int(b) for m, s, b in zip(batch.match, batch.seat, batch.behaviour, strict=True)}
    assert len(sat) == 2000
    assert sum(sat.values()) == pytest.approx(200, abs=4 * (2000 * 0.1 * 0.9) ** 0.5)
    for number, player in enumerate(member.behaviours):
        rows = batch.where(batch.behaviour == number)
        assert player.evaluate(rows).logp.detach().numpy() == pytest.approx(rows.behaviour_logp, abs=1e-5)
        assert {sat[int(m), int(s)] for m, s in zip(rows.match, rows.seat, strict=True)} == {number}


# Seeds.


@every_way
def test_a_step_is_played_alike_again_and_the_next_one_otherwise(rollouts, tmp_path):
    one, same, other = (
        collect(tmp_path / name, MIXED, rollouts, step)[1].batches[SHARED]
        for name, step in (("one", 0), ("same", 0), ("other", 1))
    )
    assert (one.action.tolist(), one.payoff.tolist()) == (same.action.tolist(), same.payoff.tolist())
    assert one.payoff.tolist() != other.payoff.tolist()


def test_a_league_that_is_played_in_batches_comes_out_the_same_again(tmp_path):
    shipped = ROOT / "tournaments/connect_four_league.toml"
    few = ["updates=4", "matches=32"]
    overrides = [f"training.{key}" for key in few]
    overrides += ["schedule.checkpoint_every=2", "schedule.snapshot_every=2", "rating.pairs=2"]
    digests = {train(load(shipped, LeagueConfig, overrides), tmp_path / name) for name in ("one", "other")}
    assert len(digests) == 1


# Roles.


@every_way
def test_policies_per_role_get_their_roles(rollouts, tmp_path):
    _, played = collect(tmp_path, MIXED, rollouts, policies="per_role")
    assert {policy_id: set(batch.role) for policy_id, batch in played.batches.items()} == {"first": {0}, "second": {1}}
    assert all(batch.policy_id == policy_id for policy_id, batch in played.batches.items())


@every_way
def test_one_match_leaves_the_other_role_without_decisions(rollouts, tmp_path):
    member, played = collect(tmp_path, {"uniform": 1.0}, rollouts, matches=1, policies="per_role")
    assert len(played.batches["first"]) > 0
    assert len(played.batches["second"]) == 0
    member.update(played.batches)
    assert np.isfinite(enumerate_game(member.player.game).policy(member.player)).all()


# With a cast.


def test_a_cast_plays_through_the_referee_and_nobody_learns_its_moves(tmp_path):
    with judged(tmp_path / "auto") as run:
        assert isinstance(collector(run), ByMatches)
        assert collector(run).tree is None
        member = Learner.fresh("main", run.game, run.config)
        plan = schedule(run, member, MIXED_WITH_UNIFORM, 0, 40)
        assert {fixture.entrants[2] for fixture in plan.fixtures} == {"cast:verifier"}
        assert {fixture.entrants[0] for fixture in plan.fixtures} == {"main", "uniform"}
        played = collector(run)(member, {"main": 1.0}, 0, 40)
        assert set(played.batches[SHARED].seat) == {1}
        assert set(played.batches[SHARED].payoff) <= {0.0, 1.0}
    with (
        judged(tmp_path / "tables", "tables") as run,
        pytest.raises(ConfigError, match="a cast, which plays on no tables"),
    ):
        collector(run)


def test_a_league_seats_its_cast_in_training_and_rated_matches(tmp_path):
    with judged(tmp_path / "described") as run:
        config = run.config
    train(config, tmp_path / "run")
    with Store.read(tmp_path / "run") as store:
        assert {record.entrants[2] for record in store.records()} == {"cast:verifier"}
        assert {member.name for member in store.players()} == {"main", "main-2", "uniform"}
    assert Run.of(tmp_path / "run").cast == {"cast:verifier"}
