"""What a critic is good for while a problem is solved: as a filter of steps, and to choose the best solution. Run it:

    python tests/benchmarks/bench_critic_use.py [--critic CHECKPOINT] [--rate 0.15] [--matches 1000] [--seed 1]

A solver that writes wrong steps at a rate solves made-up test problems by itself, with `step_filter` and with
`best_of`: by critics that believe right and wrong steps at known rates, by an untrained net, and by that of a
checkpoint of sneaky_critic_league.toml, once among errors of all kinds and once among those that it learned from.
Printed are the shares of solved problems with their 95% intervals, what is exactly to be expected for these problems
and rates, and how many steps were written for each problem.

Of nets it is measured how many right and wrong steps they believe. A net says of one step always the same, so a right
step that it calls wrong is wrong for it however often it is written. Beside its share stands what a critic with its
rates would come to that errs anew each time.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import arena
from arena.games.corruptions import KINDS
from arena.interval import share
from arena.match import Fixture, play_fixtures
from arena.player import Player
from arena.players.best_of import BestOf
from arena.players.step_critic import Candidate, StepCritic, step_critic
from arena.players.step_filter import StepFilter
from arena.registry import load_game
from arena.seeds import derive, generator
from tests.noisy_solver import KnownCritic, NoisySolver, best, filtered, problems, spoilt, write_problems

TRIES, N = 4, 8
KNOWN = {
    "one that knows": (1.0, 0.0),
    "a good one": (0.9, 0.2),
    "a weak one": (0.7, 0.4),
    "one that guesses": (0.5, 0.5),
}
"""Critics, with the shares of right and of wrong steps that they believe."""
THRESHOLDS = (0.3, 0.5, 0.7)


class Rates(NamedTuple):
    """The shares of right and of wrong steps that a critic believes."""

    right: float
    wrong: float


class Bench:
    """The problems, a solver's rate of wrong steps and their kinds, and how many problems are solved."""

    def __init__(self, folder: Path, rate: float, matches: int, seed: int) -> None:
        self.rate, self.seed = rate, seed
        self.known: Any = problems(matches, seed)
        self.game = arena.load_game(write_problems(folder / "problems.jsonl", self.known))
        self.fixtures = [Fixture(f"{i:06d}", "play", ("p",), derive(seed, i), "") for i in range(matches)]

    def solver(self, kinds: Sequence[str]) -> NoisySolver:
        return NoisySolver(self.known, self.rate, kinds)

    def tell(self, name: str, player: Player, solver: NoisySolver, expected) -> None:
        """Print the share of solved problems; `expected` is what it is for a solution of some length."""
        solved, wanted = [], []
        for record in play_fixtures(self.game, self.fixtures, {"p": player}):
            *_, (s, _) = record.replay(self.game)
            solved.append(record.returns[0])
            wanted.append(expected(len(self.known[s.asked.question].steps)))
        found = share(np.array(solved, np.float64)[:, None])
        print(
            f"  {name:24} {found.value:.3f} [{found.low:.3f}, {found.high:.3f}]  expected {np.mean(wanted):.3f}"
            f"  {solver.asked / len(solved):5.1f} steps written",
            flush=True,
        )

    def search(self, critic: StepCritic, rates: Rates, threshold: float, kinds: Sequence[str]) -> None:
        """Print what the filter comes to, and what the choice of the best."""
        solver = self.solver(kinds)
        player = StepFilter(solver, critic, TRIES, threshold)
        self.tell(f"step_filter at {threshold}", player, solver, lambda n: filtered(n, self.rate, *rates, TRIES))

    def choose(self, critic: StepCritic, rates: Rates, kinds: Sequence[str]) -> None:
        solver = self.solver(kinds)
        self.tell("best_of", BestOf(solver, critic, N), solver, lambda n: best(n, self.rate, *rates, N))

    def rates(self, critic: StepCritic, kinds: Sequence[str], threshold: float) -> Rates:
        """Measure what a critic believes of every right step, and of a wrong one in its place."""
        right, wrong = [], []
        for one in self.known.values():
            for place, step in enumerate(one.steps):
                rng = generator(self.seed, one.question, place)
                asked = Candidate(one.question, one.steps[:place], (step,), derive(self.seed, one.question, place), "")
                right.append(asked)
                wrong.append(asked._replace(steps=(spoilt(one, place, kinds, rng),)))
        shares = (np.mean([found.sure >= threshold for found in critic.judge(asked)]) for asked in (right, wrong))
        return Rates(*map(float, shares))

    def by_net(self, name: str, critic: StepCritic, kinds: Sequence[str]) -> None:
        for threshold in THRESHOLDS:
            rates = self.rates(critic, kinds, threshold)
            print(f"{name} at {threshold} believes {rates.right:.3f} of right steps, {rates.wrong:.3f} of wrong ones")
            self.search(critic, rates, threshold, kinds)
            if threshold == 0.5:
                self.choose(critic, rates, kinds)


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--critic", default="")
    arguments.add_argument("--rate", type=float, default=0.15)
    arguments.add_argument("--matches", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch), chosen.rate, chosen.matches, chosen.seed)
        solver = bench.solver(tuple(KINDS))
        bench.tell("the solver by itself", solver, solver, lambda length: (1 - chosen.rate) ** length)
        words = load_game("sneaky_critic")
        for name, (right, wrong) in KNOWN.items():
            print(f"{name} believes {right} of right steps, {wrong} of wrong ones")
            critic = StepCritic(KnownCritic(bench.known, right, wrong), words)
            bench.search(critic, Rates(right, wrong), 0.5, tuple(KINDS))
            bench.choose(critic, Rates(right, wrong), tuple(KINDS))
        untrained = step_critic("by_role(player='net(hidden=[128])')", "sneaky_critic(words=False)", 1, chosen.seed)
        bench.by_net("an untrained net", untrained, tuple(KINDS))
        if chosen.critic:
            trained = step_critic(chosen.critic)
            learned: Any = trained.game
            bench.by_net("the trained net", trained, tuple(KINDS))
            bench.by_net("the trained net, among errors it learned from,", trained, learned.errors)


if __name__ == "__main__":
    main()
