"""How fast and how small exact tables are. Run it: python tests/benchmarks/bench_nash_conv.py

NashConv of a fresh random policy each time, against OpenSpiel's C++ (`pyspiel.nash_conv`), each side given the same
policy in its native format: an array here, a `pyspiel.TabularPolicy` there. Making the policies is not timed. What
does not depend on the policy is made once here, and is measured against one NashConv of OpenSpiel below: all of it,
through our rules in Python, with one NashConv at the end. What is measured side by side runs in turns, in processor
time since machines are shared, and only ratios count; that both find the same numbers is asserted on the way.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from statistics import median
from time import process_time

import numpy as np
import pyspiel

from arena.registry import load_game
from arena.tree import Tree, cache, enumerate_game, enumerate_open_spiel, enumeration, nash_conv

GAMES = {"kuhn_poker": 5, "leduc_poker": 5, "liars_dice": 3, "tic_tac_toe": 3}
"""How many rounds: OpenSpiel takes seconds for the larger ones."""

OURS_PER_ROUND = 20
MEMORY = [
    *(f"liars_dice(faces={faces})" for faces in (3, 4, 5, 6)),
    "liars_dice(dice=2, faces=2)",
    "liars_dice(dice=2, faces=3)",
]


def timed(call: Callable[[], float]) -> tuple[float, float]:
    """Return the seconds that a call took, and what it found."""
    begin = process_time()
    found = call()
    return process_time() - begin, found


def seconds(call: Callable[[], object]) -> float:
    begin = process_time()
    call()
    return process_time() - begin


def fresh() -> None:
    """Forget all trees, as a new process does."""
    enumeration._TREES.clear()


def random_policy(tree: Tree, rng: np.random.Generator) -> np.ndarray:
    weights = rng.random(tree.mask.shape) * tree.mask
    return weights / weights.sum(axis=1, keepdims=True)


def their_sets(name: str, tree: Tree) -> dict[str, int]:
    """Return OpenSpiel's information states with our numbers of them, by walking both games side by side.

    Actions have the same columns in both; where ours has fewer nodes, several of theirs have one row.
    """
    row_of = {}
    stack = [(pyspiel.load_game(name).new_initial_state(), 0)]
    while stack:
        state, node = stack.pop()
        if state.is_chance_node():
            stack += [(state.child(n), tree.child[node, k]) for k, (n, _) in enumerate(state.chance_outcomes())]
        elif not state.is_terminal():
            row_of[state.information_state_string()] = tree.information_set[node]
            stack += [(state.child(action), tree.child[node, action]) for action in state.legal_actions()]
    return row_of


def their_policy(tree: Tree, row_of: dict[str, int], policy: np.ndarray) -> pyspiel.TabularPolicy:
    rows = [
        [(int(a), float(row[a])) for a in np.flatnonzero(mask)] for row, mask in zip(policy, tree.mask, strict=True)
    ]
    return pyspiel.TabularPolicy({text: rows[i] for text, i in row_of.items()})


def nash_convs() -> None:
    print(f"{'NashConv of a fresh policy, ms':<34}{'tables':>10}{'OpenSpiel':>12}{'ratio':>10}{'made once':>12}")
    for name, rounds in GAMES.items():
        fresh()
        once = seconds(lambda: nash_conv(enumerate_game(load_game(name)), enumerate_game(load_game(name)).uniform))  # noqa: B023
        tree, game, rng = enumerate_game(load_game(name)), pyspiel.load_game(name), np.random.default_rng(0)
        row_of = their_sets(name, tree)
        measured = []
        for _ in range(rounds):
            policies = [random_policy(tree, rng) for _ in range(OURS_PER_ROUND)]
            ours = [timed(lambda: nash_conv(tree, policy)) for policy in policies]  # noqa: B023
            last = their_policy(tree, row_of, policies[-1])
            theirs, found = timed(lambda: pyspiel.nash_conv(game, last))  # noqa: B023
            assert np.isclose(ours[-1][1], found, rtol=0, atol=1e-9)
            measured.append((median(took for took, _ in ours), theirs))
        ours, theirs = (1000 * median(column) for column in zip(*measured, strict=True))
        ratio = median(b / a for a, b in measured)
        print(f"{name:<34}{ours:>10.3f}{theirs:>12.1f}{ratio:>9,.0f}×{1000 * once:>9,.0f} ms")


def from_the_rules() -> None:
    name, game = "liars_dice", pyspiel.load_game("liars_dice")
    uniform = pyspiel.UniformRandomPolicy(game)
    tree = enumerate_game(load_game(name))
    table = their_policy(tree, their_sets(name, tree), tree.uniform)
    from_openspiel = seconds(lambda: nash_conv(tree := enumerate_open_spiel(name), tree.uniform))
    measured = []
    for _ in range(3):
        fresh()
        ours = seconds(lambda: nash_conv(tree := enumerate_game(load_game(name)), tree.uniform))
        measured.append((ours, *(seconds(lambda: pyspiel.nash_conv(game, p)) for p in (uniform, table))))  # noqa: B023
    ours, *theirs = (median(column) for column in zip(*measured, strict=True))
    print(f"\nliar's dice, from the rules in Python to one NashConv: {ours:.2f} s ({len(tree.mover):,} nodes)")
    for what, k, time in zip(("uniform", "tabular"), (1, 2), theirs, strict=True):
        ratio = median(row[k] / row[0] for row in measured)
        print(f"OpenSpiel's one NashConv, of a {what} policy: {time:.2f} s, {ratio:.2f}× as long")
    print(f"from OpenSpiel's states instead: {from_openspiel:.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ARENA_CACHE"] = folder
        cache.keep_tree(tree)
        print(f"from disk, where it was kept: {seconds(lambda: cache.load_tree(tree.game)):.2f} s")


ASK = """
import sys
from pathlib import Path
from arena.registry import load_game
from arena.tree import enumerate_game, nash_conv
def peak():  # of this process alone, as Linux tells it
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1000
game = load_game(sys.argv[1])
tree = enumerate_game(game)
made = peak()
nash_conv(tree, tree.uniform)
print(len(tree.mover), tree.nbytes, made, peak())
"""


def memory() -> None:
    print(f"\n{'memory, a fresh process each':<34}{'nodes':>10}{'array bytes':>13}{'per node':>10}", end="")
    print(f"{'peak MB':>10}{'and NashConv':>14}")
    for name in MEMORY:
        told = subprocess.run([sys.executable, "-c", ASK, name], check=True, capture_output=True, text=True).stdout
        nodes, size, made, peak = map(float, told.split())
        print(f"{name:<34}{nodes:>10,.0f}{size:>13,.0f}{size / nodes:>10.1f}{made:>10.0f}{peak:>14.0f}")


if __name__ == "__main__":
    os.environ["ARENA_CACHE"] = ""  # everything is made here
    nash_convs()
    from_the_rules()
    memory()
