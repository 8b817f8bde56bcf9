"""Batched play follows the law of the rules, and asks each player once a step."""

from collections import Counter

import numpy as np
import pytest

from arena.batched_play import play_batched
from arena.errors import PlayerError
from arena.game import CHANCE, OVER
from arena.games.connect_four import ConnectFour
from arena.games.kuhn_poker import KuhnPoker, equilibrium
from arena.kernel import ByRules
from arena.match import Fixture, play_fixtures
from arena.players.net import Net
from arena.players.tabular import Tabular
from arena.players.uniform import UniformPlayer
from arena.tree import enumerate_game, expected_returns

KUHN, FOUR = KuhnPoker(), ConnectFour()
NET = Net(FOUR, hidden=[16], seed=1, temperature=0.02, device="cpu")


def play(game, players, seating, games=1000, seed=0, states=None):
    return play_batched(game, players, np.tile(seating, (games, 1)), np.random.default_rng(seed), states=states)


# The law.


def stories(players, s, steps=(), p=1.0):
    """Yield (the first seat's decisions and the payoff, probability) by walking the rules of Kuhn poker."""
    turn = KUHN.turn(s)
    if turn == OVER:
        yield (steps, KUHN.returns(s)[0]), p
    elif turn == CHANCE:
        for card, q in KUHN.chance(s):
            yield from stories(players, KUHN.step(s, card), steps, p * q)
    else:
        view = KUHN.view(s, turn)
        for bet, q in players[turn].table.get(view, {"pass": 0.5, "bet": 0.5}).items():
            told = (*steps, (KUHN.encode(s, turn).tobytes(), bet)) if turn == 0 else steps
            if q:
                yield from stories(players, KUHN.step(s, bet), told, p * q)


def test_games_are_played_by_the_exact_law():
    players = [Tabular(KUHN), Tabular(KUHN, equilibrium())]
    law = Counter()
    for story, p in stories(players, KUHN.start()):
        law[story] += p
    n = 20_000
    played = play(KUHN, players, (0, 1), n)
    told = [()] * n
    for match, view, action in zip(played.match, played.observation, played.action, strict=True):
        told[match] += ((view.tobytes(), KUHN.actions[action]),)
    counts = Counter(zip(told, played.returns[:, 0].tolist(), strict=True))
    assert set(counts) <= set(law)
    k = len(law) - 1
    limit = k * (1 - 2 / (9 * k) + 3.09 * (2 / (9 * k)) ** 0.5) ** 3  # one in a thousand (Wilson and Hilferty, 1931)
    assert sum((counts[story] - n * p) ** 2 / (n * p) for story, p in law.items()) < limit


@pytest.mark.parametrize("seating", [(0, 1), (1, 0)])
def test_the_mean_payoff_is_the_expected_return(seating):
    players = [Tabular(KUHN, equilibrium()), UniformPlayer()]
    returns = play(KUHN, players, seating, 20_000).returns
    tree = enumerate_game(KUHN)
    exact = expected_returns(tree, tree.policy([players[i] for i in seating]))
    assert (abs(returns.mean(axis=0) - exact) < 3.5 * returns.std(axis=0) / 20_000**0.5).all()


