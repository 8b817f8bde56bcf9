"""What a game says of itself: every impossible thing is found before a move is made."""

import pytest

from arena.game import Game
from arena.registry import load_game
from arena.testing.declaration import check_declaration
from arena.testing.findings import Findings
from tests.broken_games import Poker, Race


def declared(game):
    findings = Findings()
    check_declaration(game, findings)
    return {finding.code: finding for finding in findings.sorted()}


def changed(base=Race, **facts):
    return type("Changed", (base,), {"__doc__": base.__doc__, **facts})()


@pytest.mark.parametrize(
    ("facts", "code", "seen"),
    [
        ({"name": ""}, "name", "the game's name is ''"),
        ({"roles": ()}, "roles", "it has no roles"),
        ({"roles": ("first", "../second")}, "roles", r"'../second' cannot name a folder"),
        ({"sides": (0,)}, "sides", "2 roles have 1 sides"),
        ({"sides": (0, 2)}, "sides", "sides are (0, 2)"),
        ({"scoring": "elo"}, "scoring", "scoring 'elo' is neither outcome nor payoff"),
        ({"payoff_range": (1.0, -1.0)}, "payoff_range", "(1.0, -1.0) is empty"),
        ({"payoff_range": (0.0, float("inf"))}, "payoff_range", "endless"),
        ({"actions": ("1", "2", "2")}, "actions", "not distinct"),
        ({"actions": ["1", "2"]}, "actions", "actions is a list"),
        ({"actions": ("1", "2 ")}, "action_name", "'2 '"),
        ({"actions": ("1", "")}, "action_name", "''"),
        ({"actions": ("1", "a\nb")}, "action_name", r"'a\nb'"),
        ({"actions": (1, 2)}, "action_name", "the action 1 is a int"),
        ({"actions": ("[1]", "2")}, "markers", "'[1]' holds [ ]"),
        ({"actions": ("b", "B")}, "case", "['b', 'B'] differ in upper and lower case only"),
        ({"__doc__": None}, "rules", "the role 'first' has no rules"),
        ({"__doc__": Game.__doc__}, "rules", "the role 'first' has no rules"),
        ({"__doc__": "Race."}, "rules_short", "the rules are 'Race.'"),
        ({"rules": lambda self, role: {}[role]}, "rules", "rules('first') raises KeyError('first')"),
    ],
)
def test_an_impossible_declaration_is_found(facts, code, seen):
    found = declared(changed(**facts))
    assert seen in found[code].seen
    assert found[code].advice
    assert found[code].moves is None


class ForgetsItsSize(Race):
    __doc__ = Race.__doc__

    def __init__(self, heap=5):
        self.stones = heap


class Unwritable(Race):
    __doc__ = Race.__doc__

    def __init__(self, heap=frozenset({5})):
        self.heap = heap


class MakesItUp(Race):
    __doc__ = Race.__doc__
    made = 0

    def __init__(self, heap=5):
        type(self).made += 1
        self.heap = heap + self.made


@pytest.mark.parametrize(
    ("game", "code", "seen"),
    [
        (ForgetsItsSize, "parameters", "does not keep its parameter 'heap'"),
        (Unwritable, "parameters", "cannot be read"),
        (MakesItUp, "fingerprint", "when it is made again"),
    ],
)
def test_parameters_make_the_same_game_again(game, code, seen):
    assert seen in declared(game())[code].seen


@pytest.mark.parametrize("game", [Race(), Poker(), load_game("matrix(payoffs=[[1, -1], [-2, 2]])")])
def test_what_is_right_is_silent(game):
    assert declared(game) == {}
