"""A run's results as tables: the ladder, the payoff matrix and, where the game is small, exact NashConv."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from arena.interval import Interval
from arena.payoff import PayoffMatrix, cyclic_share
from arena.rating import Ladder, Row
from arena.record import Cost
from arena.tournaments.deep import deep_tables, percent
from arena.tournaments.judges import judges, judges_table, remarks
from arena.tournaments.run import Run
from arena.voids import Outages

_WIDE = 110
"""Columns of a console from which on the ladder also shows roles and the payoff against the anchor."""
_MATRIX_AT_MOST = 12
"""Entrants beyond which the payoff matrix no longer fits a terminal and is left to the picture."""


def show(folder: Path, console: Console, deep: bool = False) -> None:
    """Print a run's tables; `deep` adds Nash averaging, alpha-rank and who is likely stronger than whom."""
    run = Run.of(folder)
    console.print(tables(run, console.width))
    if deep:
        console.print(deep_tables(run))


def tables(run: Run, width: int) -> Group:
    """Return the ladder, what belongs to it, and the payoff matrix, for a console of `width` columns."""
    parts: list[RenderableType] = [ladder_table(run, width)]
    parts += [Text(line) for line in _remarks(run)]
    if len(run.payoffs.names) <= _MATRIX_AT_MOST:
        parts.append(matrix_table(run.payoffs, run.ladder))
    else:
        parts.append(Text(f"payoff matrix of {len(run.payoffs.names)} players: arena ratings {run.folder} --plot FILE"))
    if found := judges(run):
        parts += [judges_table(found), *(Text(line) for line in remarks(found))]
    return Group(*parts)


def ladder_table(run: Run, width: int) -> Table:
    """Return the ladder: what a game is scored by stands first, and what fits into `width` columns."""
    ladder, nash_conv = run.ladder, run.nash_conv
    payoff, wide = run.game.scoring == "payoff", width >= _WIDE
    roles = _roles(ladder) if wide else []
    table = Table(title=escape(run.title), title_justify="left", title_style="bold")
    table.add_column("#", justify="right")
    table.add_column("player", overflow="fold", min_width=10)
    tight = bool(nash_conv) and not wide
    superior, failed = _superior(ladder), {} if tight else _failures(run)
    short = tight or (bool(failed) and not wide)
    against = [escape(f"against {run.anchor}")] if wide else []
    columns = ["payoff" if short else "payoff per match", *against, "Elo"] if payoff else ["Elo"]
    columns += ["LOS", *(escape(f"as {role}") for role in roles), "matches"]
    columns += ["w/d/l" if short else "won/drawn/lost"] * (not payoff)
    for column in [
        *columns,
        *["forfeit\n/void" if short else "forfeit/void"] * bool(failed),
        *["NashConv"] * bool(nash_conv),
    ]:
        table.add_column(column, justify="right")
    for place, row in enumerate(ladder.rows, 1):
        cells = [str(place), escape(row.name)]
        if payoff:
            cells.append(_interval(row.mean_payoff, "+.3f"))
        if payoff and wide:
            cells.append(_against(row.name, run))
        cells += [_elo(row, ladder), superior.get(row.name, "")]
        cells += [_interval(row.by_role.get(role), "+.3f" if payoff else ".0f") for role in roles]
        cells.append(f"{row.matches:,}")
        if not payoff:
            cells.append(f"{row.wins}/{row.draws}/{row.losses}")
        if failed:
            cells.append(failed.get(row.name, ""))
        if nash_conv:
            cells.append(f"{nash_conv[row.name]:.4f}" if row.name in nash_conv else "")
        table.add_row(*cells)
    return table


def matrix_table(payoffs: PayoffMatrix, ladder: Ladder) -> Table:
    """Return the mean payoff of the row against the column, with half-widths, in the order of the ladder."""
    order = [payoffs.names.index(row.name) for row in ladder.rows if row.name in payoffs.names]
    exact = not payoffs.matches.any()
    what = "mean payoff of the row against the column"
    title = f"exact {what}" if exact else f"{what}, ± half of the 95% interval"
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("", overflow="fold")
    for column in order:
        table.add_column(escape(payoffs.names[column]), justify="right", overflow="fold")
    for row in order:
        cells = [escape(payoffs.names[row])]
        for column in order:
            mean, half = payoffs.mean[row, column], payoffs.half_width[row, column]
            known = f"{round(mean, 3) + 0.0:+.3f}" if exact else f"{mean:+.2f} ±{half:.2f}"
            cells.append("" if row == column or np.isnan(mean) else known)
        table.add_row(*cells)
    return table


