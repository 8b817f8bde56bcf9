"""Forfeits as an action of exact tables: what they pay, and that nobody gains by them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.errors import GameError
from arena.game import OVER
from arena.games.matrix import Matrix
from arena.match import Fixture, Patience, play_fixtures
from arena.player import Fault, Move
from arena.players.uniform import UniformPlayer
from arena.record import StopReason
from arena.registry import load_game
from arena.seeds import generator
from arena.tree import best_response, enumerate_game, expected_returns, nash_conv
from arena.tree.forfeits import FORFEITS, forfeit_rate, with_forfeits

GAMES = ["kuhn_poker", "goofspiel(cards=3)", "leduc_poker", "tic_tac_toe", "matching_pennies"]


def random_law(tree, seed: int):
    weights = generator(seed, "law").exponential(size=tree.mask.shape) * tree.mask
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name", GAMES)
def test_a_player_that_never_forfeits_is_worth_what_it_was(name: str) -> None:
    tree = enumerate_game(load_game(name))
    wide, policy = with_forfeits(tree), random_law(tree, 3)
    law = np.append(policy, np.zeros((len(policy), 1)), axis=1)
    np.testing.assert_allclose(expected_returns(wide, law), expected_returns(tree, policy), atol=1e-12)
    assert nash_conv(wide, law) == pytest.approx(nash_conv(tree, policy), abs=1e-12)
    assert forfeit_rate(wide, law) == 0
    assert wide.views == tree.views
    assert wide.requests[0].legal == tree.requests[0].legal


@pytest.mark.parametrize("name", GAMES)
def test_a_best_responder_never_forfeits(name: str) -> None:
    """Every other action pays as much or more; among equals a best response takes the first, and this is the last."""
    wide = with_forfeits(enumerate_game(load_game(name)))
    for seed in range(3):
        law = random_law(wide, seed)
        for seat in range(wide.game.seats):
            best = best_response(wide, law, seat)
            assert best.policy[:, -1].max() == 0


class Silent(UniformPlayer):
    """Says nothing at all."""

    def act(self, batch):
        return [Move(None, fault=Fault.EMPTY) for _ in batch]


@pytest.mark.parametrize("name", GAMES)
def test_a_forfeit_pays_what_the_referee_pays(name: str) -> None:
    game = load_game(name)
    wide = with_forfeits(enumerate_game(game))
    for seat in range(game.seats):
        entrants = tuple("silent" if i == seat else "uniform" for i in range(game.seats))
        fixture = Fixture("m", "play", entrants, 1, "")
        players = {"silent": Silent(), "uniform": UniformPlayer()}
        (record,) = play_fixtures(game, [fixture], players, patience=Patience(retries=0))
        assert record.stop is StopReason.FORFEIT
        assert tuple(wide.returns[-game.seats + seat]) == record.returns
        assert wide.mover[-game.seats + seat] == OVER


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_how_often_a_match_ends_so_is_one_minus_how_often_it_does_not(seed: int) -> None:
    """The first player of Kuhn poker moves once or twice, the second at most once: added up by hand, way by way."""
    tree = enumerate_game(load_game("kuhn_poker"))
    wide = with_forfeits(tree)
    law = random_law(wide, seed)
    at = {view: dict(zip(wide.actions, row, strict=True)) for view, row in zip(wide.views, law, strict=True)}
    finished = 0.0
    for one, two in [(a, b) for a in "JQK" for b in "JQK" if a != b]:
        first, second, last = (
            lambda said, card=card: at[f"your card: {card}; so far: {said}"] for card in (one, two, one)
        )
        after_pass = second("pass")["pass"] + second("pass")["bet"] * (1 - last("pass, bet")[FORFEITS])
        after_bet = 1 - second("bet")[FORFEITS]
        finished += (first("nothing")["pass"] * after_pass + first("nothing")["bet"] * after_bet) / 6
    assert forfeit_rate(wide, law) == pytest.approx(1 - finished, abs=1e-12)


def test_an_action_of_that_name_is_refused() -> None:
    tree = enumerate_game(Matrix([[1.0, 0.0]], actions=(FORFEITS, "other")))
    with pytest.raises(GameError, match="has an action called 'forfeits'"):
        with_forfeits(tree)
