"""The engine of all formats: begin a tournament or go on with it, play what is missing, keep every match once.

A format yields stages of matches; a stage may depend on how those before it ended, which is read from the run's
file. So after a kill the same stages come again, those that are complete are passed over, and nothing is lost,
played twice or paired differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from arena.attendance import Unplayed
from arena.casting import check_cast, check_judges
from arena.config import TournamentConfig, check
from arena.errors import ConfigError
from arena.game import Game
from arena.match import Fixture, Patience, play_rounds
from arena.player import Player, close
from arena.rating import Ladder, rate, refuse_unratable
from arena.record import Record
from arena.registry import checkpoint_digest, load_game, load_player
from arena.results import Results
from arena.store import Member, Store
from arena.tournaments.double_elimination import DoubleElimination
from arena.tournaments.gauntlet import Gauntlet
from arena.tournaments.meeting import Scorer, score
from arena.tournaments.round_robin import RoundRobin
from arena.tournaments.swiss import Swiss

_CHUNK = 500
"""Matches of a schedule that are looked up at once: a schedule of a million is never held as a list."""


class Format(Protocol):
    """Who meets whom."""

    @property
    def total(self) -> int | None:
        """How many matches there will be, if that can be said."""

    def stages(self, score: Scorer) -> Iterator[Iterable[Fixture]]:
        """Yield matches that may be played side by side; the next ones when these are complete."""

    def words(self) -> list[str]:
        """Return what the complete stages say that no ladder shows, line by line."""


FORMATS: dict[str, Callable[[TournamentConfig, Game[Any]], Format]] = {
    "round_robin": RoundRobin,
    "gauntlet": Gauntlet,
    "swiss": Swiss,
    "double_elimination": DoubleElimination,
}


class Progress(NamedTuple):
    """What a watcher of the tournament is told after every kept match."""

    played: int
    """Complete matches of the schedule, those of earlier runs included."""
    total: int | None
    """None where it depends on the results."""
    record: Record


Tell = Callable[[Progress], None]


def run(config: TournamentConfig, folder: Path, tell: Tell = lambda _: None, redo_abandoned: bool = False) -> Ladder:
    """Play a tournament in `folder`, or go on with it, and return its ladder.

    What may be added to a folder that already holds results depends on the format; the old results stay. With
    `redo_abandoned` the matches that crashes ended for good are played again, where no pairing depends on them.
    Raises StoppedError where matches are left because somebody was not available: the same call plays them.
    """
    if redo_abandoned and config.format not in _SCHEDULED:
        raise ConfigError(f"a {config.format} was paired by its results, so none of its matches can be played again")
    game = load_game(config.game)
    refuse_unratable(game)
    check_cast(game, config.cast)
    if not config.judges_itself:
        check_judges(game, config.cast, config.entrants)
    specs = {**config.entrants, **{config.cast_names[role]: spec for role, spec in config.cast.items()}}
    players: dict[str, Player] = {}
    try:
        for name, spec in specs.items():
            players[name] = load_player(spec, game, name)
        with Store.open(folder) as store:
            _begin(store, config, game)
            if redo_abandoned:
                store.forget_abandoned()
            for progress in _play(store, config, game, players):
                tell(progress)
            return ladder(store, config, game)
    finally:
        close(players.values())


def ladder(store: Store, config: TournamentConfig, game: Game[Any]) -> Ladder:
    """Return the ladder of the matches that the store holds."""
    results = store.results(game)
    anchor = anchor_of(config.anchor, config.entrants, results)
    crashes = {name: count for name, count in store.crashes().items() if name in config.entrants}  # not of the cast
    return rate(results, game, anchor, config.block_pairs, crashes)


def anchor_of(configured: str | None, entrants: Iterable[str], results: Results) -> str:
    """Return who stands at 1000 Elo: the configured one, or else the first of the entrants that has results yet."""
    if configured:
        return configured
    names = list(entrants)
    return next((name for name in names if name in results.names), names[0])


def standings(folder: Path) -> list[str]:
    """Return what a run's format says beside the ladder: points or a bracket, in words; nothing for other runs."""
    with Store.read(folder) as store:
        kept = store.meta("config")
        if kept is None or store.meta("format") != "tournament" or kept.get("format") in (None, *_SCHEDULED):
            return []
        config = check(kept, TournamentConfig, str(folder))
        game = load_game(config.game)
        form = FORMATS[config.format](config, game)
        for stage in form.stages(_scorer(store, game)):
            if next(_missing(store, stage, lambda _: None), None):
                break
        return form.words()


