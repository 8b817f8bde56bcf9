"""Two players against each other, and one against its best response."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import fill, shorten
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from arena.cli import terminal
from arena.cli.terminal import Game, Whole

if TYPE_CHECKING:
    from arena.exploitation import Exploit
    from arena.tree.regret import Leak

_WIDTH = 80
"""Columns of a narrow terminal."""
_SHOWN = 6
"""Actions that are shown of a policy with many."""
_MANY = 0.01
"""The share of matches that end by forfeits, from which it matters what they were."""
_NOTHING = "0.000000"
"""A cost that cannot be told from none as it is printed."""


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


def exploit(player: str, *, game: Game, top: int = 3, samples: Whole = 0, seed: Whole = 0) -> None:
    """Measure how much a best response wins against a player (games small enough to enumerate).

    What is measured is the policy that plays, and the first line says how. It is exact for players that state their
    policy, and for local language models that answer without thinking, drawn from all tokens at temperature 1 (their
    answers are scored) or, thinking or not, at 0 (they are asked once). Any other player is asked again and again.
    A reply that is no legal move is a forfeit; so is, where answers are scored, a legal move in any but plain words.

    Below it stand the decisions that give most of it away: what the player sees there, what it plays, what a best
    response would play, and how much that costs per match. The costs of all decisions add up to the whole gain.

    Parameters
    ----------
    player
        A player's name or a checkpoint folder.
    top
        How many decisions to show per seat; 0 for none.
    samples
        Ask for so many replies at each information set; by default 200, and none where it can be exact.
    seed
        The same seed draws the same replies.
    """
    from arena import api
    from arena.registry import load_game

    rules = load_game(game)

    def tell(asking: Any) -> None:
        if not asking.done and asking.unit == "replies":
            live.say(f"asking for {asking.total:,} replies, {asking.note}")
        live.show("exploit", asking.done, asking.total, asking.unit)

    try:
        with terminal.live() as live:
            found = api.exploit(player, rules, top, samples, seed, tell)
    except KeyboardInterrupt:
        terminal.out().print("interrupted before all replies were there: nothing was measured", markup=False)
        sys.exit(130)
    screen = terminal.out()
    for line in _measure(found):
        screen.print(line, markup=False)
    seats = zip(rules.roles, found.values, found.best_responses, found.leaks, strict=True)
    for role, value, best, leaks in seats:
        screen.print(f"  {role}: earns {value:+.6f} against itself, a best response {best:+.6f}", markup=False)
        costly = [leak for leak in leaks if f"{leak.cost:.6f}" != _NOTHING]
        for leak in costly:
            screen.print(_leak(leak), markup=False)
        if top and not costly:
            screen.print("    no decision there costs anything", markup=False)


def _measure(found: Exploit) -> list[str]:
    """Return what was measured, NashConv, how far to trust it, and what was forfeited, in narrow lines."""
    sampled = "" if found.sampled is None else "as sampled "
    lines = [
        f"measured: {found.measured}",
        f"NashConv {found.nash_conv:.6f} {sampled}(exploitability {found.exploitability:.6f}), 0 at equilibrium",
    ]
    if found.sampled:
        _, perfect, bound = found.sampled
        lines.append("  no upper bound is known" if bound is None else f"  at most {bound:.6f} with 95% confidence")
        if perfect is not None:
            lines[-1] += f"; an equilibrium would show {perfect:.6f}"
    if found.forfeits:
        mean, most, matches = found.forfeits
        lines.append(f"  forfeits: {mean:.2%} of replies (at most {most:.2%}), {matches:.2%} of its matches")
        if not found.sampled and matches >= _MANY:
            lines.append("  (legal moves in other words are among them: --samples N reads what it says)")
    return lines


def _leak(leak: Leak) -> str:
    """Return what a decision costs, in lines that fit a narrow terminal."""
    costs = f"    costs {leak.cost:.6f}  "
    seen = shorten(" / ".join(leak.view.splitlines()), 2 * _WIDTH, placeholder=" …") or "(nothing to see)"
    played = [f"{action} {p:.2f}" for i, (action, p) in enumerate(leak.plays.items()) if p >= 0.005 or i == 0]
    if leak.plays.get(leak.better, 0.0) >= 0.995:  # right nearly always: what it costs is in the moves left out above
        played = [f"{action} {p:.2f}" if p >= 0.005 else f"{action} {p:.1g}" for action, p in leak.plays.items()]
    hidden = len(leak.plays) - min(len(played), _SHOWN)
    if hidden > 1:
        played[_SHOWN:] = [f"{hidden} others"]
    indent = " " * len(costs)
    return "\n".join(
        fill(line, _WIDTH, initial_indent=start, subsequent_indent=indent, break_on_hyphens=False)
        for start, line in ((costs, seen), (indent, f"better: {leak.better}; plays {', '.join(played)}"))
    )
