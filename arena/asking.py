"""How players are asked: most answer a whole batch at once, continuous ones each question when they can.

Either way a player's failure is its own: it is an answer like any other, and stops nobody else's match.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from arena.errors import PlayerError, StoppedError
from arena.ledger import wrong_trace
from arena.player import Continuous, Fault, Move, Player, Request, Requests, is_unicode

Asker = TypeVar("Asker")
"""Whoever gets the answer: the referee's matches."""

_LONGEST = 0.05
"""Seconds that one look for answers may wait; Ctrl-C and the other players wait no longer."""
_SHORTEST = 0.001
"""Seconds of the first wait after nobody had anything to say; also what tells work from a mere look."""
_TURN = 0.05
"""Seconds for which one player may keep the others waiting."""


def ask(player: Player, requests: list[Request]) -> Sequence[Move | BaseException]:
    """Return the player's moves; where a batch fails, every request is asked alone to find who is to blame."""
    try:
        return _act(player, requests)
    except StoppedError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a player is foreign code; its crash is data
        if len(requests) == 1:
            return [error]
    return [answer for request in requests for answer in ask(player, [request])]


class Pace:
    """Asks players that answer while all others wait, and knows how many questions each answers in `_TURN` seconds."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        """By name: what one question has taken lately."""

    def few(self, name: str) -> int:
        """Return how many questions do not keep the others waiting; one of a player that has not been asked yet."""
        return max(1, int(_TURN / max(self._seconds.get(name, _TURN), 1e-9)))

    def ask(self, name: str, player: Player, requests: list[Request]) -> Sequence[Move | BaseException]:
        """Return the player's moves, and note how long they took."""
        begun = time.perf_counter()
        answers = ask(player, requests)
        self._seconds[name] = (time.perf_counter() - begun) / len(requests)
        return answers


@dataclass
class _Desk(Generic[Asker]):
    """What one continuous player has still to answer."""

    player: Continuous
    open: dict[int, tuple[Asker, Request]] = field(default_factory=dict)
    """By the identity of the request, which lives as long as it stands here."""


class Outstanding(Generic[Asker]):
    """The questions that continuous players have been asked and have not answered yet.

    Where a player raises, all that it owes is asked anew through `act`, each question alone, as in a batch that
    fails: otherwise one bad question would void every match beside it. What it answers a second time is dropped.
    """

    def __init__(self, players: Mapping[str, Player]) -> None:
        continuous = {name: player for name, player in players.items() if isinstance(player, Continuous)}
        self._desks = {id(player): _Desk[Asker](player) for player in continuous.values()}
        self._desk_of = {name: self._desks[id(player)] for name, player in continuous.items()}
        self.names = self._desk_of.keys()
        """Of the players that are continuous; one object may play under two names."""
        self.pace = Pace()
        """Of the others."""
        self._ready: list[tuple[Asker, Request, Move | BaseException]] = []
        self._wait = 0.0

    def submit(self, name: str, askers: Sequence[Asker], requests: Sequence[Request]) -> None:
        """Hand questions to a player."""
        desk = self._desk_of[name]
        desk.open.update((id(request), (asker, request)) for asker, request in zip(askers, requests, strict=True))
        try:
            desk.player.submit(Requests(requests))
        except StoppedError:
            raise
        except (Exception, SystemExit):  # noqa: BLE001 - as in `ask`
            self._ask_alone(desk)

    def collect(self, *, wait: bool) -> list[tuple[Asker, Request, Move | BaseException]]:
        """Let every player that owes answers go on for a moment, and return those that are there.

        An engine in this process works only while it is asked for answers, so nobody is waited for while another
        may have work: several players are looked at in turn, and only when all of them merely waited, a little
        longer each time. `wait` is whether there is nothing else to do.
        """
        desks = [desk for desk in self._desks.values() if desk.open]
        if not desks or self._ready:
            wait = False
        seconds = 0.0 if not wait else _LONGEST if len(desks) == 1 else self._wait / len(desks)
        begin = time.monotonic()
        for desk in desks:
            self._collect(desk, 0.0 if self._ready else seconds)
        answers, self._ready = self._ready, []
        took = time.monotonic() - begin
        if answers or not wait or took - seconds * len(desks) > _SHORTEST:
            self._wait = 0.0
            return answers
        self._wait = min(max(2 * self._wait, _SHORTEST), _LONGEST)
        if took < _SHORTEST:  # they did not even wait as long as they may
            time.sleep(self._wait)
        return answers

    def give_up(self, name: str, answer: Move) -> None:
        """Take this answer for all that a player owes, and wait for it no longer."""
        if (desk := self._desk_of.get(name)) is not None:
            owed, desk.open = desk.open, {}
            self._ready += [(asker, request, answer) for asker, request in owed.values()]

    def _collect(self, desk: _Desk[Asker], seconds: float) -> None:
        try:
            for request, move in desk.player.collect(seconds):
                if (asked := desk.open.pop(id(request), None)) is not None:
                    self._ready.append((*asked, _checked(desk.player, move)))
        except StoppedError:
            raise
        except (Exception, SystemExit):  # noqa: BLE001 - as in `ask`
            self._ask_alone(desk)

    def _ask_alone(self, desk: _Desk[Asker]) -> None:
        owed, desk.open = desk.open, {}
        for asker, request in owed.values():
            self._ready += [(asker, request, answer) for answer in ask(desk.player, [request])]


def _act(player: Player, requests: list[Request]) -> Sequence[Move]:
    moves = player.act(Requests(requests))
    if len(moves) != len(requests):
        raise PlayerError(f"{player.name} answered {len(requests)} requests with {len(moves)} moves")
    traced = keeps_traces(player)
    for move in moves:
        usual = type(move) is Move and not move.raw and move.fault is None
        if traced or not usual or type(move.action) is not str or not move.action.isascii():
            _check(player, move)
    return moves


def _checked(player: Player, move: Any) -> Move | BaseException:
    """Return the move, or why it is none."""
    try:
        _check(player, move)
    except PlayerError as error:
        return error
    found: Move = move
    return found


def keeps_traces(player: Player) -> bool:
    """Return whether the traces of the player's moves are kept with its matches."""
    return bool(getattr(player, "keeps_traces", False))


def _check(player: Player, move: Any) -> None:
    """Raise PlayerError for an answer that is no move, or that cannot be written down."""
    if not isinstance(move, Move):
        raise PlayerError(f"{player.name} answered with a {type(move).__name__} instead of a Move")
    for text in (move.action, move.raw):
        if not isinstance(text, str | None) or not is_unicode(text or ""):
            raise PlayerError(f"{player.name} answered with {text!r}, which is no text")
    if not isinstance(move.fault, Fault | None):
        raise PlayerError(f"{player.name} gave the fault {move.fault!r}: take one of arena.player.Fault")
    if keeps_traces(player) and (wrong := wrong_trace(move.trace)):
        raise PlayerError(f"{player.name} left a trace that cannot be kept: {wrong}")
