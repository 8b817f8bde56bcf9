"""Matches that were played elsewhere into a run of their own, from a table of results or from JSON lines.

A million lines are read one by one and kept in groups, each in one transaction, so memory stays flat and a stop
at any moment loses nothing: the same command goes on. A match of a table is known by the file's name, its line and
its text, so that reading the file again adds nothing, and a file that has grown at its end adds what is new.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from arena.errors import ArenaError, ConfigError, StoreError
from arena.game import Game
from arena.rating import refuse_unratable
from arena.record import Record, StopReason
from arena.registry import load_game, parse
from arena.store import FILE, Member, Store
from arena.tournaments.export import from_json
from arena.tournaments.result_rows import Layout, Row, read

ELSEWHERE = "arena.games.elsewhere:Elsewhere"
_GROUP = 5_000
"""Matches in one transaction."""
_SHOWN = 20
"""Broken lines that are told one by one; the others are counted."""
_BLOCK_PAIRS = 50


class Imported(NamedTuple):
    """What became of a file's lines."""

    added: int
    known: int
    """Matches that the run held already."""
    broken: int
    problems: tuple[tuple[int, str], ...]
    """(line number, what is wrong) of the first broken ones."""


Line = tuple[int, Record | str]
"""A line's number, and the match that it holds or what is wrong with it."""


def run(
    file: Path,
    folder: Path,
    game: str = "",
    anchor: str = "",
    block_pairs: int = 0,
    most: float = 0.0,
    tell: Callable[[int], None] = lambda _: None,
) -> Imported:
    """Read `file` (.csv or .jsonl) into the run in `folder`; broken lines are told and the others kept.

    `game` names the game where it is one of ours; by default a table makes a game of results only, and JSON lines
    say it themselves. `anchor` stands at 1000 Elo (default: the first in the file), `block_pairs` as in a
    tournament, `most` is the greatest payoff of a table's match (default: the greatest there, rounded up). Raises
    ConfigError where nothing can be read, or where the run is of another game or another kind.
    """
    try:
        if file.suffix.lower() == ".csv":
            return _import_table(file, folder, game, anchor, block_pairs, most, tell)
        if file.suffix.lower() == ".jsonl":
            return _import_json(file, folder, game, anchor, block_pairs, tell)
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, ArenaError):
            raise
        raise ConfigError(f"{file} cannot be read: {error}") from None
    raise ConfigError(f"{file} should end in .csv (a table of results) or .jsonl (what arena export writes)")


