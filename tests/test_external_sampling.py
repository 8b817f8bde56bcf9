"""Traversals find the exact counterfactual regrets in the mean, and look at nothing that was not drawn."""

import numpy as np
import pytest

from arena.games.kuhn_poker import equilibrium
from arena.games.leduc_poker import LeducPoker
from arena.players.tabular import Tabular
from arena.trainers.external_sampling import traverse
from arena.tree import enumerate_game, expected_returns
from tests.learning import KUHN, TREE

RNG = np.random.default_rng(3)


def deviation(tree, strategy, information_set, action, seat):
    """Return what the seat wins more, counterfactually, when it takes an action wherever it may lead there.

    A seat that plays to come to an information set and then mixes a little more of an action wins in proportion to
    its counterfactual regret; here the game is walked by hand, node by node.
    """
    total = 0.0
    value = np.array(tree.returns[:, seat])
    for node in range(len(tree.mover) - 1, -1, -1):
        moves = np.flatnonzero(tree.child[node] >= 0)
        if len(moves):
            sets = tree.information_set[node]
            law = tree.chance[node] if tree.mover[node] < 0 else strategy[sets]
            value[node] = sum(law[m] * value[tree.child[node, m]] for m in moves)
    reach = np.zeros(len(tree.mover))
    reach[0] = 1.0
    for node in range(len(tree.mover)):
        for m in np.flatnonzero(tree.child[node] >= 0):
            own = tree.mover[node] == seat
            law = tree.chance[node] if tree.mover[node] < 0 else strategy[tree.information_set[node]]
            reach[tree.child[node, m]] = reach[node] * (1.0 if own else law[m])
        if tree.information_set[node] == information_set:
            total += reach[node] * (value[tree.child[node, action]] - value[node])
    return total


def random_strategy(tree):
    weights = RNG.random(tree.mask.shape) * tree.mask
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("seat", [0, 1])
def test_the_mean_regret_is_the_counterfactual_one(seat):
    strategy, roots = random_strategy(TREE), 40_000
    found = traverse(TREE, strategy, seat, roots, RNG)
    for information_set in TREE.by_seat[seat]:
        for action in (0, 1):
            exact = deviation(TREE, strategy, information_set, action, seat)
            # Payoffs are 2 at most, so a regret is 4 at most and its mean has a standard error below 4 / √roots.
            assert found.regret[information_set, action] / roots == pytest.approx(exact, abs=4 * 4 / roots**0.5)


def test_at_an_equilibrium_no_action_is_regretted():
    strategy = TREE.policy(Tabular(KUHN, equilibrium(0.2)))
    for seat in (0, 1):
        found = traverse(TREE, strategy, seat, 40_000, RNG)
        assert (found.regret / 40_000).max() < 0.05
    assert expected_returns(TREE, strategy)[0] == pytest.approx(-1 / 18)


def test_a_traversal_tries_all_own_actions_and_one_of_the_others():
    """In Kuhn poker the first player's traversal ends after bet, and after pass once or twice: 2 or 3 endings."""
    bets = np.eye(2)[np.full(len(TREE.mask), KUHN.actions.index("bet"))]
    found = traverse(TREE, bets, 0, 10, RNG)
    assert found.endings == 30  # the second player always bets or calls: pass–bet is answered in two ways
    assert found.visits.sum() == 20
    assert found.others.sum() == 20


def test_regrets_of_the_strategy_weigh_up():
    """Σ σ(a) regret(a) = 0 at every visit, so also in the sum."""
    strategy = random_strategy(TREE)
    found = traverse(TREE, strategy, 1, 500, RNG)
    assert (strategy * found.regret).sum(axis=1) == pytest.approx(0, abs=1e-9)


def test_a_larger_game_is_walked_to_its_end():
    tree = enumerate_game(LeducPoker())
    found = traverse(tree, tree.uniform, 0, 300, RNG)
    assert found.endings > 300
    assert (found.regret[~tree.mask] == 0).all()
    assert set(tree.seat[found.visits > 0]) == {0}
    assert set(tree.seat[found.others > 0]) == {1}
