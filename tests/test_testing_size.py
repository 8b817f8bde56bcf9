"""Knuth's estimate against sizes that are known."""

from math import log10

import pytest

from arena.game import Text
from arena.registry import load_game
from arena.seeds import generator
from arena.testing.random_play import random_game
from arena.testing.size import estimate_nodes
from arena.testing.walks import History
from tests.broken_games import Race


def estimate(game, games=100, seed=0):
    return estimate_nodes(game, [random_history(game, generator(seed, i)) for i in range(games)], seed)


def random_history(game, rng):
    states, movers, actions = zip(*random_game(game, rng), strict=True)
    return History((*states, game.step(states[-1], actions[-1])), movers, actions)


# Histories: tic-tac-toe has 549,946, of which 255,168 are whole games; the others are counted from their rules.
@pytest.mark.parametrize(
    ("name", "nodes"), [("tic_tac_toe", 549_946), ("kuhn_poker", 58), ("rock_paper_scissors", 13), ("matrix", 7)]
)
def test_known_trees_lie_in_the_interval(name, nodes):
    game = load_game(name)
    found = [estimate(game, 60, seed) for seed in range(40)]
    inside = [one.low - 1e-9 <= log10(nodes) <= one.high + 1e-9 for one in found]
    assert sum(inside) >= 34  # 95% of 40 are 38; four fewer is two standard deviations and a half
    assert [one.value for one in found] == pytest.approx([log10(nodes)] * 40, abs=0.25)


def test_the_estimate_is_unbiased():
    """The mean of many estimates is the number itself."""
    game = Race()

    def count(s):
        return 1 + sum(count(game.step(s, a)) for a in (game.legal(s, s.mover) if s.left else ()))

    nodes = count(game.start())
    means = [10 ** estimate(game, 50, seed).value for seed in range(30)]
    assert sum(means) / len(means) == pytest.approx(nodes, rel=0.05)


def test_a_tree_that_no_number_can_hold_is_estimated():
    class Wide(Race):
        def legal(self, s, seat):
            return range(10)

    history = History(tuple(Wide().start() for _ in range(1001)), (0,) * 1000, ("1",) * 1000)
    found = estimate_nodes(Wide(), [history, history])
    assert found.value == pytest.approx(1000 + log10(10 / 9))


def test_free_text_has_no_size():
    class Talks(Race):
        def legal(self, s, seat):
            return Text(10)

    assert estimate_nodes(Talks(), [History((Talks().start(),) * 2, (0,), ("x",))]) is None
