"""What every decision costs: against the gain of a best response, and against the definition of regret."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.errors import ConfigError
from arena.games.kuhn_poker import KuhnPoker, equilibrium
from arena.players.tabular import Tabular
from arena.registry import load_game
from arena.tree import enumerate_game, expected_returns
from arena.tree.best_response import best_response_gains
from arena.tree.regret import leaks, regret
from tests.test_best_response import RandomHidden, RandomOpen
from tests.test_values import random_policy


def check_shares(tree, policy):
    gains = best_response_gains(tree, policy)
    for seat, gain in enumerate(gains):
        found = regret(tree, policy, seat)
        assert found.cost.sum() == pytest.approx(gain, abs=1e-12)
        assert found.cost.min(initial=0) > -1e-12
        assert found.gain.min(initial=0) > -1e-12
        assert (found.reach <= found.others + 1e-12).all()
        for column in found:
            assert not column[tree.seat != seat].any()


@pytest.mark.parametrize(
    "name",
    ["kuhn_poker", "leduc_poker", "tic_tac_toe", "liars_dice(faces=3)", "goofspiel(cards=3)", "rock_paper_scissors"],
)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_shares_are_no_less_than_nothing_and_add_up_to_what_a_best_response_gains(name, seed):
    tree = enumerate_game(load_game(name))
    check_shares(tree, random_policy(tree, seed))


def test_they_do_for_three_players():
    pytest.importorskip("pyspiel")
    tree = enumerate_game(load_game("open_spiel(name='kuhn_poker(players=3)')"))
    check_shares(tree, random_policy(tree, 0))


@pytest.mark.parametrize("kind", [RandomHidden, RandomOpen])
@settings(max_examples=60)
@given(seed=st.integers(0, 10**6))
def test_they_do_in_random_games(kind, seed):
    tree = enumerate_game(kind(seed))
    if len(tree.seat):
        check_shares(tree, random_policy(tree, seed))


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "rock_paper_scissors", "goofspiel(cards=3)"])
def test_the_regret_of_a_set_is_what_one_other_action_there_would_gain(name):
    """In hidden games the weight of the others at a set is as if its seat did all to come there."""
    tree = enumerate_game(load_game(name))
    policy = random_policy(tree, 1) * 0.5 + tree.uniform * 0.5  # so that every set is reached
    own = expected_returns(tree, policy)
    for seat in (0, 1):
        found = regret(tree, policy, seat)
        for i in np.random.default_rng(0).permutation(tree.by_seat[seat])[:8]:
            better = []
            for action in np.flatnonzero(tree.mask[i]):
                other = policy.copy()
                other[i] = np.eye(tree.mask.shape[1])[action]
                better.append(expected_returns(tree, other)[seat] - own[seat])
            weight = found.others[i] / found.reach[i]
            assert found.gain[i] == pytest.approx(max(better) * weight, abs=1e-12)


def test_uniform_play_of_kuhn_poker_gives_most_away_where_it_folds_the_king():
    tree = enumerate_game(KuhnPoker())
    worst, *rest = leaks(tree, tree.uniform, 0, 3)
    # One deal in three, half the time it passes, half the time the other bets: it folds every second of those hands,
    # loses 1 instead of winning 2.
    assert worst == ("your card: K; so far: pass, bet", pytest.approx(1 / 12), pytest.approx(1 / 8), worst.plays, "bet")
    assert worst.plays == {"pass": 0.5, "bet": 0.5}
    assert [leak.cost for leak in rest] == pytest.approx([1 / 12, 1 / 12])
    assert len(leaks(tree, tree.uniform, 0, 100)) <= 6
    assert leaks(tree, tree.uniform, 0, 0) == []
    with pytest.raises(ConfigError, match="top = -1 places cannot be shown: ask for 0 or more"):
        leaks(tree, tree.uniform, 0, -1)


def test_nothing_leaks_at_equilibrium_but_folding_the_king_is_regretted_even_where_it_never_comes_to_that():
    game = KuhnPoker()
    tree = enumerate_game(game)
    assert [leaks(tree, tree.policy(Tabular(game, equilibrium())), seat, 9) for seat in (0, 1)] == [[], []]
    view = "your card: K; so far: pass, bet"
    table = equilibrium(1 / 3) | {view: {"pass": 1.0, "bet": 0.0}}  # it always bets the king first
    policy = tree.policy(Tabular(game, table))
    found = regret(tree, policy, 0)
    i = next(i for i in tree.by_seat[0] if tree.views[i] == view)
    assert (found.reach[i], found.cost[i]) == (0, 0)
    assert found.others[i] == pytest.approx(1 / 3 * (1 / 2 * 1 / 3))  # the second has the jack and bluffs
    assert found.gain[i] == pytest.approx(3 * found.others[i])
