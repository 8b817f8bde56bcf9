"""How fast games are solved. Run it: python tests/benchmarks/bench_solvers.py

Ours and OpenSpiel's C++ take turns in one process, a few iterations each, and only ratios count. NashConv is never
in the times: both sides are measured by our own, as often as each other. Averages of CFR+ are asserted to be the
same to 1e-9 in the first 50 iterations.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pyspiel

from arena.registry import find, load_game
from arena.tree import Tree, enumerate_game, nash_conv

TARGET, LOOK = 1e-3, 25
"""NashConv on Leduc poker, and after how many iterations it is looked at."""

SIZES = {"kuhn_poker": ("kuhn_poker", 200), "leduc_poker": ("leduc_poker", 10), "liars_dice": ("liars_dice", 1)}
"""Name of ours → OpenSpiel's, and iterations of a round."""

CURVE = (1, 3, 10, 30, 100, 300, 1000)
SOLVERS = ("cfr", "cfr_plus", "discounted_cfr", "fictitious_play", "mccfr")


def seconds(call: Callable[[], object], times: int = 1) -> float:
    begin = perf_counter()
    for _ in range(times):
        call()
    return perf_counter() - begin


def their_average(tree: Tree, solver: Any) -> np.ndarray[Any, Any]:
    """Return the policy (I, A) of OpenSpiel's solver, in a tree of OpenSpiel's own game."""
    table = np.zeros(tree.mask.shape)
    policy = solver.tabular_average_policy()
    for row, view in zip(table, tree.views, strict=True):
        for action, p in policy.get_state_policy(view):
            row[action] = p
    return table


def to_target() -> None:
    """Let both run CFR+ on Leduc poker until they are near enough, and print how long that took."""
    tree = enumerate_game(load_game("open_spiel(name='leduc_poker')"))
    ours, theirs = find("trainers", "cfr_plus")(tree), pyspiel.CFRPlusSolver(pyspiel.load_game("leduc_poker"))
    averages = {"ours": ours.average, "OpenSpiel": lambda: their_average(tree, theirs)}
    steps = {"ours": ours.step, "OpenSpiel": theirs.evaluate_and_update_policy}
    spent, found = dict.fromkeys(steps, 0.0), dict.fromkeys(steps, np.inf)
    iterations = dict.fromkeys(steps, 0)
    while running := [name for name in steps if found[name] > TARGET]:
        for name in running:
            spent[name] += seconds(steps[name], LOOK)
            found[name] = nash_conv(tree, averages[name]())
            iterations[name] += LOOK
        if max(iterations.values()) <= 50:
            assert np.allclose(averages["ours"](), averages["OpenSpiel"](), atol=1e-9, rtol=0)
    print(f"CFR+ on leduc_poker to NashConv {TARGET:g}, looked at every {LOOK} iterations")
    for name in steps:
        print(f"  {name:<12}{iterations[name]:>6} iterations{spent[name]:>9.2f} s   NashConv {found[name]:.6f}")
    per_iteration = (spent["OpenSpiel"] / iterations["OpenSpiel"]) / (spent["ours"] / iterations["ours"])
    print(f"  {spent['OpenSpiel'] / spent['ours']:.1f}× as fast, {per_iteration:.1f}× per iteration\n")


def per_iteration() -> None:
    """Print the time of one iteration of CFR, in turns with OpenSpiel's."""
    print(f"{'CFR, ms per iteration':<24}{'ours':>10}{'OpenSpiel':>12}{'ratio':>9}")
    for name, (other, times) in SIZES.items():
        ours = find("trainers", "cfr")(enumerate_game(load_game(name)))
        theirs = pyspiel.CFRSolver(pyspiel.load_game(other))
        rounds = []
        for _ in range(5):
            mine = seconds(ours.step, 10 * times) / (10 * times)
            rounds.append((mine, seconds(theirs.evaluate_and_update_policy, times) / times))
        mine, other_time = (1000 * median(column) for column in zip(*rounds, strict=True))
        ratio = median(b / a for a, b in rounds)
        print(f"{name:<24}{mine:>10.3f}{other_time:>12.3f}{ratio:>8.1f}×")


def walks() -> None:
    """Print how many external samples are made in a second, in turns with OpenSpiel's C++."""
    print(f"\n{'MCCFR, walks per second':<24}{'ours':>10}{'OpenSpiel':>12}{'ratio':>9}")
    for name in ("kuhn_poker", "leduc_poker"):
        ours = find("trainers", "mccfr")(enumerate_game(load_game(name)))
        theirs = pyspiel.ExternalSamplingMCCFRSolver(pyspiel.load_game(name), 0)
        rounds = [
            (2 * ours.walks * 20 / seconds(ours.step, 20), 2 * 500 / seconds(theirs.run_iteration, 500))
            for _ in range(5)
        ]
        mine, other = (median(column) for column in zip(*rounds, strict=True))
        print(f"{name:<24}{mine:>10,.0f}{other:>12,.0f}{median(a / b for a, b in rounds):>8.1f}×")


def curve() -> None:
    """Print how NashConv falls with the iterations of every solver on Leduc poker."""
    tree = enumerate_game(load_game("leduc_poker"))
    print(f"\n{'NashConv on leduc_poker':<20}" + "".join(f"{n:>10,}" for n in CURVE) + f"{'ms each':>10}")
    for name in SOLVERS:
        solver = find("trainers", name)(tree)
        done, spent, row = 0, 0.0, []
        for iterations in CURVE:
            spent += seconds(solver.step, iterations - done)
            done = iterations
            row.append(nash_conv(tree, solver.average()))
        print(f"{name:<23}" + "".join(f"{value:>10.5f}" for value in row) + f"{1000 * spent / done:>10.2f}")


def main() -> None:
    to_target()
    per_iteration()
    walks()
    curve()


if __name__ == "__main__":
    main()
