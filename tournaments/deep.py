"""What one list cannot say: who is needed against the best mixture, where copying the better ends, and cycles."""

from __future__ import annotations

import numpy as np
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from arena.alpha_rank import alpha_rank
from arena.diversity import determinant_diversity, effective_size, mean_distance
from arena.errors import RatingError
from arena.interval import Floats
from arena.ladder import Ladder
from arena.nash_averaging import nash_average
from arena.payoff import cyclic_share
from arena.tournaments.run import Run

_REDRAW_AT_MOST = 50
"""Entrants up to which ranges are worked out: a few seconds."""
_MATRIX_AT_MOST = 12
_STRONG = 1e6
"""Selection in units of the greatest payoff at which alpha-rank of redrawn results is taken: beyond any sweep."""


def deep_tables(run: Run) -> Group:
    """Return Nash averaging, alpha-rank, the share of cycles and who is likely stronger than whom."""
    parts: list[RenderableType] = []
    try:
        parts += [game_table(run), *(Text(line) for line in _remarks(run))]
    except RatingError as missing:
        parts.append(Text(f"no Nash averaging and no alpha-rank: {missing}"))
    if 2 <= len(run.ladder.rated) <= _MATRIX_AT_MOST:
        parts.append(superiority_table(run.ladder))
    return Group(*parts)


def game_table(run: Run) -> Table:
    """Return Nash weight, skill and alpha-rank of every entrant, by skill. Raises RatingError where some never met."""
    weight, skill, share = run.nash.weight, run.nash.skill.tolist(), run.alpha_rank
    weights, shares = _redrawn(run)
    table = Table(title="the payoff matrix as a game of its own", title_justify="left", title_style="bold")
    table.add_column("player", overflow="fold", min_width=10)
    for column in ("Nash weight", "Nash skill", "alpha-rank"):
        table.add_column(column, justify="right")
    names = run.payoffs.names
    for i in sorted(range(len(names)), key=lambda i: (-round(skill[i], 9), -weight[i], names[i])):
        table.add_row(
            escape(names[i]),
            f"{weight[i]:.2f}{_range(weights, i)}",
            f"{skill[i] + 0.0:+.3f}",
            f"{share[i]:.2f}{_range(shares, i)}",
        )
    return table


def superiority_table(ladder: Ladder) -> Table:
    """Return the likelihood that the row is stronger than the column, in the order of the ladder."""
    names = [row.name for row in ladder.rows if row.name in ladder.rated]
    title = "likelihood that the row is stronger than the column"
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("", overflow="fold")
    for name in names:
        table.add_column(escape(name), justify="right", overflow="fold")
    for row in names:
        same = [row != column and ladder[row].role == ladder[column].role for column in names]
        cells = [percent(ladder.superiority(row, column)) if s else "" for column, s in zip(names, same, strict=True)]
        table.add_row(escape(row), *cells)
    return table


def percent(probability: float) -> str:
    """Return a probability for a table: never 0% or 100%, which no finite number of matches shows."""
    if 0.001 < probability < 0.999:
        return f"{probability:.1%}" if not 0.1 < probability < 0.9 else f"{probability:.0%}"
    return ">99.9%" if probability > 0.5 else "<0.1%"


def _redrawn(run: Run) -> tuple[Floats | None, Floats | None]:
    """Return weights and shares for redrawn results, both (draws, n); None where payoffs are exact or too many."""
    if len(run.payoffs.names) > _REDRAW_AT_MOST or (redrawn := run.redrawn_payoffs) is None:
        return None, None
    shares = [alpha_rank(mean, _STRONG / (float(np.abs(mean).max()) or 1.0)) for mean in redrawn]
    return np.stack([nash_average(mean).weight for mean in redrawn]), np.stack(shares)


def _range(values: Floats | None, i: int) -> str:
    if values is None:
        return ""
    low, high = np.quantile(values[:, i], [0.025, 0.975])
    return f" ({low:.2f}–{high:.2f})"


def _remarks(run: Run) -> list[str]:
    lines = [
        "Nash weight: the share in the best mixture of players, spread as widely as that allows; copies share it",
        "Nash skill: payoff per match against that mixture; 0 for whoever is in it, below 0 for the others",
        "alpha-rank: the share of time that a population spends on a player if it keeps copying whoever does better",
    ]
    if run.redrawn_payoffs is not None and len(run.payoffs.names) <= _REDRAW_AT_MOST:
        lines.append("in brackets: the range of 95% of redrawn results (pairs drawn again, 200 times)")
    if len(run.payoffs.names) >= 3:
        lines.append(f"cyclic share of the payoffs: {cyclic_share(run.payoffs.mean):.0%}")
    for who, behaviour in (("players", run.behaviour), ("learners", run.learners_behaviour)):
        if behaviour is not None and len(behaviour) >= 2:
            lines.append(
                f"diversity: {len(behaviour)} {who} behave like {effective_size(behaviour):.1f} that have "
                f"nothing in common; determinant {determinant_diversity(behaviour):.2g} (0 where two play alike), "
                f"mean distance {mean_distance(behaviour):.2f} of at most 1.41"
            )
    return lines
