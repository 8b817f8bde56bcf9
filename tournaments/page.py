"""A run as one HTML file that opens anywhere without a network: ladder, histories, payoffs, matches, replays.

Whatever players say is hostile. It travels as JSON in a block that no parser executes, the scripts put it on the
page as text alone, and a Content-Security-Policy allows nothing but the scripts and styles of this file.
"""

from __future__ import annotations

import json
import os
import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from arena.errors import ConfigError
from arena.store import Store
from arena.tournaments.page_data import page_data
from arena.tournaments.page_matches import page_matches
from arena.tournaments.run import Run
from arena.tournaments.tournament import standings

ASSETS = Path(__file__).parent / "page_assets"
SCRIPTS = ("text.js", "tables.js", "charts.js", "scene.js", "replay.js", "matches.js", "page.js")
"""Put together in this order; each uses what those before it define."""


def write(folder: Path, file: Path | None = None) -> Path:
    """Write the page of the run in `folder`, by default to report.html in it, and return where it lies.

    The same run gives the same bytes. Raises RatingError where nothing has been rated yet, ConfigError where the
    file cannot be written; an older page stays whole until the new one is.
    """
    file = (folder if folder.is_dir() else folder.parent) / "report.html" if file is None else file
    if file.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"{file} should be a page: end its name in .html")
    run = Run.of(folder)
    with Store.read(folder) as store:
        kind = store.meta("config").get("format") if store.meta("format") == "tournament" else None
        form = {"format": kind, "standings": standings(folder)}
        text = html({**page_data(run), **form, **page_matches(store, run.game)})
    try:
        _replace(file, text)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror or error}") from None
    return file


def html(data: dict[str, Any]) -> str:
    """Return the page that shows `data`."""
    library = _asset("chart.umd.min.js")
    script = "\n".join(['(() => {\n"use strict";', *map(_asset, SCRIPTS), "})();"])
    style = _asset("page.css")
    policy = (
        f"default-src 'none'; script-src '{_hash(library)}' '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = {
        "policy": policy,
        "title": escape(f"{data['title']}: {data['game']}".encode("utf-8", "replace").decode()),
        "style": style,
        "data": embedded(data),
        "library": library,
        "script": script,
    }
    # In one pass, so that nothing that is put in can be taken for a place to put something in.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _asset("template.html"))


def embedded(data: Any) -> str:
    """Return JSON in ASCII that can stand inside a script element: nothing in it ends the element or opens another."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return a script or style as the policy names it."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _replace(file: Path, text: str) -> None:
    """Write the file under a name of its own first, so that a reader sees the old page or the new one."""
    with NamedTemporaryFile("w", encoding="utf-8", newline="", dir=file.parent, suffix=".draft", delete=False) as draft:
        try:
            draft.write(text)
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).chmod(0o644)
            os.replace(draft.name, file)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise
