"""What a run's page shows of its players, as JSON values: the ladder, histories, payoffs."""

from __future__ import annotations

from typing import Any

import numpy as np

from arena.interval import Interval
from arena.ladder import Row
from arena.payoff import cyclic_share
from arena.tournaments.page_scene import clip
from arena.tournaments.run import Run

MATRIX_AT_MOST = 40
"""Players in the payoff table: the first of the ladder. More could not be read."""


def page_data(run: Run) -> dict[str, Any]:
    """Return the values of the page that come from all results together; intervals are [value, low, high]."""
    return {
        "title": run.folder.resolve().name,
        "game": getattr(run.game, "label", run.game.spec),
        "rules": clip(run.game.rules(run.game.roles[0])),
        "roles": list(run.game.roles),
        "sides": list(run.game.side_of),
        "scoring": run.game.scoring,
        "league": run.is_league,
        "digest": run.digest,
        "rated": len(run.results),
        "ladder": [_row(row, run) for row in run.ladder.rows],
        "advantage": [[*roles, *_interval(interval)] for roles, interval in run.ladder.advantage.items()],
        "history": histories(run),
        "nash_conv": nash_conv_histories(run),
        "payoffs": matrix(run),
        "costs": [{"name": clip(name, 200), **cost._asdict()} for name, cost in sorted(run.costs.items())],
    }


def _row(row: Row, run: Run) -> dict[str, Any]:
    value: dict[str, Any] = {
        "name": clip(row.name, 200),
        "standing": str(row.standing),
        "role": row.role,
        "anchor": row.name in run.ladder.anchors.values(),
        "elo": None if row.elo is None else [_number(x) for x in (row.elo, row.low, row.high)],
        "payoff": None if row.mean_payoff is None else _interval(row.mean_payoff),
        "by_role": {role: _interval(interval) for role, interval in row.by_role.items()},
        "matches": row.matches,
        "results": [row.wins, row.draws, row.losses],
        "note": row.note,
    }
    if row.name in run.nash_conv:
        value["nash_conv"] = _number(run.nash_conv[row.name])
    return value


def histories(run: Run) -> list[dict[str, Any]]:
    """Return Elo by training step: every snapshot as it stands now, under the learner it was taken from.

    [{"name", "points": [[step, Elo, low, high], …]}, …]; an anchor has one point, at step 0. Empty for a tournament.
    """
    if not run.is_league:
        return []
    rated = {row.name: row for row in run.ladder.rows if row.elo is not None}
    lines: dict[str, list[list[Any]]] = {}
    for member in run.members:
        if member.name in rated and member.kind in ("snapshot", "anchor"):
            row = rated[member.name]
            line = lines.setdefault(_learner(member.name) if member.kind == "snapshot" else member.name, [])
            line.append([member.step, *(_number(x) for x in (row.elo, row.low, row.high))])
    return [{"name": clip(name, 200), "points": sorted(points)} for name, points in sorted(lines.items())]


def nash_conv_histories(run: Run) -> list[dict[str, Any]]:
    """Return exact NashConv by training step, as [{"name", "points": [[step, value], …]}, …]."""
    lines: dict[str, list[list[Any]]] = {}
    for step, name, value in run.nash_conv_by_step:
        lines.setdefault(_learner(name), []).append([step, _number(value)])
    return [{"name": clip(name, 200), "points": sorted(points)} for name, points in sorted(lines.items())]


def matrix(run: Run) -> dict[str, Any]:
    """Return mean payoffs of the row against the column, in the order of the ladder; null where two never met."""
    payoffs = run.payoffs
    known = [payoffs.names.index(row.name) for row in run.ladder.rows if row.name in payoffs.names]
    order = known[:MATRIX_AT_MOST]
    cells = np.ix_(order, order)
    value: dict[str, Any] = {
        "names": [clip(payoffs.names[i], 200) for i in order],
        "mean": [[_number(x) for x in row] for row in payoffs.mean[cells]],
        "half": None,
        "left_out": len(known) - len(order),
        "cyclic": None,
    }
    if payoffs.matches.any():  # otherwise they were computed and are exact
        value["half"] = [[_number(x) for x in row] for row in payoffs.half_width[cells]]
    if len(known) >= 3 and run.game.opposed and not np.isnan(payoffs.mean).any():
        value["cyclic"] = _number(cyclic_share(payoffs.mean))
    return value


def _learner(snapshot: str) -> str:
    """Return the learner of a snapshot: main of main-300."""
    return snapshot.rsplit("-", 1)[0]


def _interval(interval: Interval) -> list[float | None]:
    return [_number(x) for x in interval]


def _number(x: float | None) -> float | None:
    """Return five digits of a number, which is more than its interval allows; null for what JSON cannot say."""
    return float(f"{x:.5g}") if x is not None and np.isfinite(x) else None
