"""Walks: endless games and loops are found, and small games are counted exactly."""

import pytest

from arena.game import OVER, IllegalAction
from arena.registry import load_game
from arena.testing.asking import Asking
from arena.testing.findings import Findings, Severity
from arena.testing.states import States
from arena.testing.walks import random_walks, walk_all
from tests.broken_games import Heap, Race, found


class Endless(Race):
    __doc__ = Race.__doc__

    def legal(self, s, seat):
        return ["1"]

    def step(self, s, action):
        if action != "1":
            raise IllegalAction("say 1")
        return s._replace(mover=1 - s.mover)


class GoesOn(Endless):
    """Nothing comes back, and nothing ends: the stones below the table are counted too, without a bottom."""

    def turn(self, s):
        return s.mover

    def step(self, s, action):
        if action != "1":
            raise IllegalAction("say 1")
        return Heap(s.left - 1, 1 - s.mover)


class PutsBack(Race):
    """Two players take a stone or put one back; whoever takes the last of five wins (1 against −1)."""

    def legal(self, s, seat):
        return ["1", "2"]

    def step(self, s, action):
        if not s.left or action not in self.actions:
            raise IllegalAction("say 1 to take a stone, 2 to put one back")
        return Heap(min(s.left + (1 if action == "2" else -1), 5), 1 - s.mover)


def states_of(game):
    return States(Asking(game, Findings(), 0))


@pytest.mark.parametrize("game", [Endless, GoesOn])
def test_an_endless_game_is_found(game):
    finding = found(game())["endless"]
    assert finding.severity is Severity.ERROR
    assert "not over after 10000 moves" in finding.seen
    assert len(finding.moves) == 10  # enough to see how it begins


def test_a_loop_is_found_with_the_way_into_it():
    finding = found(PutsBack())["loop"]
    assert finding.severity is Severity.WARNING
    game, visited = PutsBack(), []
    s = game.start()
    for action in finding.moves:
        visited.append(s)
        s = game.step(s, action)
    assert s in visited
    assert found(Endless())["loop"].moves == ("1", "1")


def test_a_loop_that_no_random_game_goes_through_is_found_in_a_small_game():
    states = states_of(PutsBack())
    walk_all(states)
    assert [finding.code for finding in states.findings.sorted()] == ["loop"]


# Tic-tac-toe has 5,478 positions that can come about, of which 958 end the game; Kuhn poker has 12 information sets.
@pytest.mark.parametrize(
    ("name", "size"),
    [("tic_tac_toe", (5478, 4520, 4520)), ("kuhn_poker", (58, 24, 12)), ("matching_pennies", (7, 3, 2))],
)
def test_known_sizes(name, size):
    states = states_of(load_game(name))
    assert walk_all(states).count == size
    assert states.findings.sorted() == ()


def test_a_game_that_is_too_large_is_left_alone():
    states = states_of(load_game("connect_four"))
    assert walk_all(states, branches=500) is None
    assert not states.looked


def test_a_history_is_a_whole_game():
    game = Race()
    for history in random_walks(states_of(game), 5):
        assert history.states[0] == game.start()
        assert game.turn(history.states[-1]) == OVER
        assert [game.step(s, a) for s, a in zip(history.states, history.actions, strict=False)] == list(
            history.states[1:]
        )


def test_a_whole_game_in_order():
    whole = walk_all(states_of(load_game("kuhn_poker")))
    order = whole.order()
    place = {node: i for i, node in enumerate(order)}
    assert sorted(order) == list(range(58))
    assert all(place[at] < place[child] for at, children in enumerate(whole.children) for child, _ in children)
    assert all(sum(p for _, p in children) == pytest.approx(1) for children in whole.children if children)
    assert {len(members) for members in whole.sets.values()} == {2}  # the other holds one of two cards
    game = load_game("kuhn_poker")
    for at, s in enumerate(whole.states):
        reached = game.start()
        for action in whole.path(at):
            reached = game.step(reached, action)
        assert reached == s


def test_a_game_with_a_loop_has_no_order():
    assert walk_all(states_of(PutsBack())).order() is None
