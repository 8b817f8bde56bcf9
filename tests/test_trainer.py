"""Every algorithm runs in a league by its name, and a league that is stopped ends as one that is not."""

from typing import get_args

import pytest

from arena import checkpoint
from arena.config import LeagueConfig, TrainingConfig
from arena.games.kuhn_poker import KuhnPoker
from arena.trainers.learner import NETS, SHARED, Learner
from arena.trainers.loop import train
from arena.trainers.trainer import Report

ALGORITHMS = get_args(TrainingConfig.model_fields["algorithm"].annotation)
QUICK = {"nfsp": {"steps": 2, "minibatch": 64}, "deep_cfr": {"steps": 2, "minibatch": 64}}
OF_NETS = [name for name in ALGORITHMS if name != "token_policy_gradient"]
"""Those of language models are tried by tests of their own: test_language_league.py, test_watch.py."""
each = pytest.mark.parametrize("algorithm", OF_NETS)


def league(algorithm, policies="shared", **training):
    return LeagueConfig.model_validate(
        {
            "game": "kuhn_poker",
            "training": {"algorithm": algorithm, "updates": 8, "matches": 32, **QUICK, **training},
            "learners": {"main": {"player": "net(hidden=[8])", "policies": policies}},
            "schedule": {"checkpoint_every": 2, "snapshot_every": 4},
            "rating": {"pairs": 2, "block_pairs": 1},
        }
    )


class StopError(Exception):
    pass


def test_every_algorithm_that_may_be_configured_is_known():
    assert set(ALGORITHMS) == set(NETS)


@each
@pytest.mark.parametrize("policies", ["shared", "per_role"])
def test_a_league_that_stops_ends_like_one_that_does_not(algorithm, policies, tmp_path):
    def stop(progress):
        if progress.step == 5:
            raise StopError

    config = league(algorithm, policies)
    whole = train(config, tmp_path / "whole")
    with pytest.raises(StopError):
        train(config, tmp_path / "stopped", stop)
    assert train(config, tmp_path / "stopped") == whole
    assert checkpoint.read(tmp_path / "whole/training/main-8").player == algorithm


@pytest.mark.parametrize("algorithm", [name for name in OF_NETS if name != "deep_cfr"])
def test_a_league_trains_through_the_referee_too(algorithm, tmp_path):
    told = []
    train(league(algorithm, updates=2, matches=4, rollouts="matches"), tmp_path, told.append)
    reports = [progress.report for progress in told if progress.report]
    assert len(reports) == 2
    assert all(isinstance(report, Report) and report.entropy > 0 for report in reports)


@each
def test_the_behaviours_are_as_many_as_their_shares(algorithm):
    member = Learner.fresh("main", KuhnPoker(), league(algorithm))
    assert len(member.behaviours) == len(member.shares)
    assert sum(member.shares) == pytest.approx(1)
    assert member.behaviours[0] is member.player is member.trainers[SHARED].policy
