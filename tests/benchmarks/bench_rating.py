"""How fast a large league is rated. Run it: python tests/benchmarks/bench_rating.py

1000 players and a million games in pairs, with ties and a seat advantage. The naive reference, for the same
maximum, walks the games one by one as the textbook does (the minorise-maximise steps of Hunter, 2004, without
ties and seats); its time per step is measured on a sample and the ratio printed is that of one step each, so it
flatters the reference, which needs hundreds of steps where Newton takes six.
"""

from __future__ import annotations

from collections import Counter
from time import perf_counter

import numpy as np

from arena.bradley_terry import Design, Games, fit, maximise
from arena.games.tic_tac_toe import TicTacToe
from arena.rating import rate
from arena.record import Result

PLAYERS, PAIRS, SAMPLE = 1000, 500_000, 100_000


def league(rng: np.random.Generator) -> Games:
    """Return random pairs of games between players of known strength."""
    theta = rng.normal(0, 1, PLAYERS)
    i = rng.integers(PLAYERS, size=PAIRS)
    j = (i + rng.integers(1, PLAYERS, size=PAIRS)) % PLAYERS
    first, second = np.stack([i, j], 1).ravel(), np.stack([j, i], 1).ravel()
    z = theta[first] - theta[second] + 0.4
    win, draw = np.exp(z / 2), 0.6
    u = rng.random(len(z)) * (win + draw + 1 / win)
    outcome = np.where(u < win, 1, np.where(u < win + draw, 0, -1))
    zeros = np.zeros(len(z), np.int64)
    return Games(first, second, zeros, zeros + 1, outcome, np.repeat(np.arange(PAIRS), 2))


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
    begin = perf_counter()
    call()
    return perf_counter() - begin


def main() -> None:
    games = league(np.random.default_rng(0))
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