def test_the_referee_plays_by_the_same_law():
    """Lengths and results of Connect Four between two nets of different taste: chi-square over both samples."""
    fixtures = [Fixture(f"{i}", "play", ("net", "uniform"), i, "") for i in range(400)]
    records = play_fixtures(FOUR, fixtures, {"net": NET, "uniform": UniformPlayer()})
    referee = [(len(record.turns) // 6, record.returns[0]) for record in records]
    played = play(FOUR, [NET, UniformPlayer()], (0, 1), 4000)
    own = np.bincount(played.match)
    lost = played.returns[:, 0] < 0  # the second player moved last
    full = played.returns[:, 0] == 0
    length = np.where(full, 42, 2 * own - 1 + lost)
    batched = list(zip((length // 6).tolist(), played.returns[:, 0].tolist(), strict=True))
    names = sorted({*referee, *batched})
    table = np.array([[Counter(sample)[name] for name in names] for sample in (referee, batched)])
    rare = table.sum(axis=0) < 60
    table = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    expected = table.sum(axis=0) * table.sum(axis=1, keepdims=True) / table.sum()
    k = (expected[0] > 0).sum() - 1
    limit = k * (1 - 2 / (9 * k) + 3.09 * (2 / (9 * k)) ** 0.5) ** 3
    assert (((table - expected) ** 2)[:, expected[0] > 0] / expected[:, expected[0] > 0]).sum() < limit


def test_the_kernel_and_the_rules_play_the_same_games():
    rng = np.random.default_rng(5)
    one = play(FOUR, [NET], (0, 0), 200)
    other = play(FOUR, [NET], (0, 0), 200, states=ByRules(FOUR, 200, rng))
    assert all((a == b).all() for a, b in zip(one, other, strict=True))


# What is written down.


def test_decisions_are_the_learners_in_order_of_game_and_turn():
    played = play(FOUR, [NET, UniformPlayer()], (1, 0), 50)
    assert (played.seat == 1).all()
    assert (played.turn % 2 == 1).all()
    places = np.stack([played.match, played.turn], axis=1).tolist()
    assert places == sorted(places)
    assert set(played.match) == set(range(50))
    assert played.mask[np.arange(len(played.action)), played.action].all()


def test_several_players_of_a_learner_are_told_apart():
    seating = np.random.default_rng(0).integers(0, 3, size=(60, 2))
    players = [NET, UniformPlayer(), UniformPlayer()]
    played = play_batched(FOUR, players, seating, np.random.default_rng(0), learning=2)
    assert set(played.policy) == {0, 1}
    assert (played.policy == seating[played.match, played.seat]).all()


def test_the_log_probability_is_that_of_the_policy():
    played = play(FOUR, [NET], (0, 0), 20)

    class Seen(UniformPlayer):
        def tensor(self):
            return played.observation

        def mask(self):
            return played.mask

    law = NET.policy(Seen())
    assert played.logp == pytest.approx(np.log(law[np.arange(len(law)), played.action]), abs=1e-4)


def test_each_player_is_asked_once_a_step():
    class Counting(UniformPlayer):
        calls = 0

        def policy(self, batch):
            self.calls += 1
            return super().policy(batch)

    one, other = Counting(), Counting()
    played = play(FOUR, [one, other], (0, 1), 100)
    assert one.calls == played.turn.max() // 2 + 1
    assert one.calls - other.calls in (0, 1)


def test_the_generator_decides_everything():
    one, same, other = (play(FOUR, [NET], (0, 0), 50, seed) for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert one.action.tolist() != other.action.tolist()


def test_chance_is_drawn_from_the_generator_too():
    one, same = (play(KUHN, [UniformPlayer()], (0, 0), 50, seed) for seed in (1, 1))
    assert (one.returns == same.returns).all()


def test_a_learner_that_never_moves_has_no_decisions():
    played = play(FOUR, [NET, UniformPlayer()], (1, 1), 5)
    assert len(played.action) == len(played.observation) == len(played.logp) == 0
    assert played.mask.shape == (0, 7)
    assert played.returns.shape == (5, 2)


# Players that cannot.


class Illegal(UniformPlayer):
    def policy(self, batch):
        return np.full((len(batch), 7), 1 / 7)


class Broken(UniformPlayer):
    def policy(self, batch):
        raise KeyError("weights")


def test_a_policy_that_plays_illegal_actions_is_refused():
    with pytest.raises(PlayerError, match="no distribution over the legal actions"):
        play(FOUR, [Illegal()], (0, 0), 50)


def test_a_policy_that_fails_names_the_player():
    with pytest.raises(PlayerError, match="uniform fails to state its policy: KeyError"):
        play(FOUR, [Broken()], (0, 0), 1)
