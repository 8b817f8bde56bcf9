"""A member that trains: its policies, who learns from what, and its two folders."""

import numpy as np
import pytest

from arena.config import LeagueConfig
from arena.errors import ConfigError
from arena.games.kuhn_poker import KuhnPoker
from arena.registry import load_player
from arena.rollout import from_tables
from arena.trainers.learner import SHARED, Learner
from arena.tree import enumerate_game, rollout

GAME = KuhnPoker()
TREE = enumerate_game(GAME)
kinds = pytest.mark.parametrize("policies", ["shared", "per_role"])


def learner(policies="shared", name="main", player="net(hidden=[4])", **training):
    config = LeagueConfig.model_validate(
        {
            "game": "kuhn_poker",
            "training": {"updates": 20, **training},
            "learners": {name: {"player": player, "policies": policies}},
        }
    )
    return Learner.fresh(name, GAME, config)


def batches(member, number):
    """Return what each policy of a learner decided in 50 matches against itself."""
    policies = TREE.policy(member.player)[None]
    played = rollout(TREE, policies, np.zeros((50, 2), np.int64), np.random.default_rng(number))
    eaten = {}
    for policy_id in member.trainers:
        seats = [seat for seat, role in enumerate(GAME.roles) if role in member.roles(policy_id, GAME)]
        eaten[policy_id] = from_tables(TREE, played, np.isin(played.seat, seats), policy_id, 0)
    return eaten


def test_a_shared_policy_plays_every_role():
    member = learner()
    assert list(member.trainers) == [SHARED]
    assert member.roles(SHARED, GAME) == ("first", "second")
    assert member.trainers[SHARED].policy is member.player


def test_policies_per_role_play_their_own():
    member = learner("per_role")
    assert {policy_id: member.roles(policy_id, GAME) for policy_id in member.trainers} == {
        "first": ("first",),
        "second": ("second",),
    }
    assert member.player.parts["first"] is member.trainers["first"].policy


@kinds
def test_a_fresh_learner_is_named_and_made_by_its_name(policies):
    one, same, other = learner(policies), learner(policies), learner(policies, "other")
    assert one.player.name == "main"
    assert (TREE.policy(one.player) == TREE.policy(same.player)).all()
    assert not (TREE.policy(one.player) == TREE.policy(other.player)).all()


def test_the_configuration_reaches_the_trainer():
    member = learner(learning_rate=0.5, kl_weight=0.7, reference_every=9, baseline_decay=0.5)
    (trainer,) = member.trainers.values()
    assert (trainer.kl_weight, trainer.reference_every, trainer.baselines.decay) == (0.7, 9, 0.5)
    assert trainer.scale == GAME.scale
    before = TREE.policy(member.player)
    member.update(batches(member, 0))
    assert abs(TREE.policy(member.player) - before).max() > 0.2  # at a rate of one half a step is a leap


def test_a_policy_learns_from_its_own_batch_only():
    member = learner("per_role")
    before = TREE.policy(member.player)
    eaten = batches(member, 0)
    eaten["first"] = eaten["first"].where(np.zeros(len(eaten["first"]), bool))  # as if it had never moved
    member.update(eaten)
    after = TREE.policy(member.player)
    first, second = TREE.by_seat
    assert (after[first] == before[first]).all()
    assert not (after[second] == before[second]).any()


@kinds
@pytest.mark.parametrize("stop", [0, 3])
def test_loaded_it_goes_on_as_if_it_had_never_stopped(policies, stop, tmp_path):
    whole = learner(policies, reference_every=2)
    for number in range(6):
        if number == stop:
            digests = whole.save(tmp_path / "player", tmp_path / "trainer")
        whole.update(batches(whole, number))
    again = learner(policies, reference_every=2)
    again.load(tmp_path / "player", tmp_path / "trainer")
    assert again.save(tmp_path / "player-2", tmp_path / "trainer-2") == digests
    for number in range(stop, 6):
        again.update(batches(again, number))
    assert again.save(tmp_path / "a", tmp_path / "b") == whole.save(tmp_path / "c", tmp_path / "d")


@kinds
def test_its_player_folder_is_a_player(policies, tmp_path):
    member = learner(policies)
    member.update(batches(member, 0))
    member.save(tmp_path / "player", tmp_path / "trainer")
    frozen = load_player(str(tmp_path / "player"), GAME)
    assert frozen.version == 1
    assert (TREE.policy(frozen) == TREE.policy(member.player)).all()


def test_the_digests_tell_weights_and_memory_apart(tmp_path):
    member = learner()
    first = member.save(tmp_path / "player", tmp_path / "trainer")
    member.update(batches(member, 0))
    second = member.save(tmp_path / "player", tmp_path / "trainer")
    assert first[0] != second[0]
    assert first[1] != second[1]


@pytest.mark.parametrize("player", ["uniform", "tabular"])
def test_what_cannot_be_trained_is_no_learner(player):
    with pytest.raises(
        ConfigError, match=rf"learner 'main': '{player}' cannot be trained by policy_gradient; use net\(…\)"
    ):
        learner(player=player)


@kinds
def test_a_class_without_a_name_is_refused_before_it_trains(policies):
    with pytest.raises(ConfigError, match="is not registered, so its snapshots could not be opened"):
        learner(policies, player="arena.players.net:Net(hidden=[4])")
