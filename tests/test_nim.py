import pytest

from arena.errors import GameError
from arena.game import OVER, IllegalAction, decision_states
from arena.games.nim import Nim, State
from arena.scene import Board

GAME = Nim()


def values(game):
    """Return what the seat to move wins from every state when both play their best."""

    def value(s):
        if s not in known:
            seat = game.turn(s)
            if seat == OVER:
                known[s] = game.returns(s)[s.seat]
            else:
                known[s] = max(-value(game.step(s, action)) for action in game.legal(s, seat))
        return known[s]

    known = {}
    value(game.start())
    return {s: known[s] for s, _ in decision_states(game, 10_000)}


def binary_sum(piles):
    total = 0
    for pile in piles:
        total ^= pile
    return total


@pytest.mark.parametrize("piles", [(1, 3, 5, 7), (2, 2), (1,), (4, 5, 6)])
def test_the_mover_wins_unless_the_binary_sum_is_0(piles):
    # Bouton, "Nim, a game with a complete mathematical theory", 1901.
    for s, value in values(Nim(piles)).items():
        assert (value == 1) == (binary_sum(s.piles) != 0), s


@pytest.mark.parametrize("piles", [(1, 3, 5, 7), (2, 2), (1,), (1, 1, 1)])
def test_the_misere_game_differs_only_when_no_pile_has_two_stones(piles):
    for s, value in values(Nim(piles, misere=True)).items():
        wins = binary_sum(s.piles) != 0 if max(s.piles) > 1 else binary_sum(s.piles) == 0
        assert (value == 1) == wins, s


@pytest.mark.parametrize("misere", [False, True])
def test_it_is_the_same_graph_as_open_spiels(misere):
    pyspiel = pytest.importorskip("pyspiel")
    game = Nim((1, 3, 5), misere)
    theirs = pyspiel.load_game("nim", {"pile_sizes": "1;3;5", "is_misere": misere}).new_initial_state()

    def number(action):
        return (int(action[1:]) - 1) * 3 + "abc".index(action[0])

    stack, seen = [(game.start(), theirs)], set()
    while stack:
        s, theirs = stack.pop()
        seen.add(s)
        assert theirs.is_terminal() == (game.turn(s) == OVER)
        if theirs.is_terminal():
            assert list(game.returns(s)) == theirs.returns()
            continue
        assert theirs.current_player() == game.turn(s)
        assert sorted(map(number, game.legal(s, s.seat))) == theirs.legal_actions()
        for action in game.legal(s, s.seat):
            child = game.step(s, action)
            if child not in seen:
                stack.append((child, theirs.child(number(action))))


def test_stones_are_taken_from_one_pile():
    assert GAME.legal(State((1, 0, 2, 0)), 0) == ["a1", "c1", "c2"]
    assert GAME.step(State((1, 0, 2, 0), 1), "c2") == State((1, 0, 0, 0), 0)
    assert GAME.returns(State((0, 0, 0, 0), 0)) == (-1.0, 1.0)
    assert Nim(misere=True).returns(State((0, 0, 0, 0), 0)) == (1.0, -1.0)


@pytest.mark.parametrize(
    ("piles", "action", "sentence"),
    [
        ((1, 3, 5, 7), "e1", "is no move: say a pile"),
        ((1, 3, 5, 7), "b0", "is no move: say a pile"),
        ((1, 1, 5, 7), "b2", "pile b has 1 left"),
        ((0, 0, 0, 0), "b1", "the game is over"),
    ],
)
def test_refusals_say_why(piles, action, sentence):
    with pytest.raises(IllegalAction, match=sentence):
        GAME.step(State(piles), action)


@pytest.mark.parametrize("piles", [[], [0, 1], [1.5], ["3"], [1] * 27])
def test_piles_must_hold_stones(piles):
    with pytest.raises(GameError, match="1 to 26 piles of at least one stone"):
        Nim(piles)


@pytest.mark.parametrize("misere", ["no", 0, 1, None])
def test_a_flag_is_true_or_false(misere):
    with pytest.raises(GameError, match="give misere=True or misere=False, not"):
        Nim(misere=misere)


def test_what_is_shown():
    s = State((0, 2, 1, 0), 1)
    board = ("you are the first player; the second player is to move", "a: (0)", "b: | | (2)", "c: | (1)", "d: (0)")
    assert GAME.view(s, 0) == "\n".join(board)
    assert GAME.scene(s)[0].cells[1] == ("●", "●", "", "", "", "", "")
    assert isinstance(GAME.scene(s)[0], Board)
    assert GAME.encode(s, 1).shape == (5, 8)
    assert GAME.encode(s, 1)[1, 2] == 1
    assert "misère" in Nim(misere=True).rules("first")
    assert "misère" not in GAME.rules("first")
