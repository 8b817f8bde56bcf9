"""Who plays which seats with which seed: pairs, and schedules of pairs.

A pair is the same seed with the seats swapped: luck of the deal and the advantage of a seat cancel, which is
why the pair is the unit of all statistics.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from arena.errors import ConfigError
from arena.game import Game
from arena.match import Fixture
from arena.record import match_key
from arena.seeds import derive


def pair(
    game: Game[Any],
    lineup: Sequence[str],
    number: int,
    seed: int,
    kind: str,
    step: int = 0,
    cast: Mapping[str, str] | None = None,
) -> list[Fixture]:
    """Return the matches of pair `number` between the entrants of `lineup`: every rotation over the sides.

    With two sides these are two matches. The deal depends on seed, entrants and number only, so adding
    entrants to a tournament leaves the matches of the others as they are.
    """
    lineup = sorted(lineup)
    name = "|".join([*lineup, f"{step}", f"{number:06d}"])
    deal = derive(seed, "pair", name)
    fixtures = []
    for turn in range(len(lineup)):
        seats = _seat(game, [*lineup[turn:], *lineup[:turn]], cast or {})
        key = match_key(game, kind, seats, number, seed, step)
        fixtures.append(Fixture(key, kind, seats, deal, name, step))
    return fixtures


def round_robin(
    game: Game[Any],
    entrants: Sequence[str],
    pairs: int,
    seed: int,
    kind: str = "tournament",
    step: int = 0,
    cast: Mapping[str, str] | None = None,
) -> Iterator[Fixture]:
    """Yield `pairs` pairs between all entrants, round by round, so that a table is fair at any moment."""
    if len(entrants) < game.entrants:
        raise ConfigError(f"{game.name} is played by {game.entrants} entrants, but only {len(entrants)} were given")
    for number in range(pairs):
        for lineup in combinations(entrants, game.entrants):
            yield from pair(game, lineup, number, seed, kind, step, cast)


def gauntlet(
    game: Game[Any],
    newcomers: Sequence[str],
    pool: Sequence[str],
    pairs: int,
    seed: int,
    kind: str = "tournament",
    cast: Mapping[str, str] | None = None,
) -> Iterator[Fixture]:
    """Yield `pairs` pairs of every newcomer with every one of the pool, round by round; nobody else meets."""
    for number in range(pairs):
        for newcomer in newcomers:
            for opponent in pool:
                yield from pair(game, [newcomer, opponent], number, seed, kind, cast=cast)


def meeting(
    game: Game[Any],
    two: Sequence[str],
    numbers: Iterable[int],
    seed: int,
    kind: str = "tournament",
    cast: Mapping[str, str] | None = None,
) -> list[Fixture]:
    """Return the matches of the pairs `numbers` between two entrants."""
    return [fixture for number in numbers for fixture in pair(game, two, number, seed, kind, cast=cast)]


def challenge(
    game: Game[Any],
    newcomer: str,
    opponents: Sequence[str],
    pairs: int,
    seed: int,
    kind: str,
    step: int = 0,
    cast: Mapping[str, str] | None = None,
) -> Iterator[Fixture]:
    """Yield `pairs` pairs of a newcomer against each opponent, round by round."""
    for number in range(pairs):
        for opponent in opponents:
            lineup = [newcomer] + [opponent] * (game.entrants - 1)
            yield from pair(game, lineup, number, seed, kind, step, cast)


def _seat(game: Game[Any], by_side: Sequence[str], cast: Mapping[str, str]) -> tuple[str, ...]:
    """Return names by seat when `by_side[k]` sits on the k-th side; the cast keeps its own seats."""
    sides = sorted({side for side in game.side_of if side >= 0})
    seats = []
    for side, role in zip(game.side_of, game.roles, strict=True):
        if side < 0 and role not in cast:
            raise ConfigError(f"{game.name} has a cast seat {role!r}: name its player under [cast]")
        seats.append(by_side[sides.index(side)] if side >= 0 else cast[role])
    return tuple(seats)
