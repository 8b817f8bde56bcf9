"""Games that are played on tables follow the same law as the rules and the referee."""

from collections import Counter

import numpy as np
import pytest

from arena.game import CHANCE, OVER
from arena.games.kuhn_poker import KuhnPoker, equilibrium
from arena.match import Fixture, play_fixtures
from arena.players.tabular import Tabular
from arena.registry import load_game
from arena.tree import enumerate_game, expected_returns, rollout

KUHN = KuhnPoker()
TREE = enumerate_game(KUHN)
PLAYERS = {"uniform": Tabular(KUHN), "expert": Tabular(KUHN, equilibrium())}
POLICIES = np.stack([TREE.policy(player) for player in PLAYERS.values()])
UNIFORM, EXPERT = 0, 1


def play(games=1000, seating=(UNIFORM, EXPERT), seed=0, tree=TREE, policies=POLICIES):
    return rollout(tree, policies, np.tile(seating, (games, 1)), np.random.default_rng(seed))


# The law. A story is every decision of a game, as (view, action), and what the first player won.


def exact_law(players, s, steps=(), p=1.0):
    """Yield (story, probability) by walking the rules, with a tabular player per seat."""
    turn = KUHN.turn(s)
    if turn == OVER:
        yield (steps, KUHN.returns(s)[0]), p
    elif turn == CHANCE:
        for card, q in KUHN.chance(s):
            yield from exact_law(players, KUHN.step(s, card), steps, p * q)
    else:
        view = KUHN.view(s, turn)
        for bet, q in players[turn].table.get(view, {"pass": 0.5, "bet": 0.5}).items():
            if q:
                yield from exact_law(players, KUHN.step(s, bet), (*steps, (view, bet)), p * q)


LAW = dict(exact_law([PLAYERS["uniform"], PLAYERS["expert"]], KUHN.start()))


def chi_square(counts):
    assert set(counts) <= set(LAW)  # nothing impossible happened
    n = sum(counts.values())
    return sum((counts[story] - n * p) ** 2 / (n * p) for story, p in LAW.items())


LIMIT = 43.8
"""One in a thousand exceeds it with 19 degrees of freedom: the expert's certain moves leave 20 stories of 30."""


@pytest.mark.parametrize("batch", [40_000, 200])
def test_the_tables_play_by_the_exact_law(batch):
    """Many games together are drawn whole; few at a time take step after step."""
    counts = Counter()
    for seed in range(40_000 // batch):
        played = play(batch, seed=seed)
        steps = [()] * batch
        for match, i, a in zip(played.match, played.information_set, played.action, strict=True):
            steps[match] += ((TREE.views[i], TREE.actions[a]),)
        counts.update(zip(steps, played.returns[:, 0].tolist(), strict=True))
    assert len(LAW) == 20
    assert chi_square(counts) < LIMIT


def test_the_referee_plays_by_the_exact_law():
    counts = Counter()
    for record in play_fixtures(
        KUHN, [Fixture(f"{i}", "play", ("uniform", "expert"), i, f"{i}") for i in range(4000)], PLAYERS
    ):
        decisions = [(s, turn) for s, turn in record.replay(KUHN) if turn and turn.seat != CHANCE]
        counts[tuple((KUHN.view(s, turn.seat), turn.action) for s, turn in decisions), record.returns[0]] += 1
    assert chi_square(counts) < LIMIT


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "tic_tac_toe", "matrix"])
def test_the_mean_payoff_is_the_expected_return(name):
    tree = enumerate_game(load_game(name))
    returns = play(20_000, (0, 0), tree=tree, policies=tree.uniform[None]).returns
    error = returns.std(axis=0) / len(returns) ** 0.5
    assert (abs(returns.mean(axis=0) - expected_returns(tree, tree.uniform)) < 3.5 * error).all()


class Edge:
    """A generator whose every draw is the same number."""

    def __init__(self, number):
        self.number = number

    def random(self, n):
        return np.full(n, self.number)


@pytest.mark.parametrize("number", [0.0, 0.25, 0.5, 1 - 2**-53])
@pytest.mark.parametrize("games", [50, 500])  # step by step, and as one draw
@pytest.mark.parametrize("impossible", [0, 1, 2])
def test_what_has_probability_zero_is_never_drawn(impossible, games, number):
    """Not even by the least and the greatest number that a generator gives, and where a row misses 1."""
    tree = enumerate_game(load_game("rock_paper_scissors"))
    row = np.array([0.1, 0.2, 0.7 - 1e-16])
    row[impossible] = 0.0
    row /= row.sum()
    policies = np.tile(row, (1, 2, 1))
    played = rollout(tree, policies, np.zeros((games, 2), np.int64), Edge(number))
    assert (row[played.action] > 0).all()


# What is written down.


def test_decisions_are_ordered_by_game_and_turn():
    played = play()
    assert (np.diff(played.match) >= 0).all()
    assert set(played.match) == set(range(1000))
    last = np.append(np.diff(played.match) > 0, True)
    assert (played.turn[0], *played.turn[1:][last[:-1]]) == (0,) * 1000
    assert (np.diff(played.turn)[~last[:-1]] == 1).all()
    assert (played.seat == played.turn % 2).all()  # in Kuhn poker the seats take turns


def test_every_column_belongs_to_its_decision():
    played = play()
    assert (TREE.seat[played.information_set] == played.seat).all()
    assert TREE.mask[played.information_set, played.action].all()
    law = POLICIES[played.policy, played.information_set, played.action]
    assert played.logp.tolist() == np.log(law).astype(np.float32).tolist()


def test_each_game_has_its_own_seating():
    seating = np.random.default_rng(0).integers(0, 2, size=(500, 2))
    played = rollout(TREE, POLICIES, seating, np.random.default_rng(0))
    assert (played.policy == seating[played.match, played.seat]).all()
    # The expert never bets a queen at first, and the uniform policy does half the time.
    queen = TREE.views.index("your card: Q; so far: nothing")
    bets = {who: played.action[(played.information_set == queen) & (played.policy == who)].mean() for who in (0, 1)}
    assert bets[EXPERT] == 0
    assert bets[UNIFORM] == pytest.approx(0.5, abs=0.2)


def test_the_generator_decides_everything():
    one, same, other = play(seed=1), play(seed=1), play(seed=2)
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert one.returns.tolist() != other.returns.tolist()