def _import_table(
    file: Path, folder: Path, game: str, anchor: str, block_pairs: int, most: float, tell: Callable[[int], None]
) -> Imported:
    with file.open(encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
        layout = Layout.of(lines.readline(), str(file))
    kept = _kept(folder)
    rules = load_game(game or kept.get("game") or _elsewhere(file, layout, most))
    if rules.scoring == "payoff" and layout.kind != "payoff":
        raise ConfigError(
            f"{rules.name} is rated by payoff, so {file} needs the column payoff instead of {layout.kind}"
        )
    if most and most != rules.scale:
        raise ConfigError(f"matches of {rules.spec} pay {rules.scale:g} at most, not {most:g}: leave most out")
    digest = _refuse_changed(file, kept)
    with file.open(encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
        lines.readline()
        rows = read(lines, layout, *rules.payoff_range)
        records = ((number, _record(row, rules, file.name, number, line)) for number, line, row in rows)
        return _keep(records, folder, rules, file, anchor, block_pairs, tell, digest)


def _import_json(
    file: Path, folder: Path, game: str, anchor: str, block_pairs: int, tell: Callable[[int], None]
) -> Imported:
    with file.open(encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
        try:
            spec = game or str(json.loads(lines.readline())["game"])
        except (ValueError, KeyError, TypeError):
            raise ConfigError(f"{file}: its first line is no match as arena export writes them") from None
        if not game and ":" in parse(spec).target and parse(spec).target != ELSEWHERE:
            raise ConfigError(f"{file} names {spec!r}, which runs code of that name here: if you trust it, add --game")
        rules = load_game(spec)
        lines.seek(0)
        records = ((number, _parsed(line, rules)) for number, line in enumerate(lines, 1) if line.strip())
        return _keep(records, folder, rules, file, anchor, block_pairs, tell, {})


def _keep(
    records: Iterator[Line],
    folder: Path,
    game: Game[Any],
    file: Path,
    anchor: str,
    block_pairs: int,
    tell: Callable[[int], None],
    digest: dict[str, Any],
) -> Imported:
    """Write what can be read and return what became of all."""
    refuse_unratable(game)
    if game.seats != 2:
        raise ConfigError(f"{game.name} has {game.seats} seats, and results are imported for games of two")
    problems: list[tuple[int, str]] = []
    broken = 0

    def good() -> Iterator[Record]:
        nonlocal broken
        for number, record in records:
            if isinstance(record, Record):
                yield record
                continue
            broken += 1
            if len(problems) < _SHOWN:
                problems.append((number, record))

    matches = good()
    head = next(matches, None)
    if head is None:
        why = f"; line {problems[0][0]}: {problems[0][1]}" if problems else ", it is empty"
        raise ConfigError(f"{file} holds no result that can be read{why}")
    with Store.open(folder) as store:
        config = _begin(store, game, head, anchor, block_pairs, file.name, digest)
        before, read_so_far = store.count(), 0
        everybody = chain([head], matches)
        while group := list(islice(everybody, _GROUP)):
            _add(store, config, group)
            read_so_far += len(group)
            tell(read_so_far)
        added = store.count() - before
        if anchor and anchor not in config["entrants"]:
            raise ConfigError(f"the anchor {anchor!r} has no match in {file}: the matches are kept; name another one")
    return Imported(added, read_so_far - added, broken, tuple(problems))


def _begin(
    store: Store, game: Game[Any], head: Record, anchor: str, block_pairs: int, name: str, digest: dict[str, Any]
) -> dict[str, Any]:
    """Write what the run is, or check that it goes together with what it holds; return its configuration."""
    kept = store.meta("config")
    if kept is not None and store.meta("format") != "imported":
        raise ConfigError(f"{store.folder} holds a {store.meta('format')}: import into a folder of its own")
    if kept is not None and store.meta("fingerprint") != game.fingerprint:
        raise ConfigError(f"{store.folder} holds matches of {kept['game']}, not {game.spec}: use another folder")
    config: dict[str, Any] = kept or {
        "game": game.spec, "entrants": {}, "anchor": head.entrants[0], "block_pairs": _BLOCK_PAIRS
    }  # fmt: skip
    config |= {"anchor": anchor or config["anchor"], "block_pairs": block_pairs or config["block_pairs"]}
    imports = {**store.meta("imports", {}), **({name: digest} if digest else {})}
    with store.transaction():
        store.put_meta({"format": "imported", "config": config, "fingerprint": game.fingerprint, "imports": imports})
    return config


def _add(store: Store, config: dict[str, Any], group: list[Record]) -> None:
    """Keep a group of matches, and the players who are new in it."""
    new = {name: "elsewhere" for record in group for name in record.entrants if name not in config["entrants"]}
    if new:
        config["entrants"].update(new)
        with store.transaction():
            store.put_meta({"config": config})
            store.put_players(Member(name, spec, "entrant") for name, spec in new.items())
    store.add(group)


def _record(row: Row | str, game: Game[Any], name: str, number: int, line: str) -> Record | str:
    """Return a table's match as a record without moves."""
    if isinstance(row, str):
        return row
    text = f"{game.fingerprint}|{name}|{number}|{line}"
    key = sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:20]
    pair = f"{name}|{row.pair}" if row.pair else f"{name}|line {number:09d}"
    return Record(
        key, "tournament", game.spec, game.fingerprint, (row.first, row.second), 0, pair, (),
        (row.payoff, -row.payoff), StopReason.FINISHED, step=row.step,
    )  # fmt: skip


def _parsed(line: str, game: Game[Any]) -> Record | str:
    """Return the match of a JSON line, or what is wrong with it."""
    try:
        record: Record = from_json(json.loads(line))
    except KeyError as error:
        return f"it has no {error.args[0]!r}"
    except (ValueError, TypeError, AttributeError) as error:
        return f"it is no match as arena export writes them: {error}"
    if record.fingerprint != game.fingerprint:
        return f"it was played under {record.game} with other rules than {game.spec} has here"
    if not (isinstance(record.key, str) and record.key and isinstance(record.pair, str)):
        return "its key and its pair should be text"
    if len(record.entrants) != game.seats or not all(isinstance(name, str) and name for name in record.entrants):
        return f"its entrants should be {game.seats} names"
    low, high = game.payoff_range
    paid = [value for value in record.returns if value is not None]
    if len(record.returns) != game.seats or not all(
        isinstance(value, int | float) and math.isfinite(value) and low <= value <= high for value in paid
    ):
        return f"its returns should be {game.seats} numbers between {low:g} and {high:g}"
    if not all(isinstance(number, int) for number in (record.seed, record.step)):
        return "its seed and its step should be whole numbers"
    return record


def _kept(folder: Path) -> dict[str, Any]:
    """Return what an earlier import left: its game and its files; empty for a new run."""
    if not (folder / FILE).is_file():
        return {}
    try:
        with Store.read(folder) as store:
            config = store.meta("config") if store.meta("format") == "imported" else None
            return {"game": config["game"], "imports": store.meta("imports", {})} if config else {}
    except StoreError:  # begun and empty: writing says what is wrong, if anything is
        return {}


def _refuse_changed(file: Path, kept: dict[str, Any]) -> dict[str, Any]:
    """Return the file's size and digest. Raises ConfigError where lines that were read before are no longer the same.

    Lines are known by their numbers, so those of a changed file would count as other matches.
    """
    imports = kept.get("imports", {})
    before = imports.get(file.name)
    if before and _digest(file, before["bytes"]) != before:
        raise ConfigError(
            f"{file} has changed since it was imported, and not only at its end: give it another name to import it "
            "as other matches, or import it into a new run"
        )
    now = _digest(file)
    for name, there in imports.items():
        if there == now and name != file.name:
            raise ConfigError(f"{file} holds the same matches as {name}, which was imported already")
    return now


def _digest(file: Path, size: int | None = None) -> dict[str, Any]:
    """Return {"bytes", "sha256"} of the first `size` bytes, or of all."""
    found, left = sha256(), file.stat().st_size if size is None else size
    total = 0
    with file.open("rb") as source:
        while chunk := source.read(min(1 << 20, left - total)):
            found.update(chunk)
            total += len(chunk)
    return {"bytes": total, "sha256": found.hexdigest()}


def _elsewhere(file: Path, layout: Layout, most: float) -> str:
    """Return the spec of the game of results only that a table's matches belong to."""
    if layout.kind != "payoff":
        return ELSEWHERE
    if not most:
        with file.open(encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
            lines.readline()
            rows: Iterable[Any] = (row for _, _, row in read(lines, layout, -math.inf, math.inf))
            most = max((abs(row.payoff) for row in rows if isinstance(row, Row)), default=1.0) or 1.0
        most = _round_up(most)
    return f"{ELSEWHERE}(scoring='payoff', most={float(most)!r})"


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, 50, … (and 0.5, 0.2, …), so that a growing file may pay a little more."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value * (1 - 1e-12))
