"""What a league is worth beside plain self-play, in Leduc poker. Run it: python tests/benchmarks/bench_leagues.py

Exact NashConv of the main agent at the end (the last iterate; of PSRO the mixture) after equally many training matches,
counting those of exploiters: mirror play, the uniform past, PFSP, AlphaStar's league of a main agent, a main exploiter
and a league exploiter, and PSRO. Each with the KL to a slowly moving reference that our trainer has, and without.
With three learners each gets a third of the matches, at the same matches per update.

A run that is done is a line of a CSV file, so a benchmark that was stopped goes on with the same command:

    python tests/benchmarks/bench_leagues.py --seeds 5 --matches 184320 --csv runs/leagues.csv

Then the rounds that PSRO with exact answers needs on random n × n games, by meta-solver.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from itertools import product
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any

import numpy as np

from arena.config import LeagueConfig
from arena.games.matrix import Matrix
from arena.interval import t_quantile
from arena.meta_solvers import SOLVERS
from arena.store import Store
from arena.trainers.loop import train
from arena.trainers.psro import psro
from arena.tree import enumerate_game

PER_UPDATE = 256
"""Matches per learner and update."""
SNAPSHOTS = 10
"""Periods of a run: a main agent joins the population at the end of each."""
NET = "net(hidden=[64, 64])"

LEAGUES: dict[str, dict[str, Any]] = {
    "mirror": {"opponents": {"latest": 1.0}},
    # Half of the matches against the past, as fictitious and prioritised play are usually mixed with self-play.
    "uniform past": {"opponents": {"latest": 0.5, "uniform": 0.5}},
    # Rates in Leduc stay within a few hundredths of ½, so a small exponent would make no difference.
    "PFSP": {"opponents": {"latest": 0.5, "prioritised": 0.5, "hardness": 20.0}},
    "AlphaStar": {
        "learners": {
            "main": {"player": NET, "league_role": "main"},
            "main_exploiter": {"player": NET, "league_role": "main_exploiter"},
            "league_exploiter": {"player": NET, "league_role": "league_exploiter"},
        }
    },
    "PSRO (Nash)": {
        "opponents": {"latest": 0.0, "meta": 1.0, "meta_solver": "nash"},
        "learners": {"main": {"player": NET, "fresh_after_snapshot": True}},
    },
}
KL_WEIGHTS = (0.3, 0.0)


def configuration(league: str, kl_weight: float, seed: int, matches: int) -> LeagueConfig:
    """Return a run in which all learners together play about `matches` training matches."""
    learners = LEAGUES[league].get("learners", {"main": {"player": NET}})
    checkpoint = max(matches // (len(learners) * PER_UPDATE) // (2 * SNAPSHOTS), 1)
    updates = 2 * SNAPSHOTS * checkpoint
    return LeagueConfig.model_validate(
        {
            "game": "leduc_poker",
            "seed": seed,
            "training": {
                "updates": updates,
                "matches": PER_UPDATE,
                "learning_rate": 2e-3,
                "kl_weight": kl_weight,
                "reference_every": max(updates // 8, 1),
            },
            "schedule": {"checkpoint_every": checkpoint, "snapshot_every": 2 * checkpoint, "beaten": 0.52},
            "rating": {"pairs": 1, "rivals": 0, "block_pairs": 1},
            "learners": learners,
            "opponents": LEAGUES[league].get("opponents", {}),
        }
    )


def run(league: str, kl_weight: float, seed: int, matches: int) -> dict[str, Any]:
    """Return a line of the CSV file."""
    begin = perf_counter()
    config = configuration(league, kl_weight, seed, matches)
    with tempfile.TemporaryDirectory() as folder:
        train(config, Path(folder))
        with Store.read(Path(folder)) as store:
            kind = "mixture_nash_conv" if config.opponents.meta else "nash_conv"
            values = {player: value for _, player, value in store.measures(kind)}
            played = sum(t.wins + t.draws + t.losses for t in store.tallies())
    last = values[max(name for name in values if name.startswith("main-"))]
    return {
        "league": league, "kl_weight": kl_weight, "seed": seed, "matches": matches, "played": played,
        "nash_conv": f"{last:.4f}", "seconds": f"{perf_counter() - begin:.0f}",
    }  # fmt: skip


def done(file: Path) -> list[dict[str, str]]:
    if not file.exists():
        return []
    with file.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def train_leagues(seeds: int, matches: int, file: Path) -> None:
    known = {(r["league"], float(r["kl_weight"]), int(r["seed"]), int(r["matches"])) for r in done(file)}
    # Seed by seed, so that a benchmark that is stopped early has compared all of them on some seeds.
    for seed, kl_weight, league in product(range(seeds), KL_WEIGHTS, LEAGUES):
        if (league, kl_weight, seed, matches) in known:
            continue
        line = run(league, kl_weight, seed, matches)
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = not file.exists()
        with file.open("a", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, list(line))
            if fresh:
                writer.writeheader()
            writer.writerow(line)
        print(*line.values(), flush=True)


def print_leagues(matches: int, file: Path) -> None:
    rows = [row for row in done(file) if int(row["matches"]) == matches]
    print(f"\nNashConv in Leduc poker after {matches:,} training matches (uniform play: 4.747)")
    print(f"{'league':<16}{'KL weight':>10}{'seeds':>7}{'mean':>8}{'95% interval':>16}{'range':>16}{'matches':>12}")
    for kl_weight, league in product(KL_WEIGHTS, LEAGUES):
        mine = [row for row in rows if row["league"] == league and float(row["kl_weight"]) == kl_weight]
        values = [float(row["nash_conv"]) for row in mine]
        if not values:
            continue
        n = len(values)
        half = float(t_quantile(n - 1)) * float(np.std(values, ddof=1)) / n**0.5 if n > 1 else float("nan")
        interval = f"{mean(values) - half:.2f}–{mean(values) + half:.2f}"
        spread = f"{min(values):.2f}–{max(values):.2f}"
        played = int(mean(float(row["played"]) for row in mine))
        print(f"{league:<16}{kl_weight:>10}{n:>7}{mean(values):>8.2f}{interval:>16}{spread:>16}{played:>12,}")


def print_rounds(sizes: tuple[int, ...] = (3, 5, 8), games: int = 20, most: int = 60) -> None:
    """Print how soon PSRO with exact answers ends, and how far it has come then, on games of normal payoffs."""
    print(f"\nPSRO with exact answers on {games} random n × n games, at most {most} rounds")
    print(f"{'meta-solver':<18}{'n':>4}{'2n − 1':>8}{'rounds':>14}{'NashConv at the end':>22}{'at 0':>8}")
    for name, n in product(SOLVERS, sizes):
        found = [
            psro(enumerate_game(Matrix(np.random.default_rng([n, seed]).normal(size=(n, n)).tolist())), name, most)
            for seed in range(games)
        ]
        rounds, last = [f.rounds for f in found], [f.nash_conv[-1] for f in found]
        solved = sum(value < 1e-9 for value in last)
        spread = f"{mean(rounds):.1f} ({min(rounds)}–{max(rounds)})"
        print(f"{name:<18}{n:>4}{2 * n - 1:>8}{spread:>14}{mean(last):>22.4f}{solved:>5}/{games}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--seeds", type=int, default=1)
    arguments.add_argument("--matches", type=int, default=184_320, help="training matches per run")
    arguments.add_argument("--csv", type=Path, default=Path("runs/leagues.csv"), help="where lines are kept")
    given = arguments.parse_args()
    train_leagues(given.seeds, given.matches, given.csv)
    print_leagues(given.matches, given.csv)
    print_rounds()


if __name__ == "__main__":
    main()
