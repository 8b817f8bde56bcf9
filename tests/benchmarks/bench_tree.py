"""How fast tables play. Run it: python tests/benchmarks/bench_tree.py

Random play on tables against OpenSpiel's C++ states driven from Python. What is measured side by side runs in turns,
and only ratios count.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np
from bench_referee import GAMES, open_spiel

from arena.registry import load_game
from arena.tree import Tree, enumerate_game, rollout

BATCH, ROUNDS = 65_536, 5


def tables(tree: Tree) -> None:
    """Play one batch of games between uniform policies."""
    rollout(tree, tree.uniform[None], np.zeros((BATCH, 2), np.int64), np.random.default_rng(0))


def seconds(call: Callable[[], object]) -> float:
    begin = perf_counter()
    call()
    return perf_counter() - begin


def main() -> None:
    trees = {name: enumerate_game(load_game(name)) for name in ("kuhn_poker", "leduc_poker", "tic_tac_toe")}
    print(f"{'games per second':<20}{'tables':>12}{'OpenSpiel':>12}{'ratio':>10}")
    for name, tree in trees.items():
        rounds = [
            (BATCH / seconds(lambda: tables(tree)), GAMES / seconds(lambda: open_spiel(name)))  # noqa: B023
            for _ in range(ROUNDS)
        ]
        ours, theirs = (median(column) for column in zip(*rounds, strict=True))
        print(f"{name:<20}{ours:>12,.0f}{theirs:>12,.0f}{median(a / b for a, b in rounds):>9.1f}×")


if __name__ == "__main__":
    main()
