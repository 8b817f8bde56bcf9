"""How near to Nash each learning algorithm ends. Run it: python tests/benchmarks/bench_learning.py

Every algorithm learns every game from the same number of sampled matches: none sees exact values of the tree. A
match is one ending reached, so one traversal of deep CFR, which reaches several, counts for several. What is
measured is the exact NashConv, in the game's own units, of the policy that the method hands over: the last iterate,
or the average net where the method defines one. Settings are one line per algorithm for all games, chosen on Leduc
poker and goofspiel; the table gives mean and range over seeds.

A run is a league of one learner against itself. Finished runs are lines of the CSV and are not done again, and a
run that was killed goes on from its last checkpoint, so the whole can be played in pieces:

    python tests/benchmarks/bench_learning.py --games leduc_poker --algorithms mmd rnad --seeds 2
"""

from __future__ import annotations

import argparse
import csv
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from arena.config import LeagueConfig
from arena.registry import load_game
from arena.store import Store
from arena.trainers.loop import train
from arena.trainers.traversal import traverse
from arena.tree import enumerate_game, nash_conv

GAMES = ("kuhn_poker", "leduc_poker", "liars_dice", "goofspiel(cards=4, points='descending')")
NET = "net(hidden=[128, 128])"
MATCHES = 512
"""Per update."""

SETTINGS: dict[str, dict[str, Any]] = {
    "policy_gradient": {"learning_rate": 0.001, "kl_weight": 0.3},
    "ppo": {"learning_rate": 0.001, "ppo": {"entropy_weight": 0.2}},
    "mmd": {"learning_rate": 0.001, "mmd": {}},
    "rnad": {"learning_rate": 0.003, "rnad": {"regularisation": 0.3, "threshold": 2.0}},
    "nfsp": {"learning_rate": 0.003, "nfsp": {"steps": 2, "minibatch": 512}},
    "deep_cfr": {"learning_rate": 0.003, "deep_cfr": {"steps": 10, "minibatch": 1024}},
}
EVALUATED = {"nfsp": "average net", "deep_cfr": "average net"}
COLUMNS = ("game", "algorithm", "evaluated", "seed", "matches", "cpu_seconds", "nash_conv")


def config(game: str, algorithm: str, seed: int, matches: int) -> LeagueConfig:
    """Return a league of one learner for a budget of matches."""
    updates = matches // MATCHES
    training = {"algorithm": algorithm, "updates": updates, "matches": MATCHES, **SETTINGS[algorithm]}
    if algorithm == "policy_gradient":
        training["reference_every"] = max(updates // 8, 1)
    if algorithm == "mmd":
        training["mmd"] = {**training["mmd"], "magnet_rate": min(20 / updates, 1.0)}
    if algorithm == "rnad":
        training["rnad"] = {**training["rnad"], "reference_every": max(updates // 8, 1)}
    if algorithm == "deep_cfr":
        training["matches"] = int(MATCHES / endings(game))
    every = max(updates // 10, 1)
    return LeagueConfig.model_validate(
        {
            "game": game,
            "seed": seed,
            "training": training,
            "learners": {"main": {"player": NET}},
            "schedule": {"checkpoint_every": every, "snapshot_every": every * 1000},
            "rating": {"pairs": 1, "rivals": 0, "block_pairs": 1},
        }
    )


def endings(game: str) -> float:
    """Return how many endings a traversal under uniform play reaches on average, over both seats."""
    tree = enumerate_game(load_game(game))
    rng = np.random.default_rng(0)
    return float(np.mean([traverse(tree, tree.uniform, seat, 1000, rng).endings / 1000 for seat in (0, 1)]))


def measure(game: str, algorithm: str, seed: int, matches: int, runs: Path) -> tuple[float, float]:
    """Train, or go on training; returns the CPU seconds of this process and the final NashConv."""
    folder = runs / f"{game.partition('(')[0]}-{algorithm}-{matches}-{seed}"
    begin = process_time()
    train(config(game, algorithm, seed, matches), folder)
    with Store.read(folder) as store:
        final = store.measures("nash_conv")[-1][2]
    shutil.rmtree(folder)
    return process_time() - begin, final


def finished(file: Path) -> list[dict[str, str]]:
    """Return the lines that are there already."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def append(file: Path, columns: Sequence[str], line: dict[str, Any]) -> None:
    """Add one line, under a head if it is the first."""
    first = not file.exists()
    with file.open("a", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, columns)
        if first:
            writer.writeheader()
        writer.writerow(line)


def table(lines: list[dict[str, str]]) -> Iterator[str]:
    """Yield a line per game and algorithm, the games in order and the best first."""
    head = f"{'':<2}{'algorithm':<17}{'evaluated':<14}{'matches':>11}{'NashConv':>10}{'range':>18}"
    yield f"{head}{'seeds':>7}{'CPU s':>8}"
    for game in dict.fromkeys(line["game"] for line in lines):
        tree = enumerate_game(load_game(game))
        yield f"{game.partition('(')[0]}: uniform play {nash_conv(tree, tree.uniform):.3f}"
        rows = []
        for algorithm, matches in dict.fromkeys((x["algorithm"], x["matches"]) for x in lines if x["game"] == game):
            mine = [x for x in lines if (x["game"], x["algorithm"], x["matches"]) == (game, algorithm, matches)]
            found = np.array([float(line["nash_conv"]) for line in mine])
            seconds = np.mean([float(line["cpu_seconds"]) for line in mine])
            what = f"{'':<2}{algorithm:<17}{mine[0]['evaluated']:<14}{int(matches):>11,}"
            spread = f"{found.min():.3f} to {found.max():.3f}"
            rows.append((found.mean(), f"{what}{found.mean():>10.3f}{spread:>18}{len(found):>7}{seconds:>8.0f}"))
        yield from (text for _, text in sorted(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", nargs="+", default=GAMES, metavar="GAME")
    parser.add_argument("--algorithms", nargs="+", default=list(SETTINGS), choices=SETTINGS, metavar="NAME")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--matches", type=int, default=307_200, help="budget of every run")
    parser.add_argument("--csv", type=Path, default=Path("runs/learning.csv"), help="finished runs, one a line")
    given = parser.parse_args()
    given.csv.parent.mkdir(parents=True, exist_ok=True)
    for seed in range(given.seeds):
        for game in given.games:
            for algorithm in given.algorithms:
                what = {"game": game, "algorithm": algorithm, "seed": str(seed), "matches": str(given.matches)}
                if any(what.items() <= line.items() for line in finished(given.csv)):
                    continue
                seconds, found = measure(game, algorithm, seed, given.matches, given.csv.parent)
                evaluated = EVALUATED.get(algorithm, "last iterate")
                line = {**what, "evaluated": evaluated, "cpu_seconds": f"{seconds:.1f}", "nash_conv": found}
                append(given.csv, COLUMNS, line)
                print(f"{game}  {algorithm}  seed {seed}: {found:.3f} after {seconds:.0f} CPU s", flush=True)
    print("\n".join(table(finished(given.csv))))


if __name__ == "__main__":
    main()
