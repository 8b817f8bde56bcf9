"""A run's matches as a file for others: JSON lines, Parquet, PGN or a table of results, by the file's suffix."""

from __future__ import annotations

import csv
import json
import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from arena.errors import ConfigError, reason
from arena.game import Game
from arena.rating import refuse_unratable
from arena.record import Record, StopReason, to_result
from arena.registry import parse
from arena.runs import game_of
from arena.store import Store
from arena.tournaments.import_results import ELSEWHERE
from arena.tournaments.record_lines import as_json
from arena.tournaments.result_rows import guarded
from arena.tournaments.tournament import anchor_of

_GROUP = 10_000
"""Matches that are held at once for one row group of a Parquet file."""
_PGN_WIDTH = 79
_TERMINATION = {
    StopReason.FINISHED: "normal",
    StopReason.TRUNCATED: "adjudication",
    StopReason.FORFEIT: "rules infraction",
    StopReason.VOID: "emergency",
    StopReason.ABANDONED: "abandoned",
}


class Exported(NamedTuple):
    """What was written."""

    matches: int
    command: str
    """The arena import that rates the file's matches alike; empty where none does."""


def run(folder: Path, file: Path) -> Exported:
    """Write the matches of the run in `folder` into `file`; the suffix says how.

    The file appears when it is whole. Raises ConfigError for another suffix, a missing package, or a game that
    the format does not fit.
    """
    write = _FORMATS.get(file.suffix.lower())
    if write is None:
        raise ConfigError(f"{file} should end in one of {', '.join(_FORMATS)}, which says what to write")
    part = file.with_name(file.name + ".part")
    with Store.read(folder) as store:
        config = store.meta("config")
        if config is None:
            raise ConfigError(f"{folder} holds a run that never began: there is nothing to export")
        game = game_of(store)
        try:
            count = write(store, game, part)
            if not count and store.count():
                raise ConfigError(
                    f"{folder} holds no match that rates, only such as were abandoned or played by arena pit: "
                    "export them to .jsonl"
                )
            os.replace(part, file)
        except OSError as error:
            raise ConfigError(f"{file} cannot be written: {reason(error)}") from None
        finally:
            with suppress(OSError):  # a name that is too long could not be written either
                part.unlink(missing_ok=True)
        return Exported(count, _import_command(store, config, game, file) if count else "")


def _import_command(store: Store, config: dict[str, Any], game: Game[Any], file: Path) -> str:
    """Return the command that puts the file's matches on the same scale: the same anchor, the same blocks."""
    suffix, target = file.suffix.lower(), parse(game.spec).target
    if suffix not in (".csv", ".jsonl") or (game.seats, game.entrants, game.zero_sum) != (2, 2, True):
        return ""
    if suffix == ".csv" and any(crashed for crashed, _ in store.crashes().values()):
        return ""  # a table does not tell who crashed, and whoever does so too often stands on no ladder
    options: dict[str, Any] = {"run": "NEW_RUN"}
    if target != ELSEWHERE and (suffix == ".csv" or ":" in target):  # a file may not name code that runs
        options["game"] = game.spec
    if target == ELSEWHERE and suffix == ".csv" and game.scoring == "payoff":
        options["most"] = repr(game.scale)
    league = store.meta("format") == "league"
    if not (anchor := config.get("anchor")):
        if not (results := store.results(game)):
            return ""
        anchor = anchor_of(None, config["anchors" if league else "entrants"], results)
    options["anchor"] = anchor
    options["block-pairs"] = config["rating"]["block_pairs"] if league else config.get("block_pairs")
    words = [f"--{key}={shlex.quote(str(value))}" for key, value in options.items() if value is not None]
    return " ".join(["arena", "import", shlex.quote(str(file)), *words])


def _write_json(store: Store, game: Game[Any], path: Path) -> int:
    """One match per line, in the order they were kept."""
    count = 0
    with path.open("w", encoding="utf-8") as out:
        for record in store.records():
            out.write(json.dumps(as_json(record), ensure_ascii=False) + "\n")
            count += 1
    return count


