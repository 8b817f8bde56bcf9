"""The small games of errors and a critic, against equilibria worked out by hand and by a linear programme."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

import arena
from arena.config import LeagueConfig, load
from arena.errors import GameError
from arena.games.inspection import Inspection, NoisyCritic, Signal
from arena.store import Store
from arena.tree import enumerate_game, expected_returns, nash_conv

TOURNAMENTS = Path(__file__).resolve().parent.parent / "tournaments"


def policy(tree, laws):
    """Return the (I, A) policy that plays laws[view] at each information set."""
    table = np.zeros(tree.mask.shape)
    for row, request in enumerate(tree.requests):
        for action, p in laws[request.text].items():
            table[row, tree.actions.index(action)] = p
    return table


def test_both_sides_mix_in_proportion_to_one_over_c() -> None:
    """SPC's outcome without words: (.18, .27, .55), and one error in six is found (.164)."""
    tree = enumerate_game(Inspection())
    mix = 1 / np.array([0.9, 0.6, 0.3])
    law = {f"kind {i + 1}": p for i, p in enumerate(mix / mix.sum())}
    assert list(law.values()) == pytest.approx([0.1818, 0.2727, 0.5455], abs=1e-4)
    both = policy(tree, {f"you are {role}: choose a kind": law for role in ("sneaky", "critic")})
    assert nash_conv(tree, both) == pytest.approx(0, abs=1e-12)
    assert expected_returns(tree, both) == pytest.approx([1 - 0.1636, 0.1636], abs=1e-4)
    assert nash_conv(tree, tree.uniform) == pytest.approx(0.9 / 3 - 0.3 / 3)


def equilibrium(alarm, false_alarm: float, true_share: float):
    """Return (the sneaky player's mix, what the critic gets in all), by a linear programme for the critic.

    With a and s its probabilities of "correct" after an alarm and after silence, and v what each kind gives at least.
    """
    kinds = len(alarm)
    says = 2 * np.array([[p, 1 - p] for p in (*alarm, false_alarm)])  # times (a, s), less 1, is what "correct" is worth
    right, wrong = true_share, 1 - true_share
    objective = [*(-right * says[-1]), -wrong]
    bounds = np.column_stack([says[:-1], np.ones(kinds)])  # v ≤ 1 − says · (a, s)
    found = linprog(objective, A_ub=bounds, b_ub=np.ones(kinds), bounds=[(0, 1), (0, 1), (None, None)])
    mix = -found.ineqlin.marginals / wrong
    return mix, -found.fun - right


@pytest.mark.parametrize(("false_alarm", "true_share"), [(0.2, 0.5), (0.35, 0.5), (0.1, 0.7), (0.5, 0.4)])
def test_a_noisy_critic_is_as_the_linear_programme_says(false_alarm, true_share) -> None:
    game = NoisyCritic(false_alarm=false_alarm, true_share=true_share)
    tree = enumerate_game(game)
    mix, value = equilibrium(game.alarm, false_alarm, true_share)
    assert mix.sum() == pytest.approx(1)
    worst = {}
    for says_alarm in ("correct", "incorrect"):  # no answer of the critic's to this mix gets more
        for says_silence in ("correct", "incorrect"):
            laws = {
                "you make an error: choose its kind": {f"kind {i + 1}": p for i, p in enumerate(mix)},
                "there is an alarm": {says_alarm: 1.0},
                "there is no alarm": {says_silence: 1.0},
            }
            worst[says_alarm, says_silence] = expected_returns(tree, policy(tree, laws))[1]
    assert max(worst.values()) == pytest.approx(value, abs=1e-9)


def test_an_error_where_none_was_made_costs_the_sneaky_player_nothing() -> None:
    game = NoisyCritic()
    assert game.returns(Signal("right", "", "alarm", "incorrect")) == (None, -1.0)
    assert game.returns(Signal("right", "", "silence", "correct")) == (None, 1.0)
    assert game.returns(Signal("wrong", "kind 1", "alarm", "incorrect")) == (-1.0, 1.0)
    assert game.returns(Signal("wrong", "kind 1", "alarm", "correct")) == (1.0, -1.0)


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(GameError, match="leaves nothing to mix"):
        Inspection([0.5, 0.0])
    for make in (lambda: Inspection([]), lambda: Inspection([1.2]), lambda: NoisyCritic(false_alarm=-0.1)):
        with pytest.raises(GameError, match="give probabilities from 0 to 1"):
            make()


@pytest.mark.parametrize("name", ["inspection_league", "noisy_critic_league"])
def test_a_league_learns_it(name: str, tmp_path: Path) -> None:
    """In a tenth of the file's updates; what the whole file comes to stands in its head."""
    short = ["training.updates=160", "schedule.checkpoint_every=10", "schedule.snapshot_every=10"]
    config = load(TOURNAMENTS / f"{name}.toml", LeagueConfig, short)
    arena.train(config, tmp_path / "run")
    with Store.read(tmp_path / "run") as store:
        mixtures = [value for _, _, value in store.measures("mixture_nash_conv")]
    tree = enumerate_game(arena.load_game(config.game))
    assert mixtures[-1] < 0.6 * nash_conv(tree, tree.uniform)


@pytest.mark.parametrize("rollouts", ["tables", "matches"])
def test_who_played_no_game_learns_and_counts_nothing(rollouts: str, tmp_path: Path) -> None:
    config = LeagueConfig.model_validate(
        {
            "game": "noisy_critic(true_share=1.0)",  # so that the sneaky player never plays
            "training": {"updates": 1, "matches": 40, "rollouts": rollouts},
            "learners": {"main": {"player": "net(hidden=[4])"}},
            "opponents": {"latest": 0.0, "anchors": 1.0},
            "anchors": {"uniform": "uniform"},
            "schedule": {"checkpoint_every": 1, "snapshot_every": 1},
            "rating": {"pairs": 1},
        }
    )
    arena.train(config, tmp_path / "run")
    with Store.read(tmp_path / "run") as store:
        played = {tally.seat: tally.wins + tally.draws + tally.losses for tally in store.tallies()}
    assert played[1] == 20
    if rollouts == "matches":
        assert 0 not in played
