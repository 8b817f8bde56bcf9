"""A run as a picture: Elo histories or the ladder, payoff per match in games for money, NashConv, the heat map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from arena.errors import ConfigError, reason
from arena.tournaments.run import Run

_FORMATS = (".png", ".svg")
_WRITTEN_AT_MOST = 16
"""Entrants beyond which the numbers in the heat map could no longer be read."""
_BAND = "95% interval"


def check(file: Path) -> None:
    """Raise ConfigError where no picture could be drawn into `file`."""
    if file.suffix.lower() not in _FORMATS:
        raise ConfigError(f"{file} should be a picture: end its name in {' or '.join(_FORMATS)}")
    if not file.absolute().parent.is_dir():
        raise ConfigError(f"{file} cannot be written: there is no folder {file.parent}")


def draw(folder: Path, file: Path) -> None:
    """Draw the run in `folder` into a PNG or SVG file."""
    check(file)
    figure = picture(Run.of(folder))
    try:
        figure.savefig(file, dpi=150)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {reason(error)}") from None


def picture(run: Run) -> Figure:
    """Return the figure: histories or a ladder, payoffs and NashConv where there are any, and always the matrix."""
    steps = sorted({point.step for point in run.history})
    panels = [_histories] * (len(steps) > 1) + [_ladder] * (len(steps) <= 1)
    panels += [_payoffs] * (run.game.scoring == "payoff")
    panels += [_nash_conv] * bool(run.nash_conv_by_step) + [_heat_map]
    height = min(5.4 + 0.2 * max(0, len(run.ladder.rows) - 16), 20.0)
    figure = Figure(figsize=(6.4 * len(panels), height), layout="constrained")
    figure.suptitle(run.title, x=0.01, ha="left", weight="bold", parse_math=False)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        panel(axes, run)
    return figure


def _histories(axes: Any, run: Run) -> None:
    """Every member's Elo over the run: snapshots as a line through what each was when it was made."""
    last = {point.name: point for point in run.history}
    lineages: dict[str, list[tuple[int, float, float, float]]] = {}
    made = {name: step for step, name, _ in run.nash_conv_by_step} or _first_seen(run)
    for name, point in last.items():
        lineage = name.rsplit("-", 1)[0] if name in made and name not in run.ladder.anchors.values() else name
        lineages.setdefault(lineage, []).append((made.get(name, 0), point.elo, point.low, point.high))
    end = max(point.step for point in run.history)
    for lineage, points in sorted(lineages.items()):
        step, elo, low, high = np.array(sorted(points)).T
        if len(step) == 1:  # an anchor, or a member that never changed
            axes.axhspan(low[0], high[0], alpha=0.12, color="grey")
            axes.plot([0, end], [elo[0]] * 2, "--", color="grey", linewidth=1)
            axes.annotate(lineage, (0, elo[0]), textcoords="offset points", xytext=(2, 3), fontsize=8, parse_math=False)
        else:
            (line,) = axes.plot(step, elo, "o-", label=lineage, markersize=4)
            axes.fill_between(step, low, high, alpha=0.2, color=line.get_color())
    axes.fill_between([], [], [], alpha=0.2, color="grey", label=_BAND)
    axes.set(xlabel="update", ylabel="Elo (anchor 1000)", title="Elo of every snapshot")
    axes.grid(alpha=0.3)
    _legend(axes)


def _first_seen(run: Run) -> dict[str, int]:
    first: dict[str, int] = {}
    for point in run.history:
        first.setdefault(point.name, point.step)
    return first


def _ladder(axes: Any, run: Run) -> None:
    """Draw the ladder as points with their intervals, for a run that has one moment only."""
    rows = [row for row in run.ladder.rows if row.elo is not None]
    _points(axes, [(row.name, row.elo, row.low, row.high) for row in rows])
    axes.set(xlabel="Elo (anchor 1000)", title="Ladder")


def _payoffs(axes: Any, run: Run) -> None:
    """Mean payoff per match in the order of the ladder: in games for money it says what Elo does not."""
    rows = [row for row in run.ladder.rows if row.mean_payoff is not None and not np.isnan(row.mean_payoff.value)]
    _points(axes, [(row.name, *row.mean_payoff) for row in rows if row.mean_payoff is not None])
    axes.axvline(0, color="grey", linewidth=1)
    axes.set(xlabel="payoff per match, against whom one met", title="Mean payoff")


def _points(axes: Any, rows: list[Any]) -> None:
    """Draw (name, value, low, high) from the top down, a point and a line each."""
    for place, (_, value, low, high) in enumerate(reversed(rows)):
        (line,) = axes.plot([low, high], [place, place], color="C0", linewidth=2)
        axes.plot(value, place, "o", color="C0")
    if rows:
        line.set_label(_BAND)
        _legend(axes)
    axes.set_yticks(range(len(rows)), [row[0] for row in reversed(rows)], parse_math=False)
    axes.grid(alpha=0.3)


def _nash_conv(axes: Any, run: Run) -> None:
    """Exact NashConv of every snapshot, on a logarithmic scale."""
    lineages: dict[str, list[tuple[int, float]]] = {}
    for step, name, value in run.nash_conv_by_step:
        lineages.setdefault(name.rsplit("-", 1)[0], []).append((step, value))
    for lineage, points in sorted(lineages.items()):
        axes.semilogy(*np.array(sorted(points)).T, "o-", label=lineage, markersize=4)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.set(xlabel="update", ylabel="NashConv, payoff units", title="Exact NashConv (0 at equilibrium)")
    axes.grid(alpha=0.3, which="both")
    _legend(axes)


def _legend(axes: Any) -> None:
    for text in axes.legend().get_texts():
        text.set_parse_math(False)  # a dollar in a name is a dollar


def _heat_map(axes: Any, run: Run) -> None:
    """Mean payoff of the row against the column, in the order of the ladder."""
    payoffs = run.payoffs
    order = [payoffs.names.index(row.name) for row in run.ladder.rows if row.name in payoffs.names]
    mean = payoffs.mean[np.ix_(order, order)]
    bound = np.nanmax(np.abs(mean)) or 1.0
    image = axes.imshow(mean, cmap="RdBu", vmin=-bound, vmax=bound)
    names = [payoffs.names[i] for i in order]
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=8, parse_math=False)
    axes.set_yticks(range(len(names)), names, fontsize=8, parse_math=False)
    size = min(11.0, 100 / max(len(names), 1))  # points: a cell holds five characters at any number of entrants
    if len(names) <= _WRITTEN_AT_MOST:
        for (i, j), value in np.ndenumerate(mean):
            if i != j and not np.isnan(value):
                dark = abs(value) > 0.6 * bound
                text = f"{value:+.2f}" if bound < 100 else f"{value:+.0f}"
                axes.text(j, i, text, ha="center", va="center", fontsize=size, color="w" if dark else "k")
    exact = "" if payoffs.matches.any() else "Exact m"
    axes.set_title(f"{exact or 'M'}ean payoff of the row against the column")
    axes.figure.colorbar(image, ax=axes, shrink=0.8)
