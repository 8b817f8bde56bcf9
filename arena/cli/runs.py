"""Tournaments and leagues: begin one, go on with it, look at it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arena.cli import terminal
from arena.cli.terminal import Overrides, RunFolder, Whole
from arena.errors import ArenaError, ConfigError, RatingError, StoppedError

if TYPE_CHECKING:
    from arena.api import Event
    from arena.live import Live


def tournament(file: Path, *, run: RunFolder = None, set_: Overrides = (), redo_abandoned: bool = False) -> None:
    """Play the tournament that a TOML file describes, or go on with it.

    Its `format` is round_robin, gauntlet, swiss or double_elimination. Entrants, pairs or rounds may be added later.
    With `games` instead of `game` it is played in each of them, and kept in a folder for each.

    Parameters
    ----------
    file
        For example tournaments/kuhn_ladder.toml.
    redo_abandoned
        Play the matches again that crashes ended for good, once what crashed is mended.
    """
    from arena import api

    events = api.events(file, run, set_)
    left: dict[str, str] = {}
    with api.everybody(events):
        for event in events:
            try:
                _play(event, redo_abandoned)
                _report(event.folder)
            except (StoppedError, RatingError) as stopped:  # the other games go on
                if isinstance(stopped, StoppedError):
                    with suppress(ArenaError):  # what there is of a ladder
                        _report(event.folder)
                left[event.label] = str(stopped)
                continue
            terminal.out().print(f"kept in {event.folder}; arena replay {event.folder} shows its matches", markup=False)
    if len(events) > 1:
        from arena.registry import find

        find("tournaments", "overview")([event.folder for event in events], terminal.out())
    if left:
        label, why = next(iter(left.items()))
        raise StoppedError(f"not complete: {', '.join(left)}; in {label}, {why}" if label else why)


def _play(event: Event, redo_abandoned: bool) -> None:
    """Play one game's tournament, with its progress shown."""
    from arena import api

    try:
        with terminal.live(event.folder) as live:

            def tell(progress: Any) -> None:
                live.show(event.label or "matches", progress.played, progress.total, "matches")

            api.tournament(event.config, event.folder, (), tell, redo_abandoned)
    except RatingError:
        with suppress(ArenaError):  # a bracket stands even where nobody is left for a ladder
            _standings(event.folder)
        raise


def train(file: Path, *, run: RunFolder = None, set_: Overrides = ()) -> None:
    """Run the self-play league that a TOML file describes, or go on with it.

    With `games` instead of `game` it has a league in each of them, kept in a folder for each.

    Parameters
    ----------
    file
        For example tournaments/kuhn_league.toml.
    """
    from arena import api
    from arena.runs import runs_in

    folder = api.run_folder(file, run)
    with terminal.live(folder) as live:
        api.train(file, folder, set_, _Watch(live))
    parts = runs_in(folder)
    _reports(parts)
    terminal.out().print(f"kept in {folder}; arena ratings {parts[0]} --plot FILE draws it", markup=False)


def ratings(run: Path, *, deep: bool = False, plot: Path | None = None) -> None:
    """Show the ladder of a run, finished or not.

    Parameters
    ----------
    run
        The run's folder; of a tournament or a league over several games either all of them or one.
    deep
        Also show Nash averaging, alpha-rank and how likely each is stronger than each other.
    plot
        Also draw Elo histories, NashConv and payoffs into this PNG or SVG file.
    """
    from arena.registry import find
    from arena.runs import runs_in

    folders = runs_in(run)
    if plot is not None:
        if len(folders) > 1:
            raise ConfigError(f"{run} holds several games, and a picture shows one: name {folders[0]}, for example")
        find("tournaments", "plot_file")(plot)  # before minutes are spent on a ladder
    _reports(folders, deep)
    if plot is not None:
        find("tournaments", "plot")(run, plot)
        terminal.out().print(f"drawn into {plot}", markup=False)


def merge(first: Path, second: Path, *, into: Path) -> None:
    """Put the matches of two tournaments of one game into a third run, each of them once, and rate them together.

    Parameters
    ----------
    first
        The folder of a tournament.
    second
        The folder of another one; whoever has the same name in both must be the same player.
    into
        The folder of the new run, which must not exist yet.
    """
    from arena.registry import find

    matches = find("tournaments", "merge")(first, second, into)
    _report(into)
    terminal.out().print(f"kept in {into}: {matches:,} matches", markup=False)


def prune(run: Path, *, keep_latest: Whole = 0) -> None:
    """Delete the traces of a run's matches (token ids, log-probabilities: what trainers read) and free their room.

    Matches, ratings and costs stay; `arena replay` shows them as before.

    Parameters
    ----------
    run
        The run's folder.
    keep_latest
        How many of the latest matches keep theirs.
    """
    from arena.runs import runs_in
    from arena.store import Store

    if keep_latest < 0:
        raise ConfigError(f"the latest {keep_latest} matches are none: ask for 0 or more")
    matches = freed = 0
    for folder in runs_in(run):
        Store.read(folder).close()  # a folder without a run is no new one
        with Store.open(folder) as store:
            pruned = store.prune(keep_latest)
        matches, freed = matches + pruned[0], freed + pruned[1]
    what = "1 match" if matches == 1 else f"{matches:,} matches"
    terminal.out().print(f"the traces of {what} are deleted, {freed / 1e6:,.1f} MB are free again", markup=False)


def _reports(runs: Sequence[Path], deep: bool = False) -> None:
    """Print what is known of each run and, where there are several, one table of all."""
    from arena.registry import find

    for run in runs:
        _report(run, deep)
    if len(runs) > 1:
        find("tournaments", "overview")(runs, terminal.out())


def _report(run: Path, deep: bool = False) -> None:
    """Print the ladder of a run, and what its format has beside it."""
    terminal.report(run, deep)
    _standings(run)


def _standings(run: Path) -> None:
    """Print the points or the bracket of a run, if it has any."""
    from arena.registry import find

    for line in find("tournaments", "standings")(run):
        terminal.out().print(line, markup=False)


class _Watch:
    """Shows a league's progress, and a line for every snapshot that was rated."""

    def __init__(self, live: Live) -> None:
        self.live, self.rated = live, 0

    def __call__(self, progress: Any) -> None:
        """Take one word from the training loop."""
        note = ""
        if progress.report is not None:
            note = f"entropy {progress.report.entropy:.3f}, KL {progress.report.kl:.4f}"
        if progress.rated:
            self.rated += progress.rated
            self.live.show("rating", self.rated, None, "matches")
        elif progress.report is not None:
            self.live.show("training", progress.step, progress.updates, "updates", note)
        for sentence in progress.alarms:
            self.live.say(f"after update {progress.step}, {sentence}")
        if (back := progress.rolled_back) is not None:
            self.live.say(f"after update {back.at} went back to {back.to}: {back.why}")
        if progress.snapshot:
            exact = "" if progress.nash_conv is None else f": exact NashConv {progress.nash_conv:.4f}"
            if progress.mixture_nash_conv is not None:
                exact += f", of the mixture of snapshots {progress.mixture_nash_conv:.4f}"
            where = f" in {progress.game}" if progress.game else ""
            self.live.say(f"{progress.snapshot} rated{where}{exact}")
