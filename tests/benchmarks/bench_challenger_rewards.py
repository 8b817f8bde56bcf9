"""What a challenger earns by tasks that can be learned and by tasks that are answered by guessing. Run it:

    python tests/benchmarks/bench_challenger_rewards.py [--tasks 20000] [--solvers 10]

Solvers are drawn: to a guess all of k answers are equally likely; what can be learned is answered rightly with
probability p, and else by one of 50 errors, or half of the time by one common error. Printed is the mean pay under the
rules of R-Zero (min(s, 1 − s) of the majority's share s), and under ours (a floor at .25, and both halves of the
solvers must have one majority), to .002 or so.
"""

from __future__ import annotations

import argparse

import numpy as np

from arena.games.challenger_solver import ChallengerSolver, State


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--tasks", type=int, default=20_000)
    arguments.add_argument("--solvers", type=int, default=10)
    chosen = arguments.parse_args()
    rng = np.random.default_rng(0)
    shape = (chosen.tasks, chosen.solvers)
    games = [ChallengerSolver(preset, changed={"solvers": chosen.solvers}) for preset in ("r_zero", "ours")]
    print(f"{'task':36} {'R-Zero':>8} {'ours':>8}")
    for k in (2, 3, 4, 5, 10, 100, 1000):
        _tell(f"guessing among {k}", rng.integers(k, size=shape), games)
    for common in (0.0, 0.5):
        errors = "scattered errors" if not common else "one common error"
        for p in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
            wrong = np.where(rng.random(shape) < common, 99, rng.integers(50, size=shape))
            _tell(f"found with p = {p}, {errors}", np.where(rng.random(shape) < p, 100, wrong), games)


def _tell(what: str, answers: np.ndarray, games: list[ChallengerSolver]) -> None:
    states = [State(task="task", answers=tuple(map(str, row))) for row in answers.tolist()]
    pay = [np.mean([game.returns(s)[0] for s in states]) for game in games]
    print(f"{what:36} {pay[0]:8.3f} {pay[1]:8.3f}", flush=True)


if __name__ == "__main__":
    main()
