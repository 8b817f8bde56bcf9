import pytest

from arena.errors import ConfigError, HiddenState, PlayerError, TooLarge
from arena.game import CHANCE, OVER, Game
from arena.games.connect_four import ConnectFour
from arena.games.kuhn_poker import KuhnPoker, State
from arena.games.tic_tac_toe import TicTacToe
from arena.player import Request, Requests
from arena.players.minimax import Minimax
from arena.players.uniform import UniformPlayer
from arena.registry import load_player
from arena.seeds import derive
from arena.testing import check_player

GAME = TicTacToe()


class Gamble(Game[str]):
    """Say safe and win 1, or risk and win 4 or −3 by a coin that is not fair."""

    name = "gamble"
    actions = ("safe", "risk", "also safe")
    payoff_range = (-4.0, 4.0)

    def __init__(self, luck=0.5):
        self.luck = luck

    def start(self):
        return ""

    def turn(self, s):
        return {"": 0, "risk": CHANCE}.get(s, OVER)

    def chance(self, s):
        return [("win", self.luck), ("lose", 1 - self.luck)]

    def step(self, s, action):
        return action

    def returns(self, s):
        payoff = {"win": 4.0, "lose": -3.0}.get(s, 1.0)
        return payoff, -payoff

    def view(self, s, seat):
        return s


def best(player, game, s, seat=None):
    """Return the actions that the player chooses among."""
    policy = player.policy(Requests([Request(game, s, game.turn(s) if seat is None else seat)]))[0]
    assert set(policy[policy > 0]) == {1 / (policy > 0).sum()}
    return [action for action, p in zip(game.actions, policy, strict=True) if p > 0]


def test_every_opening_of_tic_tac_toe_is_a_draw():
    assert best(Minimax(), GAME, GAME.start()) == list(GAME.actions)


@pytest.mark.parametrize(
    ("board", "actions"),
    [
        ("x........", ["5"]),  # only the centre holds against a corner
        ("xx.oo....", ["3"]),  # win at once
        ("xx..o....", ["3"]),  # or lose at once
        ("....x....", ["1", "3", "7", "9"]),  # only corners hold against the centre
    ],
)
def test_perfect_moves(board, actions):
    assert best(Minimax(), GAME, board) == actions


@pytest.mark.parametrize("seat", [0, 1])
def test_it_never_loses_tic_tac_toe(seat):
    player, opponent = Minimax(), UniformPlayer()
    results = []
    for number in range(200):
        s, turn = GAME.start(), 0
        while (mover := GAME.turn(s)) != OVER:
            batch = Requests([Request(GAME, s, mover, seed=derive(number, turn))])
            s, turn = GAME.step(s, (player if mover == seat else opponent).act(batch)[0].action), turn + 1
        results.append(GAME.returns(s)[seat])
    assert min(results) == 0
    assert results.count(1) > 100


def test_chance_counts_by_its_expectation():
    assert best(Minimax(), Gamble(0.5), "") == ["safe", "also safe"]
    assert best(Minimax(), Gamble(0.6), "") == ["risk"]
    assert best(Minimax(), Gamble(4 / 7), "") == ["safe", "risk", "also safe"]


def test_with_a_depth_it_sees_wins_that_are_near():
    game = ConnectFour()

    def after(columns):
        s = game.start()
        for column in columns:
            s = game.step(s, column)
        return s

    assert best(Minimax(depth=1), game, after("112233")) == ["4"]  # win at once
    assert best(Minimax(depth=2), game, after("11223")) == ["4"]  # or lose at once
    assert best(Minimax(depth=1), game, game.start()) == list("1234567")  # beyond the horizon all is worth 0


def test_it_keeps_the_contract():
    check_player(Minimax(), GAME)
    check_player(Minimax(depth=1), ConnectFour(), draws=300)


def test_hidden_games_are_refused():
    with pytest.raises(HiddenState, match="kuhn_poker hides information"):
        Minimax().act(Requests([Request(KuhnPoker(), State(("J", "Q")), 0)]))
    with pytest.raises(HiddenState, match="kuhn_poker hides information, and minimax must see the state: use ismcts"):
        load_player("minimax", KuhnPoker())


def test_large_games_are_refused_without_a_depth(monkeypatch):
    monkeypatch.setattr("arena.players.minimax.STATE_LIMIT", 2000)
    with pytest.raises(TooLarge, match=r"more than 2,000 states.*minimax\(depth=4\)"):
        Minimax().act(Requests([Request(ConnectFour(), ConnectFour().start(), 0)]))


def test_other_games_are_refused():
    game = Gamble()
    game.zero_sum = False
    with pytest.raises(PlayerError, match="zero-sum games of two seats"):
        Minimax().act(Requests([Request(game, "", 0)]))


@pytest.mark.parametrize("depth", [0, -1, 2.0, "3", True])
def test_a_depth_is_a_whole_number(depth):
    with pytest.raises(ConfigError, match="a depth of 1 or more"):
        Minimax(depth=depth)


def test_a_class_that_is_written_again_is_searched_again():
    """In a notebook the rules change while name and version stay."""
    again = type("Gamble", (Gamble,), {"returns": lambda self, s: tuple(-x for x in Gamble.returns(self, s))})
    player = Minimax()
    assert best(player, Gamble(0.6), "") == ["risk"]
    assert best(player, again(0.6), "") == ["safe", "also safe"]


class Count(Game[int]):
    """Say a number after another; after ten thousand of them the game is drawn."""

    name = "count"
    actions = ("on",)

    def start(self):
        return 0

    def turn(self, s):
        return OVER if s == 10_000 else s % 2

    def step(self, s, action):
        return s + 1

    def returns(self, s):
        return 0.0, 0.0

    def view(self, s, seat):
        return f"{s}"


def test_a_game_that_is_too_long_for_perfect_play_is_told_to_give_a_depth():
    game = Count()
    batch = Requests([Request(game, 0, 0)])
    with pytest.raises(PlayerError, match=r"matches of count are too long for perfect play: give minimax a depth"):
        Minimax().policy(batch)
    assert Minimax(depth=3).policy(batch).tolist() == [[1.0]]
