import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.errors import GameError
from arena.game import OVER, IllegalAction
from arena.games.dark_hex import DarkHex, State
from arena.scene import Board
from arena.testing import check_game
from arena.tree import enumerate_game, expected_returns, nash_conv

GAME = DarkHex()
SMALL = [DarkHex(2), DarkHex(2, abrupt=True)]
every_small = pytest.mark.parametrize("game", SMALL, ids=["classical", "abrupt"])


def after(game, *actions):
    s = game.start()
    for action in actions:
        s = game.step(s, action)
    return s


def random_states(game, rng):
    """Return the states of one random game."""
    states = [game.start()]
    while (seat := game.turn(states[-1])) != OVER:
        states.append(game.step(states[-1], rng.choice(game.legal(states[-1], seat))))
    return states


def histories(game):
    """Yield every state with the probability that uniform play reaches it; states are histories here."""
    stack = [(game.start(), 1.0)]
    while stack:
        s, p = stack.pop()
        yield s, p
        if game.turn(s) != OVER:
            legal = game.legal(s, game.turn(s))
            stack += [(game.step(s, action), p / len(legal)) for action in legal]


# Against OpenSpiel.


@pytest.mark.parametrize(
    ("game", "uniform", "first", "nodes", "terminals", "sets", "counted"),
    [
        # OpenSpiel's best response and tree. Its information state string also counts the moves of both, from
        # which a classical player could tell how often the other ran into a stone: hence 33 and 101 there.
        (SMALL[0], 5 / 4, 0, 441, 216, [17, 53], [33, 101]),
        (SMALL[1], 5 / 6, 11 / 24, 471, 234, [59, 35], [59, 35]),
    ],
    ids=["classical", "abrupt"],
)
def test_the_small_tree_is_open_spiels(game, uniform, first, nodes, terminals, sets, counted):
    tree = enumerate_game(game)
    assert (len(tree.mover), len(tree.terminals)) == (nodes, terminals)
    assert [len(rows) for rows in tree.by_seat] == sets
    assert nash_conv(tree, tree.uniform) == pytest.approx(uniform, abs=1e-9)
    assert expected_returns(tree, tree.uniform)[0] == pytest.approx(first, abs=1e-9)
    movers = [
        (game.turn(s), game.view(s, game.turn(s)), sum(map(len, s.tries))) for s, _ in histories(game) if s.mover >= 0
    ]
    assert [len({place for place in movers if place[0] == seat}) for seat in (0, 1)] == counted


def agree(game, states, theirs, seen):
    """Follow one game there and gather (seat, our view, their tensor)."""
    for s, following in zip(states, [*states[1:], None], strict=True):
        assert theirs.is_terminal() == (game.turn(s) == OVER)
        for seat in (0, 1):
            seen.add((seat, game.view(s, seat), tuple(theirs.information_state_tensor(seat))))
        if following is None:
            assert list(game.returns(s)) == theirs.returns()
            return
        seat = game.turn(s)
        assert theirs.current_player() == seat
        assert [game.actions.index(action) for action in game.legal(s, seat)] == theirs.legal_actions()
        theirs.apply_action(following.tries[seat][-1])


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("version", ["cdh", "adh"])
def test_random_games_and_their_information_sets_are_those_of_open_spiel(size, version):
    pyspiel = pytest.importorskip("pyspiel")
    game, rng = DarkHex(size, abrupt=version == "adh"), random.Random(0)
    there = pyspiel.load_game("dark_hex", {"board_size": size, "gameversion": version})
    seen = set()
    for _ in range(300):
        agree(game, random_states(game, rng), there.new_initial_state(), seen)
    assert len(seen) == len({place[:2] for place in seen}) == len({place[::2] for place in seen})


# The rules.


@pytest.mark.parametrize(("spec", "games"), [((2,), 5), ((3, True), 5), ((11,), 1)])
def test_boards_keep_the_contract(spec, games):
    check_game(DarkHex(*spec), games=games)


def test_every_game_has_exactly_one_winner():
    """A filled board of Hex has one connection (Nash, 1952)."""
    rng = np.random.default_rng(0)
    for size in (2, 3, 4, 5, 11):
        game, everything = DarkHex(size), (1 << size * size) - 1
        for _ in range(50):
            first = int.from_bytes(rng.bytes(16)) & everything
            assert game._connects(first, 0) != game._connects(everything ^ first, 1)


def test_a_taken_cell_is_met_and_tried_no_more():
    s = after(GAME, "b2", "b2")
    assert GAME.turn(s) == 1  # chooses again
    assert "b2" not in GAME.legal(s, 1)
    assert GAME.view(s, 1).startswith("you are o; you have tried: b2 (taken)")
    assert GAME.view(s, 0) == GAME.view(after(GAME, "b2"), 0)  # the other is not told
    assert GAME.turn(after(DarkHex(abrupt=True), "b2", "b2")) == 0
    assert "your\nturn is over" in DarkHex(abrupt=True).rules("first")


