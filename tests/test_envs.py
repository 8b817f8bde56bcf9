"""Our games as environments pass the tests of those who wrote the contracts, and what these tests leave out."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

from arena.errors import ConfigError
from arena.game import OVER
from arena.player import Fault, Move
from arena.registry import load_game

pytest.importorskip("gymnasium", reason="gymnasium is not installed")
pytest.importorskip("pettingzoo", reason="pettingzoo is not installed")

from gymnasium.utils.env_checker import check_env

from arena.envs import aec, gym_env

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # PettingZoo's tests use what PettingZoo deprecates
    from pettingzoo.test import api_test, seed_test

GAMES = ["tic_tac_toe", "connect_four", "kuhn_poker", "leduc_poker", "rock_paper_scissors", "goofspiel"]


# PettingZoo's own classic games have this kind of space, for the mask, and its test warns of it all the same.
@pytest.mark.filterwarnings("ignore:Observation space for each agent probably should be:UserWarning")
@pytest.mark.filterwarnings("ignore:Observation is not a NumPy array:UserWarning")
@pytest.mark.parametrize("name", GAMES)
def test_pettingzoo_s_own_tests_pass(name, capsys):
    api_test(aec(name), num_cycles=1000)
    seed_test(lambda: aec(name), num_cycles=200)


def history(env, episodes, seed):
    """Play random episodes and return everything that was seen; only the first is seeded."""
    rng, seen = np.random.default_rng(7), []
    for number in range(episodes):
        env.reset(seed=seed if number == 0 else None)
        for agent in env.agent_iter():
            observation, reward, ended, _, _ = env.last()
            action = None if ended else int(rng.choice(np.flatnonzero(observation["action_mask"])))
            seen.append((agent, observation["observation"].tobytes(), reward, ended, action))
            env.step(action)
    return seen


@pytest.mark.parametrize("name", GAMES)
def test_many_episodes_after_one_seed_are_the_same_again(name):
    """Beyond the first termination, where PettingZoo's own test stops."""
    assert history(aec(name), 20, seed=3) == history(aec(name), 20, seed=3)


def test_another_seed_deals_other_cards():
    assert history(aec("leduc_poker"), 20, seed=3) != history(aec("leduc_poker"), 20, seed=4)


@pytest.mark.parametrize("name", GAMES)
def test_every_agent_collects_its_payoff_and_the_sum_is_zero(name):
    env, rng = aec(name), np.random.default_rng(0)
    for episode in range(20):
        env.reset(seed=episode)
        collected = dict.fromkeys(env.possible_agents, 0.0)
        for agent in env.agent_iter():
            observation, reward, ended, _, info = env.last()
            collected[agent] += reward
            assert "illegal" not in info
            assert env.observation_space(agent).contains(observation)
            assert observation["action_mask"].any() != ended
            env.step(None if ended else int(rng.choice(np.flatnonzero(observation["action_mask"]))))
        assert sum(collected.values()) == 0
        assert env.game.turn(env._state) == OVER
        assert list(collected.values()) == list(env.game.returns(env._state))


def test_an_illegal_action_forfeits_to_the_other_side():
    env = aec("tic_tac_toe")
    env.reset(seed=0)
    env.step(4)
    env.step(4)
    assert env.rewards == {"seat_0": 1.0, "seat_1": -1.0}
    assert all(env.terminations.values())
    assert env.infos["seat_1"] == {"illegal": "action 4 is not legal here"}
    assert not env.observe("seat_0")["action_mask"].any()
    assert "x" in env.render()


def test_hidden_choices_stay_hidden():
    seen = []
    for action in range(3):
        env = aec("rock_paper_scissors")
        env.reset(seed=0)
        env.step(action)
        seen.append(env.observe("seat_1")["observation"].tobytes())
    assert len(set(seen)) == 1


# One seat.


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("seat", [0, 1, "random"])
def test_gymnasium_s_own_test_passes(name, seat):
    check_env(gym_env(name, ["uniform"], seat), skip_render_check=True)


def episodes(env, count, seed):
    rng, seen = np.random.default_rng(5), []
    for number in range(count):
        observation, info = env.reset(seed=seed if number == 0 else None)
        over, reward = False, 0.0
        while not over:
            assert (env.action_masks() == info["action_mask"]).all()
            assert env.observation_space.contains(observation)
            action = int(rng.choice(np.flatnonzero(info["action_mask"])))
            seen.append((info["seat"], observation.tobytes(), action))
            observation, reward, over, cut, info = env.step(action)
            assert not cut
            assert over or reward == 0
        seen.append(reward)
    return seen


@pytest.mark.parametrize("name", GAMES)
def test_a_seed_decides_seats_deals_and_opponents(name):
    first = episodes(gym_env(name, ["uniform"]), 30, seed=1)
    assert first == episodes(gym_env(name, ["uniform"]), 30, seed=1)
    assert {entry[0] for entry in first if isinstance(entry, tuple)} == {0, 1}
    assert first != episodes(gym_env(name, ["uniform"]), 30, seed=2)


def test_against_a_perfect_opponent_nobody_wins():
    env = gym_env("tic_tac_toe", ["minimax"])
    rewards = [entry for entry in episodes(env, 20, seed=0) if not isinstance(entry, tuple)]
    assert max(rewards) <= 0 > min(rewards)


def test_an_illegal_action_ends_the_match_at_the_worst_payoff():
    env = gym_env("leduc_poker", ["uniform"], seat=0)
    env.reset(seed=0)
    assert not env.action_masks()[0]  # nothing to fold to
    _, reward, over, _, info = env.step(0)
    assert (reward, over) == (-13.0, True)
    assert info["illegal"] == "action 0 is not legal here"


class Mute:
    name = "mute"

    def act(self, batch):
        return [Move(None, fault=Fault.EMPTY) for _ in batch]


def test_an_opponent_without_an_answer_forfeits():
    env = gym_env("tic_tac_toe", [Mute()], seat=0)
    env.reset(seed=0)
    _, reward, over, _, info = env.step(0)
    assert (reward, over) == (1.0, True)
    assert "illegal" not in info


def test_what_cannot_be_an_environment_is_refused_in_a_sentence():
    with pytest.raises(ConfigError, match="needs 1 opponents, but 2"):
        gym_env("tic_tac_toe", ["uniform", "uniform"])
    with pytest.raises(ConfigError, match="the seats 0 to 1"):
        gym_env("tic_tac_toe", ["uniform"], seat=2)
    game = load_game("tic_tac_toe")
    game.actions = ()
    with pytest.raises(ConfigError, match="closed vocabulary"):
        aec(game)


def test_bounds_are_those_of_the_tensors():
    assert aec("tic_tac_toe").observation_space("seat_0")["observation"].high.max() == 1
    assert np.isinf(aec(_Chips()).observation_space("seat_0")["observation"].high).all()


class _Chips(type(load_game("kuhn_poker"))):
    def encode(self, s, seat):
        return super().encode(s, seat) * 3


def test_without_the_packages_one_sentence_says_what_to_do():
    code = "import sys; sys.modules['gymnasium'] = None; import arena.envs"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ImportError: arena.envs needs gymnasium: pip install 'selfplay-arena[envs]'" in done.stderr
