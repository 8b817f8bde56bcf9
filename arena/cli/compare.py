"""Two players against each other, and one against its best response."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from arena.cli import terminal
from arena.cli.terminal import Game, Whole


def pit(
    first: str,
    second: str,
    *,
    game: Game,
    pairs: Whole = 500,
    min_pairs: Whole = 16,
    elo0: float | None = None,
    elo1: float | None = None,
    model: Literal["logistic", "normalised"] = "logistic",
    alpha: float = 0.05,
    beta: float = 0.05,
    precision: float = 0.0,
    role: str = "",
    against: str | None = None,
    run: Annotated[Path | None, Parameter(help="A folder to keep the matches in; the same command goes on there.")] = (
        None
    ),
    seed: Whole = 0,
) -> None:
    """Say which of two players is better: pairs of matches until that is clear.

    The two matches of a pair share a seed and swap the seats. Games of winning and losing are decided by a
    sequential test (SPRT), payoff games by a 95% interval that holds whenever one stops.

    Parameters
    ----------
    first
        A player's name or a checkpoint folder.
    second
        The other one.
    pairs
        The most pairs to play.
    min_pairs
        The fewest pairs that can decide.
    elo0
        Asks another question: is the first better by elo1 (H1), or by elo0 at most (H0)? Without it the question
        is which of the two is better.
    elo1
        The difference that must not be missed, 100 by default; a smaller one takes more pairs.
    model
        Logistic Elo, or Elo normalised by the spread of the scores, in which elo0 and elo1 are given.
    alpha
        How often equal players may be told apart.
    beta
        How often a difference of elo1 may be missed.
    precision
        Stop too when the mean payoff is known to plus or minus this much.
    role
        Compare the players in this role only; --against plays the others.
    against
        The opponent of both in a comparison in one role.
    seed
        The same seed plays the same matches.
    """
    from arena import api

    last: Any = None

    def tell(progress: Any) -> None:
        nonlocal last
        last = progress
        live.show("pit", progress.played, progress.most, "matches", progress.note)

    try:
        with terminal.live() as live:
            verdict = api.pit(
                first, second, game, pairs, seed, tell, min_pairs=min_pairs, elo0=elo0, elo1=elo1, model=model,
                alpha=alpha, beta=beta, precision=precision, role=role, against=against, folder=run,
            )  # fmt: skip
    except KeyboardInterrupt:
        known = last.verdict if last is not None else None
        terminal.out().print(str(known or "interrupted before a pair was complete: no verdict"), markup=False)
        if run is not None:
            raise  # the command line says that the same command goes on
        sys.exit(130)
    terminal.out().print(str(verdict), markup=False)


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
    screen = terminal.out()
    screen.print(
        f"NashConv {found.nash_conv:.6f} (exploitability {found.exploitability:.6f}), 0 at equilibrium", markup=False
    )
    for role, value, best in zip(rules.roles, found.values, found.best_responses, strict=True):
        earns = f"earns {value:+.6f} against itself; a best response in this seat earns {best:+.6f}"
        screen.print(f"  {role}: {earns}", markup=False)
