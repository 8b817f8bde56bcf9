"""Best responses and NashConv against known values, and against brute force on random games."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from arena.game import CHANCE, OVER, Game
from arena.games.kuhn_poker import KuhnPoker, equilibrium
from arena.games.matrix import Matrix, RockPaperScissors
from arena.players.script import Script
from arena.players.tabular import Tabular
from arena.registry import load_game, load_player
from arena.seeds import derive
from arena.tree import best_response, best_responses, enumerate_game, expected_returns, exploitability, nash_conv
from arena.tree.best_response import best_response_gains

BIASED = [[0, -25, 50], [25, 0, -5], [-50, 5, 0]]
"""Rock, paper, scissors with stakes of their own; its equilibrium is (1, 10, 5) / 16."""


# Known values, unless said otherwise OpenSpiel's, by its best_response and exploitability modules.


@pytest.mark.parametrize(
    ("name", "first", "second", "conv"),
    [
        ("kuhn_poker", 1 / 2, 5 / 12, 11 / 12),
        ("leduc_poker", 2.0875, 2.6597222222222, 4.7472222222222),
        ("tic_tac_toe", None, None, 1.9196593915),
        ("rock_paper_scissors", 0.0, 0.0, 0.0),
        ("matching_pennies", 0.0, 0.0, 0.0),
        (f"matrix(payoffs={BIASED})", 25 / 3, 25 / 3, 50 / 3),
    ],
)
def test_uniform_play(name, first, second, conv):
    tree = enumerate_game(load_game(name))
    for seat, value in enumerate([first, second]):
        assert value is None or best_response(tree, tree.uniform, seat).value == pytest.approx(value, abs=1e-9)
    assert nash_conv(tree, tree.uniform) == pytest.approx(conv, abs=1e-9)
    assert exploitability(tree, tree.uniform) == pytest.approx(conv / 2, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "prefer", "expected"),
    [
        ("kuhn_poker", ["pass"], 1.0),
        ("kuhn_poker", ["bet"], 1 / 3),
        ("leduc_poker", ["fold", "call"], 1.0),
        ("leduc_poker", ["raise", "call"], 2.3666666667),
        ("leduc_poker", ["call"], 1.4666666667),
    ],
)
def test_plain_policies(name, prefer, expected):
    tree = enumerate_game(load_game(name))
    assert exploitability(tree, tree.policy(Script(prefer))) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("alpha", [0, 0.2, 1 / 3])
def test_nothing_is_gained_against_the_equilibrium_of_kuhn_poker(alpha):
    game = KuhnPoker()
    tree = enumerate_game(game)
    policy = tree.policy(Tabular(game, equilibrium(alpha)))
    assert [best_response(tree, policy, seat).value for seat in (0, 1)] == pytest.approx([-1 / 18, 1 / 18], abs=1e-12)
    assert nash_conv(tree, policy) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("payoffs", "policy"),
    [(BIASED, [[1 / 16, 10 / 16, 5 / 16]] * 2), (((2, -3), (-3, 4)), [[7 / 12, 5 / 12]] * 2)],
)
def test_nothing_is_gained_against_the_equilibrium_of_a_matrix_game(payoffs, policy):
    assert nash_conv(enumerate_game(Matrix(payoffs)), np.array(policy)) == pytest.approx(0, abs=1e-12)


def test_nothing_is_gained_against_perfect_play_of_tic_tac_toe():
    game = load_game("tic_tac_toe")
    tree = enumerate_game(game)
    assert nash_conv(tree, tree.policy(load_player("minimax", game))) == pytest.approx(0, abs=1e-12)


# Random games, solved by trying every pure strategy.


class Random(Game[tuple[str, ...]]):
    """A game drawn from a seed, with payoffs of no particular sum. A state is all that has happened."""

    name = "random"
    actions = ("a", "b", "c")
    zero_sum = False
    payoff_range = (-5.0, 5.0)

    def __init__(self, seed, moves=5):
        self.seed, self.moves = seed, moves

    def draw_number(self, below, *names):
        return derive(self.seed, *names) % below

    def start(self):
        return ()

    def turn(self, s):
        if len(s) == self.moves or (len(s) > 1 and not self.draw_number(6, "over", *s)):
            return OVER
        return (CHANCE, 0, 1, 0, 1)[self.draw_number(5, "turn", *s)]

    def chance(self, s):
        return [("sun", 0.25), ("rain", 0.75)]

    def legal(self, s, seat):
        return self.actions[: (1, 2, 2, 3)[self.draw_number(4, "legal", seat, self.view(s, seat))]]

    def step(self, s, action):
        return (*s, action)

    def returns(self, s):
        return tuple(float(self.draw_number(11, "pay", seat, *s) - 5) for seat in (0, 1))


class RandomHidden(Random):
    """A random game in which a seat sees its own moves, and of every other event all, that it happened, or nothing."""

    name = "random_hidden"
    hidden = True

    def view(self, s, seat):
        seen = []
        for i, event in enumerate(s):
            if self.turn(s[:i]) == seat:
                seen.append(f"you: {event}")
            else:
                seen.append((event, "something", "")[self.draw_number(3, "seen", seat, i, *s[:i])])
        return " ".join(filter(None, seen))


class RandomOpen(Random):
    """A random game on four squares that everyone sees; many ways lead to a square. A state is (moves, square)."""

    name = "random_open"

    def start(self):
        return ("0", "0")

    def turn(self, s):
        return OVER if s[0] == str(self.moves) else (CHANCE, 0, 1, 0, 1)[self.draw_number(5, "turn", *s)]

    def step(self, s, action):
        return (str(int(s[0]) + 1), str(self.draw_number(4, "square", *s, action)))

    def view(self, s, seat):
        return " ".join(s)


class RandomThree(RandomHidden):
    """The same for three seats."""

    name = "random_three"
    roles = ("first", "second", "third")

    def __init__(self, seed, moves=4):
        super().__init__(seed, moves)

    def turn(self, s):
        over = Random.turn(self, s) == OVER
        return OVER if over else (CHANCE, 0, 1, 2, 2)[self.draw_number(5, "turn", *s)]

    def returns(self, s):
        return tuple(float(self.draw_number(11, "pay", seat, *s) - 5) for seat in range(3))


def value(game, table, s=None):
    """Return the expected returns when `table` maps (seat, view) to action → probability."""
    s = game.start() if s is None else s
    turn = game.turn(s)
    if turn == OVER:
        return np.array(game.returns(s))
    row = dict(game.chance(s)) if turn == CHANCE else table[turn, game.view(s, turn)]
    return sum(p * value(game, table, game.step(s, action)) for action, p in row.items() if p)


def pure_strategies(tree, seat):
    """Yield every choice of one action at each information set of the seat."""
    sets = tree.by_seat[seat]
    for choice in product(*(np.flatnonzero(tree.mask[i]) for i in sets)):
        yield {(seat, tree.views[i]): {tree.actions[a]: 1.0} for i, a in zip(sets, choice, strict=True)}


def table_of(tree, policy):
    return {
        (int(seat), view): dict(zip(tree.actions, row.tolist(), strict=True))
        for seat, view, row in zip(tree.seat, tree.views, policy, strict=True)
    }


@pytest.mark.parametrize("kind", [RandomHidden, RandomOpen, RandomThree])
@settings(max_examples=60)
@given(seed=st.integers(0, 10**6))
def test_no_pure_strategy_does_better_and_one_does_as_well(kind, seed):
    game = kind(seed)
    tree = enumerate_game(game)
    strategies = [int(tree.mask[sets].sum(axis=1).prod()) for sets in tree.by_seat]
    assume(1 < max(strategies) <= 200)
    weights = np.random.default_rng(seed).random(tree.mask.shape) * tree.mask
    policy = weights / weights.sum(axis=1, keepdims=True)
    table = table_of(tree, policy)
    own = value(game, table)
    assert expected_returns(tree, policy) == pytest.approx(own, abs=1e-12)
    seats = range(game.seats)
    brute = [max(value(game, {**table, **pure})[seat] for pure in pure_strategies(tree, seat)) for seat in seats]
    assert [best_response(tree, policy, seat).value for seat in seats] == pytest.approx(brute, abs=1e-12)
    assert best_responses(tree, policy).values == pytest.approx(own, abs=1e-12)
    assert best_response_gains(tree, policy) == pytest.approx(brute - own, abs=1e-12)
    assert nash_conv(tree, policy) == pytest.approx(sum(brute) - sum(own), abs=1e-12)


def test_the_random_games_hold_what_they_are_drawn_for():
    """Chance, information sets of several states, and squares that are reached in several ways."""
    hidden = [enumerate_game(RandomHidden(seed)) for seed in range(40)]
    assert any((tree.mover == CHANCE).any() for tree in hidden)
    assert sum((tree.mover >= 0).sum() > len(tree.views) for tree in hidden) > 10
    paths = [enumerate_game(RandomOpen(seed)) for seed in range(40)]
    assert sum((tree.child >= 0).sum() >= len(tree.mover) for tree in paths) > 10


# Games in which there is little to decide.


class Weather(Game[tuple[str, ...]]):
    """Chance decides all, or all is decided."""

    name = "weather"
    actions = ("a",)

    def __init__(self, draws=1, hidden=False):
        self.draws, self.hidden = draws, hidden

    def start(self):
        return ()

    def turn(self, s):
        return CHANCE if len(s) < self.draws else OVER

    def chance(self, s):
        return [("sun", 0.25), ("rain", 0.75)]

    def step(self, s, action):
        return (*s, action)

    def returns(self, s):
        return (1.0, -1.0) if "sun" in s else (-1.0, 1.0)

    def view(self, s, seat):
        return " ".join(s)


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize(("draws", "first"), [(0, -1.0), (1, -0.5), (2, -0.125)])
def test_who_decides_nothing_gains_nothing(draws, hidden, first):
    tree = enumerate_game(Weather(draws, hidden))
    found = best_responses(tree, tree.uniform)
    assert found.values.tolist() == found.best.tolist() == [first, -first]
    assert expected_returns(tree, tree.uniform).tolist() == [first, -first]
    assert len(tree.requests) == 0


# What a best response is.


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "tic_tac_toe", "matrix"])
@pytest.mark.parametrize("seat", [0, 1])
def test_the_policy_of_a_best_response_earns_its_value(name, seat):
    tree = enumerate_game(load_game(name))
    best = best_response(tree, tree.uniform, seat)
    mine = tree.by_seat[seat]
    assert (best.policy[mine].sum(axis=1) == 1).all()
    assert not best.policy[~tree.mask].any()
    assert not best.policy[tree.by_seat[1 - seat]].any()
    mixed = tree.uniform.copy()
    mixed[mine] = best.policy[mine]
    assert expected_returns(tree, mixed)[seat] == pytest.approx(best.value, abs=1e-12)
    assert best_response(tree, mixed, seat).value == pytest.approx(best.value, abs=1e-12)


# States that forget.


class Forgetful(RockPaperScissors):
    """Biased rock, paper, scissors whose last state is only the payoff."""

    name = "forgetful"
    payoffs = tuple(map(tuple, BIASED))

    def turn(self, s):
        return OVER if s[:1] == ("paid",) else len(s)

    def step(self, s, action):
        after = (*s, action)
        return after if len(after) < 2 else ("paid", str(Matrix.returns(self, after)[0]))

    def returns(self, s):
        return float(s[1]), -float(s[1])

    def view(self, s, seat):
        return "over" if s[:1] == ("paid",) else Matrix.view(self, s, seat)


def test_a_last_state_may_forget_the_way_to_it():
    tree = enumerate_game(Forgetful())
    assert len(tree.terminals) == 7  # payoffs: the three draws are one state
    assert nash_conv(tree, tree.uniform) == pytest.approx(50 / 3, abs=1e-12)
    assert [best_response(tree, tree.uniform, seat).value for seat in (0, 1)] == pytest.approx([25 / 3] * 2)
