from itertools import permutations

import numpy as np
import pytest

from arena.errors import GameError
from arena.game import CHANCE, OVER, IllegalAction, decision_states
from arena.games.goofspiel import Goofspiel, State
from arena.scene import Cards
from arena.testing import check_game
from arena.tree import enumerate_game, expected_returns, nash_conv

GAME = Goofspiel()
DESCENDING = Goofspiel(cards=4, points="descending")


def after(game, *actions):
    s = game.start()
    for action in actions:
        s = game.step(s, action)
    return s


@pytest.mark.parametrize(
    ("game", "uniform", "nodes", "terminals", "information_sets"),
    [
        # OpenSpiel's goofspiel with imp_info=True, one seat after the other: its best response and its tree.
        (Goofspiel(3), 4 / 3, 418, 216, 45),
        (GAME, 17 / 12, 26_773, 13_824, 1804),
        (DESCENDING, 17 / 12, 1077, 576, 81),
        (Goofspiel(5, "descending"), 1.55, 26_931, 14_400, 1062),
    ],
    ids=lambda x: x.spec if isinstance(x, Goofspiel) else "",
)
def test_the_tree_is_open_spiels(game, uniform, nodes, terminals, information_sets):
    tree = enumerate_game(game)
    assert (len(tree.mover), len(tree.terminals)) == (nodes, terminals)
    assert [len(rows) for rows in tree.by_seat] == [information_sets] * 2
    assert nash_conv(tree, tree.uniform) == pytest.approx(uniform, abs=1e-9)
    assert expected_returns(tree, tree.uniform).tolist() == pytest.approx([0, 0], abs=1e-12)


@pytest.mark.parametrize("show_bids", [False, True])
@pytest.mark.parametrize("points", ["random", "descending"])
def test_information_sets_are_those_of_open_spiel(points, show_bids):
    pyspiel = pytest.importorskip("pyspiel")
    game = Goofspiel(3, points, show_bids)
    there = {"num_cards": 3, "imp_info": not show_bids, "points_order": points}
    their_game = pyspiel.convert_to_turn_based(pyspiel.load_game("goofspiel", there))
    pairs, stack = set(), [(game.start(), their_game.new_initial_state())]
    while stack:
        s, theirs = stack.pop()
        assert theirs.is_terminal() == (game.turn(s) == OVER)
        if theirs.is_terminal():
            assert list(game.returns(s)) == theirs.returns()
            continue
        if theirs.is_chance_node():
            assert game.turn(s) == CHANCE
            actions = [name for name, _ in game.chance(s)]
            assert {int(name) - 1: p for name, p in game.chance(s)} == pytest.approx(dict(theirs.chance_outcomes()))
        else:
            seat = game.turn(s)
            assert theirs.current_player() == seat
            actions = game.legal(s, seat)
            assert [int(action) - 1 for action in actions] == theirs.legal_actions()
            pairs.add((seat, game.view(s, seat), theirs.information_state_string(seat)))
        stack += [(game.step(s, action), theirs.child(int(action) - 1)) for action in actions]
    assert len(pairs) == len({pair[:2] for pair in pairs}) == len({pair[::2] for pair in pairs})


@pytest.mark.parametrize("spec", [(2,), (3, "descending", True), (13,)])
def test_variants_keep_the_contract(spec):
    check_game(Goofspiel(*spec), games=2)


def test_the_first_bid_stays_sealed():
    before = after(GAME, "3")
    for bid in GAME.legal(before, 0):
        s = GAME.step(before, bid)
        assert GAME.turn(s) == 1
        assert GAME.view(s, 1) == GAME.view(before, 1)
        assert GAME.legal(s, 1) == GAME.legal(before, 1)
        assert GAME.draw(s, 1).count("?") == 1
        assert GAME.view(s, 0).endswith(f"prize 3: you bid {bid}")
    assert GAME.ready(before) == (0, 1)


