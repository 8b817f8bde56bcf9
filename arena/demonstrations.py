"""From a record back to the questions that were asked and the moves that were played: what imitation learns from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from arena.game import Game
from arena.player import Request
from arena.record import Record


class Demonstration(NamedTuple):
    """One decision of a recorded match."""

    request: Request
    """What the seat was asked, as if for the first time: without complaints about what it had tried before."""
    action: str


def demonstrations(record: Record, game: Game[Any], player: str = "", *, won: bool = False) -> Iterator[Demonstration]:
    """Yield the decisions of a match in their order, those of `player` alone if it is named.

    With `won`, only those of seats that were paid more than 0. What the cast decided is shown only if it is named.
    Refused replies and silence are no decisions, and a match that was void shows nothing. The past of a question holds
    the seat's earlier moves alone, not how it worded them. Raises ReplayError where the rules have changed since.
    """
    if not record.stop.rated:
        return
    past: list[list[tuple[Any, str]]] = [[] for _ in game.roles]
    for state, turn in record.replay(game):
        if turn is None or turn.seat < 0 or turn.action is None:  # the end, or chance
            continue
        asked_for = player == record.entrants[turn.seat] or (not player and game.side_of[turn.seat] >= 0)
        if asked_for and not turn.silent and (not won or (record.returns[turn.seat] or 0.0) > 0):
            request = Request(game, state, turn.seat, match=record.key, past=past[turn.seat])
            yield Demonstration(request, turn.action)
        past[turn.seat].append((state, turn.action))
