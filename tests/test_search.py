from random import Random
from statistics import mean, stdev

import pytest

from arena.errors import ConfigError, PlayerError
from arena.game import CHANCE, OVER, Choices, Game, Text, Uniform
from arena.games.connect_four import ConnectFour
from arena.games.leduc_poker import LeducPoker
from arena.games.tic_tac_toe import TicTacToe
from arena.player import Request, Requests
from arena.players import search
from arena.players.ismcts import Ismcts
from arena.players.mcts import Mcts
from arena.players.search import Budget, Places, check_exploration

GAME = TicTacToe()


class Lottery(Game[str]):
    """Draw one of a million tickets; its number divided by a million is what you win. Or walk round for ever."""

    name = "lottery"
    roles = ("gambler",)
    zero_sum = False
    payoff_range = (0.0, 1.0)

    def __init__(self, moves=("draw",)):
        self.moves = moves

    def start(self):
        return ""

    def turn(self, s):
        return {"": 0, "draw": CHANCE}.get(s, OVER)

    def legal(self, s, seat):
        return self.moves

    def chance(self, s):
        return Uniform(1_000_000, "n")

    def step(self, s, action):
        return "" if action == "walk" else action

    def returns(self, s):
        return (int(s[1:]) / 1_000_000,)

    def view(self, s, seat):
        return s


def playouts(places, n, seed=0):
    random = Random(seed).random
    return [places.playout(places.at(places.game.start()), random) for _ in range(n)]


@pytest.mark.parametrize(
    ("game", "value"),
    # What uniform play is worth to the first seat; test_tic_tac_toe.py and test_leduc_poker.py derive both.
    [(GAME, 187 / 630), (LeducPoker(), -5 / 64 / 13)],
    ids=lambda x: x.name if isinstance(x, Game) else "",
)
def test_playouts_are_uniform_play(game, value):
    first = [returns[0] for returns in playouts(Places(game), 4000)]
    assert abs(mean(first) - value) < 4 * stdev(first) / 4000**0.5
    assert max(map(abs, first)) <= 1


@pytest.mark.parametrize("game", [GAME, LeducPoker(), ConnectFour()], ids=lambda game: game.name)
def test_what_is_kept_changes_nothing(game, monkeypatch):
    kept = playouts(Places(game), 200)
    monkeypatch.setattr(search, "PLAYED_OUT", 0)
    assert playouts(Places(game, remembered=0), 200) == kept


def test_rules_are_asked_once():
    places = Places(GAME)
    start = places.at(GAME.start())
    assert places.at(GAME.start()) is start
    assert places.after(start, 4) is places.after(start, 4)
    assert places.after(start, 4).state == "....x...."
    assert places.after(start, 4).mover == 1
    assert places.view(start) == GAME.view(GAME.start(), 0)


def test_memory_is_bounded_and_begins_afresh_when_it_is_full():
    places = Places(ConnectFour(), remembered=100)
    playouts(places, 50)
    start = places.at(ConnectFour().start())
    assert len(places._known) == 100
    places.begin()
    assert places.at(ConnectFour().start()) is not start
    half = Places(ConnectFour(), remembered=100)
    start = half.at(ConnectFour().start())
    half.begin()
    assert half.at(ConnectFour().start()) is start


def test_a_huge_lottery_is_drawn_lazily():
    won = [returns[0] for returns in playouts(Places(Lottery()), 2000)]
    assert abs(mean(won) - 0.5) < 4 * stdev(won) / 2000**0.5


def test_an_endless_playout_is_a_draw(monkeypatch):
    for limit in (0, 10_000):
        monkeypatch.setattr(search, "PLAYED_OUT", limit)
        assert playouts(Places(Lottery(["walk"])), 1) == [(0.0,)]


def test_free_text_cannot_be_searched():
    with pytest.raises(PlayerError, match="lottery has free text moves"):
        playouts(Places(Lottery(Text())), 1)


def test_where_it_may_talk_a_search_moves_in_silence():
    assert search.listed(ConnectFour(), Text(100, ("1", "4"))) == ("1", "4")


@pytest.mark.parametrize("moves", [10_001, 10**8, 10**30])
@pytest.mark.parametrize("player", [Mcts, Ismcts])
def test_more_moves_than_a_tree_can_hold_are_refused(player, moves):
    game = Lottery(Choices(moves))
    with pytest.raises(PlayerError, match=f"lottery has {moves:,} moves in one state, and a search tries 10,000: seat"):
        player(game, simulations=3).act(Requests([Request(game, "", 0)]))


@pytest.mark.parametrize("player", [Mcts, Ismcts])
def test_as_many_moves_as_a_tree_can_hold_are_searched(player):
    game = Lottery(Choices(search.MOST_MOVES, "n"))
    (move,) = player(game, simulations=3).act(Requests([Request(game, "", 0, seed=1)]))
    assert move.action in game.moves


# Budgets.


def test_a_number_of_simulations_says_nothing_more():
    budget = Budget("mcts", 7, None)
    assert list(budget) == list(range(7))
    assert budget.note(7) == ""


def test_a_time_ends_and_says_that_it_cannot_be_reproduced(monkeypatch):
    clock = iter([0.0, 0.4, 0.8, 1.1])
    monkeypatch.setattr(search, "perf_counter", lambda: next(clock))
    budget = Budget("mcts", 1, 1.0)
    assert list(budget) == [0, 1, 2]
    assert budget.note(1234) == "1,234 simulations in 1 s; a time budget is not reproducible"


def test_one_simulation_is_always_made():
    assert next(iter(Budget("mcts", 1, 1e-9))) == 0


@pytest.mark.parametrize(
    ("simulations", "seconds"),
    [(0, None), (1.5, None), (True, None), (10, 0), (10, -1.0), (10, float("inf")), (10, "1")],
)
def test_bad_budgets_are_refused(simulations, seconds):
    with pytest.raises(ConfigError, match="ismcts cannot search"):
        Budget("ismcts", simulations, seconds)


@pytest.mark.parametrize("exploration", [-1, float("nan"), float("inf"), "1.4"])
def test_bad_explorations_are_refused(exploration):
    with pytest.raises(ConfigError, match="mcts cannot explore"):
        check_exploration("mcts", exploration)
