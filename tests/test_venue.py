"""One game of a run: training matches are counted until a checkpoint, snapshots are rated, measured and scored."""

from __future__ import annotations

import numpy as np
import pytest

from arena.config import LeagueConfig
from arena.league import League
from arena.registry import load_game
from arena.store import Store
from arena.trainers.collect import collector
from arena.trainers.learner import Learner
from arena.trainers.loop import train
from arena.trainers.venue import Venue
from arena.tree import nash_conv

CONFIG = LeagueConfig.model_validate(
    {
        "game": "kuhn_poker",
        "training": {"updates": 4, "matches": 32},
        "learners": {"main": {"player": "net(hidden=[8])"}},
        "anchors": {"uniform": "uniform", "bold": "script(prefer='bet')"},
        "opponents": {"latest": 1.0, "meta": 1.0},
        "schedule": {"checkpoint_every": 2, "snapshot_every": 2},
        "rating": {"pairs": 30, "block_pairs": 5},
    }
)


@pytest.fixture
def venue(tmp_path):
    """The game of a finished run, opened again."""
    train(CONFIG, tmp_path)
    with Store.open(tmp_path) as store:
        yield Venue(League(store, load_game("kuhn_poker"), CONFIG))


@pytest.fixture
def learner(venue) -> Learner:
    made = Learner.fresh("main", venue.league.game, CONFIG)
    venue.league.enlist("main", made.player)
    return made


def test_training_matches_are_counted_until_the_checkpoint(venue, learner) -> None:
    for step, matches in enumerate((10, 7)):
        venue.play(learner, step, matches)
    tallies = venue.tallies(6)
    assert sum(tally.wins + tally.draws + tally.losses for tally in tallies) == 17
    assert {tally.step for tally in tallies} == {6}
    assert {tally.learner for tally in tallies} == {"main"}
    venue.checkpointed()
    assert venue.tallies(8) == []


def test_opponents_are_asked_for_at_checkpoints_only(venue, learner, monkeypatch) -> None:
    asked, opponents = [], League.opponents
    monkeypatch.setattr(League, "opponents", lambda *args: (asked.append(args[1]), opponents(*args))[1])
    for step in range(3):
        venue.play(learner, step, 4)
    assert asked == ["main"]
    venue.checkpointed()
    venue.play(learner, 3, 4)
    assert asked == ["main", "main"]


def test_nets_leave_no_records(venue, learner) -> None:
    venue.play(learner, 0, 4)
    assert venue.records == ()


def test_a_snapshot_is_rated_once_and_measured(venue) -> None:
    told = []
    snapshot = venue.league.members("snapshot")[-1]
    values = venue.rate(snapshot, lambda: told.append(1))
    assert told == [], "all its matches are there"
    tree = collector(venue.league).tree
    assert values["nash_conv"] == pytest.approx(nash_conv(tree, tree.policy(venue.league.player(snapshot.name))))
    assert values["rated"] == 1
    assert values["mixture_nash_conv"] > 0


def test_a_score_is_the_mean_over_pairs_against_the_anchors(venue) -> None:
    score, game = venue.score("main-4"), venue.league.game
    results = [r for r in venue.league.store.results(game) if "main-4" in (r.first, r.second)]
    met = [r for r in results if {r.first, r.second} & {"uniform", "bold"}]
    earned = np.array([r.payoff if r.first == "main-4" else -r.payoff for r in met])
    assert len(met) == 2 * 2 * 30
    assert len(results) > len(met), "it has met a snapshot too, which does not count"
    # One pair more is won, and one lost, so the mean is drawn towards one half.
    plain = float(np.mean(0.5 + earned / (2 * game.scale)))
    assert score.mean == pytest.approx((plain * 60 + 1) / 62)
    assert 0 < score.error < 0.1
