"""How matches end, against a walk over all of them and against matches that are played."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena import play
from arena.game import CHANCE, OVER
from arena.games.kuhn_poker import KuhnPoker, equilibrium
from arena.players.script import Script
from arena.players.tabular import Tabular
from arena.registry import load_game, load_player
from arena.tree import enumerate_game, expected_returns
from arena.tree.outcomes import outcomes
from tests.test_best_response import RandomHidden, RandomOpen, table_of
from tests.test_values import random_policy


def by_walking(tree, policy):
    """Return payoffs → probability from a walk over all matches by the rules."""
    game, table, found = tree.game, table_of(tree, policy), Counter()

    def walk(s, p):
        turn = game.turn(s)
        if turn == OVER:
            found[game.returns(s)] += p
            return
        row = dict(game.chance(s)) if turn == CHANCE else table[turn, game.view(s, turn)]
        for action, q in row.items():
            if q > 0:
                walk(game.step(s, action), p * q)

    walk(game.start(), 1.0)
    return found


@pytest.mark.parametrize("kind", [RandomHidden, RandomOpen])
@settings(max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_every_payoff_is_as_likely_as_the_matches_that_pay_it(kind, seed):
    tree = enumerate_game(kind(seed))
    policy = random_policy(tree, seed) if len(tree.seat) else tree.mask
    found, walked = outcomes(tree, policy), by_walking(tree, policy)
    assert {tuple(row) for row in found.payoffs.tolist()} == set(walked)
    assert found.probability == pytest.approx([walked[tuple(row)] for row in found.payoffs.tolist()], abs=1e-12)
    assert found.probability.sum() == pytest.approx(1, abs=1e-12)
    assert found.results.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert found.probability @ found.payoffs == pytest.approx(expected_returns(tree, policy), abs=1e-12)


def test_matches_that_are_played_end_so():
    game = load_game("leduc_poker")
    tree = enumerate_game(game)
    players = [load_player(spec, game) for spec in ("uniform", 'script(prefer=["raise", "call"])')]
    found = outcomes(tree, tree.policy(players))
    played = Counter(record.returns for record in play(game, players, matches=3000, seed=5))
    for payoffs, p in zip(found.payoffs.tolist(), found.probability, strict=True):
        assert abs(played[tuple(payoffs)] / 3000 - p) < 4 * np.sqrt(p * (1 - p) / 3000)


def test_the_equilibrium_of_kuhn_poker_loses_more_hands_than_it_wins_and_still_earns():
    game = KuhnPoker()
    tree = enumerate_game(game)
    wise, bold = Tabular(game, equilibrium(0)), Script("bet")
    as_first, as_second = (outcomes(tree, tree.policy(pair)) for pair in ([wise, bold], [bold, wise]))
    won, drawn, lost = (as_first.results[0] + as_second.results[1]) / 2
    assert (won, drawn, lost) == pytest.approx((7 / 18, 0, 11 / 18), abs=1e-12)
    mean = (as_first.probability @ as_first.payoffs[:, 0] + as_second.probability @ as_second.payoffs[:, 1]) / 2
    assert mean == pytest.approx(1 / 9, abs=1e-12)


def test_perfect_play_of_tic_tac_toe_is_drawn_whatever_is_chosen():
    game = load_game("tic_tac_toe")
    tree = enumerate_game(game)
    found = outcomes(tree, tree.policy(load_player("minimax", game)))
    assert found.payoffs.tolist() == [[0, 0]]
    assert found.results.tolist() == [[0, pytest.approx(1), 0]] * 2