def _remarks(run: Run) -> list[str]:
    """Return sentences for what no column holds."""
    ladder = run.ladder
    form, unit = ("+.3f", "per match") if run.game.scoring == "payoff" else ("+.0f", "Elo")
    lines = [
        f"{one} against {other} is worth {_interval(interval, form)} {unit}"
        for (one, other), interval in ladder.advantage.items()
    ]
    mean = run.payoffs.mean
    if len(mean) >= 3 and run.game.opposed and not np.isnan(mean).any():
        lines.append(
            f"cyclic share of the payoffs: {cyclic_share(mean):.0%} (like rock-paper-scissors: no ranking shows it)"
        )
    if run.game.scoring == "payoff":
        order = "of Elo" if any(row.elo is not None for row in ladder.rows) else "of names, as nobody has an Elo yet"
        lines.append(
            f"rows are in order {order}; payoff per match depends on whom one met; ± is half of the 95% interval"
        )
    if _superior(ladder):
        lines.append("LOS: the likelihood that a player is stronger than the next one below")
    lines += [f"{name} forfeited {count:,} of its matches" for name, count in sorted(run.forfeits.items())]
    lines += [f"{name} {_outage(outage)}" for name, outage in run.outages.items()]
    lines += [f"{name} cost {_spent(cost)}" for name, cost in sorted(run.costs.items())]
    lines += [
        f"{name} crashed in {bad:,} of its {played:,} matches"
        for name, (bad, played) in sorted(run.crashes.items())
        if bad
    ]
    notes: dict[str, list[str]] = {}
    for row in ladder.rows:
        if row.note:
            notes.setdefault(f"{row.standing}: {row.note}", []).append(row.name)
    lines += [f"{', '.join(names)}: {note}" for note, names in notes.items()]
    if run.digest:
        lines.append(f"the run is complete; digest of weights, baselines, pool and tallies: {run.digest}")
    return lines


def _outage(outage: Outages) -> str:
    """Return an outage in words."""
    matches = f"was not available in {outage.matches:,} {'match' if outage.matches == 1 else 'matches'}"
    return f"{matches}, which counts for nobody; still to be played: {outage.waiting:,}"


def _spent(cost: Cost) -> str:
    """Return a cost in words, without dollars where none were told: a model of one's own has no bill."""
    tokens = f"{cost.prompt_tokens:,} prompt tokens and {cost.completion_tokens:,} sampled ones"
    return f"${cost.dollars:,.4f} for {tokens}" if cost.dollars else tokens


def _superior(ladder: Ladder) -> dict[str, str]:
    """Return name → how likely it is stronger than the next one below on its ladder."""
    rated = [row for row in ladder.rows if row.name in ladder.rated and row.elo is not None]
    return {
        row.name: percent(ladder.superiority(row.name, below.name))
        for row, below in pairwise(rated)
        if row.role == below.role
    }


def _failures(run: Run) -> dict[str, str]:
    """Return name → "forfeits/matches with a void attempt", where there was any."""
    voids = Counter({name: bad for name, (bad, _) in run.crashes.items() if bad})
    voids.update({name: outage.matches for name, outage in run.outages.items()})
    return {name: f"{run.forfeits.get(name, 0)}/{voids[name]}" for name in {*run.forfeits, *voids}}


def _against(name: str, run: Run) -> str:
    """Return the mean payoff against the anchor as played."""
    played = run.ladder.payoffs
    if name == run.anchor or name not in played.names or run.anchor not in played.names:
        return ""
    at = played.names.index(name), played.names.index(run.anchor)
    return _interval(Interval.around(played.mean[at], played.half_width[at]), "+.3f")


def _roles(ladder: Ladder) -> list[str]:
    if any(row.role for row in ladder.rows):  # a ladder per role: each row is of one role anyway
        return []
    return sorted({role for row in ladder.rows for role in row.by_role})


def _elo(row: Row, ladder: Ladder) -> str:
    if row.elo is None or row.low is None or row.high is None:
        return str(row.standing)
    if row.name in ladder.anchors.values():
        return f"{row.elo:.0f} (anchor)"
    return _interval(Interval(row.elo, row.low, row.high), ".0f")


def _interval(interval: Interval | None, form: str) -> str:
    if interval is None or np.isnan(interval.value):
        return ""
    return f"{interval.value:{form}} ±{interval.high - interval.value:{form.lstrip('+')}}"
