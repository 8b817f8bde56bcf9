"""How fast tree search runs. Run it: python tests/benchmarks/bench_search.py

UCT with one random playout a simulation, from the first position, against OpenSpiel's Python MCTSBot on its C++
states: same exploration, same number of simulations, both with a solver. They run in turns, and only their ratio
counts.
"""

from __future__ import annotations

from statistics import median
from time import perf_counter

import numpy as np
import pyspiel
from open_spiel.python.algorithms.mcts import MCTSBot, RandomRolloutEvaluator

from arena.player import Request, Requests
from arena.players.ismcts import Ismcts
from arena.players.mcts import Mcts
from arena.registry import load_game

SIMULATIONS, ROUNDS = 2000, 7


def ours(name: str, seed: int) -> float:
    """Return simulations per second of a search that has seen nothing before."""
    game = load_game(name)
    player, batch = Mcts(game, SIMULATIONS), Requests([Request(game, game.start(), 0, seed=seed)])
    begin = perf_counter()
    player.act(batch)
    return SIMULATIONS / (perf_counter() - begin)


def theirs(name: str, seed: int) -> float:
    """Return simulations per second of MCTSBot."""
    game, random = pyspiel.load_game(name), np.random.RandomState(seed)
    bot = MCTSBot(game, 1.4, SIMULATIONS, RandomRolloutEvaluator(1, random), solve=True, random_state=random)
    state = game.new_initial_state()
    begin = perf_counter()
    bot.step(state)
    return SIMULATIONS / (perf_counter() - begin)


def hidden(name: str, seed: int) -> float:
    """Return simulations per second of the search over information sets."""
    game = load_game(name)
    s = game.start()
    while game.turn(s) < 0:
        s = game.step(s, game.chance(s)[0][0])
    player, batch = Ismcts(game, SIMULATIONS), Requests([Request(game, s, game.turn(s), seed=seed)])
    begin = perf_counter()
    player.act(batch)
    return SIMULATIONS / (perf_counter() - begin)


def main() -> None:
    print(f"{'simulations/s':<20}{'mcts':>12}{'OpenSpiel':>12}{'ratio':>10}")
    for name in ("tic_tac_toe", "connect_four"):
        rounds = [(ours(name, seed), theirs(name, seed)) for seed in range(ROUNDS)]
        here, there = (median(column) for column in zip(*rounds, strict=True))
        print(f"{name:<20}{here:>12,.0f}{there:>12,.0f}{median(a / b for a, b in rounds):>9.2f}×")
    print(f"\n{'simulations/s':<20}{'ismcts':>12}")
    for name in ("kuhn_poker", "leduc_poker", "dark_hex", "goofspiel"):
        print(f"{name:<20}{median(hidden(name, seed) for seed in range(ROUNDS)):>12,.0f}")


if __name__ == "__main__":
    main()
