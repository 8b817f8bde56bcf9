"""Several runs beside each other: who stands where in which game, and what everybody has forfeited and cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from arena.errors import RatingError
from arena.ladder import Row
from arena.record import Cost
from arena.tournaments.run import Run


def show(folders: Sequence[Path], console: Console) -> None:
    """Print one table of runs, one column each: the place and the Elo of every player. Runs without a ladder are left
    out, and no number is made of several ladders: Elo of different games has no common scale.
    """
    runs = []
    for folder in folders:
        try:
            run = Run.of(folder)
            _ = run.ladder
        except RatingError:
            continue
        runs.append(run)
    if runs:
        console.print(table(runs))


def table(runs: Sequence[Run]) -> Table:
    """Return the table of runs, players in the order of their mean places."""
    places = {run.folder: {row.name: (place, row) for place, row in enumerate(run.ladder.rows, 1)} for run in runs}
    names = {name for of_run in places.values() for name in of_run}

    def mean_place(name: str) -> float:
        found = [of_run[name][0] / len(of_run) for of_run in places.values() if name in of_run]
        return sum(found) / len(found)

    shown = Table(title="all games: place and Elo", title_justify="left", title_style="bold")
    shown.add_column("player", overflow="fold", min_width=8)
    for run in runs:
        shown.add_column(escape(run.folder.name), justify="right", overflow="fold")
    for column in ("forfeit\n/void", "cost"):
        shown.add_column(column, justify="right")
    for name in sorted(names, key=lambda name: (mean_place(name), name)):
        cells = [_place(*of_run[name]) if name in of_run else "" for of_run in places.values()]
        shown.add_row(escape(name), *cells, _failed(name, runs), _spent(name, runs))
    return shown


def _place(place: int, row: Row) -> str:
    return f"{place}. {row.elo:.0f}" if row.elo is not None else f"{place}. {row.standing}"


def _failed(name: str, runs: Sequence[Run]) -> str:
    """Return "forfeits/matches with a void attempt", as a ladder shows them."""
    void = [
        run.crashes.get(name, (0, 0))[0] + (run.outages[name].matches if name in run.outages else 0) for run in runs
    ]
    return f"{sum(run.forfeits.get(name, 0) for run in runs):,}/{sum(void):,}"


def _spent(name: str, runs: Sequence[Run]) -> str:
    """Return the dollars, or else the tokens."""
    cost = sum((run.costs[name] for run in runs if name in run.costs), Cost())
    tokens = cost.prompt_tokens + cost.completion_tokens
    return f"${cost.dollars:,.4f}" if cost.dollars else f"{tokens:,} tokens" if tokens else ""
