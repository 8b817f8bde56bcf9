"""How fast matches are played by the rules. Run it: python tests/benchmarks/bench_referee.py

The reference is the loop that OpenSpiel's users write: its C++ states, driven from Python, with random moves.
The referee does more: it asks players in batches, checks every reply and writes a record that replays. Both
run in turns, and only their ratio counts.
"""

from __future__ import annotations

import random
from statistics import median
from time import perf_counter

import pyspiel

from arena.match import Fixture, play_fixtures
from arena.players.uniform import UniformPlayer
from arena.registry import load_game

GAMES, ROUNDS = 3000, 5


def referee(name: str) -> None:
    """Play uniform players against each other."""
    fixtures = [Fixture(f"{i}", "play", ("uniform", "uniform"), i, "") for i in range(GAMES)]
    for _ in play_fixtures(load_game(name), fixtures, {"uniform": UniformPlayer()}):
        pass


def open_spiel(name: str) -> None:
    """Play random moves."""
    game, rng = pyspiel.load_game(name), random.Random(0)
    for _ in range(GAMES):
        state = game.new_initial_state()
        while not state.is_terminal():
            if state.is_chance_node():
                outcomes, chances = zip(*state.chance_outcomes(), strict=True)
                state.apply_action(rng.choices(outcomes, chances)[0])
            else:
                state.apply_action(rng.choice(state.legal_actions()))
        state.returns()


def per_second(play, name: str) -> float:
    begin = perf_counter()
    play(name)
    return GAMES / (perf_counter() - begin)


def main() -> None:
    print(f"{'games per second':<20}{'referee':>12}{'OpenSpiel':>12}{'ratio':>10}")
    for name in ("kuhn_poker", "leduc_poker", "tic_tac_toe"):
        rounds = [(per_second(referee, name), per_second(open_spiel, name)) for _ in range(ROUNDS)]
        ours, theirs = (median(column) for column in zip(*rounds, strict=True))
        print(f"{name:<20}{ours:>12,.0f}{theirs:>12,.0f}{median(a / b for a, b in rounds):>9.3f}×")


if __name__ == "__main__":
    main()
