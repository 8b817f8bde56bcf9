"""OpenSpiel's games as ours: every fact as OpenSpiel states it, on random games of many kinds."""

import sys

import numpy as np
import pytest

from arena.errors import ConfigError
from arena.game import CHANCE, OVER, IllegalAction
from arena.games.open_spiel import RESAMPLED
from arena.registry import load_game
from arena.testing import check_game
from arena.tree import enumerate_game, nash_conv

pyspiel = pytest.importorskip("pyspiel", reason="open_spiel is not installed")

SMALL = [
    *("bargaining", "blackjack", "blotto", "breakthrough(rows=5,columns=4)", "catch", "clobber", "connect_four"),
    *("coordinated_mp", "dark_hex(board_size=2)", "dots_and_boxes", "first_sealed_auction", "goofspiel(num_cards=4)"),
    *("hex(board_size=4)", "kuhn_poker", "kuhn_poker(players=3)", "leduc_poker", "lewis_signaling", "liars_dice"),
    *("matching_pennies_3p", "matrix_bos", "matrix_pd", "matrix_rps", "nim", "oshi_zumo(coins=6)", "phantom_ttt"),
    *("pig(winscore=20)", "python_kuhn_poker", "repeated_leduc_poker", "sheriff", "tic_tac_toe", "tiny_hanabi"),
    *("trade_comm", "universal_poker", "latent_ttt", "turn_based_simultaneous_game(game=goofspiel(num_cards=3))"),
]
LARGE = [
    *("backgammon", "dark_chess", "dou_dizhu", "euchre", "gin_rummy", "go(board_size=5)", "hearts", "kriegspiel"),
    *("markov_soccer", "oh_hell", "othello", "skat", "hanabi", "rbc"),
]


def load(name):
    return load_game(f"open_spiel(name={name!r})")


def agree(game, s, theirs, chosen):
    """Assert that two states have the same mover, moves, chances and returns; `chosen` is who has chosen already."""
    if theirs.is_terminal():
        assert game.turn(s) == OVER
        assert list(game.returns(s)) == theirs.returns()
    elif theirs.is_chance_node():
        assert game.turn(s) == CHANCE
        assert [p for _, p in game.chance(s)] == [p for _, p in theirs.chance_outcomes()]
    else:
        seat = game.turn(s)
        if theirs.is_simultaneous_node():
            able = [i for i in range(game.seats) if theirs.legal_actions(i)]
            assert game.ready(s) == tuple(able[len(chosen) :])
        else:
            assert seat == theirs.current_player()
            assert game.ready(s) == (seat,)
        assert [number(game, s, action) for action in game.legal(s, seat)] == theirs.legal_actions(seat)


def number(game, s, action):
    """Return OpenSpiel's number of a move: what `step` adds to the state."""
    at = game.step(s, action)[-1]
    assert not game.actions or game.turn(s) == CHANCE or game.actions[at] == action
    return at


def random_game(game, rng, longest):
    """Play along with OpenSpiel and yield every state of both."""
    s, theirs, chosen = game.start(), pyspiel.load_game(game.game_string).new_initial_state(), {}
    for _ in range(longest):
        agree(game, s, theirs, chosen)
        yield s, theirs
        turn = game.turn(s)
        if turn == OVER:
            return
        choices = [name for name, _ in game.chance(s)] if turn == CHANCE else game.legal(s, turn)
        action = choices[rng.integers(len(choices))]
        move = number(game, s, action)
        if theirs.is_simultaneous_node():
            chosen[turn] = move
            if len(chosen) == sum(bool(theirs.legal_actions(i)) for i in range(game.seats)):
                theirs.apply_actions([chosen.get(i, 0) for i in range(game.seats)])
                chosen = {}
        else:
            theirs.apply_action_with_legality_check(move)
        s = game.step(s, action)


@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_random_games_are_those_of_openspiel(name):
    game, rng, strings = load(name), np.random.default_rng(0), set()
    for _ in range(10 if name in SMALL else 1):
        for s, theirs in random_game(game, rng, 400 if name in SMALL else 100):
            for seat in range(game.seats):
                view = game.view(s, seat)
                if game.turn(s) == seat and game.recalls:
                    strings.add((seat, view, theirs.information_state_string(seat)))
    if game.hidden:  # the same partition into information sets: views and strings name each other
        assert len(strings) == len({known[:2] for known in strings}) == len({known[::2] for known in strings})


# In bargaining one outcome of chance changes what both seats see, so the check finds nothing that is hidden.
@pytest.mark.parametrize("name", [name for name in SMALL if name != "bargaining"])
def test_the_contract_is_kept(name):
    check_game(load(name), games=10)


