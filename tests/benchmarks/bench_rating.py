"""How fast a large league is rated. On one core: OMP_NUM_THREADS=1 taskset -c 0 python tests/benchmarks/bench_rating.py

First a million matches among 200 players, in pairs, with ties and a seat advantage: from results in memory and from
a run's file to the ladder with all its intervals, and what else is made of them. Then 1000 players and as many
matches, against a naive reference. That reference, for the same
maximum, walks the games one by one as the textbook does (the minorise-maximise steps of Hunter, 2004, without
ties and seats); its time per step is measured on a sample and the ratio printed is that of one step each, so it
flatters the reference, which needs hundreds of steps where Newton takes six.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path
from time import process_time

import numpy as np

from arena.alpha_rank import alpha_rank
from arena.bradley_terry import Design, Games, fit, maximise
from arena.games.elsewhere import Elsewhere
from arena.games.tic_tac_toe import TicTacToe
from arena.nash_averaging import nash_average
from arena.online import Online
from arena.rating import rate
from arena.record import Record, Result, StopReason
from arena.results import Results
from arena.store import Store

PLAYERS, PAIRS, SAMPLE = 1000, 500_000, 100_000


def league(rng: np.random.Generator, players: int) -> Games:
    """Return random pairs of games between players of known strength."""
    theta = rng.normal(0, 1, players)
    i = rng.integers(players, size=PAIRS)
    j = (i + rng.integers(1, players, size=PAIRS)) % players
    first, second = np.stack([i, j], 1).ravel(), np.stack([j, i], 1).ravel()
    z = theta[first] - theta[second] + 0.4
    win, draw = np.exp(z / 2), 0.6
    u = rng.random(len(z)) * (win + draw + 1 / win)
    outcome = np.where(u < win, 1, np.where(u < win + draw, 0, -1))
    zeros = np.zeros(len(z), np.int64)
    return Games(first, second, zeros, zeros + 1, outcome, np.repeat(np.arange(PAIRS), 2))


def in_columns(games: Games, players: int) -> Results:
    """Return the games as results in memory, as a store gives them."""
    names, pairs = tuple(f"player {i:04}" for i in range(players)), tuple(f"{k:06}" for k in range(PAIRS))
    roles, steps = ("first", "second"), np.zeros(len(games.first), np.int64)
    columns = (games.first, games.second, games.first_role, games.second_role)
    return Results(names, roles, pairs, *columns, games.outcome.astype(float), games.cluster, steps)


def from_memory() -> None:
    """Time 200 players: the promise is two seconds on one core."""
    results = in_columns(league(np.random.default_rng(0), 200), 200)
    rate(results[:10_000], TicTacToe())  # everything is imported and warm
    print(
        f"200 players, {len(results):,} matches, {os.environ.get('OMP_NUM_THREADS', 'all')} threads; "
        "seconds of processor time"
    )
    print(f"  results in memory to the ladder         {seconds(lambda: rate(results, TicTacToe())):6.2f} s")
    hands = Elsewhere("payoff", 1.0)
    print(f"  the same scored by payoff, in blocks    {seconds(lambda: rate(results, hands)):6.2f} s")
    payoffs = rate(results, TicTacToe()).payoffs.mean
    print(f"  Nash averaging of its payoffs           {seconds(lambda: nash_average(payoffs)):6.2f} s")
    print(f"  alpha-rank of its payoffs, whole sweep  {seconds(lambda: alpha_rank(payoffs)):6.2f} s")
    some = list(results[:100_000])
    speed = len(some) / seconds(lambda: Online().feed(some))
    print(f"  online Elo                              {speed:6,.0f} matches/s")
    from_file(results)


def from_file(results: Results) -> None:
    """Time the same from a run's file, the disk included."""
    game = TicTacToe()
    spec, fingerprint = game.spec, game.fingerprint

    def record(number: int, result: Result) -> Record:
        return Record(
            f"{number:020x}", "tournament", spec, fingerprint, (result.first, result.second), 0, result.pair,
            (), (result.payoff, -result.payoff), StopReason.FINISHED,
        )  # fmt: skip

    with tempfile.TemporaryDirectory() as folder:
        with Store.open(Path(folder)) as store:
            for begin in range(0, len(results), 10_000):
                group = enumerate(results[begin : begin + 10_000], begin)
                store.add(record(number, result) for number, result in group)
        with Store.read(Path(folder)) as store:
            print(
                f"  a run's file to the ladder              {seconds(lambda: rate(store.results(game), game)):6.2f} s"
            )


def naive_step(strength: list[float], games: list[tuple[int, int, int]]) -> list[float]:
    """Return the strengths after one minorise-maximise step over single games."""
    won, weight = Counter[int](), Counter[int]()
    for first, second, outcome in games:
        won[first] += 0.5 + outcome / 2
        won[second] += 0.5 - outcome / 2
        share = 1 / (strength[first] + strength[second])
        weight[first] += share
        weight[second] += share
    return [won[i] / weight[i] if weight[i] else s for i, s in enumerate(strength)]


def seconds(call) -> float:
    """Return the processor's time, which does not count what else the machine does."""
    begin = process_time()
    call()
    return process_time() - begin


def main() -> None:
    from_memory()
    games = league(np.random.default_rng(0), PLAYERS)
    million = len(games.first)
    # Warm the linear algebra up before anything is timed.
    np.linalg.inv(np.eye(500))

    cell = games.first * PLAYERS + games.second
    played = np.bincount(cell, minlength=PLAYERS**2).astype(float).reshape(1, PLAYERS, PLAYERS)
    score = np.bincount(cell, games.outcome, PLAYERS**2).reshape(1, PLAYERS, PLAYERS)
    design = Design(PLAYERS, ((0, 1),), np.ones((2, 1)))
    draws = float((games.outcome == 0).sum())
    best = maximise(design, played, score, draws)
    newton = seconds(lambda: maximise(design, played, score, draws))

    columns = [games.first.tolist(), games.second.tolist(), games.outcome.tolist(), games.cluster.tolist()]
    rows = list(zip(*(column[:SAMPLE] for column in columns[:3]), strict=True))
    naive = seconds(lambda: naive_step([1.0] * PLAYERS, rows)) * million / SAMPLE

    print(f"{PLAYERS} players, {million:,} games")
    print(f"  Newton to the maximum, ties and seat    {newton:6.2f} s, {best.iterations} steps")
    ratio = naive * best.iterations / newton
    print(f"  naive, one of its hundreds of steps     {naive:6.2f} s  (step for step {ratio:.1f}× slower)")
    print(f"  with covariances                        {seconds(lambda: fit(games, PLAYERS, 2, False)):6.2f} s")
    print(f"  with a strength per role as well        {seconds(lambda: fit(games, PLAYERS, 2, True)):6.2f} s")

    names = [f"player {i}" for i in range(PLAYERS)]
    results = [
        Result(names[i], names[j], "first", "second", float(y), str(pair))
        for i, j, y, pair in zip(*columns, strict=True)
    ]
    print(f"  the whole ladder from a list of results {seconds(lambda: rate(results, TicTacToe())):6.2f} s")


if __name__ == "__main__":
    main()
