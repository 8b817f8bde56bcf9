"""PettingZoo's classic environments as games: the rules agree with ours, the facts with the environment's."""

import sys
from importlib import import_module

import numpy as np
import pytest

from arena.errors import ConfigError
from arena.game import CHANCE, OVER, IllegalAction, Uniform
from arena.registry import load_game
from arena.testing import check_game

pytest.importorskip("pettingzoo", reason="pettingzoo is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

NAMES = ["tictactoe_v3", "connect_four_v3", "rps_v2", "leduc_holdem_v4", "texas_holdem_v4", "texas_holdem_no_limit_v6"]


def load(name):
    module = "pygame" if name in ("tictactoe_v3", "connect_four_v3", "rps_v2") else "rlcard"
    pytest.importorskip(module, reason=f"{module} is not installed")
    return load_game(f"pettingzoo(env={name!r})")


def choices(game, s):
    turn = game.turn(s)
    return [f"seed{i}" for i in range(50)] if turn == CHANCE else game.legal(s, turn)


def random_game(game, rng):
    s = game.start()
    while game.turn(s) != OVER:
        yield s
        open_to = choices(game, s)
        s = game.step(s, open_to[rng.integers(len(open_to))])
    yield s


@pytest.mark.parametrize("name", NAMES)
def test_every_fact_is_the_environments(name):
    game, rng = load(name), np.random.default_rng(0)
    for _ in range(10):
        *_, last = random_game(game, rng)
        shuffled = game.turn(game.start()) == CHANCE
        env = import_module(f"pettingzoo.classic.{name}").env()
        env.reset(seed=last[0] if shuffled else 0)
        totals = dict.fromkeys(env.possible_agents, 0.0)
        for k in range(int(shuffled), len(last)):
            s = last[:k]
            assert env.possible_agents[game.turn(s)] == env.agent_selection
            observation, _, ended, cut, _ = env.last()
            assert not ended
            assert not cut
            if isinstance(observation, dict):
                legal = [str(i) for i in np.flatnonzero(observation["action_mask"])]
                assert game.legal(s, game.turn(s)) == legal
                observation = observation["observation"]
            assert (game.encode(s, game.turn(s)) == observation).all()
            env.step(last[k])
            for agent, reward in env.rewards.items():
                totals[agent] += reward
        assert all(env.terminations.values()) or all(env.truncations.values())
        assert list(game.returns(last)) == list(totals.values())
        assert game.payoff_range[0] <= min(totals.values())


@pytest.mark.parametrize("name", ["tictactoe_v3", "connect_four_v3", "rps_v2", "leduc_holdem_v4"])
def test_the_contract_is_kept(name):
    check_game(load(name), games=2)


def test_tic_tac_toe_is_ours():
    theirs, ours, rng = load("tictactoe_v3"), load_game("tic_tac_toe"), np.random.default_rng(1)
    for _ in range(30):
        s = ours.start()
        for t in random_game(theirs, rng):
            if t:
                column, row = divmod(t[-1], 3)  # they count down the columns
                s = ours.step(s, str(3 * row + column + 1))
            assert theirs.turn(t) == ours.turn(s)
        assert theirs.returns(t) == ours.returns(s)


def test_connect_four_is_ours():
    theirs, ours, rng = load("connect_four_v3"), load_game("connect_four"), np.random.default_rng(1)
    for _ in range(10):
        s = ours.start()
        for t in random_game(theirs, rng):
            s = ours.step(s, str(t[-1] + 1)) if t else s
            assert theirs.turn(t) == ours.turn(s)
            if ours.turn(s) != OVER:
                assert [int(a) - 1 for a in ours.legal(s, 0)] == [int(a) for a in theirs.legal(t, theirs.turn(t))]
        assert theirs.returns(t) == ours.returns(s)


def test_deals_come_from_a_seed_that_chance_names():
    game = load("leduc_holdem_v4")
    assert isinstance(game.chance(game.start()), Uniform)
    dealt = [game.step(game.start(), f"seed{i}") for i in range(20)]
    assert len({game.view(s, 0) for s in dealt}) == 6  # jack, queen or king, and who pays the small blind
    assert game.view(dealt[3], 0) == load("leduc_holdem_v4").view(dealt[3], 0)
    for seed in ("seed10000", "seed-1", "seed03", "3", "seed"):
        with pytest.raises(IllegalAction, match="seed0 to seed9999"):
            game.step(game.start(), seed)


def test_rock_paper_scissors_does_not_show_the_first_choice():
    game = load("rps_v2")
    assert len({game.view(game.step(game.start(), action), 1) for action in "012"}) == 1


def test_a_taken_cell_is_refused():
    game = load("tictactoe_v3")
    s = game.step(game.start(), "4")
    for move in ("4", "9", "x", "", "04"):
        with pytest.raises(IllegalAction, match="say 0, 1"):
            game.step(s, move)


def test_unknown_environments_and_missing_packages_are_one_sentence(monkeypatch):
    with pytest.raises(ConfigError, match="did you mean 'tictactoe_v3'"):
        load_game("pettingzoo(env='tic_tac_toe_v3')")
    for module in [name for name in sys.modules if name.partition(".")[0] == "pettingzoo"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "pettingzoo", None)
    with pytest.raises(ConfigError, match="pip install"):
        load_game("pettingzoo")
