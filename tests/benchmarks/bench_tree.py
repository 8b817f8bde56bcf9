"""How fast tables play and measure. Run it: python tests/benchmarks/bench_tree.py

Random play on tables against OpenSpiel's C++ states driven from Python, and NashConv of uniform play against
OpenSpiel's C++ best response. What is measured side by side runs in turns, and only ratios count; that both
find the same NashConv is asserted on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np
import pyspiel
from bench_referee import GAMES, open_spiel

from arena.registry import load_game
from arena.tree import Tree, enumerate_game, nash_conv, rollout

BATCH, ROUNDS = 65_536, 5


def tables(tree: Tree) -> None:
    """Play one batch of games between uniform policies."""
    rollout(tree, tree.uniform[None], np.zeros((BATCH, 2), np.int64), np.random.default_rng(0))


def their_nash_conv(name: str) -> float:
    game = pyspiel.load_game(name)
    return float(pyspiel.nash_conv(game, pyspiel.UniformRandomPolicy(game)))


def seconds(call: Callable[[], object]) -> float:
    begin = perf_counter()
    call()
    return perf_counter() - begin


def main() -> None:
    trees, built = {}, {}
    for name in ("kuhn_poker", "leduc_poker", "tic_tac_toe"):
        begin = perf_counter()
        tree = trees[name] = enumerate_game(load_game(name))
        ours = nash_conv(tree, tree.uniform)
        built[name] = perf_counter() - begin
        assert np.isclose(ours, their_nash_conv(name), atol=1e-9)

    print(f"{'games per second':<20}{'tables':>12}{'OpenSpiel':>12}{'ratio':>10}")
    for name, tree in trees.items():
        rounds = [
            (BATCH / seconds(lambda: tables(tree)), GAMES / seconds(lambda: open_spiel(name)))  # noqa: B023
            for _ in range(ROUNDS)
        ]
        ours, theirs = (median(column) for column in zip(*rounds, strict=True))
        print(f"{name:<20}{ours:>12,.0f}{theirs:>12,.0f}{median(a / b for a, b in rounds):>9.1f}×")

    print(f"\n{'NashConv, ms':<20}{'tables':>12}{'OpenSpiel':>12}{'ratio':>10}{'built once':>14}")
    for name, tree in trees.items():
        rounds = [
            (seconds(lambda: nash_conv(tree, tree.uniform)), seconds(lambda: their_nash_conv(name)))  # noqa: B023
            for _ in range(ROUNDS)
        ]
        ours, theirs = (1000 * median(column) for column in zip(*rounds, strict=True))
        ratio = median(b / a for a, b in rounds)
        print(f"{name:<20}{ours:>12.2f}{theirs:>12.2f}{ratio:>9.0f}×{1000 * built[name]:>11,.0f} ms")


if __name__ == "__main__":
    main()
