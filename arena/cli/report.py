"""A run as a page for the browser."""

from __future__ import annotations

from pathlib import Path

from arena.cli import terminal


def report(run: Path, *, out: Path | None = None) -> None:
    """Write a run, finished or not, as one HTML file: ladder, histories, payoffs, and every match to step through.

    Parameters
    ----------
    run
        The run's folder.
    out
        Where to write it; by default report.html in the run's folder.
    """
    from arena.registry import find

    file = find("tournaments", "page")(run, out)
    terminal.out().print(f"written to {file}", markup=False)
