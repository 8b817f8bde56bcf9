"""A learner of somebody else's, Stable-Baselines3, trains against our players and comes back as one of them."""

from collections.abc import Sequence

import numpy as np
import pytest

from arena.api import pit
from arena.player import Move, Requests
from arena.registry import load_game
from arena.testing import check_player

stable_baselines3 = pytest.importorskip("stable_baselines3", reason="stable-baselines3 is not installed")
torch = pytest.importorskip("torch")
envs = pytest.importorskip("arena.envs", reason="gymnasium or pettingzoo is not installed")


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny nets are slower on many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Baseline:
    """A trained policy of Stable-Baselines3 as a player: its most likely legal action."""

    def __init__(self, model, name: str = "ppo") -> None:
        self.model, self.name = model, name

    def act(self, batch: Requests) -> Sequence[Move]:
        observations, _ = self.model.policy.obs_to_tensor(batch.tensor())
        odds = self.model.policy.get_distribution(observations).distribution.probs.detach().numpy()
        best = np.where(batch.mask(), odds, -1.0).argmax(axis=1)
        return [Move(batch.game.actions[i]) for i in best]


def test_ppo_learns_and_plays():
    env = envs.gym_env("kuhn_poker", ["uniform"])
    model = stable_baselines3.PPO("MlpPolicy", env, n_steps=512, batch_size=128, seed=0, device="cpu")
    before = played(env, model)
    model.learn(4_096)
    after = played(env, model)
    assert after > before + 0.1
    assert after > 0.15  # the best response to the uniform player wins 0.458
    game = load_game("kuhn_poker")
    check_player(Baseline(model), game)
    # Comes back into the arena: 50 pairs of matches, with the same deals from both seats.
    verdict = pit(Baseline(model), "uniform", game, pairs=50, seed=1)
    assert "ppo" in str(verdict)


def played(env, model, matches=300):
    """Return the mean reward of the policy as it is, drawing its actions."""
    rewards = []
    for number in range(matches):
        observation, _ = env.reset(seed=number)
        over = False
        while not over:
            action, _ = model.predict(observation)
            observation, reward, over, _, _ = env.step(action)
        rewards.append(reward)
    return np.mean(rewards)