def _play(store: Store, config: TournamentConfig, game: Game[Any], players: dict[str, Player]) -> Iterator[Progress]:
    form = FORMATS[config.format](config, game)
    patience = Patience(**config.patience.model_dump())
    played = 0

    def pass_over(known: int) -> None:
        nonlocal played
        played += known

    unplayed = Unplayed()
    for stage in form.stages(_scorer(store, game)):
        missing = _missing(store, stage, pass_over)
        for record in store.keep(play_rounds(game, missing, players, patience=patience)):
            if not unplayed.takes(record):
                played += 1
                yield Progress(played, form.total, record)
        unplayed.check()


def _missing(store: Store, stage: Iterable[Fixture], pass_over: Callable[[int], None]) -> Iterator[Fixture]:
    """Yield the matches that the store does not hold; `pass_over` hears how many it does."""
    fixtures = iter(stage)
    while chunk := list(islice(fixtures, _CHUNK)):
        known = store.known(fixture.key for fixture in chunk)
        if known:
            pass_over(len(known))
        yield from (fixture for fixture in chunk if fixture.key not in known)


def _scorer(store: Store, game: Game[Any]) -> Scorer:
    def read(first: str, second: str, fixtures: Sequence[Fixture]) -> Any:
        return score(game, first, store.endings(fixture.key for fixture in fixtures))

    return read


_SCHEDULED = ("round_robin", "gauntlet")
"""Formats whose schedule depends on no result, so that entrants and pairs may be added."""
_FIXED = {
    "round_robin": (),
    "gauntlet": (),
    "swiss": ("pairs", "seeding"),
    "double_elimination": ("pairs", "extra_pairs", "seeding"),
}
"""What decides about later pairings and must stay as it was."""


def _begin(store: Store, config: TournamentConfig, game: Game[Any]) -> None:
    """Write the tournament into the store, or check that what it holds goes together with this configuration."""
    members = [Member(name, spec, "entrant", 0, checkpoint_digest(spec)) for name, spec in config.entrants.items()]
    if (kept := store.meta("config")) is not None:
        if store.meta("format") != "tournament":
            raise ConfigError(f"{store.folder} holds a {store.meta('format')}, not a tournament: use another folder")
        if store.meta("fingerprint") != game.fingerprint:
            raise ConfigError(f"{store.folder} holds matches of {kept['game']} under other rules: use another folder")
        before = check(kept, TournamentConfig, f"{store.folder}")
        _check_kept(store.folder, before, config)
        _check_members(store, members)
    with store.transaction():
        store.put_meta({"format": "tournament", "config": config.model_dump(), "fingerprint": game.fingerprint})
        store.put_players(members)


def _check_kept(folder: Path, before: TournamentConfig, now: TournamentConfig) -> None:
    """Raise ConfigError where a run cannot go on under a changed configuration."""
    then, wanted = before.model_dump(), now.model_dump()
    for key in ("format", "seed", "patience", "cast", *_FIXED[before.format]):
        if then[key] != wanted[key]:
            raise ConfigError(f"{folder} was begun with {key} = {then[key]!r}, not {wanted[key]!r}: use another folder")
    gone = [name for name in before.entrants if name not in now.entrants]
    if gone:
        raise ConfigError(f"{gone[0]!r} is an entrant of {folder}: put it back under [entrants], or use another folder")
    if before.format not in _SCHEDULED and before.seeded != now.seeded:
        raise ConfigError(
            f"{folder} is a {before.format} between {', '.join(before.seeded)}, whose pairings depend on who takes "
            "part in which order: keep them, or use another folder"
        )
    for key, old, new in (("pairs", before.pairs, now.pairs), ("rounds", before.rounds or 0, now.rounds or 0)):
        if new < old:
            raise ConfigError(f"{folder} was begun with {key} = {old}, so {new} is too few: take {old} or more")


def _check_members(store: Store, members: Sequence[Member]) -> None:
    """Raise ConfigError where a name now means another player."""
    known = {member.name: member for member in store.players()}
    for member in members:
        old = known.get(member.name, member)
        if old != member:
            raise ConfigError(
                f"entrant {member.name!r} was {old.spec!r} {old.digest} in {store.folder} and is now "
                f"{member.spec!r} {member.digest}: give the new one another name"
            )
