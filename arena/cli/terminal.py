"""Where commands print: tables for people, and progress while a run goes on."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyclopts import Token

    from arena.live import Live


def _whole(_: object, tokens: Sequence[Token]) -> int:
    """Read a whole number; cyclopts itself would round 2.7 to 3."""
    text = tokens[0].value
    try:
        return int(text.replace("_", "").replace(",", ""))
    except ValueError:
        raise ValueError(f"{text!r} is no whole number") from None


Whole = Annotated[int, Parameter(converter=_whole)]
Game = Annotated[str, Parameter(name=["--game", "-g"], help="The game, for example kuhn_poker.")]
Overrides = Annotated[
    tuple[str, ...],
    Parameter(name="--set", help="Override a key of the file, for example training.updates=500. May be repeated.",
              consume_multiple=False, negative=()),
]  # fmt: skip
RunFolder = Annotated[Path | None, Parameter(help="Where the run is kept; by default runs/NAME after the file.")]


def out() -> Console:
    """Return the console for results."""
    console = Console(highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = 10_000  # a pipe has no width: tables are as wide as they need to be
    return console


def live(run: Path | None = None) -> Live:
    """Return the progress display; with a run's folder it shows the current table too."""
    from arena.live import Live
    from arena.registry import find

    console = Console(stderr=True, highlight=False)
    if run is None:
        return Live(console)
    table = cache(lambda: find("tournaments", "current")(run))  # made at the first look, and then it remembers
    return Live(console, lambda: table()(console.width))


def report(run: Path, deep: bool = False) -> None:
    """Print the ladder of a run; `deep` adds what one list cannot say."""
    from arena.registry import find

    find("tournaments", "report")(run, out(), deep)