def _write_csv(store: Store, game: Game[Any], path: Path) -> int:
    """One rated match per line: what `arena import` reads, and what a spreadsheet may open."""
    refuse_unratable(game)
    money, count = game.scoring == "payoff", 0
    with path.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["first", "second", "payoff" if money else "score", "pair", "step", "stop"])
        for record in store.records():
            if record.kind not in ("rating", "tournament") or not record.stop.rated:
                continue
            # In merged runs one name may stand for two pairs, which have different seeds.
            pair = f"{record.pair}|{record.seed}" if record.seed else record.pair
            result = to_result(game, record.entrants, record.returns, pair, record.step)
            score = 0.5 + ((result.payoff > 0) - (result.payoff < 0)) / 2
            paid = repr(result.payoff) if money else f"{score:g}"
            names = (guarded(text) for text in (result.first, result.second))
            rows.writerow([*names, paid, guarded(result.pair), result.step, record.stop])
            count += 1
    return count


def _write_parquet(store: Store, game: Game[Any], path: Path) -> int:
    """Row groups with the columns of the JSON lines."""
    try:
        pa, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise ConfigError("a .parquet file needs pyarrow: pip install 'selfplay-arena[parquet]'") from None
    text, number = pa.string(), pa.int64()
    turn = pa.struct([("seat", number), ("action", text), ("raw", text), ("fault", text)])
    schema = pa.schema([
        ("key", text), ("kind", text), ("game", text), ("fingerprint", text), ("entrants", pa.list_(text)),
        ("seed", pa.uint64()), ("pair", text), ("turns", pa.list_(turn)), ("returns", pa.list_(pa.float64())),
        ("stop", text), ("reason", text), ("culprit", number), ("crashes", pa.list_(number)), ("step", number),
        ("costs", pa.list_(pa.struct([("dollars", pa.float64()), ("prompt_tokens", number),
                                      ("completion_tokens", number)]))),
    ])  # fmt: skip
    count, records = 0, store.records()
    with parquet.ParquetWriter(path, schema) as out:
        while group := [{"costs": [], **as_json(record)} for record in islice(records, _GROUP)]:
            out.write_table(pa.Table.from_pylist(group, schema=schema))
            count += len(group)
    return count


def _write_pgn(store: Store, game: Game[Any], path: Path) -> int:
    """Chess as chess programs read it: the seven standard tags, Termination, and the moves."""
    if not hasattr(game, "san"):
        raise ConfigError(f"{game.name} has no PGN, which is for chess: export to .jsonl, .parquet or .csv")
    count = 0
    with path.open("w", encoding="utf-8") as out:
        for record in store.records():
            _write_match(out, game, record)
            count += 1
    return count


def _write_match(out: TextIO, game: Any, record: Record) -> None:
    white, black = record.entrants
    paid = record.returns[0] or 0.0
    result = ("1-0" if paid > 0 else "0-1" if paid < 0 else "1/2-1/2") if record.stop.rated else "*"
    tags = {
        "Event": record.kind, "Site": "?", "Date": "????.??.??", "Round": record.pair.rpartition("|")[2] or "?",
        "White": white, "Black": black, "Result": result, "Termination": _TERMINATION[record.stop],
    }  # fmt: skip
    for tag, value in tags.items():
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        out.write(f'[{tag} "{quoted}"]\n')
    out.write("\n" + "\n".join(_wrapped(_movetext(game, record), result)) + "\n\n")


def _movetext(game: Any, record: Record) -> Iterator[str]:
    """Yield numbers and moves; a comment says why a match did not end by the rules."""
    played = 0
    for state, turn in list(record.replay(game)):  # checked to its end before a move of it is written
        if turn is not None:
            number = f"{played // 2 + 1}. " if played % 2 == 0 else ""
            yield number + game.san(state, turn.action)
            played += 1
    if record.reason:
        yield from f"{{{record.reason.replace('}', ')')}}}".split()


def _wrapped(moves: Iterator[str], result: str) -> Iterator[str]:
    line = ""
    for token in [*moves, result]:
        if line and len(line) + 1 + len(token) > _PGN_WIDTH:
            yield line
            line = ""
        line = f"{line} {token}" if line else token
    yield line


_FORMATS: dict[str, Callable[[Store, Game[Any], Path], int]] = {
    ".jsonl": _write_json,
    ".parquet": _write_parquet,
    ".pgn": _write_pgn,
    ".csv": _write_csv,
}
