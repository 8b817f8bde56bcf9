"""NashConv from samples: its bias, and an upper bound that holds as often as it says."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest

from arena.games.kuhn_poker import equilibrium
from arena.games.matrix import Matrix
from arena.players.tabular import Tabular
from arena.registry import load_game
from arena.seeds import generator
from arena.tree import enumerate_game, nash_conv
from arena.tree.forfeits import with_forfeits
from arena.tree.sampled import margin, plug_in_at

KUHN = load_game("kuhn_poker")
TREE = enumerate_game(KUHN)
WIDE = with_forfeits(TREE)


def laws():
    """An equilibrium, uniform play, and laws of all kinds, with forfeits."""
    at_nash = np.append(TREE.policy(Tabular(KUHN, equilibrium(0.2))), np.zeros((len(TREE.seat), 1)), axis=1)
    yield "equilibrium", at_nash
    yield "uniform", WIDE.uniform
    for seed in range(3):
        weights = generator(seed, "law").exponential(size=WIDE.mask.shape) ** 2
        yield f"random {seed}", weights / weights.sum(axis=1, keepdims=True)


LAWS = dict(laws())


@pytest.mark.parametrize("n", [5, 50, 200])
@pytest.mark.parametrize("name", LAWS)
def test_the_upper_bound_holds_with_95_percent(name: str, n: int) -> None:
    """600 players of a known law each: those whose bound lies below the truth are 5% at most."""
    law, rng = LAWS[name], generator(1, name, n)
    exact, slack = nash_conv(WIDE, law), margin(WIDE, n)
    shown = np.array([nash_conv(WIDE, rng.multinomial(n, law) / n) for _ in range(600)])
    assert (shown + slack >= exact).mean() >= 0.95
    spread = 4 * shown.std() / len(shown) ** 0.5
    assert shown.mean() >= exact - spread  # biased upwards, if at all


def test_the_bound_is_tight_enough_to_be_of_use_at_kuhn_poker() -> None:
    """200 replies tell an equilibrium from uniform play (NashConv 0.917), and 2,000 leave a tenth."""
    rng = generator(2, "useful")
    at_nash = [nash_conv(WIDE, rng.multinomial(200, LAWS["equilibrium"]) / 200) for _ in range(100)]
    assert max(at_nash) + margin(WIDE, 200) < 11 / 12 / 2
    assert margin(WIDE, 2000) < 0.11


def test_the_margin_is_the_one_that_can_be_worked_out_by_hand() -> None:
    """In matching pennies each seat decides once, and whatever it replies, the other gets −1 or 1: V = 2 · 2²."""
    tree = enumerate_game(load_game("matching_pennies"))
    assert margin(tree, 100, alpha=0.1) == pytest.approx(sqrt(8 * log(10) / 200))
    # In Kuhn poker each set is one card of three, and the other gets −2 to 2 there, with forfeits (D² = 16), but for a
    # jack that is bet at: then it gets 1 or 2. The first player moves twice, the second once, after a pass at worst.
    second_move = (1 + 16 + 16) / 3 / 3
    assert margin(WIDE, 100) == pytest.approx(sqrt((16 / 3 + second_move + 16 / 3) * log(20) / 200))


def test_fewer_or_more_replies_change_it_by_the_root() -> None:
    assert margin(WIDE, 100) == pytest.approx(2 * margin(WIDE, 400))


def test_no_bound_is_claimed_where_none_was_shown() -> None:
    class Common(Matrix):
        name = "common"
        zero_sum = False

        def returns(self, s):
            return (super().returns(s)[0],) * 2

    assert margin(enumerate_game(Common()), 100) is None


def test_what_a_player_at_equilibrium_shows_falls_with_its_replies() -> None:
    policy = TREE.policy(Tabular(KUHN, equilibrium(0.2)))
    shown = [plug_in_at(TREE, policy, n, generator(0, n)) for n in (10, 100, 1000)]
    assert shown[0] > 2 * shown[1] > 4 * shown[2] > 0
    assert shown == [plug_in_at(TREE, policy, n, generator(0, n)) for n in (10, 100, 1000)]
