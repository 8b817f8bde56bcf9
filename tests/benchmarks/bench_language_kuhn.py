"""How a tiny language model comes to play Kuhn poker, against itself and against its past as well; over several seeds.

    python tests/benchmarks/bench_language_kuhn.py --seeds 5 --runs runs/words --plot words.png

Trains tournaments/tiny_lm_kuhn.toml and tiny_lm_kuhn_league.toml, each run in a folder of its own, so what was stopped
goes on and what is done is only looked at. Printed is the exact NashConv of the last snapshot, illegal answers counted
as forfeits; drawn is that of every snapshot. About 10 minutes a run on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median

from arena.config import LeagueConfig, load
from arena.store import Store
from arena.trainers.loop import train

FILES = Path(__file__).resolve().parents[2] / "tournaments"
LEAGUES = {"itself": "tiny_lm_kuhn", "itself and its past": "tiny_lm_kuhn_league"}
PURE = 1 / 3
"""The least NashConv of a policy that draws no lots."""
UNIFORM = 11 / 12

Curve = list[tuple[int, float]]
"""(update, exact NashConv), oldest first."""


def curve(file: str, seed: int, runs: Path) -> Curve:
    """Train a run, or go on with it, and return the NashConv of its snapshots."""
    folder = runs / f"{file}-{seed}"
    train(load(FILES / f"{file}.toml", LeagueConfig, [f"seed={seed}"]), folder)
    with Store.read(folder) as store:
        return [(step, value) for step, _, value in store.measures("nash_conv")]


def show(curves: dict[str, list[Curve]]) -> None:
    print(f"{'against':<20}{'seeds':>6}{'median':>9}{'range':>16}{'below 1/3':>11}")
    for name, found in curves.items():
        last = [each[-1][1] for each in found]
        below = sum(value < PURE for value in last)
        print(f"{name:<20}{len(last):>6}{median(last):>9.3f}{min(last):>9.3f}–{max(last):.3f}{below:>8}/{len(last)}")


def draw(curves: dict[str, list[Curve]], file: Path) -> None:
    """Draw every run thinly, and the medians."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for colour, (name, found) in zip(("tab:blue", "tab:orange"), curves.items(), strict=True):
        for each in found:
            axes.plot(*zip(*each, strict=True), color=colour, linewidth=0.8, alpha=0.4)
        steps = [step for step, _ in found[0]]
        middle = [median(each[i][1] for each in found) for i in range(len(steps))]
        axes.plot(steps, middle, color=colour, linewidth=2.5, label=f"against {name} (median of {len(found)})")
    for value, what in ((UNIFORM, "uniform play"), (PURE, "best play without lots")):
        axes.axhline(value, color="grey", linewidth=1, linestyle="--")
        axes.text(0.01, value, what, transform=axes.get_yaxis_transform(), va="bottom", color="grey", fontsize=9)
    axes.set(xlabel="update", ylabel="exact NashConv", title="A tiny language model at Kuhn poker", ylim=(0, 1))
    axes.legend(loc="upper right", frameon=False)
    figure.savefig(file, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="1, 2, … of them")
    parser.add_argument("--runs", type=Path, default=Path("runs/words"))
    parser.add_argument("--plot", type=Path)
    asked = parser.parse_args()
    seeds = range(1, asked.seeds + 1)
    curves = {name: [curve(file, seed, asked.runs) for seed in seeds] for name, file in LEAGUES.items()}
    show(curves)
    if asked.plot:
        draw(curves, asked.plot)


if __name__ == "__main__":
    main()
