"""The rules of a game: what a game author writes, and nothing more.

A state is a value (a tuple, NamedTuple, frozen dataclass or string): hashable, picklable, comparable. Every
method of a `Game` is a pure function of a state, so no clone, undo or reset exists, and any position can be
replayed, searched, enumerated or shared between players.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from inspect import cleandoc, signature
from typing import Any, Generic, Literal, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError, IllegalAction, TooLarge
from arena.scene import Scene

__all__ = ["CHANCE", "OVER", "Choices", "Game", "IllegalAction", "Text", "Uniform"]

S = TypeVar("S")

CHANCE, OVER = -1, -4
"""`Game.turn` when a random event is due, and when the game is over (the codes of OpenSpiel)."""

_ENCODE_LIMIT = 100_000
"""States that the default `encode` walks before it asks the author for an encoding of its own."""


@dataclass(frozen=True)
class Text:
    """A legal set that is any text of at most `max_chars` characters.

    With `moves`, the last line of a text is one of these, and the lines above it are talk; a move alone is silent.
    """

    max_chars: int = 10_000
    moves: tuple[str, ...] = ()

    def __contains__(self, action: object) -> bool:
        if not isinstance(action, str) or len(action) > self.max_chars:
            return False
        return not self.moves or action.rpartition("\n")[2] in self.moves


@dataclass(frozen=True)
class Uniform(Sequence[tuple[str, float]]):
    """`n` equally likely outcomes named `label0`, `label1`, …; made one at a time, so n may be huge."""

    n: int
    label: str = ""

    def __len__(self) -> int:
        return self.n

    def has(self, outcome: str) -> bool:
        """Return whether `outcome` can be drawn, without walking through all."""
        return outcome in Choices(self.n, self.label)

    @overload
    def __getitem__(self, index: int) -> tuple[str, float]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[str, float]]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, float] | Sequence[tuple[str, float]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self.n))]
        if not -self.n <= index < self.n:
            raise IndexError(index)
        return f"{self.label}{index % self.n}", 1.0 / self.n


@dataclass(frozen=True)
class Choices(Sequence[str]):
    """`n` legal actions named `label0`, `label1`, …; made one at a time, so n may be huge."""

    n: int
    label: str = ""

    def __len__(self) -> int:
        return self.n

    def __contains__(self, action: object) -> bool:
        if not isinstance(action, str) or not action.startswith(self.label):
            return False
        digits = action[len(self.label) :]
        # Length first: Python refuses to read numbers of thousands of digits, and a player may write one.
        if len(digits) > len(str(self.n)) or not digits.isdecimal():
            return False
        return str(int(digits)) == digits and int(digits) < self.n

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self.n))]
        if not -self.n <= index < self.n:
            raise IndexError(index)
        return f"{self.label}{index % self.n}"


class Game(ABC, Generic[S]):
    """One game. An instance holds parameters only, each under its own name; states are separate values.

    Five methods are required: `start`, `turn`, `step`, `returns` and `view`. The rest have defaults.
    """

    name: str
    """What logs, files and the command line call it, for example "kuhn_poker"."""
    version: int = 1
    """Raised whenever the same moves would give another result; part of every record's fingerprint."""
    roles: tuple[str, ...] = ("first", "second")
    """Seat → role; its length is the number of seats."""
    sides: tuple[int, ...] = ()
    """Seat → side: the entrant who sits there. Empty: a side per seat. −1: cast, never rated."""
    actions: tuple[str, ...] = ()
    """The closed vocabulary, position = policy index. Empty: free text, or too many to list."""
    zero_sum: bool = True
    """Whether the returns of the sides add up to 0."""
    adversarial: bool = False
    """Whether a game of two sides is rated although it has no zero sum, by half the difference of what they get: what
    they do to each other serves one and hurts the other, and what else they get is each one's own doing. Where one of
    them played no game, it counts as having lost what the other has won."""
    hidden: bool = False
    """True: a player may not look at the state."""
    scoring: Literal["outcome", "payoff"] = "outcome"
    """What ratings look at: who won, or how much (poker)."""
    payoff_range: tuple[float, float] = (-1.0, 1.0)
    """The least and the greatest return of a seat, in the game's own units."""

    data: str = ""
    """A hash of data files that the rules read, if there are any; part of the fingerprint."""

    @abstractmethod
    def start(self) -> S:
        """Return the state before the first move."""

    @abstractmethod
    def turn(self, s: S) -> int:
        """Return the seat to move, `CHANCE` or `OVER`."""

    @abstractmethod
    def step(self, s: S, action: str) -> S:
        """Return the state after `action`; `s` stays as it is.

        Raises IllegalAction with a sentence that the player may be shown.
        """

    @abstractmethod
    def returns(self, s: S) -> tuple[float | None, ...]:
        """Return the payoff per seat in the game's own units; None: this seat played no game. Only when over."""

    @abstractmethod
    def view(self, s: S, seat: int) -> str:
        """Return all that `seat` knows, as text.

        In an open game the view determines the state. In a hidden game it has perfect recall, and equal views
        are the same information set.
        """

    def forfeit(self, culprit: int) -> tuple[float | None, ...]:
        """Return the payoff per seat when the player of a seat forfeits, wherever the match stands.

        Default: its side gets the game's worst, and the others share what it lost, or the other in an adversarial game
        gets the best.
        """
        low, high = self.payoff_range
        guilty = self.side_of[culprit]
        share = high if self.adversarial else min(max(-low / max(self.entrants - 1, 1), low), high)
        return tuple(None if side < 0 else low if side == guilty else share for side in self.side_of)

    def forgives(self, seat: int) -> bool:
        """Return whether a match goes on where the player of a seat fails to move: its move is then the empty text.

        For a game of free text in which many answer and none should spoil the match of the others.
        """
        return False

    def history(self, seed: int) -> Any:
        """Return a new `arena.history.History`, where what a match pays in training depends on all earlier ones."""
        return None

    def legal(self, s: S, seat: int) -> Sequence[str] | Text:
        """Return the moves open to `seat`; `Text` for free text, `Choices` for huge sets. Default: `actions`."""
        return self.actions or Text()

    def chance(self, s: S) -> Sequence[tuple[str, float]]:
        """Return the outcomes with their probabilities, which sum to 1. Only when chance is to move."""
        raise GameError(f"{self.name} says that chance is to move but has no chance(state): write one")

    def ready(self, s: S) -> Sequence[int]:
        """Return the seats that may be asked together; their moves are applied in this order.

        An earlier ready seat's move changes neither the view nor the legal set of a later one.
        """
        return (self.turn(s),)

    def encode(self, s: S, seat: int) -> NDArray[np.float32]:
        """Return the view as a tensor. Default: the one-hot information set, shape (number of sets,)."""
        index = _view_index(self)
        one_hot = np.zeros(len(index), np.float32)
        one_hot[index[seat, self.view(s, seat)]] = 1.0
        return one_hot

    def resample(self, s: S, seat: int, rng: np.random.Generator) -> S:
        """Return a state that `seat` could be in, for search under hidden information.

        It follows from the view alone, and every state that the seat cannot tell apart must be able to come up.
        """
        if not self.hidden:
            return s
        raise GameError(f"{self.name} has no resample(state, seat, rng): write one to search it")

    def draw(self, s: S, seat: int | None = None) -> str:
        """Return a board for people; None is a spectator who sees everything. Default: the view, or the state."""
        return str(s) if seat is None else self.view(s, seat)

    def scene(self, s: S, seat: int | None = None) -> Scene:
        """Return the position as boards, cards and text, for a page; seat as in `draw`. Default: the drawing."""
        return (self.draw(s, seat),)

    def rules(self, role: str) -> str:
        """Return what a newcomer in this role must be told. Default: the class docstring."""
        return cleandoc(type(self).__doc__ or self.name)

    # What follows is derived; games do not override it.

    @property
    def seats(self) -> int:
        """The number of seats."""
        return len(self.roles)

    @property
    def side_of(self) -> tuple[int, ...]:
        """Seat → side, with the default of a side per seat filled in."""
        return self.sides or tuple(range(len(self.roles)))

    @property
    def opposed(self) -> bool:
        """Whether one side's gain is the other's loss, or counts as such."""
        return self.zero_sum or self.adversarial

    @property
    def entrants(self) -> int:
        """The number of sides that an entrant can take (the cast is not counted)."""
        return len({side for side in self.side_of if side >= 0})

    @property
    def scale(self) -> float:
        """The greatest payoff in absolute value: dividing by it brings returns into [−1, 1]."""
        return max(abs(bound) for bound in self.payoff_range) or 1.0

    @property
    def parameters(self) -> dict[str, Any]:
        """What the constructor was given: every parameter is kept under its own name, as `self.size = size`."""
        known = signature(type(self)).parameters.values()
        names = [p.name for p in known if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        for name in names:
            if not hasattr(self, name):
                raise GameError(f"{type(self).__name__} does not keep its parameter {name!r}: set self.{name} = {name}")
        return {name: getattr(self, name) for name in sorted(names)}

    @property
    def spec(self) -> str:
        """The name with its parameters, from which `arena.load_game` makes this game again."""
        given: str | None = vars(self).get("_spec")
        if given is None:
            defaults = signature(type(self)).parameters
            changed = {k: v for k, v in self.parameters.items() if v != defaults[k].default}
            inside = ", ".join(f"{key}={value!r}" for key, value in changed.items())
            given = f"{self.name}({inside})" if inside else self.name
        return given

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change whenever the same moves may mean something else."""
        rules = [self.name, self.version, self.roles, self.side_of, self.actions, self.payoff_range, self.data]
        try:
            text = json.dumps([*rules, self.parameters])
        except TypeError as error:
            raise GameError(
                f"a parameter of {self.name} cannot be written down ({error}): take numbers, text, lists or tuples"
            ) from None
        return sha256(text.encode()).hexdigest()[:16]


def decision_states(game: Game[S], limit: int) -> Iterator[tuple[S, int]]:
    """Yield every reachable (state, seat to move) once, in depth-first order; equal states are merged.

    Raises TooLarge after `limit` states, and GameError for a legal set that cannot be listed.
    """
    seen = {start := game.start()}
    stack = [start]
    while stack:
        s = stack.pop()
        seat = game.turn(s)
        if seat == OVER:
            continue
        if seat == CHANCE:
            branches: Sequence[Any] = game.chance(s)
        else:
            yield s, seat
            legal = game.legal(s, seat)
            if isinstance(legal, Text):
                raise TooLarge(f"{game.name} has free text moves, which cannot be enumerated")
            branches = legal
        # Before they are listed, since `Uniform` and `Choices` may be longer than memory.
        if len(seen) + len(branches) > limit:
            raise TooLarge(f"{game.name} has more than {limit:,} states: it is too large to enumerate here")
        actions = [name for name, p in branches if p > 0] if seat == CHANCE else branches
        for action in reversed(actions):
            child = game.step(s, action)
            if child not in seen:
                seen.add(child)
                stack.append(child)


def _view_index(game: Game[S]) -> dict[tuple[int, str], int]:
    """Return (seat, view) → position among the game's information sets, for the default encoding."""
    return _view_index_cached(_ByFingerprint(game))


@dataclass(frozen=True)
class _ByFingerprint:
    """A cache key that carries the game: one class and equal fingerprints are the same rules.

    A class that is written again in a notebook, under the same name, is another class.
    """

    game: Game[Any]

    def __hash__(self) -> int:
        return hash(self.game.fingerprint)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _ByFingerprint)
            and type(self.game) is type(other.game)
            and self.game.fingerprint == other.game.fingerprint
        )


@lru_cache(maxsize=16)
def _view_index_cached(key: _ByFingerprint) -> dict[tuple[int, str], int]:
    game = key.game
    try:
        views = sorted({(seat, game.view(s, seat)) for s, seat in decision_states(game, _ENCODE_LIMIT)})
    except TooLarge as error:
        raise TooLarge(f"{error}; write {game.name}.encode(state, seat) to train a net on it") from None
    return {key: i for i, key in enumerate(views)}
