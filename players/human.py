"""A person at the terminal: a drawn board, the legal moves, and moves that stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from arena.errors import StoppedError
from arena.game import Choices, Text
from arena.player import Fault, Move, Request, Requests

_COMMANDS = ("", "?", "resign", "undo", "help", "rules")
"""What is never the beginning of a move. Where anything may be said, the last two can be a move."""

_SHOWN = 60
"""Legal moves that are listed; of more, the first ones and their number."""


class Human:
    """Asks the person at the terminal. Raises StoppedError when the input ends.

    A move is typed as it is written, in either case, or by its first letters where they are enough. "?" tells the
    rules, "resign" gives the match up, and a move cannot be taken back. Where a game allows talk, all lines before
    the move are said with it. `ask` and `say` are for other terminals.
    """

    matches_at_once = 1
    """Nobody plays two matches at once unasked."""

    def __init__(self, ask: Callable[[str], str] = input, say: Callable[[str], None] = print) -> None:
        self.name = "human"
        self._ask, self._say = ask, say
        self._match = ""

    def act(self, batch: Requests) -> list[Move]:
        """Ask for a move at every request, one after the other."""
        return [self._play(request) for request in batch]

    def _play(self, request: Request) -> Move:
        if request.match != self._match or not request.past:
            self._match = request.match
            self._say(f"You are {request.role} in {request.game.spec}. ? tells the rules, resign gives up.")
        self._say(f"\n{request.draw()}")
        if request.complaint:
            self._say(request.complaint)
        self._say(_listed(request.legal))
        talk: list[str] = []
        while True:
            try:
                typed = self._ask(f"{request.role}> ")
            except EOFError:
                raise StoppedError(
                    "the input has ended in the middle of a match; nothing that was kept is lost"
                ) from None
            if (action := _meant(typed, request.legal)) is not None:
                return Move("\n".join([*talk, action]))
            word = typed.strip().lower()
            if word == "resign":
                return Move(None, typed, fault=Fault.RESIGN)
            if word not in (*_COMMANDS, *request.game.actions) and _is_talk([*talk, typed], request.legal):
                talk.append(typed)
                self._say("You will say that, when you have typed a move.")
            else:
                self._say(self._reply(word, request))

    def _reply(self, word: str, request: Request) -> str:
        """Return what to say to words that are no move."""
        if word in ("?", "help", "rules"):
            return f"{request.game.rules(request.role)}\n\n{_listed(request.legal)}"
        if word == "undo":
            return "Moves stand: nothing can be taken back. Go on, or type resign."
        legal = request.legal
        several = [] if isinstance(legal, Text | Choices) else _beginning(word, legal)
        if word and len(several) > 1:
            return f"{word!r} may be {' or '.join(several[:5])}: type more of it."
        return f"{word!r} is no move here. {_listed(legal)}"


def _meant(typed: str, legal: Sequence[str] | Text) -> str | None:
    """Return the legal move that was typed, or None."""
    if isinstance(legal, Text) and not legal.moves:
        return typed if typed.strip().lower() not in _COMMANDS[:4] and typed in legal else None
    if isinstance(legal, Text):
        return next((move for move in legal.moves if move.lower() == typed.strip().lower()), None)
    for exact in (typed, typed.strip()):
        if exact in legal:
            return exact
    if isinstance(legal, Choices):
        return None
    word = typed.strip().lower()
    same = [action for action in legal if action.lower() == word]
    begun = same or ([] if word in _COMMANDS else _beginning(word, legal))
    return begun[0] if len(begun) == 1 else None


def _is_talk(lines: Sequence[str], legal: Sequence[str] | Text) -> bool:
    """Return whether these lines may stand above any move."""
    if not isinstance(legal, Text) or not legal.moves:
        return False
    return "\n".join([*lines, max(legal.moves, key=len)]) in legal


def _beginning(word: str, legal: Sequence[str]) -> list[str]:
    return [action for action in legal if action.lower().startswith(word)]


def _listed(legal: Sequence[str] | Text, most: int = _SHOWN) -> str:
    if isinstance(legal, Text):
        anything = f"Say anything, up to {legal.max_chars:,} characters."
        return f"{anything} A line that is a move ends it. {_listed(legal.moves, 10)}" if legal.moves else anything
    more = f", … ({len(legal):,} in all)" if len(legal) > most else ""
    return f"Moves: {', '.join(legal[:most])}{more}"
