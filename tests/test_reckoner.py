"""The reckoner: sums that can be worked out, and slips as often as it says."""

import re

import numpy as np
import pytest

import arena
from arena.errors import ConfigError, PlayerError
from arena.games.challenger_solver import ChallengerSolver, State
from arena.games.terms import worth
from arena.player import Request, Requests
from arena.players.reckoner import Reckoner

GAME = ChallengerSolver(changed={"truth": "worked", "solvers": 2})


def said(player, state, seat, n=400):
    requests = Requests([Request(GAME, state, seat, seed=seed) for seed in range(n)])
    return [move.action for move in player.act(requests)]


def test_its_sums_are_terms_of_all_lengths_up_to_the_most():
    sums = said(Reckoner(numbers=4, largest=5), State(), 0)
    assert all(worth(term) is not None for term in sums)
    assert {len(re.findall(r"\d+", term)) for term in sums} == {1, 2, 3, 4}
    assert {int(number) for term in sums for number in re.findall(r"\d+", term)} == set(range(1, 6))


@pytest.mark.parametrize(("task", "operations"), [("7", 0), ("3 + 4", 1), ("3 + 4 - 2 * 2", 3), ("-3 + 4", 1)])
def test_each_operation_goes_wrong_as_often_as_it_says(task, operations):
    answers = said(Reckoner(slip=0.3), State(task=task), 1, n=2000)
    right = np.mean([answer == str(worth(task)) for answer in answers])
    assert right == pytest.approx(0.7**operations, abs=4 * 0.011)


def test_fractions_are_answered_too_and_what_is_no_term_is_answered_somehow():
    assert set(said(Reckoner(slip=0.0), State(task="1 / 3"), 1)) == {"1/3"}
    assert "1/3" not in said(Reckoner(slip=1.0), State(task="1 / 3"), 1)
    assert set(said(Reckoner(slip=0.0), State(task="what?"), 2)) == {"0"}


def test_asked_to_rewrite_a_sum_it_writes_one():
    eva = ChallengerSolver("eva", changed={"truth": "worked", "solvers": 2})
    s = State(("20 - 17",), "rewritten")
    requests = Requests([Request(eva, s, 0, seed=seed) for seed in range(50)])
    assert any("+" in move.action for move in Reckoner().act(requests))


def test_the_same_seed_says_the_same():
    assert said(Reckoner(), State(), 0) == said(Reckoner(), State(), 0)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("reckoner(slip=1.5)", "slip = 1.5 is no probability"),
        ("reckoner(numbers=0)", "numbers = 0: give a whole number from 1"),
        ("reckoner(largest='9')", "largest = '9': give a whole number from 1"),
    ],
)
def test_what_is_no_reckoner_gets_one_sentence(spec, sentence):
    with pytest.raises(ConfigError, match=sentence):
        arena.load_player(spec, GAME)


def test_it_plays_no_game_without_sums():
    kuhn = arena.load_game("kuhn_poker")
    s = kuhn.step(kuhn.start(), kuhn.chance(kuhn.start())[0][0])
    while kuhn.turn(s) < 0:
        s = kuhn.step(s, kuhn.chance(s)[0][0])
    with pytest.raises(PlayerError, match="kuhn_poker asks for no sums"):
        Reckoner().act(Requests([Request(kuhn, s, kuhn.turn(s))]))
