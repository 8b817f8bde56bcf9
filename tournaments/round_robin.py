"""Everybody plays everybody in pairs; every match is kept in the run's file as it ends, and none is played twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from arena.config import TournamentConfig
from arena.errors import ConfigError
from arena.game import Game
from arena.match import Fixture, Patience, play_fixtures
from arena.player import Player
from arena.rating import Ladder, rate, refuse_unratable
from arena.record import Record
from arena.registry import checkpoint_digest, load_game, load_player
from arena.schedule import round_robin
from arena.store import Member, Store


class Progress(NamedTuple):
    """What a watcher of the tournament is told after every kept match."""

    played: int
    """Complete matches of the schedule, those of earlier runs included."""
    total: int
    record: Record


Tell = Callable[[Progress], None]


def run(config: TournamentConfig, folder: Path, tell: Tell = lambda _: None) -> Ladder:
    """Play a tournament in `folder`, or go on with it, and return its ladder.

    Entrants and pairs may be added to a folder that already holds results; the old results stay.
    """
    game = load_game(config.game)
    refuse_unratable(game)
    players = {name: load_player(spec, game, name) for name, spec in {**config.entrants, **_cast(config)}.items()}
    with Store.open(folder) as store:
        _begin(store, config, game)
        for progress in _play(store, config, game, players):
            tell(progress)
        return standings(store, config, game)


def standings(store: Store, config: TournamentConfig, game: Game[Any]) -> Ladder:
    """Return the ladder of the matches that the store holds."""
    anchor = config.anchor or next(iter(config.entrants))
    return rate(store.results(game), game, anchor, config.block_pairs, store.crashes())


def fixtures(config: TournamentConfig, game: Game[Any]) -> list[Fixture]:
    """Return the whole schedule."""
    cast = {role: _cast_name(role) for role in config.cast}
    return list(round_robin(game, list(config.entrants), config.pairs, config.seed, cast=cast))


def _play(store: Store, config: TournamentConfig, game: Game[Any], players: dict[str, Player]) -> Iterator[Progress]:
    known = store.keys()
    schedule = fixtures(config, game)
    missing = [fixture for fixture in schedule if fixture.key not in known]
    played = len(schedule) - len(missing)
    patience = Patience(**config.patience.model_dump())
    for record in store.keep(play_fixtures(game, missing, players, patience=patience)):
        played += 1
        yield Progress(played, len(schedule), record)


def _begin(store: Store, config: TournamentConfig, game: Game[Any]) -> None:
    """Write the tournament into the store, or check that what it holds goes together with this configuration."""
    members = [Member(name, spec, "entrant", 0, checkpoint_digest(spec)) for name, spec in config.entrants.items()]
    if (kept := store.meta("config")) is not None:
        if store.meta("format") != "tournament":
            raise ConfigError(f"{store.folder} holds a {store.meta('format')}, not a tournament: use another folder")
        if store.meta("fingerprint") != game.fingerprint:
            raise ConfigError(f"{store.folder} holds matches of {kept['game']} under other rules: use another folder")
        for key in ("seed", "patience", "cast"):
            if kept[key] != (now := config.model_dump()[key]):
                raise ConfigError(
                    f"{store.folder} was begun with {key} = {kept[key]!r}, not {now!r}: use another folder"
                )
        before = {member.name: member for member in store.players()}
        for member in members:
            old = before.get(member.name, member)
            if old != member:
                raise ConfigError(
                    f"entrant {member.name!r} was {old.spec!r} {old.digest} in {store.folder} and is now "
                    f"{member.spec!r} {member.digest}: give the new one another name"
                )
    with store.transaction():
        store.put_meta({"format": "tournament", "config": config.model_dump(), "fingerprint": game.fingerprint})
        store.put_players(members)


def _cast(config: TournamentConfig) -> dict[str, str]:
    return {_cast_name(role): spec for role, spec in config.cast.items()}


def _cast_name(role: str) -> str:
    return f"cast:{role}"
