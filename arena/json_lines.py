"""Files of JSON lines, one value a line: whoever reads one says what the values are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from arena.errors import ConfigError, reason


def rows(file: str | Path) -> list[tuple[int, str]]:
    """Return the lines of a file that are not blank, each with its number. Raises ConfigError where it cannot be read.

    A mark of byte order at its beginning is none of the first line.
    """
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {reason(error)}") from None
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def digest(values: Iterable[Any]) -> str:
    """Return sixteen hexadecimal digits that change with anything in these values of JSON, and with their order."""
    return sha256(json.dumps(list(values)).encode()).hexdigest()[:16]
