"""Luck is taken out of payoffs: exactly unbiased for any guess, bounded, and worth many matches."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import arena
from arena import api
from arena.aivat import TreeCorrection, corrected_returns
from arena.errors import PlayerError, ReplayError
from arena.game import CHANCE, OVER, Uniform
from arena.record import Record, StopReason, Turn
from arena.seeds import derive, generator, uniform
from arena.tree import enumerate_game, expected_returns
from arena.tree.values import node_values


def histories(game, law):
    """Yield (probability, record) of every way in which the game can end; `law(state, seat)` is what the seats do."""

    def walk(s, turns, p):
        seat = game.turn(s)
        if seat == OVER:
            yield p, a_record(game, turns, game.returns(s))
            return
        moves = game.chance(s) if seat == CHANCE else law(s, seat).items()
        for action, q in moves:
            if q > 0:
                yield from walk(game.step(s, action), [*turns, Turn(seat, action)], p * q)

    yield from walk(game.start(), [], 1.0)


def a_record(game, turns, returns, **more):
    names = ("a", "b")
    return Record(
        "k", "play", game.spec, game.fingerprint, names, 0, "p", tuple(turns), tuple(returns),
        more.pop("stop", StopReason.FINISHED), **more,
    )  # fmt: skip


def noisy(tree, seed):
    """Return an (I, A) policy without any pattern."""
    weights = tree.mask * generator(seed, "noise").random(tree.mask.shape)
    return weights / weights.sum(axis=1, keepdims=True)


def law_of(tree, policy):
    """Return the policy as (state, seat) → action → probability."""
    rows = {(int(seat), view): row for seat, view, row in zip(tree.seat, tree.views, policy, strict=True)}

    def law(s, seat):
        row = rows[seat, tree.game.view(s, seat)]
        return {action: float(p) for action, p in zip(tree.actions, row, strict=True) if p > 0}

    return law


def a_guess(seed):
    """Return a value function that knows nothing at all."""

    @cache
    def value(s):
        return tuple(20 * uniform(derive(seed, repr(s), seat)) - 10 for seat in (0, 1))

    return value


@pytest.mark.parametrize(
    ("name", "known"),
    [("kuhn_poker", ()), ("kuhn_poker", (0,)), ("kuhn_poker", (1,)), ("kuhn_poker", (0, 1)), ("leduc_poker", (1,))],
)
def test_the_expectation_is_exact_for_any_guess(name, known):
    """A sum over every way in which the game can end, not a simulation."""
    game = arena.load_game(name)
    tree = enumerate_game(game)
    policy = noisy(tree, 1)
    law, value = law_of(tree, policy), a_guess(2)
    policies = {seat: lambda s, seat=seat: law(s, seat) for seat in known}
    total, plain, weight = np.zeros(2), np.zeros(2), 0.0
    for p, record in histories(game, law):
        total += p * np.array(corrected_returns(game, record, value, policies))
        plain += p * np.array(record.returns)
        weight += p
    assert weight == pytest.approx(1)
    assert plain == pytest.approx(expected_returns(tree, policy))
    assert total == pytest.approx(expected_returns(tree, policy), abs=1e-9)


@pytest.mark.parametrize("known", [(), (0,), (1,), (0, 1)])
def test_a_tree_gives_what_the_values_of_its_nodes_give(known):
    game = arena.load_game("kuhn_poker")
    tree = enumerate_game(game)
    real, guess = noisy(tree, 3), noisy(tree, 4)
    table = np.where(np.isin(tree.seat, known)[:, None], real, guess)
    values = dict(zip(states(tree), node_values(tree, table).tolist(), strict=True))
    correction = TreeCorrection(tree, table, frozenset(known))
    law = law_of(tree, real)
    policies = {seat: lambda s, seat=seat: law(s, seat) for seat in known}
    low, high = correction.bounds
    seen = []
    for _, record in histories(game, law):
        seen.append(correction.corrected_returns(record))
        assert seen[-1] == pytest.approx(corrected_returns(game, record, values.get, policies), abs=1e-9)
    assert (np.array(seen) >= low - 1e-9).all()
    assert (np.array(seen) <= high + 1e-9).all()
    if known == (0, 1):  # nothing is left to chance: every match says the same
        exact = expected_returns(tree, real)
        assert np.allclose(seen, exact)


def states(tree):
    """Return the state of every node, by walking the arrays."""
    found = {0: tree.game.start()}
    for node in range(len(tree.mover)):
        s = found[node]
        names = [name for name, _ in tree.game.chance(s)] if tree.mover[node] == CHANCE else tree.actions
        for name, child in zip(names, tree.child[node], strict=False):
            if child >= 0:
                found[int(child)] = tree.game.step(s, name)
    return [found[node] for node in range(len(tree.mover))]


def test_bounds_are_reached_and_hold_for_every_forfeit():
    """The least and the greatest corrected payoff over all histories and all places to give up."""
    game = arena.load_game("kuhn_poker")
    tree = enumerate_game(game)
    correction = TreeCorrection(tree, tree.uniform, frozenset({0}))
    every_move = law_of(tree, tree.uniform)
    seen = []
    for _, record in histories(game, every_move):
        seen.append(correction.corrected_returns(record))
        for end in range(2, len(record.turns)):
            culprit = record.turns[end].seat
            returns = game.forfeit(culprit)
            cut = a_record(game, record.turns[:end], returns, stop=StopReason.FORFEIT, culprit=culprit)
            seen.append(correction.corrected_returns(cut))
    low, high = correction.bounds
    assert low == pytest.approx(np.min(seen, axis=0))
    assert high == pytest.approx(np.max(seen, axis=0))


def test_a_player_that_does_what_its_policy_excludes_is_found_out():
    game = arena.load_game("kuhn_poker")
    tree = enumerate_game(game)
    always_bet = np.array([[0.0, 1.0]] * len(tree.mask))
    record = next(r for _, r in histories(game, law_of(tree, tree.uniform)) if r.turns[2].action == "pass")
    correction = TreeCorrection(tree, always_bet, frozenset({0}))
    with pytest.raises(PlayerError, match="a played 'pass', to which its stated policy gives probability 0"):
        correction.corrected_returns(record)
    with pytest.raises(PlayerError, match="mend its policy"):
        corrected_returns(game, record, a_guess(1), {0: lambda _: {"bet": 1.0}})
    with pytest.raises(ReplayError, match="the rules have changed"):
        correction.corrected_returns(replace(record, fingerprint="another"))


def test_a_draw_among_too_many_outcomes_is_left_as_it_is():
    class Lottery(arena.Game):
        name = "lottery"

        def start(self):
            return ()

        def turn(self, s):
            return CHANCE if len(s) < 2 else OVER

        def chance(self, s):
            return Uniform(10**9, "ticket ") if not s else [("red", 0.5), ("black", 0.5)]

        def step(self, s, action):
            return (*s, action)

        def returns(self, s):
            return (1.0, -1.0) if s[1] == "red" else (-1.0, 1.0)

        def view(self, s, seat):
            return ""

    game = Lottery()
    record = a_record(game, [Turn(CHANCE, "ticket 77"), Turn(CHANCE, "red")], (1.0, -1.0))
    corrected = corrected_returns(game, record, lambda s: game.returns(s) if len(s) == 2 else (0.0, 0.0))
    assert corrected == (0.0, 0.0)


def test_variance_is_saved_in_leduc():
    """Variance of a match, in Leduc poker, before and after: 20.5 → 6.8 when one of two uniform players is known.

    By how much it shrinks (2,000 matches; tests/benchmarks/bench_aivat.py prints more, and pairs of matches):

        known player    opponent      match   pair
        uniform         uniform         3.0    2.3
        uniform         always raise    3.7    3.3
        uniform         always call     4.9    2.0
        random table    uniform         2.1    1.7
    """
    game = arena.load_game("leduc_poker")
    tree = enumerate_game(game)
    records = api.play(game, ["uniform", "uniform"], matches=500, seed=1)
    correction = TreeCorrection(tree, tree.uniform, frozenset({0}))
    raw = np.array([record.returns[0] for record in records])
    corrected = np.array([correction.corrected_returns(record)[0] for record in records])
    assert raw.var() / corrected.var() > 2
    exact = expected_returns(tree, tree.uniform)[0]
    assert abs(corrected.mean() - exact) < 4 * corrected.std() / np.sqrt(len(records))
