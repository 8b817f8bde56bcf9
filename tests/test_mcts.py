from time import perf_counter

import numpy as np
import pytest

from arena.errors import ConfigError, HiddenState, PlayerError
from arena.game import CHANCE, OVER, Game, Text
from arena.games.connect_four import ConnectFour
from arena.games.kuhn_poker import KuhnPoker
from arena.games.nim import Nim, State
from arena.games.tic_tac_toe import TicTacToe
from arena.match import Fixture, play_fixtures
from arena.player import Request, Requests
from arena.players.mcts import Mcts, _Node, _Search
from arena.players.minimax import Minimax
from arena.players.search import Places
from arena.players.uniform import UniformPlayer
from arena.registry import load_player
from arena.seeds import derive
from arena.testing import check_player

GAME = TicTacToe()


class Table(Game[str]):
    """A game written as a table: state → who moves and what follows, or what the seats win."""

    name = "table"
    zero_sum = False
    payoff_range = (-3.0, 4.0)

    def __init__(self, nodes, roles=("first", "second")):
        self.nodes = nodes
        self.roles = roles

    def start(self):
        return "start"

    def turn(self, s):
        return self.nodes[s][0] if isinstance(self.nodes[s], list) else OVER

    def legal(self, s, seat):
        return self.nodes[s][1]

    def chance(self, s):
        return self.nodes[s][1]

    def step(self, s, action):
        return action

    def returns(self, s):
        return self.nodes[s]

    def view(self, s, seat):
        return s


def gamble(luck):
    chance = [CHANCE, [("win", luck), ("lose", 1 - luck)]]
    return Table(
        {"start": [0, ["safe", "risk"]], "risk": chance, "safe": (1.0, -1.0), "win": (4.0, -4.0), "lose": (-3.0, 3.0)}
    )


def choose(player, game, s, seeds=10):
    """Return the actions that a player chooses with several seeds."""
    requests = [Request(game, s, game.turn(s), seed=derive(7, i)) for i in range(seeds)]
    return {move.action for move in player.act(Requests(requests))}


def results(game, player, opponent, games, seed=0):
    """Return what the player wins, sitting in both seats equally often."""
    seats = [("it", "other"), ("other", "it")]
    fixtures = [Fixture(f"{i}", "play", seats[i % 2], derive(seed, i), "") for i in range(games)]
    records = play_fixtures(game, fixtures, {"it": player, "other": opponent})
    return np.array([record.returns[record.entrants.index("it")] for record in records])


# Strength.


def test_it_never_loses_tic_tac_toe_to_perfect_play():
    assert results(GAME, Mcts(GAME, 3000), Minimax(), games=10).tolist() == [0.0] * 10


def test_it_never_loses_tic_tac_toe_to_anyone_and_mostly_wins():
    won = results(GAME, Mcts(GAME, 300), UniformPlayer(), games=40)
    assert won.min() == 0
    assert won.mean() > 0.75


@pytest.mark.parametrize(("opponent", "simulations"), [(Minimax(depth=2), 150), (UniformPlayer(), 40)])
def test_it_wins_at_connect_four(opponent, simulations):
    game = ConnectFour()
    won = results(game, Mcts(game, simulations), opponent, games=24)
    # The 99.9% interval of the mean (3.77 is Student's t for 23 degrees of freedom) lies above a draw.
    assert won.mean() - 3.77 * won.std(ddof=1) / 24**0.5 > 0


def test_it_takes_the_winning_move_of_nim():
    rng, found = np.random.default_rng(0), 0
    game = Nim((3, 4, 5))
    player = Mcts(game, 3000)
    while found < 12:
        piles = tuple(int(rng.integers(n + 1)) for n in game.piles)
        if np.bitwise_xor.reduce(piles):
            found += 1
            for action in choose(player, game, State(piles), seeds=2):
                # Bouton (1901): a winning move leaves a binary sum of 0.
                assert not np.bitwise_xor.reduce(game.step(State(piles), action).piles), (piles, action)


@pytest.mark.parametrize(
    ("board", "actions"),
    [("xx.oo....", {"3"}), ("xx..o....", {"3"}), ("x........", {"5"}), ("....x....", {"1", "3", "7", "9"})],
)
def test_perfect_moves(board, actions):
    assert choose(Mcts(GAME, 2000), GAME, board, seeds=5) <= actions


# Any game that is open.


def test_chance_counts_by_its_expectation():
    """Certain values need few simulations: by then a mean of rollouts would still be wrong."""
    for luck, action in ((0.5, "safe"), (0.56, "safe"), (0.59, "risk"), (0.9, "risk")):
        assert choose(Mcts(gamble(luck), 30), gamble(luck), "start", seeds=20) == {action}


