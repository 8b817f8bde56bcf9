"""The command line: thin commands over `arena.api`, and errors as one sentence.

Heavy imports stay inside the commands, so that `arena --help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, CycloptsError, Parameter
from rich.console import Console

from arena import __version__
from arena.errors import ArenaError

if TYPE_CHECKING:
    from arena.live import Live

app = App(
    name="arena",
    version=__version__,
    help="Where game-playing minds compete and improve.",
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
)

Game = Annotated[str, Parameter(name=["--game", "-g"], help="The game, for example kuhn_poker.")]
Overrides = Annotated[
    tuple[str, ...],
    Parameter(name="--set", help="Override a key of the file, for example training.updates=500. May be repeated.",
              consume_multiple=False, negative=()),
]  # fmt: skip
RunFolder = Annotated[Path | None, Parameter(help="Where the run is kept; by default runs/NAME after the file.")]


def main() -> None:
    """Run a command; exit code 2 with one sentence for a user's mistake, 130 for an interrupt."""
    console = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)
    try:
        app(exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        _fail(console, " ".join(str(error).split()) + " (arena --help shows what there is)")
    except ArenaError as error:
        _fail(console, str(error))
    except KeyboardInterrupt:
        console.print("arena: interrupted; the same command goes on from here", markup=False)
        sys.exit(130)
    except BrokenPipeError:  # the reader of a pipe, such as head, has seen enough
        sys.stderr.close()


def _fail(console: Console, sentence: str) -> None:
    console.print(f"arena: {' '.join(sentence.splitlines())}", markup=False)
    sys.exit(2)


@app.command
def games() -> None:
    """List the games, with what matters about each."""
    from rich.markup import escape
    from rich.table import Table

    from arena.registry import load_game, names

    table = Table("game", "roles", "hidden", "scored by", "moves")
    for name in names("games"):
        game = load_game(name)
        moves = ", ".join(game.actions[:9]) + (", …" if len(game.actions) > 9 else "") or "free text"
        hidden = "yes" if game.hidden else "no"
        table.add_row(escape(game.spec), escape(", ".join(game.roles)), hidden, game.scoring, escape(moves))
    _out().print(table)


@app.command
def play(game: str, *players: str, matches: int = 1, seed: int = 0) -> None:
    """Play matches between players, one per seat, and show them.

    Parameters
    ----------
    game
        The game, for example tic_tac_toe.
    players
        One per seat: a name such as uniform or "minimax(depth=4)", or a checkpoint folder.
    matches
        How many matches to play; one is shown move by move, more as totals.
    seed
        The same seed plays the same matches.
    """
    from arena import api
    from arena.registry import load_game

    rules = load_game(game)
    records = api.play(rules, players, matches, seed)
    out = _out()
    if matches == 1:
        _tell_story(out, rules, records[0])
        return
    for seat, role in enumerate(rules.roles):
        paid = [payoff for record in records if (payoff := record.returns[seat]) is not None]
        earned = f"mean payoff {sum(paid) / len(paid):+.4f} over {len(paid):,} matches" if paid else "no payoff"
        out.print(f"{role} ({records[0].entrants[seat]}): {earned}", markup=False)
    if given_up := [record for record in records if not record.stop.rated]:
        out.print(f"abandoned matches: {len(given_up):,}, the first because {given_up[0].reason}", markup=False)


@app.command
def tournament(file: Path, *, run: RunFolder = None, set_: Overrides = ()) -> None:
    """Play the round robin that a TOML file describes, or go on with it.

    Parameters
    ----------
    file
        For example tournaments/kuhn_ladder.toml.
    """
    from arena import api

    folder = api.run_folder(file, run)
    with _live(folder) as live:
        api.tournament(file, folder, set_, lambda p: live.show("matches", p.played, p.total, "matches"))
    _report(folder)
    _out().print(f"kept in {folder}; arena replay {folder} shows its matches", markup=False)


@app.command
def train(file: Path, *, run: RunFolder = None, set_: Overrides = ()) -> None:
    """Run the self-play league that a TOML file describes, or go on with it.

    Parameters
    ----------
    file
        For example tournaments/kuhn_league.toml.
    """
    from arena import api

    folder = api.run_folder(file, run)
    with _live(folder) as live:
        api.train(file, folder, set_, _Watch(live))
    _report(folder)
    _out().print(f"kept in {folder}; arena ratings {folder} --plot FILE draws it", markup=False)


@app.command
def pit(first: str, second: str, *, game: Game, pairs: int = 500, seed: int = 0) -> None:
    """Compare two players: pairs of matches with the same seed and swapped seats.

    Parameters
    ----------
    first
        A player's name or a checkpoint folder.
    second
        The other one.
    pairs
        How many pairs to play.
    seed
        The same seed plays the same matches.
    """
    from arena import api

    with _live() as live:
        verdict = api.pit(first, second, game, pairs, seed, lambda done: live.show("pit", done, 2 * pairs, "matches"))
    _out().print(str(verdict), markup=False)


@app.command
def ratings(run: Path, *, plot: Path | None = None) -> None:
    """Show the ladder of a run, finished or not.

    Parameters
    ----------
    run
        The run's folder.
    plot
        Also draw Elo histories, NashConv and payoffs into this PNG or SVG file.
    """
    _report(run)
    if plot is not None:
        from arena.registry import find

        find("tournaments", "plot")(run, plot)
        _out().print(f"drawn into {plot}", markup=False)


@app.command
def exploit(player: str, *, game: Game) -> None:
    """Measure exactly how much a best response wins against a player (games small enough to enumerate).

    Parameters
    ----------
    player
        A player's name or a checkpoint folder.
    """
    from arena import api
    from arena.registry import load_game

    rules = load_game(game)
    found = api.exploit(player, rules)
    out = _out()
    out.print(
        f"NashConv {found.nash_conv:.6f} (exploitability {found.exploitability:.6f}), 0 at equilibrium", markup=False
    )
    for role, value, best in zip(rules.roles, found.values, found.best_responses, strict=True):
        earns = f"earns {value:+.6f} against itself; a best response in this seat earns {best:+.6f}"
        out.print(f"  {role}: {earns}", markup=False)


@app.command
def replay(run: Path, match: str = "") -> None:
    """Step through a recorded match, checked against the rules.

    Parameters
    ----------
    run
        The run's folder.
    match
        The first characters of its key; without it the keys of the last matches are listed.
    """
    from itertools import islice

    from arena.errors import UnknownName
    from arena.registry import load_game
    from arena.store import Store

    out = _out()
    with Store.read(run) as store:
        if not match:
            for key, entrants, returns, stop in store.last_matches(20):
                paid = " ".join(f"{value:+g}" if value is not None else "-" for value in returns)
                out.print(f"{key}  {' vs '.join(entrants)}  {paid}  {stop}", markup=False)
            out.print(
                f"these are the last of {len(store.keys()):,} matches; arena replay {run} KEY shows one", markup=False
            )
            return
        records = list(islice(store.records(match), 2))
    if not records:
        raise UnknownName(f"{run} has no match whose key begins with {match!r}: arena replay {run} lists some")
    if len(records) > 1:
        raise UnknownName(f"several matches in {run} have keys that begin with {match!r}: give more characters")
    _tell_story(out, load_game(records[0].game), records[0])


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
        if progress.snapshot:
            exact = "" if progress.nash_conv is None else f": exact NashConv {progress.nash_conv:.4f}"
            self.live.say(f"{progress.snapshot} rated{exact}")


def _tell_story(out: Console, game: Any, record: Any) -> None:
    """Print a match move by move as a spectator sees it."""
    out.print(" vs ".join(f"{n} ({r})" for n, r in zip(record.entrants, game.roles, strict=True)), markup=False)
    for state, turn in record.replay(game):
        if turn is None:
            out.print(game.draw(state), markup=False)
        elif turn.seat >= 0:
            out.print(f"{game.draw(state)}\n-> {game.roles[turn.seat]}: {turn.action}\n", markup=False)
        else:
            out.print(f"-> chance: {turn.action}", markup=False)
    paid = ", ".join(
        f"{role} {value:+g}" for role, value in zip(game.roles, record.returns, strict=True) if value is not None
    )
    out.print(f"{record.stop}{': ' + record.reason if record.reason else ''}; payoff: {paid or 'none'}", markup=False)


def _report(run: Path) -> None:
    from arena.registry import find

    find("tournaments", "report")(run, _out())


def _out() -> Console:
    console = Console(highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = 10_000  # a pipe has no width: tables are as wide as they need to be
    return console


def _live(run: Path | None = None) -> Live:
    """Return the progress display; with a run's folder it shows the current table too."""
    from arena.live import Live
    from arena.registry import find

    console = Console(stderr=True, highlight=False)
    if run is None:
        return Live(console)
    return Live(console, lambda: find("tournaments", "current")(run, console.width))


if __name__ == "__main__":
    main()
