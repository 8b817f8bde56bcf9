"""The judges of a run: how often their verdicts flip with the order, whom they prefer, and how often they are right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from arena.casting import in_run, kin
from arena.config.fields import cast_names
from arena.interval import Interval
from arena.judging import Judged, Trust, judgements, trust
from arena.league import learner_of
from arena.registry import respelled
from arena.store import Store
from arena.tournaments.run import Run


def judges(run: Run) -> list[Trust]:
    """Return how far each judge can be trusted; empty for a game that no judge decides."""
    if not isinstance(run.game, Judged):
        return []
    with Store.read(run.folder) as store:
        judged = judgements(store.records(), run.game)
        config = store.meta("config")
    cast: dict[str, str] = config.get("cast", {})
    related = {name: kin_in(cast[role], run, config) for role, name in cast_names(cast).items()}
    return trust(judged, related)


def kin_in(judge: str, run: Run, config: Mapping[str, Any]) -> set[str]:
    """Return who in a run is of one mind with a judge; a snapshot is what its learner is."""
    if not run.is_league:
        return set(kin(judge, config["entrants"]))
    learners = {name: described["player"] for name, described in config["learners"].items()}
    specs = {m.name: learners.get(learner_of(m.name)) or learners.get(m.name) or m.spec for m in run.members}
    judge = in_run(judge, run.folder)
    found = set(kin(judge, {name: in_run(spec, run.folder) for name, spec in specs.items()}))
    if config["base"] and config["base"]["model"]:  # what the run's own model was taught on
        began = respelled("chat", {"model": config["base"]["model"]})
        found |= set(kin(judge, {name: began for name, spec in specs.items() if in_run(spec, run.folder) != spec}))
    return found


def judges_table(found: list[Trust]) -> Table:
    """Return a row per judge, with a column for every share that is known of any."""
    table = Table(title="judges, asked in both orders", title_justify="left", title_style="bold")
    table.add_column("judge", overflow="fold")
    table.add_column("matches", justify="right")
    cells = [[escape(one.judge), f"{one.matches:,}"] for one in found]
    shares = [(one.flips, one.first, one.right, one.survived_right, one.own) for one in found]
    for column, of_judges in zip(_SHARES, zip(*shares, strict=True), strict=True):
        if any(of_judges):
            table.add_column(column, justify="right")
            for row, share in zip(cells, of_judges, strict=True):
                row.append(_percent(share))
    for row in cells:
        table.add_row(*row)
    return table


_SHARES = ("order flips", "shown first", "right", "right, no flip", "its own")
"""Of matches that flip; of verdicts for whom is shown first, for whom is right (and did not flip), and for its kin."""


def remarks(found: list[Trust]) -> list[str]:
    """Return sentences for what judges make of their own words, compared with others who heard the same debates."""
    return [
        f"with {one.judge} its own words gain {bonus.value:+.2f} logits ({bonus.low:+.2f} to {bonus.high:+.2f}), "
        f"compared with {other}"
        for one in found
        for other, bonus in one.self_bonus.items()
    ]


def _percent(share: Interval | None) -> str:
    return "" if share is None else f"{share.value:.0%} ({100 * share.low:.0f}–{share.high:.0%})"
