"""Matches that were played elsewhere into a run of their own: a table of results, JSON lines, rollouts of verifiers.

A million lines are read one by one and kept in groups, each in one transaction, so memory stays flat and a stop
at any moment loses nothing: the same command goes on. A match of a table is known by the file's name, its line and
its text, so that reading the file again adds nothing, and a file that has grown at its end adds what is new. The
file may be written meanwhile: what stands behind its last line end is not read yet.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from arena.errors import ArenaError, ConfigError, StoreError, reason
from arena.game import Game
from arena.rating import refuse_unratable
from arena.record import Record, StopReason
from arena.registry import load_game, parse
from arena.store import FILE, Member, Store
from arena.tournaments import record_lines, rollout_rows
from arena.tournaments.result_rows import MAX_PAIR, Layout, Row, read

ELSEWHERE = "arena.games.elsewhere:Elsewhere"
_FORMAT = "pool of results"
"""What other commands say that such a run holds."""
_GROUP = 5_000
"""Matches in one transaction."""
_SHOWN, _NUMBERED = 20, 1000
"""Broken lines that are told one by one, and those of which the number is told; what is beyond them is counted."""
_BLOCK_PAIRS, _MOST_BLOCK_PAIRS = 50, 10**9
_LONGEST_HEADER = 1 << 20
"""Bytes of a table's first line."""


class Imported(NamedTuple):
    """What became of a file's lines."""

    added: int
    known: int
    """Matches that the run held already."""
    broken: int
    problems: tuple[tuple[int, str], ...]
    """(line number, what is wrong) of the first broken ones."""
    others: tuple[int, ...] = ()
    """The line numbers of the next ones."""


Line = tuple[int, Record | str]
"""A line's number, and the match that it holds or what is wrong with it."""


def run(
    file: Path,
    folder: Path,
    game: str = "",
    anchor: str = "",
    block_pairs: int | None = None,
    most: float | None = None,
    tell: Callable[[int], None] = lambda _: None,
    player: str = "",
    outcome: str = "",
) -> Imported:
    """Read `file` (.csv or .jsonl) into the run in `folder`; broken lines are told and the others kept.

    `game` names the game where it is one of ours; by default a table makes a game of results only, and JSON lines
    say it themselves. `anchor` stands at 1000 Elo (default: the first in the file), `block_pairs` as in a
    tournament, `most` is the greatest payoff of a table's match (default: the greatest there, rounded up). In rollouts
    `player` names the model, and `outcome` the column that says who won (see rollout_rows.py). Raises
    ConfigError, before anything is written, where nothing can be read, nobody is called like the anchor, or the run
    is of another game or another kind.
    """
    if block_pairs is not None and not 1 <= block_pairs <= _MOST_BLOCK_PAIRS:
        raise ConfigError(f"a block has from 1 to {_MOST_BLOCK_PAIRS:,} pairs, not {block_pairs}")
    if most is not None and not 0 < most < math.inf:
        raise ConfigError(f"the greatest payoff should be a number above 0, not {most}")
    try:
        if file.suffix.lower() == ".csv":
            source = _open_table(file, folder, game, most)
        elif file.suffix.lower() == ".jsonl":
            rollouts = rollout_rows.recognised(next((line for _, line in _json_lines(file)), b""))
            if (player or outcome) and not rollouts:
                raise ConfigError(f"{file} says itself who played and won: --player and --outcome are for rollouts")
            source = _open_rollouts(file, folder, player, outcome) if rollouts else _open_json(file, folder, game)
        else:
            raise ConfigError(f"{file} should end in .csv (a table of results) or .jsonl (what arena export writes)")
        return _keep(source, folder, anchor, block_pairs, tell)
    except OSError as error:
        if isinstance(error, ArenaError):
            raise
        raise ConfigError(f"{file} cannot be read: {reason(error)}") from None


class _Source(NamedTuple):
    """A file that can be read."""

    file: Path
    game: Game[Any]
    lines: Callable[[], Iterator[Line]]
    """Begins at the first line whenever it is called."""
    digest: dict[str, Any]
    """Of a table, what it holds so far."""
    name: str = ""
    """Under which the run remembers it."""


def _open_table(file: Path, folder: Path, game: str, most: float | None) -> _Source:
    layout = Layout.of(_header(file), str(file))
    kept = _kept(folder)
    rules = load_game(game or kept.get("game") or _elsewhere(file, layout, most))
    if rules.scoring == "payoff" and layout.kind != "payoff":
        raise ConfigError(
            f"{rules.name} is rated by payoff, so {file} needs the column payoff instead of {layout.kind}"
        )
    if most is not None and most != rules.scale:
        raise ConfigError(f"matches of {rules.spec} pay {rules.scale:g} at most, not {most:g}: leave most out")
    digest = _refuse_changed(file, file.name, kept)

    name = "".join(letter if letter.isprintable() else "?" for letter in file.name)  # a name may hold any bytes

    def lines() -> Iterator[Line]:
        for number, line, row in _rows(file, layout, *rules.payoff_range):
            yield number, _record(row, rules, name, number, line)

    return _Source(file, rules, lines, digest, file.name)