def test_a_round_is_told_without_the_other_bid():
    s = after(GAME, "3", "2", "4", "1", "1", "1")
    assert (
        GAME.view(s, 0)
        == "your cards: 3 4; points: you 0, the other 3\nprize 3: you bid 2: lost\nprize 1: you bid 1: tied"
    )
    assert GAME.draw(s, 0) == "prizes: 3 1\nfirst bid: 2 1\nsecond bid: ? ?\npoints: 0 3"
    shown = after(Goofspiel(show_bids=True), "3", "2", "4")
    assert "you bid 2, the other bid 4: lost" in Goofspiel(show_bids=True).view(shown, 0)
    assert GAME.scene(s, 0)[2] == Cards("second bid", ("?", "?"), "3 points")
    assert GAME.scene(s)[2] == Cards("second bid", ("4", "1"), "3 points")


def test_the_last_round_plays_itself():
    s = after(GAME, *"324111442")
    assert GAME.turn(s) == OVER
    assert s == State((3, 1, 4, 2), ((2, 1, 4, 3), (4, 1, 2, 3)))
    assert GAME.returns(s) == (1.0, -1.0)  # 4 points against 3
    assert GAME.returns(after(GAME, "3", *"11", "1", *"22", "4", *"33")) == (0.0, 0.0)


def test_descending_prizes_need_no_chance():
    assert DESCENDING.turn(DESCENDING.start()) == 0
    assert after(DESCENDING, "1", "2").prizes == (4, 3)


@pytest.mark.parametrize(
    ("actions", "action", "sentence"),
    [
        ("", "5", "is no card"),
        ("3", "x", "is no card"),
        ("312", "3", "has been played before"),
        ("3121", "1", "has been played before"),
        ("31213", "2", "has been played before"),
        ("312131424", "1", "the game is over"),
    ],
)
def test_refusals_say_why(actions, action, sentence):
    with pytest.raises(IllegalAction, match=sentence):
        GAME.step(after(GAME, *actions), action)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"cards": 1}, "2 to 13 cards"),
        ({"cards": 14}, "2 to 13"),
        ({"points": "up"}, "random or descending order"),
        ({"show_bids": "no"}, "give show_bids=True or show_bids=False, not 'no'"),
        ({"show_bids": 1}, "give show_bids=True or show_bids=False, not 1"),
    ],
)
def test_bad_parameters_are_refused(given, sentence):
    with pytest.raises(GameError, match=sentence):
        Goofspiel(**given)


def test_the_rules_say_which_variant_is_played():
    assert "not what the\nother player bid" in GAME.rules("first")
    assert "not what the\nother player bid" not in Goofspiel(show_bids=True).rules("first")
    assert "both bids are shown" in Goofspiel(show_bids=True).rules("first")


# Resampling.


def alike(game):
    """Return the states of every information set."""
    sets = {}
    for s, seat in decision_states(game, 30_000):
        sets.setdefault((seat, game.view(s, seat)), []).append(s)
    return sets


@pytest.mark.parametrize("game", [Goofspiel(3), DESCENDING, Goofspiel(3, show_bids=True)], ids=lambda game: game.spec)
def test_resampling_reaches_every_state_of_the_information_set_equally_often(game):
    rng = np.random.default_rng(0)
    statistic, freedom = 0.0, 0
    for (seat, _), states in alike(game).items():
        draws = 20 * len(states)
        drawn = [game.resample(states[0], seat, rng) for _ in range(draws)]
        assert set(drawn) <= set(states)
        counts = np.array([drawn.count(s) for s in states])
        statistic += float(((counts - 20.0) ** 2 / 20).sum())
        freedom += len(states) - 1
    assert abs(statistic - freedom) < 4 * (2 * freedom) ** 0.5 + 1e-9


def test_resampling_looks_at_the_view_alone():
    for (seat, _), states in alike(Goofspiel(3)).items():
        drawn = {Goofspiel(3).resample(s, seat, np.random.default_rng(5)) for s in states}
        assert len(drawn) == 1


def test_with_all_bids_known_nothing_is_left_to_draw():
    game = Goofspiel(4, "descending")
    for mine in permutations("1234", 3):
        s = after(game, *(x for bid in mine[:2] for x in (bid, bid)))
        assert game.resample(s, 0, np.random.default_rng(0)) == s  # two ties tell the other's bids
