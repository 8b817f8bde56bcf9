import numpy as np
import pytest

from arena.errors import ConfigError, PlayerError
from arena.game import Game, Text
from arena.games.dark_hex import DarkHex
from arena.games.goofspiel import Goofspiel
from arena.games.kuhn_poker import KuhnPoker, State
from arena.games.leduc_poker import LeducPoker
from arena.games.tic_tac_toe import TicTacToe
from arena.match import Fixture, play_fixtures
from arena.player import Request, Requests
from arena.players.ismcts import Ismcts, _Node, _Search
from arena.players.search import Places
from arena.players.uniform import UniformPlayer
from arena.registry import load_player
from arena.seeds import derive
from arena.testing import check_player
from arena.tree import enumerate_game, nash_conv

KUHN = KuhnPoker()


def choose(player, game, s, seat, seeds=20):
    """Return the actions that a player chooses with several seeds."""
    requests = [Request(game, s, seat, seed=derive(7, i)) for i in range(seeds)]
    return {move.action for move in player.act(Requests(requests))}


# Strength.


@pytest.mark.parametrize(
    ("game", "simulations", "pairs"),
    [(KUHN, 100, 150), (LeducPoker(), 100, 200), (DarkHex(), 60, 30), (Goofspiel(), 60, 100)],
    ids=lambda x: x.name if isinstance(x, Game) else "",
)
def test_it_beats_uniform_play(game, simulations, pairs):
    seats = [("it", "uniform"), ("uniform", "it")]
    fixtures = [Fixture(f"{i}", "play", seats[i % 2], derive(0, i // 2), f"{i // 2}") for i in range(2 * pairs)]
    won: dict[str, float] = {}
    for record in play_fixtures(game, fixtures, {"it": Ismcts(game, simulations), "uniform": UniformPlayer()}):
        won[record.pair] = won.get(record.pair, 0.0) + record.returns[record.entrants.index("it")]
    total = np.array(list(won.values()))
    # Pairs of games on one seed are independent; the 99.9% interval of their mean lies above 0.
    assert total.mean() - 3.9 * total.std(ddof=1) / pairs**0.5 > 0


@pytest.mark.parametrize("bets", [("bet",), ("pass", "bet")])
def test_it_never_folds_a_king_nor_calls_with_a_jack(bets):
    player, seat = Ismcts(KUHN, 300), len(bets) % 2
    for card, other, action in (("K", "Q", "bet"), ("K", "J", "bet"), ("J", "Q", "pass"), ("J", "K", "pass")):
        cards = (card, other) if seat == 0 else (other, card)
        assert choose(player, KUHN, State(cards, bets), seat) == {action}


def test_it_is_harder_to_exploit_than_uniform_play_but_no_equilibrium():
    tree, seeds = enumerate_game(KUHN), 40
    player, policy = Ismcts(KUHN, 200), np.zeros(tree.mask.shape)
    for row, asked in zip(policy, tree.requests, strict=True):
        moves = player.act(
            Requests(
                [Request(KUHN, asked.resample(np.random.default_rng(0)), asked.seat, seed=i) for i in range(seeds)]
            )
        )
        for move in moves:
            row[KUHN.actions.index(move.action)] += 1 / seeds
    assert 0.2 < nash_conv(tree, policy) < 0.5  # 0.92 for uniform play


def test_it_finds_wins_in_open_games_too():
    game = TicTacToe()
    assert choose(Ismcts(game, 500), game, "xx.oo....", 0, seeds=5) == {"3"}


# What it looks at.


def test_what_is_hidden_changes_no_move():
    player = Ismcts(KUHN, 50)
    for other in ("J", "K"):
        requests = [Request(KUHN, State(("Q", other), ("pass", "bet")), 0, seed=seed) for seed in range(60)]
        moves = player.act(Requests(requests))
        if other == "J":
            known = moves
    assert moves == known
    assert len({move.action for move in moves}) == 2  # a queen facing a bet is close enough for both


def test_hidden_stones_change_no_move():
    game = DarkHex()
    player = Ismcts(game, 40)
    moves = []
    for cell in ("a1", "c2"):
        s = game.step(game.step(game.start(), "b2"), cell)
        moves.append(player.act(Requests([Request(game, s, 0, seed=seed) for seed in range(10)])))
    assert moves[0] == moves[1]


def test_the_true_state_is_never_played():
    true = State(("K", "J"), ("pass", "bet"))

    class Guarded(KuhnPoker):
        def turn(self, s):
            assert s != true
            return super().turn(s)

        def step(self, s, action):
            assert s.cards != true.cards
            return super().step(s, action)

        def resample(self, s, seat, rng):
            return State(("K", "Q"), s.bets)

    game = Guarded()
    assert choose(Ismcts(game, 50), game, true, 0) == {"bet"}


def test_everyone_in_the_tree_sees_only_their_own_view():
    """With one of two cards dealt to the other seat, its decisions are at one information set per own card."""
    search = _Search(Places(KUHN), 1.4, np.random.default_rng(0).random, 0)
    for number in range(600):
        search.simulate(State(("Q", "JK"[number % 2])))
    keys = {seat: {view for mover, view in search.nodes if mover == seat} for seat in (0, 1)}
    assert keys[0] == {"your card: Q; so far: nothing", "your card: Q; so far: pass, bet"}
    assert keys[1] == {f"your card: {card}; so far: {bet}" for card in "JK" for bet in ("pass", "bet")}
    root = search.nodes[0, "your card: Q; so far: nothing"]
    assert root.count == sum(root.visits) == 600


@pytest.mark.parametrize("simulations", [1, 2, 40])
@pytest.mark.parametrize("seat", [0, 1])
def test_every_simulation_counts_for_the_seat_that_is_asked_where_several_are_ready(seat, simulations):
    """Both bid at once: the second seat is asked while the rules wait for the first."""
    game = Goofspiel(cards=6)
    s = game.step(game.start(), "4")
    assert game.turn(s) == 0
    request = Request(game, s, seat, seed=3)
    search, rng = _Search(Places(game), 1.4, np.random.default_rng(0).random, seat), np.random.default_rng(1)
    for _ in range(simulations):
        search.simulate(request.resample(rng))
    root = search.nodes[seat, request.text]
    assert root.count == sum(root.visits) == simulations
    assert choose(Ismcts(game, simulations), game, s, seat, seeds=3) <= set(game.actions)


def test_the_bound_prefers_what_was_tried_less():
    node = _Node(2)
    node.untried, node.count, node.visits, node.totals = [], 100, [90, 10], [45.0, 4.0]
    assert node.select(1.4, np.random.default_rng(0).random) == 1  # 0.4 + 1.4·√(ln 100/10) is the greater bound
    assert node.select(0.0, np.random.default_rng(0).random) == 0
    assert node.best() == 0


# The contract.


@pytest.mark.parametrize("game", [KUHN, DarkHex(), Goofspiel()], ids=lambda game: game.name)
def test_it_keeps_the_contract(game):
    check_player(Ismcts(game, 10), game)


def test_a_game_without_resample_is_refused_up_front():
    class Secret(TicTacToe):
        name = "secret"
        hidden = True

    with pytest.raises(PlayerError, match=r"ismcts cannot search secret: the game has no resample\(state, seat, rng\)"):
        Ismcts(Secret())


def test_free_text_is_refused():
    class Chatty(TicTacToe):
        name = "chatty"
        actions = ()

        def legal(self, s, seat):
            return Text()

    with pytest.raises(PlayerError, match="chatty has free text moves"):
        Ismcts(Chatty()).act(Requests([Request(Chatty(), "." * 9, 0)]))


@pytest.mark.parametrize("given", [{"simulations": -3}, {"exploration": float("nan")}, {"seconds": 0}])
def test_bad_parameters_are_refused(given):
    with pytest.raises(ConfigError, match="ismcts cannot"):
        Ismcts(KUHN, **given)


def test_a_time_budget_says_that_it_cannot_be_reproduced():
    player = load_player("ismcts(seconds=0.05)", KUHN)
    (move,) = player.act(Requests([Request(KUHN, State(("J", "K"), ("bet",)), 1)]))
    assert move.action == "bet"
    assert move.raw.endswith("simulations in 0.05 s; a time budget is not reproducible)")