def _open_rollouts(file: Path, folder: Path, player: str, outcome: str) -> _Source:
    model, environment = rollout_rows.names(file, player)
    rules, kept = load_game(ELSEWHERE), _kept(folder)
    name = f"{file.absolute().parent.name}/{file.name}"  # they are all called results.jsonl
    digest = _refuse_changed(file, name, kept)
    outcome = outcome or rollout_rows.REWARD
    rollout_rows.check(_json_lines(file), file, outcome)

    def lines() -> Iterator[Line]:
        for number, line, row in rollout_rows.read(_json_lines(file), model, environment, outcome):
            yield number, _record(row, rules, name, number, line)

    return _Source(file, rules, lines, digest, name)


def _header(file: Path) -> str:
    """Return a table's first line."""
    with file.open("rb") as source:
        header = source.readline(_LONGEST_HEADER)
    try:
        text = header.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ConfigError(f"{file} is no UTF-8 text: save it as UTF-8 (spreadsheets call that CSV UTF-8)")
    return text


def _rows(file: Path, layout: Layout, least: float, greatest: float) -> Iterator[tuple[int, str, Row | str]]:
    # Bytes that are no UTF-8 spoil the name they stand in, and so one line only.
    with file.open(encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
        lines.readline()
        yield from read(lines, layout, least, greatest)


def _open_json(file: Path, folder: Path, game: str) -> _Source:
    named = _named_game(file)
    try:
        target = parse(named).target
    except (ConfigError, RecursionError, MemoryError):  # such as thousands of brackets in each other
        raise ConfigError(f"{file} names the game {named[:100]!r}, which cannot be read") from None
    if not game and ":" in target and target != ELSEWHERE:
        raise ConfigError(f"{file} names {named!r}, which runs code of that name here: if you trust it, add --game")
    rules = load_game(game or named)

    def lines() -> Iterator[Line]:
        for number, line in _json_lines(file):
            found = record_lines.read(line, rules, named)
            if isinstance(found, str) and not line.endswith(b"\n"):
                found = f"the last line has no end yet and may be half written: {found}"
            yield number, found

    return _Source(file, rules, lines, {})


def _json_lines(file: Path) -> Iterator[tuple[int, bytes]]:
    with file.open("rb") as source:
        for number, line in enumerate(source, 1):
            if line.strip():
                yield number, line
            if not line.endswith(b"\n"):  # more may follow while this is read, but no line of its own
                return


def _named_game(file: Path) -> str:
    """Return the game that the first readable line names; the others must name the same."""
    for _, line in _json_lines(file):
        game: str | None = record_lines.game_of(line)
        if game is not None:
            return game
    raise ConfigError(f"{file} holds no line that is a match as arena export writes them")


def _keep(source: _Source, folder: Path, anchor: str, block_pairs: int | None, tell: Callable[[int], None]) -> Imported:
    """Write what can be read and return what became of all."""
    game, file = source.game, source.file
    refuse_unratable(game)
    if game.seats != 2:
        raise ConfigError(f"{game.name} has {game.seats} seats, and results are imported for games of two")
    if anchor and anchor not in _kept(folder).get("entrants", ()) and not _plays(anchor, source):
        raise ConfigError(f"the anchor {anchor!r} has no match in {file}, and nothing was imported: name another one")
    problems: list[tuple[int, str]] = []
    others: list[int] = []
    broken = 0

    def good() -> Iterator[Record]:
        nonlocal broken
        for number, record in source.lines():
            if isinstance(record, Record):
                yield record
                continue
            broken += 1
            if len(problems) < _SHOWN:
                problems.append((number, record))
            elif len(others) < _NUMBERED:
                others.append(number)

    matches = good()
    head = next(matches, None)
    if head is None:
        why = f"; line {problems[0][0]}: {problems[0][1]}" if problems else ", it is empty"
        raise ConfigError(f"{file} holds no result that can be read{why}")
    with Store.open(folder) as store:
        config = _begin(store, game, head, anchor, block_pairs, source.name, source.digest)
        before, read_so_far = store.count(), 0
        everybody = chain([head], matches)
        while group := list(islice(everybody, _GROUP)):
            _add(store, config, group)
            read_so_far += len(group)
            tell(read_so_far)
        added = store.count() - before
    return Imported(added, read_so_far - added, broken, tuple(problems), tuple(others))


def _plays(name: str, source: _Source) -> bool:
    return any(name in record.entrants for _, record in source.lines() if isinstance(record, Record))


def _begin(
    store: Store,
    game: Game[Any],
    head: Record,
    anchor: str,
    block_pairs: int | None,
    name: str,
    digest: dict[str, Any],
) -> dict[str, Any]:
    """Write what the run is, or check that it goes together with what it holds; return its configuration."""
    kept = store.meta("config")
    if kept is not None and store.meta("format") != _FORMAT:
        raise ConfigError(f"{store.folder} holds a {store.meta('format')}: import into a folder of its own")
    if kept is not None and store.meta("fingerprint") != game.fingerprint:
        raise ConfigError(f"{store.folder} holds matches of {kept['game']}, not {game.spec}: use another folder")
    config: dict[str, Any] = kept or {
        "game": game.spec, "entrants": {}, "anchor": head.entrants[0], "block_pairs": _BLOCK_PAIRS
    }  # fmt: skip
    config |= {"anchor": anchor or config["anchor"], "block_pairs": block_pairs or config["block_pairs"]}
    imports = {**store.meta("imports", {}), **({name: digest} if digest else {})}
    with store.transaction():
        store.put_meta({"format": _FORMAT, "config": config, "fingerprint": game.fingerprint, "imports": imports})
    return config


def _add(store: Store, config: dict[str, Any], group: list[Record]) -> None:
    """Keep a group of matches, and the players who are new in it. The run has one name for the game, its own."""
    new = {name: "elsewhere" for record in group for name in record.entrants if name not in config["entrants"]}
    if new:
        config["entrants"].update(new)
        with store.transaction():
            store.put_meta({"config": config})
            store.put_players(Member(name, spec, "entrant") for name, spec in new.items())
    # Whoever imports matches wants them rated, those of arena pit and arena play too; training matches never are.
    kinds = {"play": "tournament"}
    store.add(replace(record, game=config["game"], kind=kinds.get(record.kind, record.kind)) for record in group)


def _record(row: Row | str, game: Game[Any], name: str, number: int, line: str) -> Record | str:
    """Return a table's match as a record without moves."""
    if isinstance(row, str):
        return row
    text = f"{game.fingerprint}|{name}|{number}|{line}"
    key = sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:20]
    pair = f"{name}|{row.pair}" if row.pair else f"{name}|line {number:09d}"
    if len(pair) > MAX_PAIR:
        pair = sha256(pair.encode()).hexdigest()
    return Record(
        key, "tournament", game.spec, game.fingerprint, (row.first, row.second), 0, pair, (),
        (row.payoff, -row.payoff), StopReason.FINISHED, step=row.step,
    )  # fmt: skip


