"""Checks that a game or a player keeps its contract, and playthroughs: whole games written out to be read.

`check_game` and `check_player` raise at broken promises; `examine_game` and `examine_player` return everything
that was found, as values. `python -m arena.testing SPEC` prints two playthroughs of a game.
"""

from arena.testing.findings import Finding, Severity
from arena.testing.games import GameReport, check_game, examine_game
from arena.testing.players import check_player, examine_player
from arena.testing.playthrough import playthrough, write_out
from arena.testing.report import verdict, write_findings, write_report

__all__ = [
    "Finding",
    "GameReport",
    "Severity",
    "check_game",
    "check_player",
    "examine_game",
    "examine_player",
    "playthrough",
    "verdict",
    "write_findings",
    "write_out",
    "write_report",
]
