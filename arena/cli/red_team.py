"""A critic under attack: which wrong steps it takes for right."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from arena.cli import terminal
from arena.cli.terminal import Whole

if TYPE_CHECKING:
    from arena.interval import Interval


def red_team(
    critic: str,
    *,
    sneaky: str = "uniform",
    game: Annotated[str, Parameter(name=["--game", "-g"])] = "",
    completer: str = "",
    steps: Whole = 100,
    to: Path | None = None,
    seed: Whole = 0,
) -> None:
    """Say how many wrong steps of each kind of error a critic of solutions notices, and how often it is wrong to.

    Parameters
    ----------
    critic
        A player's name or a checkpoint folder.
    sneaky
        Who makes right steps wrong. In a game without words wrong steps are drawn, and anybody will do.
    game
        The game, for example "sneaky_critic(part='test')"; by default the one in which the critic learned, or
        sneaky_critic without words, on test problems.
    completer
        Who goes on from the steps of recorded problems, if the game has completers.
    steps
        Wrong steps of each kind of error.
    to
        A new file for the wrong steps that the critic took for right, in the form of ProcessBench.
    seed
        The same seed draws the same problems.
    """
    from arena import api
    from arena.errors import ConfigError

    if to is not None and to.exists():
        raise ConfigError(f"{to} exists: name a new file")
    last: Any = None

    def tell(findings: Any) -> None:
        nonlocal last
        last = findings
        live.show("red team", findings.found, findings.steps * len(findings.kinds), "wrong steps")

    interrupted = False
    try:
        with terminal.live() as live:
            api.red_team(critic, sneaky, game, steps, seed, tell, completer=completer)
    except KeyboardInterrupt:
        if last is None:
            raise
        interrupted = True
    for line in describe(last):
        terminal.out().print(line, markup=False)
    if to is not None:
        _write(to, last.fooled)
        terminal.out().print(f"written: {to}, {len(last.fooled):,} wrong steps that were taken for right", markup=False)
    if interrupted:
        terminal.out().print("interrupted: this is what was found until then", markup=False)
        sys.exit(130)


def _write(file: Path, rows: list[dict[str, Any]]) -> None:
    """Write an object a line, in plain letters: what the words of a model would do to a terminal is written out."""
    from arena.errors import ConfigError, reason

    try:
        with file.open("x", encoding="ascii") as out:
            out.writelines(json.dumps(row) + "\n" for row in rows)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {reason(error)}") from None


def describe(findings: Any) -> list[str]:
    """Return what was found in narrow lines."""
    lines = [f"{'':16} {'steps':>6}  {'noticed':22}  not shown"]
    for kind in findings.kinds:
        steps, invalid = len(findings.wrong[kind]), findings.invalid[kind]
        unshown = f"{invalid / (steps + invalid):.1%}" if invalid else "-"
        lines.append(f"{kind:16} {steps:6,}  {_percent(findings.caught(kind)):22}  {unshown}")
    found = findings.accuracy
    lines += [
        f"{'right steps':16} {len(findings.true):6,}  false alarms {_percent(findings.false_alarms)}",
        f"balanced accuracy {_percent(found.balanced)}, harmonic mean {found.harmonic:.1%}",
    ]
    if found.silent:
        lines.append(f"{found.silent:.1%} of the critiques held no verdict and so count as wrong")
    return lines


def _percent(share: Interval | None) -> str:
    return "unknown" if share is None else f"{share.value:.1%} [{share.low:.1%}, {share.high:.1%}]"
