"""Two players against each other, and one against its best response."""

from __future__ import annotations

from arena.cli import terminal
from arena.cli.terminal import Game


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

    with terminal.live() as live:
        verdict = api.pit(first, second, game, pairs, seed, lambda done: live.show("pit", done, 2 * pairs, "matches"))
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
