"""What happened in one match, in full: enough to replay it exactly and to rate it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError, IllegalAction, ReplayError
from arena.game import CHANCE, OVER, Game, Uniform


class StopReason(StrEnum):
    """Why a match ended."""

    FINISHED = "finished"
    """The rules ended it."""
    TRUNCATED = "truncated"
    """It reached the limit of turns; rated as a draw and flagged."""
    FORFEIT = "forfeit"
    """A player failed: illegal moves beyond patience, or it resigned. Rated and flagged."""
    VOID = "void"
    """The infrastructure failed, also at the last attempt. Never rated, nobody's fault; to be played another day."""
    ABANDONED = "abandoned"
    """A player crashed three times. Counts as complete, is never rated, and shows in the crash rate."""

    @property
    def rated(self) -> bool:
        """Whether the result says something about the players."""
        return self not in (StopReason.VOID, StopReason.ABANDONED)


class Turn(NamedTuple):
    """One event of a match; chance has seat −1."""

    seat: int
    action: str | None
    raw: str = ""
    """The reply as it came, where it is more than the action."""
    fault: str = ""
    """Empty if the action was played; otherwise why it was not: "illegal" or a `Fault`."""

    @property
    def silent(self) -> bool:
        """Whether nobody said this: the empty text, which the referee plays for a seat that a game forgives."""
        return not self.action and not self.raw and not self.fault


