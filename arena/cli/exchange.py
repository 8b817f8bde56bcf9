"""A run's matches for other programs, and other programs' matches as a run."""

from __future__ import annotations

from pathlib import Path

from arena.cli import terminal
from arena.cli.terminal import Whole


def export(run: Path, file: Path) -> None:
    """Write a run's matches into a file: .jsonl, .parquet, .pgn (chess) or .csv (results only).

    Parameters
    ----------
    run
        The run's folder.
    file
        The file to write. JSON lines and Parquet hold everything that a replay needs, a match each. In .csv a name
        that a spreadsheet would run (it begins with =, +, - or @) has a ' before it, which arena import takes away.
    """
    from arena.registry import find

    matches, command = find("tournaments", "export")(run, file)
    screen = terminal.out()
    screen.print(f"{_count(matches, 'match', 'matches')} written into {file}", markup=False)
    if command:
        screen.print(f"rated on the same scale by: {command}", markup=False, soft_wrap=True)


def import_(
    file: Path,
    *,
    run: Path,
    game: str = "",
    anchor: str = "",
    block_pairs: Whole | None = None,
    most: float | None = None,
    player: str = "",
    outcome: str = "",
) -> None:
    """Read matches that were played elsewhere into a run; arena ratings then rates them. Twice adds nothing.

    A .csv file names its columns in the first line: first and second (the players), one of score (1, 0.5 or 0 for
    the first), winner (a name or draw) and payoff (what the first won), and if wanted pair (the two matches with
    seats swapped share it) and step. A .jsonl file is what arena export writes; moves are played again by the rules,
    and a line whose moves or payoffs are not what the rules say is left out. A last line without a line end may be
    half written and is left out until it has one. A results.jsonl of verifiers is rollouts: matches of the model
    against its environment, won, drawn or lost with a reward of 1, 0.5 or 0.

    Parameters
    ----------
    file
        The file to read. Broken lines are named, and the others kept.
    run
        The folder of the run, a new one or one of imported matches.
    game
        The game, where it is one that arena knows.
    anchor
        The player whose Elo is 1000; by default the first in the file.
    block_pairs
        Payoffs: how many pairs make the block that Elo counts as one game; by default 50.
    most
        Payoffs: the greatest that a match can pay; by default the greatest in the file, rounded up.
    player
        Rollouts: what the model is called; by default as the metadata.json beside the file says.
    outcome
        Rollouts: the column that is 1, 0.5 or 0; by default reward.
    """
    from arena.registry import find

    with terminal.live() as live:
        found = find("tournaments", "import")(
            file, run, game, anchor, block_pairs, most, lambda done: live.show("import", done, None, "matches"),
            player, outcome,
        )  # fmt: skip
    screen = terminal.out()
    for number, what in found.problems:
        screen.print(f"line {number:,} is left out: {what}", markup=False)
    if found.broken > len(found.problems):
        more = found.broken - len(found.problems)
        lines = ", ".join(map(str, found.others)) + (", …" if more > len(found.others) else "")
        screen.print(f"and {_count(more, 'more broken line', 'more broken lines')}: {lines}", markup=False)
    known = f", {_count(found.known, 'was', 'were')} there already" if found.known else ""
    broken = f", {_count(found.broken, 'line', 'lines')} left out" if found.broken else ""
    added = _count(found.added, "match", "matches")
    screen.print(f"{added} added{known}{broken}; arena ratings {run} rates them", markup=False)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
