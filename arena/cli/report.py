"""A run as a page for the browser."""

from __future__ import annotations

from pathlib import Path

from arena.cli import terminal
from arena.errors import ConfigError


def report(run: Path, *, out: Path | None = None) -> None:
    """Write a run, finished or not, as one HTML file: ladder, histories, payoffs, and every match to step through.

    Of a tournament or a league over several games it is one file for each.

    Parameters
    ----------
    run
        The run's folder.
    out
        Where to write it; by default report.html in the run's folder.
    """
    from arena.registry import find
    from arena.runs import runs_in

    folders = runs_in(run)
    if out is not None and len(folders) > 1:
        raise ConfigError(f"{run} holds several games, and each has its own page: leave --out out")
    for folder in folders:
        file = find("tournaments", "page")(folder, out)
        terminal.out().print(f"written to {file}", markup=False)
