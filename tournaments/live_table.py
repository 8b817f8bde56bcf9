"""The table that stands below the bars while a run goes on: the ladder as long as that is cheap, then a running one."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape
from rich.table import Table

from arena.errors import ArenaError, RatingError
from arena.online import Online, Skills
from arena.runs import game_of
from arena.store import Store
from arena.tournaments.report import ladder_table
from arena.tournaments.run import Run

REFIT_AT_MOST = 20_000
"""Rated matches up to which the real ladder is fitted anew for every look; beyond, only new matches are read."""
_SKILL_SAMPLE = 1_000
"""Matches that OpenSkill is given at a look, spread over those that came: it takes about 15 µs for each."""


class LiveTable:
    """The table of a run at any moment; it remembers what it has read. Call it with the console's width."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._online = Online()
        self._matches = self._number = 0
        self._hint = ""
        self._skills: Skills | None = None
        try:
            self._skills = Skills()
        except RatingError as missing:
            self._hint = str(missing)

    def __call__(self, width: int) -> Table | None:
        """Return the table; None as long as nothing can be rated."""
        try:
            with Store.read(self.folder) as store:
                config = store.meta("config")
                if config is None:
                    return None
                game = game_of(store)
                new, self._number = store.results_after(game, self._number)
            self._matches += len(new)
            self._online.feed(new)
            if self._skills and game.scoring == "outcome":
                self._skills.feed(new[:: max(1, len(new) // _SKILL_SAMPLE)])
            if self._matches <= REFIT_AT_MOST:
                ladder: Table = ladder_table(Run.of(self.folder), width)
                return ladder
        except ArenaError:
            return None
        return self._by_payoff(game.spec) if game.scoring == "payoff" else self._by_elo(game.spec)

    def _by_elo(self, spec: str) -> Table:
        """Return online Elo, and OpenSkill where it is installed."""
        live, skills = self._online, self._skills
        caption = "live: it depends on the order of the matches; the ladder at the end is fitted to all of them"
        if skills:
            caption += ". Skill is OpenSkill's μ ± 2σ, from a sample of the matches"
        table = self._table(spec, f"{caption}. {self._hint}" if self._hint else caption)
        for column in ["live Elo", *["skill"] * bool(skills), "matches", "won/drawn/lost"]:
            table.add_column(column, justify="right")
        for place, name in enumerate(sorted(live.elo, key=lambda name: (-live.elo[name], name)), 1):
            cells = [str(place), escape(name), f"{live.elo[name]:.0f}"]
            if skills:
                mu, sigma = skills[name]
                cells.append(f"{mu:.1f} ±{2 * sigma:.1f}")
            table.add_row(*cells, f"{live.matches[name]:,}", self._record(name))
        return table

    def _by_payoff(self, spec: str) -> Table:
        """Return what everybody has earned per match: Elo by single hands would reward small pots."""
        live = self._online
        table = self._table(spec, "live: payoff against whom one has met so far; Elo follows at the end, from blocks")
        for column in ("payoff per match", "matches", "won/drawn/lost"):
            table.add_column(column, justify="right")
        mean = {name: total / live.matches[name] for name, total in live.payoff.items()}
        for place, name in enumerate(sorted(mean, key=lambda name: (-mean[name], name)), 1):
            matches = f"{live.matches[name]:,}"
            table.add_row(str(place), escape(name), f"{mean[name]:+.3f}", matches, self._record(name))
        return table

    def _record(self, name: str) -> str:
        live = self._online
        won, drawn = live.wins[name], live.draws[name]
        return f"{won}/{drawn}/{live.matches[name] - won - drawn}"

    def _table(self, spec: str, caption: str) -> Table:
        title = escape(f"{self.folder.name}: {spec}, {self._matches:,} matches so far")
        table = Table(
            title=title, title_justify="left", title_style="bold", caption=escape(caption), caption_justify="left"
        )
        table.add_column("#", justify="right")
        table.add_column("player", overflow="fold", min_width=10)
        return table