class Cost(NamedTuple):
    """What the answers of one seat have cost, the refused ones and those of void attempts included."""

    dollars: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @classmethod
    def of(cls, trace: Mapping[str, NDArray[Any]]) -> Cost:
        """Return what a move's trace says that it has cost."""
        dollars, *tokens = (np.asarray(trace.get(name, 0)).item() for name in cls._fields)
        return cls(float(dollars), *map(int, tokens))

    def __add__(self, other: Any) -> Cost:
        return Cost(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Result(NamedTuple):
    """A rated match between two sides, without its moves: what ratings read."""

    first: str
    """The entrant on the lower side."""
    second: str
    first_role: str
    second_role: str
    payoff: float
    """What the first side won, in the game's own units."""
    pair: str
    """Matches of one pair share it."""
    step: int = 0
    """The training step at which it was played."""


@dataclass(frozen=True)
class Record:
    """One match. `replay` walks its states and raises if the rules disagree with what is written here."""

    key: str
    """Names the match for ever: a hash of game, kind, entrants by seat and repetition."""
    kind: str
    """"rating" and "tournament" rate; "train", "play" and "benchmark" do not."""
    game: str
    """The game's spec, from which the registry makes it again."""
    fingerprint: str
    entrants: tuple[str, ...]
    """Names by seat."""
    seed: int
    """Chance was drawn from this; the two matches of a pair share it."""
    pair: str
    """Names the pair (same seed, seats swapped): the unit of all statistics."""
    turns: tuple[Turn, ...]
    returns: tuple[float | None, ...]
    """Payoff per seat in the game's own units; None: that seat played no game."""
    stop: StopReason
    reason: str = ""
    """A sentence for every ending but `finished`."""
    culprit: int | None = None
    """The seat that forfeited or crashed."""
    crashes: tuple[int, ...] = ()
    """The seat to blame for every attempt that a crash made void before this ending."""
    step: int = 0
    """The training step at which a league played it; 0 in a tournament."""
    costs: tuple[Cost, ...] = ()
    """By seat; empty where no player told any."""
    traces: Mapping[int, Mapping[str, NDArray[Any]]] = field(default_factory=dict, compare=False, repr=False)
    """The number of a turn → what its player left for its trainer, of players that keep theirs (`keeps_traces`).

    A record that comes out of a run's file has none: they are large, and `Store.traces` reads them one match at a
    time. Hence two records are equal whether or not they carry theirs.
    """
    outages: tuple[int, ...] = field(default=(), compare=False)
    """The seat that was not available for every attempt that was void by that: nobody's fault, so kept elsewhere."""

    def without_traces(self) -> Record:
        """Return the record as a run's file gives it back, without what is large."""
        return replace(self, traces={}) if self.traces else self

    def replay(self, game: Game[Any]) -> Iterator[tuple[Any, Turn | None]]:
        """Yield (state, the turn played from it), and at the end (last state, None).

        Raises ReplayError where the game is another one, a move is refused, or the returns differ.
        """
        if game.fingerprint != self.fingerprint:
            raise ReplayError(
                f"match {self.key} was played under {self.game} with fingerprint {self.fingerprint}, but "
                f"{game.spec} now has {game.fingerprint}: the rules have changed since"
            )
        s = self._ask(game, "beginning", game.start)
        for number, turn in enumerate(self.turns):
            if turn.fault:
                continue
            self._check_mover(self._ask(game, f"turn {number}", game.turn, s), turn, number)
            if turn.action is None:
                raise ReplayError(f"match {self.key}, turn {number}: neither an action nor a fault is written")
            if turn.seat == CHANCE:
                self._check_chance(self._ask(game, f"turn {number}", game.chance, s), turn.action, number)
            yield s, turn
            try:
                s = self._ask(game, f"turn {number}", game.step, s, turn.action)
            except IllegalAction as error:
                raise ReplayError(f"match {self.key}, turn {number}: {turn.action!r} is refused: {error}") from None
        if self.stop is StopReason.FINISHED:
            self._ask(game, "end", self._check_end, game, s)
        yield s, None

    def _ask(self, game: Game[Any], where: str, question: Callable[..., Any], *about: Any) -> Any:
        """Return what the rules say. Where they fail, the record is as little use as under other rules."""
        try:
            return question(*about)
        except (IllegalAction, ReplayError):
            raise
        except GameError as error:
            raise ReplayError(f"match {self.key}: {error}") from error
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise ReplayError(f"match {self.key}: {game.spec} fails at its {where}: {what}") from error

    def _check_end(self, game: Game[Any], s: Any) -> None:
        if game.turn(s) != OVER:
            raise ReplayError(f"match {self.key} is written as finished, but the game goes on")
        if tuple(game.returns(s)) != tuple(self.returns):
            raise ReplayError(f"match {self.key} pays {game.returns(s)}, but {self.returns} is written")

    def _check_chance(self, outcomes: Sequence[tuple[str, float]], action: str, number: int) -> None:
        possible = outcomes.has(action) if isinstance(outcomes, Uniform) else dict(outcomes).get(action, 0.0) > 0
        if not possible:
            raise ReplayError(f"match {self.key}, turn {number}: chance cannot bring {action!r} there")

    def _check_mover(self, mover: int, turn: Turn, number: int) -> None:
        if mover == OVER:
            raise ReplayError(f"match {self.key} goes on at turn {number} after the game is over")
        if turn.seat != mover:
            raise ReplayError(f"match {self.key}, turn {number}: seat {turn.seat} moved, but seat {mover} was due")


def match_key(game: Game[Any], kind: str, entrants: tuple[str, ...], repetition: int, *names: str | int) -> str:
    """Return the 20 hexadecimal digits that name a match, whoever schedules it and whenever."""
    what = [game.fingerprint, kind, entrants, repetition, [str(name) for name in names]]
    return sha256(json.dumps(what).encode()).hexdigest()[:20]


def to_result(
    game: Game[Any],
    entrants: Sequence[str],
    returns: Sequence[float | None],
    pair: str,
    step: int = 0,
) -> Result:
    """Return what a rating reads of a rated match between two sides; entrants and returns are by seat."""
    a, b = (game.side_of.index(side) for side in (0, 1))
    return Result(entrants[a], entrants[b], game.roles[a], game.roles[b], won_by_first(game, returns), pair, step)


def won_by_first(game: Game[Any], returns: Sequence[float | None]) -> float:
    """Return what a rating takes the first of two sides to have won; of a match in which nobody played, nothing.

    Its payoff, or in an adversarial game half of what it got more than the other. Whoever played no game there has
    lost what the other has won.
    """
    a, b = (won_by_side(game, returns, side) for side in (0, 1))
    if not game.adversarial:
        return float(a or 0.0)
    one = 0.0 - (b or 0.0) if a is None else a
    other = -one if b is None else b
    return float(one - other) / 2


def won_by_side(game: Game[Any], returns: Sequence[float | None], side: int) -> float | None:
    """Return the mean payoff of a side's seats that played a game; None where none of them did."""
    paid = [value for value, of in zip(returns, game.side_of, strict=True) if of == side and value is not None]
    return sum(paid) / len(paid) if paid else None


def count_crashes(matches: Iterable[tuple[Sequence[str], Sequence[int]]]) -> dict[str, tuple[int, int]]:
    """Return name → (matches in which it crashed at least once, matches it took part in).

    `matches` are (entrants by seat, seats that crashed). A match that was finished at the second attempt counts.
    """
    counts: dict[str, tuple[int, int]] = {}
    for entrants, crashed in matches:
        guilty = {entrants[seat] for seat in crashed}
        for name in set(entrants):
            bad, played = counts.get(name, (0, 0))
            counts[name] = (bad + (name in guilty), played + 1)
    return counts
