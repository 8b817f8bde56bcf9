"""Rollouts that verifiers has saved (results.jsonl, with metadata.json beside it), as rows of results.

A rollout is one match: the model, which sits first, against its environment, which sits second under the name of the
task. It was won if its reward is 1, drawn if it is 1/2 and lost if it is 0, which holds for games against a fixed
opponent. A reward that also pays for style or format is no result: `outcome` then names the column of the part that is
(verifiers writes every reward function and metric as a column of its own). A file with any other number is refused as
a whole: to round it, or to leave out what is neither won nor lost, would make results up. A rollout that ended in an
error was no match, and is left out.

The model and its environment keep their roles, so each role has a ladder of its own: models are compared with models.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from arena.config import wrong_name
from arena.errors import ConfigError, reason
from arena.tournaments.result_rows import Row

REWARD = "reward"
_METADATA = "metadata.json"
_RESULTS = {1.0: 1.0, 0.5: 0.0, 0.0: -1.0}
"""Reward → what the model won."""
_SHOWN = 10
"""Columns that a sentence lists."""
_OURS = {"id", "example_id", "prompt", "completion", "answer", "task", "info", "error"}
"""Columns that are never an outcome."""


def recognised(line: bytes) -> bool:
    """Return whether a line of JSON is a rollout of verifiers."""
    row = _parsed(line)
    return isinstance(row, dict) and REWARD in row and ("completion" in row or "prompt" in row)


def names(file: Path, player: str) -> tuple[str, str]:
    """Return the model, unless it is given, and the environment, by the metadata beside a file.

    Raises ConfigError where nothing says who played.
    """
    path = file.with_name(_METADATA)
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        said = {}
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read: {reason(error)}; name the model with --player") from None
    model, task = (said.get(key) if isinstance(said, dict) else None for key in ("model", "env_id"))
    player = player or (model if isinstance(model, str) else "")
    if not player:
        raise ConfigError(f"{file} does not say which model played, nor does {path}: name it with --player")
    if wrong := wrong_name(player):
        raise ConfigError(f"{wrong}; name the model with --player")
    return player, task if isinstance(task, str) else ""


def check(lines: Iterable[tuple[int, bytes]], file: Path, outcome: str = REWARD) -> None:
    """Raise ConfigError if a column holds numbers that are no outcome."""
    for number, line in lines:
        row = _parsed(line)
        value = row.get(outcome) if isinstance(row, dict) and not row.get("error") else None
        if _is_number(value) and value not in _RESULTS:
            raise ConfigError(
                f"line {number:,} of {file} has the {outcome} {_short(value)}, which is none of 1 (won), 0.5 (drawn) "
                "and 0 (lost), so nothing was imported: --outcome names a column that says who won, if there is one"
            )


def read(
    lines: Iterable[tuple[int, bytes]], model: str, environment: str, outcome: str = REWARD
) -> Iterator[tuple[int, str, Row | str]]:
    """Yield (line number, the line, its match or what is wrong) for every rollout."""
    for number, line in lines:
        text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
        try:
            yield number, text, _row(line, model, environment, outcome)
        except ValueError as error:
            yield number, text, str(error)


def _row(line: bytes, model: str, environment: str, outcome: str) -> Row:
    """Return the match of one line. Raises ValueError that says what is wrong."""
    row = _parsed(line)
    if not isinstance(row, dict):
        ended = line.endswith(b"\n")
        raise ValueError("it is no JSON object" if ended else "the last line has no end yet and may be half written")
    if row.get("error"):
        raise ValueError(f"the rollout failed ({_short(row['error'])}), so it is no match")
    if outcome not in row:
        numbers = [key for key, value in row.items() if key not in _OURS and isinstance(value, int | float)]
        raise ValueError(f"it has no column {outcome!r}; numbers are in {', '.join(numbers[:_SHOWN]) or 'none'}")
    value = row[outcome]
    if not _is_number(value) or value not in _RESULTS:
        raise ValueError(f"the {outcome} {_short(value)} is none of 1 (won), 0.5 (drawn) and 0 (lost)")
    task = row.get("task") if isinstance(row.get("task"), str) and row["task"] not in ("", "default") else environment
    if not task:
        raise ValueError(f"it names no task, and there is no {_METADATA} with an env_id: who played against the model?")
    if wrong := wrong_name(task):
        raise ValueError(wrong)
    if task == model:
        raise ValueError(f"{model!r} plays against itself")
    return Row(model, task, _RESULTS[float(value)])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _parsed(line: bytes) -> Any:
    """Return what a line of JSON says; None where it is none."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 100 else text[:100] + "…"
