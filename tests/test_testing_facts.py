"""The answers about a state compare by value."""

from math import nan

import numpy as np

from arena.game import Choices, Text, Uniform
from arena.games.kuhn_poker import State
from arena.testing.facts import by_value, facts, first_difference
from tests.broken_games import Heap, Poker, Race, Secret


def test_all_that_a_game_says_of_a_decision():
    assert facts(Race(), Heap(1, 1)) == {
        "turn": 1,
        "the view of seat 0": "1 left, seat 1 is to move, you are 0",
        "the view of seat 1": "1 left, seat 1 is to move, you are 1",
        "legal": ("1",),
        "encode": [1.0, 1.0, 1.0],
    }
    assert "encode" not in facts(Race(), Heap(), encode=False)
    assert "encode" not in facts(Secret(), ("heads",))  # the default is computed from the views


def test_chance_and_returns():
    assert facts(Secret(), ())["chance"] == (("heads", 0.5), ("tails", 0.5))
    assert facts(Poker(), State(("Q", "K"), ("pass", "pass")))["returns"] == (-1.0, 1.0)
    game = Secret()
    game.chance = lambda s: Uniform(10**12)
    assert facts(game, ())["chance"] == Uniform(10**12)


def test_legal_sets_compare_by_value():
    assert by_value(["1", "2"]) == by_value(("1", "2"))
    assert by_value(Text(5)) == Text(5)
    assert by_value(Choices(10**12)) == Choices(10**12)


def test_the_first_difference():
    assert first_difference({"turn": 1, "legal": ("a",)}, {"turn": np.int64(1), "legal": ("b",)}) == "legal"
    assert first_difference({"returns": (float("nan"),)}, {"returns": (nan,)}) is None
