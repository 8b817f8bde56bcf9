"""Random play: legal, by the law of chance, and never without an end."""

import pytest

from arena.errors import GameError
from arena.game import OVER, Choices, Text, Uniform
from arena.player import Request, Requests
from arena.seeds import generator
from arena.testing.random_play import Anyone, choose, draw, random_game
from tests.broken_games import Race, Secret


def test_outcomes_are_drawn_by_their_probability():
    rng = generator(0, "draw")
    drawn = [draw([("a", 0.0), ("b", 0.75), ("c", 0.25)], rng) for _ in range(4000)]
    assert set(drawn) == {"b", "c"}
    assert drawn.count("b") / 4000 == pytest.approx(0.75, abs=0.03)  # four standard deviations


def test_what_is_lazy_is_not_listed():
    rng = generator(0, "lazy")
    assert draw(Uniform(10**15, "task"), rng).startswith("task")
    assert choose(Choices(10**15, "cell"), rng).startswith("cell")
    assert choose(Text(4), rng) == "text"
    assert choose(Text(20, ("pass", "bet")), rng).partition("\n")[2] in ("pass", "bet")
    assert choose(Text(4, ("pass", "bet")), rng) in ("pass", "bet")  # no room for talk


def test_a_random_game_is_a_game():
    game = Secret()
    for s, mover, action in random_game(game, generator(1, "game")):
        assert game.turn(s) == mover
        after = game.step(s, action)
    assert game.turn(after) == OVER


def test_an_endless_game_is_given_up():
    class Endless(Race):
        def step(self, s, action):
            return s

    with pytest.raises(GameError, match="race is not over after 10,000 random moves"):
        list(random_game(Endless(), generator(0, "endless")))


def test_anyone_draws_from_the_request():
    game = Secret()
    requests = Requests([Request(game, ("heads",), 0, seed=seed) for seed in range(40)])
    answers = [move.action for move in Anyone().act(requests)]
    assert answers == [move.action for move in Anyone().act(requests)]
    assert set(answers) == {"heads", "tails"}
