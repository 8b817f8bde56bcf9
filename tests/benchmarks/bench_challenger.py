"""What tiny solvers learn from a tiny challenger's sums, on sums that neither has chosen. Run it:

    python tests/benchmarks/bench_challenger.py [--seed 1] [--updates 200] [--run FOLDER] [--sums 200]

It trains `tiny_lm_challenger.toml` (or goes on with a run of it), and asks the model that it began with and every
snapshot the same sums, eight times each. Printed is the share of right answers and how much it is above that of the
model of the beginning, sum by sum, both with 95% intervals; the share by the number of operations; and how many
operations the challenger's sums had in the course of the run.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from pathlib import Path

import numpy as np

import arena
from arena.config import LeagueConfig, load
from arena.games.challenger_solver import ChallengerSolver
from arena.interval import share, t_quantile
from arena.match import Fixture, play_fixtures
from arena.player import Player
from arena.registry import load_checkpoint, load_game, load_player
from arena.store import Store

FILE = Path(__file__).resolve().parents[2] / "tournaments" / "tiny_lm_challenger.toml"
SETTER = "reckoner(slip=0, numbers=4, largest=5)"


def operations(task: str) -> int:
    return len(re.findall(r"[-+*/]", task))


def asked(name: str, solver: Player, game: ChallengerSolver, sums: int, before: np.ndarray | None) -> np.ndarray:
    """Print how many answers to so many sums are right, and return the share of each sum."""
    seats = ("setter", *("solver",) * game.by.solvers)
    fixtures = [Fixture(f"{i:06d}", "play", seats, 10**6 + i, "") for i in range(sums)]
    players = {"setter": load_player(SETTER, game), "solver": solver}
    right, length = [], []
    for record in sorted(play_fixtures(game, fixtures, players), key=lambda record: record.key):
        *_, (s, _) = record.replay(game)
        right.append(game.wins(s))
        length.append(operations(s.task))
    found, each = share(np.array(right)), np.mean(right, axis=1)
    gain = each - (each if before is None else before)
    half = float(t_quantile(sums - 1)) * gain.std(ddof=1) / np.sqrt(sums)
    by = "  ".join(f"{n}: {each[np.array(length) == n].mean():.3f}" for n in sorted(set(length)))
    print(
        f"{name:10} {found.value:.3f} [{found.low:.3f}, {found.high:.3f}]  "
        f"{gain.mean():+.3f} [{gain.mean() - half:+.3f}, {gain.mean() + half:+.3f}]  by operations {by}",
        flush=True,
    )
    return each


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--updates", type=int, default=200)
    arguments.add_argument("--run", type=Path)
    arguments.add_argument("--sums", type=int, default=200)
    chosen = arguments.parse_args()
    config = load(FILE, LeagueConfig, [f"seed={chosen.seed}", f"training.updates={chosen.updates}"])
    game = load_game(config.game)
    assert isinstance(game, ChallengerSolver)
    with tempfile.TemporaryDirectory() as scratch:
        run = chosen.run or Path(scratch) / "run"
        arena.train(config, run)
        base = f"chat(model={str(run / 'base')!r}, answer='brackets', max_tokens=24)"
        before = asked("base", load_player(base, game), game, chosen.sums, None)
        with Store.read(run) as store:
            snapshots = [member for member in store.players() if member.kind == "snapshot"]
            tasks = store.meta("history")[""]["main"]["tasks"]
        for member in snapshots:
            asked(member.name, load_checkpoint(run / member.spec, game, "solver"), game, chosen.sums, before)
    for part in np.array_split(np.arange(len(tasks)), 10):
        written = [tasks[i] for i in part]
        mean, new = np.mean([operations(task) for task in written]), len(set(written)) / len(written)
        print(f"tasks {part[0] + 1:6} to {part[-1] + 1:6}: {mean:.2f} operations, {new:.0%} of them different")


if __name__ == "__main__":
    main()