def _kept(folder: Path) -> dict[str, Any]:
    """Return what an earlier import left: its game, its players and its files; empty for a new run."""
    if not (folder / FILE).is_file():
        return {}
    try:
        with Store.read(folder) as store:
            config = store.meta("config") if store.meta("format") == _FORMAT else None
            if not config:
                return {}
            return {"game": config["game"], "entrants": config["entrants"], "imports": store.meta("imports", {})}
    except StoreError:  # begun and empty: writing says what is wrong, if anything is
        return {}


def _refuse_changed(file: Path, known_as: str, kept: dict[str, Any]) -> dict[str, Any]:
    """Return the file's size and digest. Raises ConfigError where lines that were read before are no longer the same.

    Lines are known by their numbers, so those of a changed file would count as other matches.
    """
    imports = kept.get("imports", {})
    before = imports.get(known_as)
    if before and _digest(file, before["bytes"]) != before:
        raise ConfigError(
            f"{file} has changed since it was imported, and not only at its end: give it another name to import it "
            "as other matches, or import it into a new run"
        )
    now = _digest(file)
    for name, there in imports.items():
        if there == now and name != known_as:
            raise ConfigError(f"{file} holds the same matches as {name}, which was imported already")
    return now


def _digest(file: Path, size: int | None = None) -> dict[str, Any]:
    """Return {"bytes", "sha256"} of the first `size` bytes, or of all up to the last line end."""
    left = _whole_lines(file) if size is None else size
    found, total = sha256(), 0
    with file.open("rb") as source:
        while chunk := source.read(min(1 << 20, left - total)):
            found.update(chunk)
            total += len(chunk)
    return {"bytes": total, "sha256": found.hexdigest()}


def _whole_lines(file: Path) -> int:
    """Return how many bytes come before what stands behind the last line end."""
    with file.open("rb") as source:
        end = source.seek(0, os.SEEK_END)
        while end:
            begin = max(0, end - (1 << 16))
            source.seek(begin)
            if (at := source.read(end - begin).rfind(b"\n")) >= 0:
                return begin + at + 1
            end = begin
    return 0


def _elsewhere(file: Path, layout: Layout, most: float | None) -> str:
    """Return the spec of the game of results only that a table's matches belong to."""
    if layout.kind != "payoff":
        return ELSEWHERE
    if most is None:
        rows: Iterable[Any] = (row for _, _, row in _rows(file, layout, -math.inf, math.inf))
        most = _round_up(max((abs(row.payoff) for row in rows if isinstance(row, Row)), default=1.0) or 1.0)
    return f"{ELSEWHERE}(scoring='payoff', most={float(most)!r})"


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, 50, … (and 0.5, 0.2, …), so that a growing file may pay a little more."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value * (1 - 1e-12))
