"""What traversals found goes to the policy of its role, and what they would ignore is refused."""

import pytest

from arena.config import LeagueConfig
from arena.errors import ConfigError
from arena.league import League
from arena.registry import load_game
from arena.store import Store
from arena.trainers.learner import SHARED, Learner
from arena.trainers.traversal import ByTraversals
from tests.learning import KUHN, TREE


def configured(game="kuhn_poker", policies="shared", **opponents):
    return LeagueConfig.model_validate(
        {
            "game": game,
            "training": {"algorithm": "deep_cfr", "updates": 4, "matches": 101},
            "learners": {"main": {"player": "net(hidden=[4])", "policies": policies}},
            "opponents": opponents,
        }
    )


def test_what_was_found_goes_to_the_policy_of_its_role(tmp_path):
    config = configured(policies="per_role")
    with Store.open(tmp_path) as store:
        league = League(store, KUHN, config)
        played = ByTraversals(league)(Learner.fresh("main", KUHN, config), {"main": 1.0}, 0, config.training.matches)
    first, second = played.batches["first"], played.batches["second"]
    assert played.tallies == {}
    assert first.endings == second.endings > 101
    views = TREE.requests.tensor()
    for visits, seat in ((first.regrets, 0), (second.strategies, 1)):
        own = {view.tobytes() for view in views[TREE.by_seat[seat]]}
        assert {view.tobytes() for view in visits.observation} <= own
    assert first.regrets.target.sum(axis=1).shape == first.regrets.times.shape
    assert abs(first.regrets.target).max() <= 2  # in units of the greatest payoff


def test_the_same_step_is_walked_alike_again(tmp_path):
    config = configured()
    with Store.open(tmp_path) as store:
        walks = ByTraversals(League(store, KUHN, config))
        one, same, other = (
            walks(Learner.fresh("main", KUHN, config), {}, step, config.training.matches).batches[SHARED].regrets.target
            for step in (0, 0, 1)
        )
    assert (one == same).all()
    assert one.shape != other.shape or (one != other).any()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"opponents": {"meta": 1.0}}, r"set opponents\.meta to 0"),
        ({"opponents": {"uniform": 0.1}}, r"set opponents\.uniform to 0"),
        ({"learners": {"main": {"league_role": "main"}}}, "so main cannot be a main"),
        ({"training": {"algorithm": "deep_cfr", "updates": 4, "rollouts": "matches"}}, "deep_cfr plays no matches"),
        ({"game": "connect_four"}, "deep_cfr walks exact tables: take another algorithm, since connect_four has more"),
    ],
)
def test_what_traversals_would_ignore_is_refused(tmp_path, changes, sentence, monkeypatch):
    monkeypatch.setattr("arena.trainers.traversal.TABLE_LIMIT", 1000)  # so that the walk to the limit is short
    config = LeagueConfig.model_validate({**configured().model_dump(), **changes})
    with Store.open(tmp_path) as store:
        league = League(store, load_game(config.game), config)
        with pytest.raises(ConfigError, match=sentence):
            ByTraversals(league)
