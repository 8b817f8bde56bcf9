"""Questions to a game under suspicion: every answer is checked to come, to stay the same and to change nothing."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from operator import index
from typing import Any, NoReturn

from arena.errors import TooLarge
from arena.game import CHANCE, OVER, Game, IllegalAction, Text
from arena.seeds import generator
from arena.testing.findings import Broken, Findings, short
from arena.testing.random_play import choose, draw

REPEATS = 10_000
"""Questions that are asked twice; who answers one of these differently seldom waits for more."""


class Asking:
    """Asks one game, and remembers what was seen, so that equal views must mean equal facts."""

    def __init__(self, game: Game[Any], findings: Findings, seed: int) -> None:
        self.game, self.findings = game, findings
        self.rng = generator(seed, "asking")
        self.repeats = REPEATS
        self._known: dict[tuple[Any, ...], tuple[Any, tuple[str, ...]]] = {}

    def ask(self, method: str, *arguments: Any) -> Any:
        """Return what the game answers. Raises Broken, with the finding written down, where it raises."""
        try:
            return getattr(self.game, method)(*arguments)
        except Exception as error:
            if method == "encode" and isinstance(error, TooLarge):
                raise  # the author has not written an encoding, which only nets need
            self.findings.error(f"{method}_fails", f"{method} raises {error!r}", "it must answer in every state")
            raise Broken from error

    def turn(self, s: Any) -> int:
        """Return who moves. Raises Broken for what is no seat."""
        said = self.ask("turn", s)
        mover = None
        with suppress(TypeError):
            mover = index(said)  # a numpy integer is one, and 0.0 is none, as to the referee
        if mover is None or (mover not in (CHANCE, OVER) and mover not in range(self.game.seats)):
            self.findings.error("turn", f"turn says {said!r}, which is no seat", "say a seat, CHANCE or OVER")
            raise Broken
        return mover

    def move(self, s: Any, mover: int) -> str:
        """Return what chance or a random player does. Raises Broken where nothing can be done."""
        options = self.ask("chance", s) if mover == CHANCE else self.ask("legal", s, mover)
        try:
            if not isinstance(options, Text) and not len(options):
                self.empty(mover)
            return draw(options, self.rng) if mover == CHANCE else choose(options, self.rng)
        except Broken:
            raise
        except Exception as error:
            self.findings.error("options_fail", f"{short(options)} cannot be drawn from: {error!r}", "see arena.game")
            raise Broken from error

    def step(self, s: Any, action: str) -> Any:
        """Return the next state. Raises Broken where the game refuses what it offered."""
        try:
            return self.game.step(s, action)
        except IllegalAction as error:
            seen = f"{action!r} is offered, but step refuses it: {error}"
            self.findings.error("offered_refused", seen, "legal, chance and step must agree")
            raise Broken from error
        except Exception as error:
            self.findings.error(
                "step_fails", f"step raises {error!r} for {action!r}", "play what legal and chance offer"
            )
            raise Broken from error

    def empty(self, mover: int) -> NoReturn:
        """Write down that chance or a seat can do nothing, and raise Broken."""
        if mover == CHANCE:
            self.findings.error("chance", "chance is to move, but has no outcomes", "give one, or another turn")
        else:
            seen = f"seat {mover} is to move, but has no legal action"
            self.findings.error("no_move", seen, "offer a move (pass, perhaps), or let turn say OVER")
        raise Broken

    @contextmanager
    def intact(self, s: Any, method: str) -> Iterator[None]:
        """Check that a state is a value, and that what is asked about it leaves it as it is."""
        try:
            copy = pickle.loads(before := pickle.dumps(s))  # noqa: S301 - our own
            like = copy == s and hash(copy) == hash(s)
        except Exception as error:  # noqa: BLE001 - pickle and hash raise what they like
            self.findings.error(
                "value",
                f"a state must be hashable and picklable, but {error}",
                "take a tuple, NamedTuple, frozen dataclass or text",
            )
            yield
            return
        if not like:
            seen = f"the state {short(s)} is not equal to its own copy"
            self.findings.error("value", seen, "take a tuple, NamedTuple, frozen dataclass or text")
        yield
        if like and s != pickle.loads(before):  # noqa: S301 - our own
            seen = f"{method} changes the state that it is given"
            self.findings.error("mutates", seen, "make a new state and leave the old one as it is")

    @contextmanager
    def about(self, s: Any, method: str) -> Iterator[None]:
        """Check a state by what a method answers; whatever goes wrong in that is a finding, and ends this part."""
        with self.intact(s, method):
            try:
                yield
            except Broken:
                pass
            except Exception as error:  # noqa: BLE001 - what cannot even be looked at is broken too
                seen = f"{method} gives what cannot be read: {error!r}"
                self.findings.error(f"{method}_unreadable", seen, "keep to the types that arena.game names")

    def twice(self, method: str, *arguments: Any, like: Callable[[Any], Any] = lambda value: value) -> Any:
        """Return what the game answers, after checking that it answers the same again."""
        value = self.ask(method, *arguments)
        self.repeats -= 1
        if self.repeats >= 0 and like(self.ask(method, *arguments)) != like(value):
            self.findings.error(
                "impure",
                f"{method} gives two different answers to the same question, first {short(value)}",
                "compute from the state alone; all randomness is chance(state)",
            )
        return value

    def same(self, key: tuple[Any, ...], value: Any, code: str, seen: str, advice: str) -> bool:
        """Check that a fact is what it was when this seat had this view before; return whether it is."""
        first = self._known.get((code, *key))
        if first is None:
            self._known[code, *key] = value, tuple(self.findings.moves or ())
            return True
        known, before = first
        if known != value:
            seen = f"{seen}: seat {key[1]} sees {short(key[2])} here and on the moves {list(before)}"
            self.findings.error(code, seen, advice)
        return bool(known == value)
