import numpy as np
import pytest

from arena.errors import ConfigError, GameError, IllegalAction
from arena.game import OVER
from arena.games.matrix import MatchingPennies, Matrix, RockPaperScissors
from arena.registry import load_game


def test_rock_paper_scissors_pays_the_winner():
    game = RockPaperScissors()
    beats = {("rock", "scissors"), ("scissors", "paper"), ("paper", "rock")}
    for row in game.actions:
        for column in game.actions:
            won = ((row, column) in beats) - ((column, row) in beats)
            assert game.returns((row, column)) == (won, -won)


def test_matching_pennies_pays_row_for_a_match():
    game = MatchingPennies()
    assert game.returns(("tails", "tails")) == (1.0, -1.0)
    assert game.returns(("heads", "tails")) == (-1.0, 1.0)


def test_a_rectangular_table_gives_each_seat_its_own_actions():
    game = Matrix([[1, 2, 3], [4, 5, -6]], actions=["a", "b", "c"])
    assert game.legal((), 0) == ("a", "b")
    assert game.legal((), 1) == ("a", "b", "c")
    assert game.returns(("b", "c")) == (-6.0, 6.0)
    assert game.payoff_range == (-6.0, 6.0)
    assert game.encode(("b", "c"), 0).tolist() == [1, 0, 0, 1, 0, 0, 0, 1]
    with pytest.raises(IllegalAction, match="say a or b"):
        game.step((), "c")


def test_odd_or_even_is_worth_minus_one_twelfth():
    # With one finger shown at probability 7/12, column's choice makes no difference (Ferguson, Game Theory).
    game = Matrix()
    for column in game.actions:
        won = 7 / 12 * game.returns(("1", column))[0] + 5 / 12 * game.returns(("2", column))[0]
        assert won == pytest.approx(-1 / 12)


def test_both_are_asked_at_once_and_column_does_not_see_the_row():
    game = RockPaperScissors()
    assert game.ready(()) == (0, 1)
    assert game.ready(("rock",)) == (1,)
    assert game.turn(("rock", "paper")) == OVER
    assert len({game.view(s, 1) for s in [(), ("rock",), ("paper",)]}) == 1
    assert len({game.encode(s, 1).tobytes() for s in [(), ("rock",), ("paper",)]}) == 1
    assert game.draw(("rock",), 1) == "row and column chose: ?"


def test_the_spec_makes_the_same_game_again():
    game = Matrix([[0, 2], [1, -1]], actions=["left", "right"])
    assert load_game(game.spec).fingerprint == game.fingerprint
    assert load_game("matrix(payoffs=[[0, 2], [1, -1]])").fingerprint != game.fingerprint
    assert load_game(RockPaperScissors().spec).fingerprint == RockPaperScissors().fingerprint


def test_the_rules_show_the_table():
    assert Matrix([[0, 2.5], [1, -1]]).rules("row").endswith("(columns 1 2):\n1: 0 2.5\n2: 1 -1")


@pytest.mark.parametrize("payoffs", [[], [[]], [[1, 2], [3]], [[float("nan")]]])
def test_a_table_that_is_none_is_refused(payoffs):
    with pytest.raises(GameError):
        Matrix(payoffs)


def test_wrong_parameters_are_refused():
    with pytest.raises(GameError, match="needs 2 different action names"):
        Matrix([[1, 2], [3, 4]], actions=["a", "a"])
    with pytest.raises(ConfigError, match="did you mean 'payoffs'"):
        load_game("matrix(payofs=[[1]])")


def test_only_a_choice_that_is_still_sealed_is_resampled():
    game, rng = RockPaperScissors(), np.random.default_rng(0)
    drawn = [game.resample(("rock",), 1, rng) for _ in range(300)]
    assert all(70 < drawn.count((action,)) < 130 for action in game.actions)
    assert drawn == [game.resample(("paper",), 1, rng) for rng in [np.random.default_rng(0)] for _ in range(300)]
    assert game.resample(("rock",), 0, rng) == ("rock",)
    assert game.resample(("rock", "paper"), 1, rng) == ("rock", "paper")
    assert game.resample((), 0, rng) == ()
