"""Diversity as an objective: its gradient on paper, what it does to a population, and that a stop leaves no trace."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import arena
from arena.config import LeagueConfig
from arena.diversity import LENGTH, determinant_diversity, kernel_matrix, policy_behaviour
from arena.errors import ConfigError
from arena.player import Evaluation
from arena.trainers.dvd import PROBES, SHRINKAGE, behaviour, drawn_probes, log_determinant, penalties
from arena.trainers.loop import train
from arena.trainers.reservoir import decisions
from arena.trainers.trainer import Visits, Walked, no_penalty
from arena.tree import enumerate_game, expected_returns

VIEWS, ACTIONS = 4, 3
MASK = np.array([[1, 1, 1], [1, 1, 0], [0, 1, 1], [1, 1, 1]], bool)


class Linear:
    """The smallest trainable policy, in float64: logits = view · weights."""

    name = "linear"

    def __init__(self, weights):
        self.weights = torch.tensor(weights, dtype=torch.float64, requires_grad=True)

    def evaluate(self, batch):
        logits = torch.from_numpy(batch.observation).double() @ self.weights
        log_policy = torch.log_softmax(logits.masked_fill(~torch.from_numpy(batch.mask), -1e9), dim=1)
        nothing = torch.zeros(len(log_policy))
        return Evaluation(nothing, nothing, nothing, log_policy)


def came_to(views):
    """Return the batch of decisions made at these views."""
    batch = decisions(np.eye(VIEWS, dtype=np.float32), MASK, np.zeros(VIEWS, np.int64))
    return batch.where(np.array(views, np.int64))


def by_hand(weights, probes):
    """Return log det of the shrunk kernel matrix of linear policies (M, VIEWS, ACTIONS), without torch."""
    logits = np.where(probes.mask, probes.observation.astype(float) @ weights, -1e9)
    policies = np.exp(logits - logits.max(axis=2, keepdims=True))
    kernel = kernel_matrix(policy_behaviour(policies / policies.sum(axis=2, keepdims=True)))
    return np.linalg.slogdet((1 - SHRINKAGE) * kernel + SHRINKAGE * np.eye(len(kernel)))[1]


def test_each_member_goes_down_the_slope_of_its_own_row():
    """Against central differences of the determinant by numpy, in float64, and with the others held fixed."""
    rng = np.random.default_rng(3)
    weights = rng.normal(size=(3, VIEWS, ACTIONS))
    members = [Linear(w) for w in weights]
    batches = [came_to([0, 1]), came_to([1, 2, 2]), came_to([3])]
    terms = penalties(members, batches, 0.7, np.random.default_rng(5))
    probes = drawn_probes(batches, np.random.default_rng(5))
    h = 1e-6
    for i, (member, term) in enumerate(zip(members, terms, strict=True)):
        said = term()
        assert said.item() == pytest.approx(-0.7 * by_hand(weights, probes), rel=1e-12)
        said.backward()
        assert [other.weights.grad is None for other in members[i + 1 :]] == [True] * (2 - i)
        slope = np.zeros_like(weights[i])
        for place in np.ndindex(slope.shape):
            moved = np.zeros_like(weights)
            moved[i][place] = h
            slope[place] = -0.7 * (by_hand(weights + moved, probes) - by_hand(weights - moved, probes)) / (2 * h)
        assert abs(slope).max() > 0.01
        assert member.weights.grad.numpy() == pytest.approx(slope, abs=1e-8)


def test_the_others_stay_as_they_were_at_the_start_of_the_step():
    members = [Linear(np.eye(VIEWS, ACTIONS)), Linear(-np.eye(VIEWS, ACTIONS))]
    first, second = penalties(members, [came_to([0, 1, 2, 3])] * 2, 1.0, np.random.default_rng(0))
    before = first().item()
    with torch.no_grad():
        members[1].weights.add_(3.0 * torch.eye(VIEWS, ACTIONS))
    assert first().item() == before
    assert second().item() != before


def test_two_members_by_hand():
    """Alike: [[1, 1 − ε], [1 − ε, 1]], whose determinant is 2ε − ε²; at the distance ℓ the kernel is e^{−1/2}."""
    alike = torch.ones((2, 5), dtype=torch.float64, requires_grad=True)
    value = log_determinant(alike)
    assert value.item() == pytest.approx(np.log(2 * SHRINKAGE - SHRINKAGE**2))
    value.backward()
    assert (alike.grad == 0).all(), "finite, and in no direction"
    apart = torch.tensor([[0.0], [LENGTH]], dtype=torch.float64)
    assert log_determinant(apart).item() == pytest.approx(np.log(1 - (1 - SHRINKAGE) ** 2 * np.exp(-1)))
    assert log_determinant(100 * torch.eye(4, dtype=torch.float64)).item() == pytest.approx(0)


@given(arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 3)), elements=st.floats(-3, 3)))
def test_it_lies_between_all_alike_and_all_apart_and_follows_the_determinant(rows):
    found, m = log_determinant(torch.from_numpy(rows)).item(), len(rows)
    alike = (m - 1) * np.log(SHRINKAGE) + np.log(SHRINKAGE + m * (1 - SHRINKAGE))
    assert alike - 1e-9 <= found <= 1e-12
    assert np.exp(found) >= determinant_diversity(rows) - 1e-9


def test_behaviour_is_what_the_report_calls_by_that_name():
    member, probes = Linear(np.ones((VIEWS, ACTIONS))), came_to([0, 1, 2, 3])
    policy = MASK / MASK.sum(axis=1, keepdims=True)
    assert behaviour(member, probes).detach().numpy() == pytest.approx(policy_behaviour([policy])[0])


def test_members_are_compared_where_they_have_been_and_as_often():
    """Half of the probes are where the first has been, however much more the second has played."""
    probes = drawn_probes([came_to([0]), came_to([2] * 300 + [3] * 100)], np.random.default_rng(0))
    times = probes.observation.sum(axis=0)
    assert (len(probes), times[0], times[1]) == (PROBES, PROBES / 2, 0)
    assert times[2] / times[3] == pytest.approx(3, rel=0.3)
    assert (probes.mask == MASK[probes.observation.argmax(axis=1)]).all()


def test_where_a_method_walks_the_game_its_strategies_say_where_it_has_been():
    nothing = np.zeros((VIEWS, ACTIONS), np.float32)
    visits = Visits(np.arange(VIEWS), np.eye(VIEWS, dtype=np.float32), MASK, nothing, np.array([0.0, 5.0, 0.0, 0.0]))
    probes = drawn_probes([Walked(visits, visits, 5)], np.random.default_rng(0))
    assert probes.observation.sum(axis=0).tolist() == [0, PROBES, 0, 0]


def test_where_nobody_came_to_move_nobody_is_pushed():
    members = [Linear(np.ones((VIEWS, ACTIONS)))] * 2
    assert penalties(members, [came_to([])] * 2, 1.0, np.random.default_rng(0)) == [no_penalty, no_penalty]


def test_a_policy_that_does_not_state_its_distribution_is_refused():
    secret = SimpleNamespace(name="oracle", evaluate=lambda batch: Evaluation(*[torch.zeros(len(batch))] * 3))
    with pytest.raises(ConfigError, match=r"oracle does not state .* population\.diversity compares: set it to 0"):
        penalties([secret] * 2, [came_to([0])] * 2, 1.0, np.random.default_rng(0))


# In a league.


def league(diversity, game="kuhn_poker", learners="ab", policies="shared", **training):
    quick = {"nfsp": {"steps": 2, "minibatch": 64}, "deep_cfr": {"steps": 2, "minibatch": 64}}
    updates = training.get("updates", 8)
    return LeagueConfig.model_validate(
        {
            "game": game,
            "training": {"updates": updates, "matches": 64, **quick, **training},
            "learners": {name: {"player": "net(hidden=[8])", "policies": policies} for name in learners},
            "schedule": {"checkpoint_every": updates // 4, "snapshot_every": updates // 4 * 2},
            "rating": {"pairs": 1, "block_pairs": 1, "rivals": 0},
            "population": {"diversity": diversity},
        }
    )


def trained(config, folder):
    """Train; returns the tables and the policies (I, A) of the learners at the end."""
    train(config, folder)
    game, updates = arena.load_game(config.game), config.training.updates
    tree = enumerate_game(game)
    places = [str(folder / "checkpoints" / f"{name}-{updates}") for name in config.learners]
    return tree, [tree.policy(arena.load_player(place, game)) for place in places]


ROWS = [[1]] * 3 + [[-1]] * 2
"""Three rows are equally good, two are bad, and the column player has nothing to choose."""
LEARNS = {"updates": 80, "matches": 32, "learning_rate": 0.03, "kl_weight": 0.05}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_learners_find_different_answers_that_are_as_good(seed, tmp_path):
    """Left to themselves they all mix the three good rows; kept apart, each has a row of its own."""
    found = {}
    for diversity in (0.0, 0.3):
        config = league(diversity, f"matrix(payoffs={ROWS})", "abc", **LEARNS).model_copy(update={"seed": seed})
        tree, policies = trained(config, tmp_path / str(diversity))
        assert min(expected_returns(tree, policy)[0] for policy in policies) > 0.95
        found[diversity] = np.array(policies), determinant_diversity(policy_behaviour(policies))
    (_, alike), (apart, different) = found.values()
    assert alike < 0.05 < 0.6 < different
    assert sorted(apart[:, 0].argmax(axis=1)) == [0, 1, 2]


class StopError(Exception):
    pass


KINDS = [
    *[(name, "shared") for name in ("policy_gradient", "ppo", "mmd", "rnad", "nfsp", "deep_cfr")],
    ("ppo", "per_role"),
]


@pytest.mark.parametrize(("algorithm", "policies"), KINDS)
def test_every_algorithm_is_kept_apart_and_a_stop_leaves_no_trace(algorithm, policies, tmp_path):
    def stop(progress):
        if progress.step == 5:
            raise StopError

    kind = {"policies": policies, "algorithm": algorithm, "learning_rate": 0.01}
    config = league(0.3, **kind)
    _, apart = trained(config, tmp_path / "whole")
    with pytest.raises(StopError):
        train(config, tmp_path / "stopped", stop)
    assert train(config, tmp_path / "stopped") == train(config, tmp_path / "whole")
    _, alone = trained(league(0.0, **kind), tmp_path / "alone")
    assert determinant_diversity(policy_behaviour(apart)) > 1.5 * determinant_diversity(policy_behaviour(alone))


def test_learners_are_kept_apart_through_the_referee_too(tmp_path):
    """Another price, another net."""
    for diversity in (0.0, 0.3):
        train(league(diversity, updates=4, matches=4, rollouts="matches"), tmp_path / str(diversity))
    one, other = (tmp_path / name / "checkpoints/a-4/weights.safetensors" for name in ("0.0", "0.3"))
    assert one.read_bytes() != other.read_bytes()
