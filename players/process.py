"""Bots in any language: a program that reads one question per line and answers each with one line.

A question is a JSON object, for example

    {"game": "kuhn_poker", "role": "first", "seat": 0, "match": "9f…", "legal": ["pass", "bet"],
     "view": "your card: K", "complaint": "", "past": [], "seed": 4211, "rules": "…"}

`legal` is the list of moves, or {"max_chars": n} where any text is a move. `seed` is below 2**53 and the only
randomness a reproducible bot uses. `past` holds this seat's own earlier [view, reply] pairs of the match. The answer
is {"action": "bet"}, {"resign": true}, or just the move as a JSON string. A program that overruns its time is killed
and forfeits the match; one that dies makes the match void, which the referee tries again, and is started anew. A
program prints its answers and nothing else: after a line that is no answer it is started anew too.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections import OrderedDict
from collections.abc import Sequence
from time import monotonic
from typing import Any

from arena.errors import ConfigError
from arena.game import Choices, Text
from arena.player import Fault, Move, Request, Requests, is_unicode
from arena.worker import Ended, Late, Worker

_LONGEST = 1e6
"""Seconds, or crashes: more than anybody waits for."""
_CLOCKS = 10_000
"""Matches whose used time is remembered; far more than are ever under way at once."""


class Process:
    """Asks a program, whatever it is written in.

    `command` is a list of words, or one string that is split like a shell's line (no shell runs it).
    `move_seconds` bounds one answer and `match_seconds` all answers of a seat in one match; a fresh program has
    `start_seconds` more for its first. After `crashes` crashes without an answer between them it is not started again,
    and every further match with it is void. Raises ConfigError for a command that is not there.
    """

    def __init__(
        self,
        command: str | Sequence[str],
        move_seconds: float = 10.0,
        match_seconds: float | None = None,
        start_seconds: float = 10.0,
        crashes: int = 10,
    ) -> None:
        words = shlex.split(command) if isinstance(command, str) else list(command)
        if not words or not all(isinstance(word, str) for word in words):
            raise ConfigError(f'command = {command!r} names no program: write for example "node bot.js"')
        if shutil.which(words[0]) is None:
            raise ConfigError(f"there is no program {words[0]!r} to run: give its path, and make it executable")
        limits = {"move_seconds": move_seconds, "match_seconds": match_seconds or _LONGEST, "crashes": crashes}
        for name, number in {**limits, "start_seconds": start_seconds}.items():
            if not isinstance(number, int | float) or not 0 < number <= _LONGEST or number is True:
                raise ConfigError(f"{name} = {number!r} will not do: give a number above 0, a million at most")
        self.name = "process"
        self.command, self.crashes = tuple(words), crashes
        self.move_seconds, self.match_seconds, self.start_seconds = move_seconds, match_seconds, start_seconds
        self._worker: Worker | None = None
        self._used: OrderedDict[tuple[str, int], float] = OrderedDict()
        self._crashed = 0
        self._last_words = ""

    def act(self, batch: Requests) -> list[Move]:
        """Ask the program each question in turn."""
        return [self._ask(request) for request in batch]

    def close(self) -> None:
        """Stop the program."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def _ask(self, request: Request) -> Move:
        clock = (request.match, request.seat)
        if not request.past and not request.complaint:
            self._used.pop(clock, None)  # the match begins, for the first time or again after it was void
        seconds = self.move_seconds
        if self.match_seconds is not None:
            seconds = min(seconds, self.match_seconds - self._used.get(clock, 0.0))
            if seconds <= 0:
                return Move(None, f"its {self.match_seconds:g} s for the match are used up", fault=Fault.TIMEOUT)
        if self._crashed >= self.crashes:
            why = f"it crashed {self._crashed} times without an answer and is not started again; {self._last_words}"
            return Move(None, why, fault=Fault.CRASHED)
        grace = self.start_seconds if self._worker is None else 0.0
        began = monotonic()
        try:
            if self._worker is None:
                self._worker = Worker(self.command)
            line = self._worker.ask(json.dumps(_question(request), ensure_ascii=False), seconds + grace)
        except Late as late:
            self.close()
            return Move(None, str(late), fault=Fault.TIMEOUT)
        except Ended as ended:
            self.close()
            self._crashed += 1
            self._last_words = str(ended)
            return Move(None, str(ended), fault=Fault.CRASHED)
        self._crashed = 0
        self._count(clock, max(monotonic() - began - grace, 0.0))
        move = _answer(line)
        if move.fault in (Fault.UNPARSABLE, Fault.EMPTY):
            self.close()  # it may have said something else first: a fresh start is in step with the questions
        return move

    def _count(self, clock: tuple[str, int], seconds: float) -> None:
        self._used[clock] = self._used.pop(clock, 0.0) + seconds
        if len(self._used) > _CLOCKS:
            self._used.popitem(last=False)


def _question(request: Request) -> dict[str, Any]:
    """Return what is sent. Keys keep their order, so that even a bot without a JSON parser can cut the line."""
    legal = request.legal
    if isinstance(legal, Text):
        moves: Any = {"max_chars": legal.max_chars, **({"moves": legal.moves} if legal.moves else {})}
    elif isinstance(legal, Choices) and legal.n > 10_000:
        moves = {"n": legal.n, "label": legal.label}
    else:
        moves = list(legal)
    return {
        "game": request.game.spec,
        "role": request.role,
        "seat": request.seat,
        "match": request.match,
        "legal": moves,
        "view": request.text,
        "complaint": request.complaint,
        "past": request.past,
        "seed": request.seed >> 11,  # the numbers of JavaScript are exact below 2**53
        "rules": request.game.rules(request.role),
    }


def _answer(line: str) -> Move:
    """Return the move that a line means. What is no answer is the player's failure, not the machine's."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return Move(None, line, fault=Fault.UNPARSABLE if line.strip() else Fault.EMPTY)
    if isinstance(said, dict):
        if said.get("resign") is True:
            return Move(None, line, fault=Fault.RESIGN)
        said = said.get("action")
    if not isinstance(said, str) or not is_unicode(said):
        return Move(None, line, fault=Fault.UNPARSABLE)
    return Move(said, "" if line in (said, json.dumps({"action": said})) else line)
