"""A run's results as tables: the ladder, the payoff matrix and, where the game is small, exact NashConv."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from arena.errors import ArenaError, ConfigError, RatingError
from arena.game import Game
from arena.interval import Interval
from arena.payoff import PayoffMatrix, cyclic_share, exact_matrix
from arena.rating import Ladder, Point, Row, history, rate
from arena.registry import load_game, load_player
from arena.store import Store
from arena.tree import enumerate_game, expected_returns

_EXACT_NODES = 20_000
"""Nodes of a game up to which payoffs are computed instead of averaged over matches: a second's work."""
_MATRIX_AT_MOST = 12
"""Entrants beyond which the payoff matrix no longer fits a terminal and is left to the picture."""


@dataclass(frozen=True)
class Run:
    """All that the tables and the picture show; a function of the run's file."""

    title: str
    game: Game[Any]
    ladder: Ladder
    history: list[Point]
    nash_conv_by_step: list[tuple[int, str, float]]
    """(update, snapshot, exact NashConv in the game's own units), oldest first."""
    payoffs: PayoffMatrix
    """Exact where the game can be enumerated and all its players state their policies; otherwise as played."""
    digest: str = ""
    """Of a finished league: the same configuration on a CPU gives the same, whatever happened on the way."""

    @classmethod
    def of(cls, folder: Path) -> Run:
        """Read a run. Raises StoreError where there is none, RatingError where nothing has been rated yet."""
        with Store.read(folder) as store:
            config = store.meta("config")
            if config is None:
                raise ConfigError(f"{folder} holds a run that never began: start it with arena train or tournament")
            game = load_game(config["game"])
            league = store.meta("format") == "league"
            anchor = next(iter(config["anchors"])) if league else config["anchor"] or next(iter(config["entrants"]))
            blocks = config["rating"]["block_pairs"] if league else config["block_pairs"]
            results, crashes = store.results(game), store.crashes()
            if not results:
                raise RatingError(f"{folder} holds no rated matches yet: let the run go on for a while")
            exact = store.measures("nash_conv")
            digest = store.meta("digest", "")
            members = {m.name: str(folder / m.spec) if m.kind == "snapshot" else m.spec for m in store.players()}
        ladder = rate(results, game, anchor, blocks, crashes)
        # A tournament has one moment only, so a history would be a point.
        points = history(results, game, anchor, blocks, crashes) if league else []
        title = f"{folder.name}: {game.spec}"
        payoffs = _exact_payoffs(game, members, ladder.payoffs.names) or ladder.payoffs
        return cls(title, game, ladder, points, exact, payoffs, digest)

    @property
    def nash_conv(self) -> dict[str, float]:
        """Snapshot → exact NashConv."""
        return {name: value for _, name, value in self.nash_conv_by_step}


def show(folder: Path, console: Console) -> None:
    """Print a run's tables."""
    run = Run.of(folder)
    console.print(tables(run))


def tables(run: Run) -> Group:
    """Return the ladder, what belongs to it, and the payoff matrix."""
    parts: list[Any] = [ladder_table(run.title, run.game, run.ladder, run.nash_conv)]
    parts += [Text(line) for line in _remarks(run)]
    if len(run.payoffs.names) <= _MATRIX_AT_MOST:
        parts.append(matrix_table(run.payoffs, run.ladder))
    return Group(*parts)


def ladder_table(title: str, game: Game[Any], ladder: Ladder, nash_conv: dict[str, float]) -> Table:
    """Return the ladder: what a game is scored by stands first."""
    payoff = game.scoring == "payoff"
    table = Table(title=escape(title), title_justify="left", title_style="bold")
    table.add_column("#", justify="right")
    table.add_column("player", overflow="fold")
    columns = ["payoff per match", "Elo"] if payoff else ["Elo"]
    for column in [*columns, *(escape(f"as {role}") for role in _roles(ladder)), "matches"]:
        table.add_column(column, justify="right")
    if not payoff:
        table.add_column("won/drawn/lost", justify="right")
    if nash_conv:
        table.add_column("NashConv", justify="right")
    for place, row in enumerate(ladder.rows, 1):
        cells = [str(place), escape(row.name)]
        if payoff:
            cells.append(_interval(row.mean_payoff, "+.3f"))
        cells.append(_elo(row, ladder))
        cells += [_interval(row.by_role.get(role), "+.3f" if payoff else ".0f") for role in _roles(ladder)]
        cells.append(f"{row.matches:,}")
        if not payoff:
            cells.append(f"{row.wins}/{row.draws}/{row.losses}")
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
            known = f"{mean:+.3f}" if exact else f"{mean:+.2f} ±{half:.2f}"
            cells.append("" if row == column or np.isnan(mean) else known)
        table.add_row(*cells)
    return table


def _exact_payoffs(game: Game[Any], specs: dict[str, str], names: Sequence[str]) -> PayoffMatrix | None:
    """Return the matrix without playing a match, or None where that cannot be done.

    The game may be too large, a player may have no policy, or its folder may be gone: then matches speak.
    """
    if game.seats != 2 or not game.zero_sum:
        return None
    try:
        tree = enumerate_game(game, _EXACT_NODES)
        policies = {name: tree.policy(load_player(specs[name], game)) for name in names}
    except ArenaError:
        return None
    first = (tree.seat == 0)[:, None]

    def value(row: str, column: str) -> float:
        as_first = expected_returns(tree, np.where(first, policies[row], policies[column]))[0]
        as_second = expected_returns(tree, np.where(first, policies[column], policies[row]))[1]
        return float(as_first + as_second) / 2

    return exact_matrix(names, value)


def _remarks(run: Run) -> list[str]:
    """Return sentences for what no column holds."""
    ladder = run.ladder
    unit = "per match" if run.game.scoring == "payoff" else "Elo"
    lines = [
        f"{one} against {other} is worth {_interval(interval, '+.3f' if unit == 'per match' else '+.0f')} {unit}"
        for (one, other), interval in ladder.advantage.items()
    ]
    mean = run.payoffs.mean
    if len(mean) >= 3 and run.game.zero_sum and not np.isnan(mean).any():
        lines.append(f"cyclic share of the payoffs: {cyclic_share(mean):.0%} (what no single number can show)")
    notes: dict[str, list[str]] = {}
    for row in ladder.rows:
        if row.note:
            notes.setdefault(f"{row.standing}: {row.note}", []).append(row.name)
    lines += [f"{', '.join(names)}: {note}" for note, names in notes.items()]
    if run.digest:
        lines.append(f"the run is complete; digest of weights, baselines, pool and tallies: {run.digest}")
    return lines


def _roles(ladder: Ladder) -> list[str]:
    return sorted({role for row in ladder.rows for role in row.by_role}) if not any(r.role for r in ladder.rows) else []


def _elo(row: Row, ladder: Ladder) -> str:
    if row.elo is None or row.low is None or row.high is None:
        return str(row.standing)
    if row.name in ladder.anchors.values():
        return f"{row.elo:.0f} (anchor)"
    return _interval(Interval(row.elo, row.low, row.high), ".0f")


def _interval(interval: Interval | None, form: str) -> str:
    if interval is None or np.isnan(interval.value):
        return ""
    return f"{interval.value:{form}} [{interval.low:{form}}, {interval.high:{form}}]"