def test_large_games_keep_the_contract():
    for name in ("markov_soccer", "oh_hell"):
        check_game(load(name), games=1)


UNIFORM = {
    "kuhn_poker": 0.9166666667,
    "leduc_poker": 4.7472222222,
    "tiny_hanabi": None,
    "liars_dice(dice_sides=3)": None,
    "goofspiel(num_cards=3)": None,
    "kuhn_poker(players=3)": None,
    "matrix_rps": 0.0,
}


@pytest.mark.parametrize("name", UNIFORM)
def test_nash_conv_of_the_uniform_policy_is_what_openspiel_says(name):
    from open_spiel.python import policy
    from open_spiel.python.algorithms import exploitability

    game = load(name)
    tree = enumerate_game(game)
    ours = nash_conv(tree, tree.uniform)
    theirs = pyspiel.load_game_as_turn_based(name)
    assert ours == pytest.approx(exploitability.nash_conv(theirs, policy.UniformRandomPolicy(theirs)), abs=1e-9)
    if UNIFORM[name] is not None:
        assert ours == pytest.approx(UNIFORM[name], abs=1e-9)


@pytest.mark.parametrize("name", sorted(RESAMPLED - {"bridge"}))
def test_what_is_dealt_again_looks_the_same_and_varies(name):
    game, rng = load(name), np.random.default_rng(1)
    states = [s for _ in range(3) for s, _ in random_game(game, rng, 60) if game.turn(s) >= 0]
    different = 0
    for s in states:
        seat = game.turn(s)
        dealt = {game.resample(s, seat, rng) for _ in range(10)}
        different += len(dealt) > 1
        assert {game.view(other, seat) for other in dealt} == {game.view(s, seat)}
    assert different


def test_words_are_taken_where_every_action_has_one_and_numbers_are_explained_elsewhere():
    assert load("leduc_poker").actions == ("Fold", "Call", "Raise")
    tic_tac_toe = load("tic_tac_toe")
    assert tic_tac_toe.actions == tuple("012345678")
    s = tic_tac_toe.step(tic_tac_toe.start(), "4")
    assert "0 = o(0,0), 1 = o(0,1)" in tic_tac_toe.view(s, 1)
    assert "your moves" not in tic_tac_toe.view(s, 0)
    dark = load("dark_chess")  # its words name what stands on hidden squares
    assert "your moves" not in dark.view(dark.start(), dark.turn(dark.start()))


def test_what_is_said_of_a_game_is_what_openspiel_says():
    hearts = load("hearts")
    assert hearts.roles == ("first", "second", "third", "fourth")
    assert (hearts.zero_sum, hearts.hidden, hearts.scoring) == (False, True, "payoff")
    hexes = load("hex(board_size=3)")
    assert (hexes.zero_sum, hexes.hidden, hexes.scoring) == (True, False, "outcome")
    assert "Hex" in hexes.rules("first")
    assert load("kuhn_poker").payoff_range == (-2.0, 2.0)


def test_moves_at_once_are_hidden_until_all_have_chosen():
    game = load("goofspiel(num_cards=3)")
    s = game.start()
    while game.turn(s) == CHANCE:
        s = game.step(s, game.chance(s)[0][0])
    before = game.view(s, 1)
    after = game.step(s, "2")
    assert game.view(after, 1) == before
    assert "you played 2" in game.view(after, 0)


@pytest.mark.parametrize("move", ["9", "-1", "x(0,0)", "04", "4 ", "", "٤"])
def test_openspiel_never_sees_an_illegal_move(move):
    game = load("tic_tac_toe")
    with pytest.raises(IllegalAction, match="say 0, 1"):
        game.step(game.start(), move)
    with pytest.raises(IllegalAction, match="cannot happen"):
        load("kuhn_poker").step((), "7")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("leduc_pocker", "did you mean 'leduc_poker'"),
        ("leduc_poker(players=99)", "cannot make"),
        ("leduc_poker(cards=3)", "cannot make"),
        ("mfg_crowd_modelling", "mean-field"),
        ("tarok", "draws its chance inside"),
        ("crossword", "numbers no actions"),
    ],
)
def test_what_cannot_be_played_is_refused_in_a_sentence(name, sentence):
    with pytest.raises(ConfigError, match=sentence) as refused:
        load(name)
    assert "\n" not in str(refused.value)


def test_without_openspiel_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspiel", None)
    with pytest.raises(ConfigError, match="pip install 'selfplay-arena"):
        load("kuhn_poker")
