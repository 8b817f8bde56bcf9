"""Two tournaments of one game into a third: every match once, under the key that it always had."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from arena.config import TournamentConfig, check
from arena.errors import ConfigError
from arena.folder import flush
from arena.registry import load_game
from arena.store import Member, Store


class _Source(NamedTuple):
    """A run that is merged."""

    folder: Path
    store: Store
    config: TournamentConfig
    fingerprint: str
    members: dict[str, Member]


def run(first: Path, second: Path, into: Path) -> int:
    """Merge two runs into the new folder `into`, and return how many matches it holds.

    `into` is there whole or not at all: it is written under another name and renamed at the end; what a killed
    merge has left under that name is written anew. Where both runs hold a match, it is the first one's. The new
    run is a round robin of all entrants, so that `arena tournament` can play the meetings it lacks; a Swiss or a
    knock-out is a pool of matches in it. Raises ConfigError where the runs cannot stand on one ladder.
    """
    if into.exists():
        raise ConfigError(f"{into} exists already: name a new folder for the merged run")
    with Store.read(first) as one, Store.read(second) as other:
        a, b = _source(first, one), _source(second, other)
        _check(a, b)
        draft = into.with_name(f".{into.name}.draft")
        if draft.exists():
            Store.open(draft).close()  # refuses while another process is merging into it
            shutil.rmtree(draft)
        with Store.open(draft) as store:
            with store.transaction():
                store.put_meta(
                    {"format": "tournament", "config": _merged(a, b).model_dump(), "fingerprint": a.fingerprint}
                )
                store.put_players({**b.members, **a.members}.values())
            store.take(a.store)
            store.take(b.store)
            matches = store.count()
    os.rename(draft, into)
    flush(into.parent)
    return matches


def _source(folder: Path, store: Store) -> _Source:
    kept = store.meta("config")
    if kept is None or store.meta("format") != "tournament":
        raise ConfigError(f"{folder} holds no tournament: only tournaments can be merged")
    members = {member.name: member for member in store.players()}
    return _Source(folder, store, check(kept, TournamentConfig, str(folder)), store.meta("fingerprint"), members)


def _check(a: _Source, b: _Source) -> None:
    """Raise ConfigError where two runs do not belong together."""
    if a.fingerprint != b.fingerprint:
        raise ConfigError(
            f"{a.folder} was played under the rules of {a.config.game} and {b.folder} under those of "
            f"{b.config.game}, {'in another version' if a.config.game == b.config.game else 'another game'}: "
            "only matches of one game can be merged"
        )
    load_game(a.config.game)  # fails now rather than when the merged run is looked at
    for key, here, there in (
        ("patience", a.config.patience, b.config.patience),
        ("cast", a.config.cast, b.config.cast),
    ):
        if here != there:
            raise ConfigError(f"{a.folder} and {b.folder} differ in {key} ({here!r}, {there!r}): they cannot be merged")
    for name in sorted(set(a.members) & set(b.members)):
        one, other = a.members[name], b.members[name]
        if one != other:
            raise ConfigError(
                f"{name!r} is {one.spec!r} {one.digest} in {a.folder} and {other.spec!r} {other.digest} in "
                f"{b.folder}: one name must mean one player"
            )


def _merged(a: _Source, b: _Source) -> TournamentConfig:
    """Return the round robin that the merged run goes on as."""
    return TournamentConfig(
        game=a.config.game,
        entrants={**a.config.entrants, **b.config.entrants},
        pairs=max(a.config.pairs, b.config.pairs),
        seed=a.config.seed,
        anchor=a.config.anchor,
        block_pairs=a.config.block_pairs,
        cast=a.config.cast,
        judges_itself=a.config.judges_itself or b.config.judges_itself,
        patience=a.config.patience,
    )
