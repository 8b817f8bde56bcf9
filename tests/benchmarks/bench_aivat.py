"""How many games luck costs, and how many of them AIVAT gives back. Run it: python tests/benchmarks/bench_aivat.py

The first table: pairs of two players of whom one, or both, or neither state their policy; by how much the variance
of a pair shrinks when the luck is taken out is the factor of games that is saved. The guess of a player that states
nothing is that it plays uniformly; where that is far from the truth the correction adds variance, and what a pit
makes of it (it takes out the share of luck that the pairs before recommend) stands in the last column.

The second table: how wide the interval of a pit is after the same pairs, with and without, and what that is worth
in pairs; and how many pairs a pit plays until it is sure. Short comparisons gain nothing: there the interval is as
wide as the range of payoffs makes it, and the range of corrected payoffs is wider.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np

import arena
from arena.game import Game
from arena.match import play_fixtures
from arena.player import Move, Player, Requests
from arena.tournaments.contest import Contest, knowledge

PAIRS, SEEDS, MOST = 2_000, 5, 2_000
NEVER = 1e-300
"""An error rate at which no interval ever excludes 0, so that all pairs are played."""
EQUILIBRIUM = 'tabular(table="arena.games.kuhn_poker:equilibrium")'

TABLE = {
    "kuhn_poker": [
        ("uniform", "uniform"),
        (EQUILIBRIUM, "uniform"),
        (EQUILIBRIUM, 'script(prefer="bet")'),
        ("uniform", 'script(prefer="bet")'),
        ("uniform", 'script(prefer="pass")'),
    ],
    "leduc_poker": [
        ("uniform", "uniform"),
        ("uniform", 'script(prefer="raise")'),
        ("uniform", 'script(prefer="call")'),
        ("uniform", 'script(prefer="fold")'),
        ('script(prefer="raise")', 'script(prefer="call")'),
        ('script(prefer="call")', "uniform"),
    ],
}
DUELS = [
    ("kuhn_poker", EQUILIBRIUM, "uniform"),
    ("kuhn_poker", EQUILIBRIUM, 'script(prefer="bet")'),
    ("leduc_poker", "uniform", 'script(prefer="fold")'),
    ("leduc_poker", "uniform", 'script(prefer="raise")'),
]


class Silent:
    """A player that does not say how it plays."""

    def __init__(self, spec: str, game: Game[Any]) -> None:
        self.name = "silent"
        self.player = arena.load_player(spec, game)

    def act(self, batch: Requests) -> Sequence[Move]:
        return self.player.act(batch)


def observed(game: Game[Any], stating: str, silent: str) -> tuple[float, float, float]:
    """Return the variance of a pair as played, less its luck, and as a pit takes it."""
    players: dict[str, Player] = {"a": arena.load_player(stating, game), "b": Silent(silent, game)}
    contest = Contest(game, "a", "b", 0)
    luck = knowledge(contest, players).luck
    fixtures = (fixture for number in range(PAIRS) for fixture in contest.fixtures(number))
    records = {record.key: record for record in play_fixtures(game, fixtures, players)}
    pairs = [[records[fixture.key] for fixture in contest.fixtures(number)] for number in range(PAIRS)]
    raw = [contest.observe(pair, {}) for pair in pairs]
    corrected = [contest.observe(pair, luck) for pair in pairs]
    in_pit = arena.pit(players["a"], players["b"], game, PAIRS, alpha=NEVER)
    return float(np.var(raw)), float(np.var(corrected)), in_pit.saved


def half_width(game: Game[Any], stating: str | Player, silent: Player) -> float:
    """Return that of the 95% interval after all the pairs."""
    verdict = arena.pit(stating, silent, game, PAIRS, min_pairs=PAIRS)
    return (verdict.high - verdict.low) / 2


def pairs_needed(game: Game[Any], stating: str | Player, silent: Player) -> str:
    """Return how many pairs a pit plays until it is sure, the median over some seeds."""
    verdicts = [arena.pit(stating, silent, game, MOST, seed) for seed in range(SEEDS)]
    needed = median(verdict.pairs for verdict in verdicts)
    return f"{needed:,}" if needed < MOST else f"over {MOST:,}"


def short(spec: str) -> str:
    return "equilibrium" if spec == EQUILIBRIUM else spec.removeprefix('script(prefer="').removesuffix('")')


def main() -> None:
    print(f"variance of a pair, {PAIRS:,} pairs")
    print(f"{'game':<12} {'states':<12} {'silent':<9}{'as played':>10}{'less luck':>10}{'saved':>8}{'in a pit':>9}")
    for name, rows in TABLE.items():
        game = arena.load_game(name)
        for stating, silent in rows:
            raw, less, in_pit = observed(game, stating, silent)
            print(
                f"{name:<12} {short(stating):<12} {short(silent):<9}{raw:>10.3f}{less:>10.3f}{raw / less:>7.1f}×"
                f"{in_pit:>8.1f}×"
            )
    print(f"\na pit: pairs until it is sure (median of {SEEDS} seeds), and its interval after {PAIRS:,} pairs")
    print(f"{'':<35}{'until it is sure':>22}{'half-width':>22}")
    print(
        f"{'game':<12} {'states':<12} {'silent':<9}{'without':>11}{'with':>11}{'without':>11}{'with':>11}{'saved':>8}"
    )
    for name, stating, silent in DUELS:
        game = arena.load_game(name)
        lone, quiet = Silent(stating, game), Silent(silent, game)
        without, helped = (pairs_needed(game, player, quiet) for player in (lone, stating))
        wide, narrow = (half_width(game, player, quiet) for player in (lone, stating))
        print(
            f"{name:<12} {short(stating):<12} {short(silent):<9}{without:>11}{helped:>11}{wide:>11.3f}{narrow:>11.3f}"
            f"{(wide / narrow) ** 2:>7.1f}×"
        )


if __name__ == "__main__":
    main()
