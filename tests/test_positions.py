"""Positions: what the rules say is asked once, remembered up to a limit, and the same beyond it."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest

import arena
from arena.errors import GameError
from arena.game import CHANCE, OVER, Game, Uniform
from arena.positions import Positions


class Counted(Game[str]):
    """Say a letter three times."""

    name = "counted"
    actions = ("a", "b")

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def start(self) -> str:
        return ""

    def turn(self, s: str) -> int:
        self.asked.append(("turn", s))
        return OVER if len(s) == 3 else len(s) % 2

    def legal(self, s: str, seat: int) -> list[str]:
        self.asked.append(("legal", s))
        return ["a", "b"]

    def step(self, s: str, action: str) -> str:
        self.asked.append(("step", s, action))
        return s + action

    def returns(self, s: str) -> tuple[float, float]:
        return 0.0, 0.0

    def view(self, s: str, seat: int) -> str:
        return s


def walk(positions: Positions, actions: str) -> list[str]:
    """Play the actions and return the states on the way."""
    position, states = positions.start(), []
    for action in actions:
        position.open(positions.game)
        position, turn = positions.after(position, position.turn, action)
        assert turn.action == action
        states.append(position.state)
    return states


def test_a_known_position_is_not_worked_out_again() -> None:
    positions = Positions(game := Counted())
    assert walk(positions, "aba") == ["a", "ab", "aba"]
    game.asked.clear()
    assert walk(positions, "abb") == ["a", "ab", "abb"]
    assert [asked for asked in game.asked if asked[0] == "step"] == [("step", "ab", "b")]


@pytest.mark.parametrize("remembered", [0, 1, 3])
def test_beyond_the_limit_positions_are_right_and_not_kept(remembered: int) -> None:
    positions = Positions(Counted(), remembered)
    for actions in ("aba", "bbb", "aba"):
        assert walk(positions, actions) == [actions[: i + 1] for i in range(3)]
    assert len(positions._known) == remembered


@pytest.mark.parametrize("remembered", [0, 100, 100_000])
@pytest.mark.parametrize("name", ["leduc_poker", "connect_four"])
def test_positions_are_what_the_rules_say(name: str, remembered: int) -> None:
    game = arena.load_game(name)
    positions, rng = Positions(game, remembered), random.Random(5)
    for _ in range(30):
        position, s = positions.start(), game.start()
        while position.turn != OVER:
            assert (position.state, position.turn) == (s, game.turn(s))
            if position.turn == CHANCE:
                action = position.draw(game, rng.random())
                assert action in dict(game.chance(s))
            else:
                position.open(game)
                assert position.ready == (position.turn,)
                assert tuple(position.legal[0]) == tuple(game.legal(s, position.turn))
                action = rng.choice(position.legal[0])
            s = game.step(s, action)
            position, _ = positions.after(position, position.turn, action)
        assert game.turn(s) == OVER


class Dealt(NamedTuple):
    """A card, or none yet."""

    card: str = ""


class Deal(Game[Dealt]):
    """Chance deals a card."""

    name = "deal"

    def __init__(self, outcomes: object = None) -> None:
        self.outcomes = outcomes

    def start(self) -> Dealt:
        return Dealt()

    def turn(self, s: Dealt) -> int:
        return OVER if s.card else CHANCE

    def chance(self, s: Dealt):
        return self.outcomes

    def step(self, s: Dealt, action: str) -> Dealt:
        return Dealt(action)

    def returns(self, s: Dealt) -> tuple[float, float]:
        return 0.0, 0.0

    def view(self, s: Dealt, seat: int) -> str:
        return s.card


@pytest.mark.parametrize(("u", "card"), [(0.0, "a"), (0.2499, "a"), (0.25, "c"), (0.999999, "c"), (1.0 - 2**-53, "c")])
def test_chance_is_drawn_from_the_cumulative_distribution(u: float, card: str) -> None:
    """Never an outcome of probability 0, wherever it stands, and whatever rounding leaves of the sum."""
    game = Deal([("a", 0.25), ("b", 0.0), ("c", 0.75 - 1e-12), ("d", 0.0)])
    assert Positions(game).start().draw(game, u) == card


def test_a_huge_uniform_draw_is_not_listed() -> None:
    game = Deal(Uniform(10**15, "task"))
    assert Positions(game).start().draw(game, 0.5) == f"task{10**15 // 2}"


def test_a_seat_that_does_not_exist_is_the_games_mistake() -> None:
    class Lost(Counted):
        def turn(self, s: str) -> int:
            return 2

    with pytest.raises(GameError, match="it is the turn of seat 2, but the seats are 0 to 1"):
        Positions(Lost()).start()


def test_a_player_cannot_change_what_is_legal() -> None:
    positions = Positions(Counted())
    position = positions.start()
    position.open(positions.game)
    assert position.legal == (("a", "b"),)


@pytest.mark.parametrize("returns", [(None, 1.0), (-1.0, None), (None, None), (0.5, -0.5)])
def test_a_seat_that_played_no_game_balances_nothing(returns: tuple[float | None, ...]) -> None:
    class Paying(Counted):
        def returns(self, s: str) -> tuple[float | None, ...]:  # type: ignore[override]
            return returns

    positions = Positions(Paying())
    assert positions.returns(positions.start()) == returns


def test_who_played_must_win_what_the_others_lose() -> None:
    class Generous(Counted):
        def returns(self, s: str) -> tuple[float, float]:
            return 1.0, 0.0

    positions = Positions(Generous())
    with pytest.raises(GameError, match=r"its returns \(1.0, 0.0\) add up to 1: mend them, or say zero_sum = False"):
        positions.returns(positions.start())
