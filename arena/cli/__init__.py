"""The command line: thin commands over `arena.api`, and errors as one sentence.

Heavy imports stay inside the commands, so that `arena --help` answers at once.
"""

from __future__ import annotations

import os
import sys

from cyclopts import App, CycloptsError
from rich.console import Console

from arena import __version__
from arena.cli import author, benchmark, compare, exchange, matches, red_team, report, runs, teach
from arena.errors import ArenaError

app = App(
    name="arena",
    version=__version__,
    help="Where game-playing minds compete and improve.",
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
)
for _command in (
    *(matches.games, matches.play, matches.replay),
    *(runs.tournament, runs.train, runs.ratings, runs.merge, runs.prune),
    *(compare.pit, compare.exploit, benchmark.benchmark),
    red_team.red_team,
    report.report,
    *(exchange.export, exchange.import_),
    *(teach.clone, teach.improve),
    *(author.check, author.new),
):
    app.command(_command)


def main() -> None:
    """Run a command; exit code 2 with one sentence for a user's mistake, 130 for an interrupt."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")  # a library's bars would run through ours
    console = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)
    if "" in sys.argv[1:]:
        _fail(console, "one of the arguments is empty: is there a shell variable without a value?")
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