def test_lines_from_edge_to_edge_win():
    assert GAME.returns(after(GAME, "a3", "c1", "b2", "c2", "b1")) == (1.0, -1.0)  # b1–b2–a3
    assert GAME.turn(after(GAME, "a1", "c1", "b2", "c2", "c3")) == 1  # a1 and b2 do not touch
    assert GAME.returns(after(GAME, "a1", "a3", "a2", "b2", "b1", "c1")) == (-1.0, 1.0)


@pytest.mark.parametrize(
    ("actions", "action", "sentence"),
    [
        ("", "d1", "is no cell"),
        ("b2", "b9", "is no cell"),
        ("b2 c3", "b2", "you have tried b2 before"),
        ("a1 b1 a2 b2 a3", "c3", "the game is over"),
    ],
)
def test_refusals_say_why(actions, action, sentence):
    with pytest.raises(IllegalAction, match=sentence):
        GAME.step(after(GAME, *actions.split()), action)


@pytest.mark.parametrize("size", [1, 12, 3.0, "3"])
def test_sizes_are_bounded(size):
    with pytest.raises(GameError, match="size 2 to 11"):
        DarkHex(size)


@pytest.mark.parametrize("abrupt", ["no", 0, 1, None])
def test_a_flag_is_true_or_false(abrupt):
    with pytest.raises(GameError, match="give abrupt=True or abrupt=False, not"):
        DarkHex(abrupt=abrupt)


def test_what_is_shown():
    s = after(GAME, "b2", "b2", "a1")
    assert GAME.draw(s) == "  a b c\n1 o . .\n 2 . x .\n  3 . . ."
    assert GAME.draw(s, 0) == "  a b c\n1 . . .\n 2 . x .\n  3 . . ."
    everyone, first, second = (GAME.scene(s, seat)[0] for seat in (None, 0, 1))
    assert isinstance(everyone, Board)
    assert everyone.style == "hexagonal"
    assert (everyone.cells[0], everyone.cells[1], everyone.marked) == (("○", "", ""), ("", "●", ""), ((0, 0),))
    assert (first.cells[0], first.marked) == (("", "", ""), ((1, 1),))
    assert (second.cells, second.marked) == (everyone.cells, ((0, 0),))
    assert GAME.scene(after(GAME, "b2", "b2"))[0].marked == ((1, 1),)
    assert GAME.scene(after(GAME, *["a1", "b1", "a2", "b2", "a3"]))[0].marked == ((2, 0),)
    assert GAME.scene(GAME.start())[0].marked == ()


# Resampling.


@given(
    size=st.integers(2, 5),
    abrupt=st.booleans(),
    seed=st.integers(0, 10_000),
    at=st.integers(0, 60),
    seat=st.integers(0, 1),
)
@settings(max_examples=80, deadline=None)
def test_a_resampled_state_looks_the_same_and_is_reachable(size, abrupt, seed, at, seat):
    game = DarkHex(size, abrupt)
    states = random_states(game, random.Random(seed))[:-1]
    s = states[at % len(states)]
    other = game.resample(s, seat, np.random.default_rng(seed))
    assert game.view(other, seat) == game.view(s, seat)
    assert game.legal(other, seat) == game.legal(s, seat)
    assert game.turn(other) == game.turn(s)
    # Played again by the rules, from what either has tried, it is the same state and nobody had won before.
    again, left = game.start(), [list(tries) for tries in other.tries]
    while again != other:
        again = game.step(again, game.actions[left[again.mover].pop(0)])
    while game.turn(other) != OVER:
        other = game.step(other, game.legal(other, other.mover)[0])


@every_small
def test_resampling_is_the_posterior_of_an_opponent_who_moves_at_random(game):
    sets = {}
    for s, p in histories(game):
        if s.mover != OVER:
            sets.setdefault((s.mover, game.view(s, s.mover)), Counter())[s] += p * 24  # any factor will do
    rng = np.random.default_rng(0)
    statistic, freedom, draws = 0.0, 0, 400
    for (seat, _), likely in sets.items():
        # A uniform mover of its own tries multiplies all states of the set by the same factor.
        law = {s: p / likely.total() for s, p in likely.items()}
        drawn = Counter(game.resample(next(iter(law)), seat, rng) for _ in range(draws))
        assert set(drawn) <= set(law)
        cells = [(drawn[s] - draws * p) ** 2 / (draws * p) for s, p in law.items() if draws * p >= 5]
        statistic, freedom = statistic + sum(cells), freedom + max(len(cells) - 1, 0)
    assert freedom > 50
    assert abs(statistic - freedom) < 4 * (2 * freedom) ** 0.5


@every_small
def test_resampling_looks_at_the_view_alone(game):
    drawn = {}
    for s, _ in histories(game):
        if s.mover != OVER:
            other = game.resample(s, s.mover, np.random.default_rng(3))
            assert drawn.setdefault((s.mover, game.view(s, s.mover)), other) == other


def test_states_are_values():
    assert after(GAME, "b2", "a1") == State((1 << 4, 1), ((4,), (0,)), 0)
