"""What continuous scheduling gains and costs. Run it: python tests/benchmarks/bench_continuous.py

A simulated model serves all questions at once; how long a reply takes is drawn from a lognormal law (median 20 ms;
σ = 1 is a tail as long replies have it, σ = 0 none at all). It plays itself at Kuhn poker, finished matches
replaced, once as a continuous player and once in lockstep, which waits for the longest reply of every round. Both
run in turns; only their ratio counts. The last line is what the referee itself takes: a model that answers at once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from heapq import heappop, heappush
from statistics import median

from arena.match import Fixture, play_fixtures
from arena.player import Move, Player, Request, Requests
from arena.registry import load_game

MATCHES, CONCURRENT, ROUNDS = 400, 64, 5
MEDIAN = 0.02
"""Seconds of half of the replies."""


class Lockstep:
    """A player whose replies take as long as their request's seed says; a batch takes as long as its longest."""

    name = "model"

    def __init__(self, sigma: float | None) -> None:
        self.sigma = sigma

    def seconds(self, request: Request) -> float:
        """Return how long the reply takes."""
        return 0.0 if self.sigma is None else MEDIAN * random.Random(request.seed).lognormvariate(0.0, self.sigma)

    def move(self, request: Request) -> Move:
        """Return a random move: in Kuhn poker both are always legal."""
        return Move(request.game.actions[request.seed % 2])

    def act(self, batch: Requests) -> Sequence[Move]:
        """Answer when the last reply is there."""
        time.sleep(max(map(self.seconds, batch)))
        return [self.move(request) for request in batch]


class WhenReady(Lockstep):
    """The same model, each of whose replies is taken when it is there."""

    def __init__(self, sigma: float | None) -> None:
        super().__init__(sigma)
        self.open: list[tuple[float, int, Request]] = []
        self.count = 0

    def submit(self, batch: Requests) -> None:
        """Begin to answer."""
        now = time.monotonic()
        for request in batch:
            self.count += 1
            heappush(self.open, (now + self.seconds(request), self.count, request))

    def collect(self, seconds: float) -> list[tuple[Request, Move]]:
        """Return what is there, after a wait for the first."""
        now = time.monotonic()
        if self.open[0][0] > now and seconds:
            time.sleep(min(seconds, self.open[0][0] - now))
            now = time.monotonic()
        ready = []
        while self.open and self.open[0][0] <= now:
            request = heappop(self.open)[2]
            ready.append((request, self.move(request)))
        return ready


def took(player: Player) -> tuple[float, int]:
    """Return the seconds that all matches took, and how many moves they had."""
    fixtures = [Fixture(f"{i}", "play", ("model", "model"), i, "") for i in range(MATCHES)]
    begin, moves = time.perf_counter(), 0
    for record in play_fixtures(load_game("kuhn_poker"), fixtures, {"model": player}, concurrent=CONCURRENT):
        moves += sum(turn.seat >= 0 for turn in record.turns)
    return time.perf_counter() - begin, moves


def main() -> None:
    """Print how many times as fast continuous scheduling is, by how unequal the replies are."""
    for sigma in (0.0, 0.5, 1.0, 1.5):
        pairs = [(took(Lockstep(sigma))[0], took(WhenReady(sigma))[0]) for _ in range(ROUNDS)]
        lockstep, ready = map(median, zip(*pairs, strict=True))
        ratio = median(one / other for one, other in pairs)
        print(f"σ = {sigma}: lockstep {lockstep:.2f} s, continuous {ready:.2f} s: {ratio:.2f} times as fast")
    alone = [seconds / moves for seconds, moves in (took(WhenReady(None)) for _ in range(ROUNDS))]
    print(f"the referee itself: {1e6 * median(alone):.0f} µs an answer")


if __name__ == "__main__":
    main()