def test_every_seat_plays_for_itself():
    nodes = {
        "start": [0, ["stop", "go"]], "stop": (1.0, 0.0, 0.0), "go": [1, ["up", "down"]],
        "up": (4.0, 0.0, 4.0), "down": [2, ["left", "right"]], "left": (4.0, 1.0, 0.0), "right": (0.0, 1.0, 1.0),
    }  # fmt: skip
    game = Table(nodes, roles=("a", "b", "c"))
    player = Mcts(game, 200)
    assert choose(player, game, "down") == {"right"}
    assert choose(player, game, "go") == {"down"}
    assert choose(player, game, "start") == {"stop"}  # for the third would go right


def test_a_seat_without_a_result_wins_nothing():
    nodes = {"start": [0, ["a", "b"]], "a": (0.5, None), "b": (1.0, None)}
    assert choose(Mcts(Table(nodes), 20), Table(nodes), "start") == {"b"}


def test_the_only_move_needs_no_search():
    nodes = {"start": [0, ["a"]]}  # what follows "a" is not even written
    assert choose(Mcts(Table(nodes), 20), Table(nodes), "start") == {"a"}


def test_decided_positions_end_the_search_early():
    player = Mcts(GAME, 10_000_000)
    begin = perf_counter()
    assert choose(player, GAME, "xx.oo....", seeds=1) == {"3"}
    assert perf_counter() - begin < 5


def test_certain_values_are_the_values_of_perfect_play():
    game = gamble(0.6)
    root = _Node(Places(game).at("start"))
    search = _Search(Places(game), 1.4, 1, np.random.default_rng(0).random)
    for _ in range(30):
        search.simulate(root)
    assert root.proven == pytest.approx((1.2 / 4, -1.2 / 4))
    board = "xox.o.x.."  # x to move blocks at 8 and threatens two lines
    root = _Node(Places(GAME).at(board))
    search = _Search(Places(GAME), 1.4, 1, np.random.default_rng(0).random)
    for _ in range(2000):
        search.simulate(root)
    minimax = Minimax()
    best = minimax.policy(Requests([Request(GAME, board, GAME.turn(board))]))[0]
    assert root.proven
    assert best[int(root.place.actions[root.best()]) - 1] > 0


# The contract.


def test_it_keeps_the_contract():
    check_player(Mcts(GAME, 20), GAME)
    check_player(Mcts(ConnectFour(), 10, rollouts=2), ConnectFour())


def test_what_it_has_seen_before_changes_nothing():
    fresh, used = Mcts(GAME, 60), Mcts(GAME, 60)
    choose(used, GAME, GAME.start(), seeds=5)
    requests = Requests([Request(GAME, "x...o....", 0, seed=seed) for seed in range(20)])
    assert used.act(requests) == fresh.act(requests)
    assert len({move.action for move in fresh.act(requests)}) > 1


def test_rollouts_are_averaged():
    class Counted(Places):
        asked = 0

        def playout(self, place, random):
            self.asked += 1
            return (float(self.asked % 4), -1.0)

    places = Counted(GAME)
    root = _Node(places.at(GAME.start()))
    search = _Search(places, 1.4, 4, np.random.default_rng(0).random)
    search.simulate(root)
    (child,) = root.children.values()
    assert (places.asked, child.total, child.visits) == (4, 1.5, 1)


def test_hidden_games_are_refused_up_front():
    with pytest.raises(HiddenState, match=r"kuhn_poker hides information.*use ismcts"):
        Mcts(KuhnPoker())


def test_free_text_is_refused():
    nodes = {"start": [0, Text()]}
    with pytest.raises(PlayerError, match="free text"):
        Mcts(Table(nodes)).act(Requests([Request(Table(nodes), "start", 0)]))


@pytest.mark.parametrize("given", [{"simulations": 0}, {"rollouts": 0}, {"rollouts": 1.5}, {"exploration": -1}])
def test_bad_parameters_are_refused(given):
    with pytest.raises(ConfigError, match="mcts cannot"):
        Mcts(GAME, **given)


def test_a_time_budget_is_kept_and_the_log_says_that_it_cannot_be_reproduced():
    game = ConnectFour()
    player = load_player("mcts(seconds=0.2)", game)
    begin = perf_counter()
    (move,) = player.act(Requests([Request(game, game.start(), 0)]))
    assert 0.2 <= perf_counter() - begin < 2
    assert move.action in game.actions
    assert move.raw.startswith(f"{move.action} (")
    assert move.raw.endswith("simulations in 0.2 s; a time budget is not reproducible)")
