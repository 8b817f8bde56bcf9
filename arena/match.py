"""The referee: many matches at once, one batched question per player and round.

Parsing belongs to the player, legality to the game, patience to the referee. A player's failure forfeits the
match; a failure of the infrastructure, or a crash, voids it, and a void match is tried again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from arena.errors import ConfigError, GameError, PlayerError
from arena.game import CHANCE, OVER, Game, IllegalAction, Text, Uniform
from arena.player import Fault, Move, Player, Request, Requests
from arena.record import Record, StopReason, Turn
from arena.seeds import derive, uniform

Watch = Callable[["Fixture", Request, Move], None]
"""Told of every move of a match that has ended, with the question it answered; learners collect their data so.

What was played before the match turned out void is forgotten here as it is in the record.
"""


class Fixture(NamedTuple):
    """A match to be played: who sits where, and with which seed."""

    key: str
    kind: str
    entrants: tuple[str, ...]
    """Names by seat."""
    seed: int
    """Chance is drawn from this; the two matches of a pair share it."""
    pair: str
    step: int = 0


@dataclass(frozen=True)
class Patience:
    """What the referee bears."""

    retries: int = 2
    """How often a seat may answer a question again after an illegal or unreadable reply, before it forfeits."""
    feedback: bool = True
    """Whether the player is told what was wrong."""
    attempts: int = 3
    """Void this often, a match is abandoned."""
    max_turns: int = 10_000
    """A match with this many moves is truncated: a draw, flagged."""


def play_fixtures(
    game: Game[Any],
    fixtures: Iterable[Fixture],
    players: Mapping[str, Player],
    *,
    patience: Patience | None = None,
    concurrent: int = 512,
    watch: Watch | None = None,
) -> Iterator[Record]:
    """Play every fixture, `concurrent` at a time, and yield each record as its match ends.

    The result of a match depends on its fixture and players alone, not on what is played beside it, as long
    as the players answer each request alone.
    """
    patience = patience or Patience()
    waiting = iter(fixtures)
    live: list[_Match] = []
    while True:
        live += [_Match(game, fixture, patience) for fixture in islice(waiting, concurrent - len(live))]
        if not live:
            return
        questions: dict[str, list[tuple[_Match, Request]]] = defaultdict(list)
        for match in live:
            for request in match.questions():
                questions[match.fixture.entrants[request.seat]].append((match, request))
        for name, asked in questions.items():
            if name not in players:
                raise ConfigError(f"{name!r} is to play, but only {', '.join(sorted(players))} were given")
            for (match, request), answer in zip(asked, _ask(players[name], [r for _, r in asked]), strict=True):
                match.answers[request.seat] = request, answer
        still = []
        for match in live:
            match.apply()
            if match.record is None:
                still.append(match)
                continue
            if watch is not None:
                for request, move in match.played:
                    watch(match.fixture, request, move)
            yield match.record
        live = still


def _ask(player: Player, requests: list[Request]) -> Sequence[Move | Exception]:
    """Return the player's moves; where a batch fails, every request is asked alone to find who is to blame."""
    try:
        return _act(player, requests)
    except Exception as error:  # noqa: BLE001 - a player is foreign code; its crash is data, kept with the match
        if len(requests) == 1:
            return [error]
    return [answer for request in requests for answer in _ask(player, [request])]


def _act(player: Player, requests: list[Request]) -> Sequence[Move]:
    moves = player.act(Requests(requests))
    if len(moves) != len(requests):
        raise PlayerError(f"{player.name} answered {len(requests)} requests with {len(moves)} moves")
    for move in moves:
        if not isinstance(move, Move):
            raise PlayerError(f"{player.name} answered with a {type(move).__name__} instead of a Move")
        for text in (move.action, move.raw):
            if not isinstance(text, str | None) or not _is_unicode(text or ""):
                raise PlayerError(f"{player.name} answered with {text!r}, which is no text")
    return moves


def _is_unicode(text: str) -> bool:
    """Return whether the text can be written to a file: half of a surrogate pair cannot."""
    return text.isascii() or text.encode("utf-8", "replace").decode() == text


class _Match:
    """One match on its way; `record` is set when it has ended."""

    def __init__(self, game: Game[Any], fixture: Fixture, patience: Patience) -> None:
        if len(fixture.entrants) != game.seats:
            raise ConfigError(f"{game.name} has {game.seats} seats, but {len(fixture.entrants)} players were given")
        self.game, self.fixture, self.patience = game, fixture, patience
        self.record: Record | None = None
        self.crashes: list[int] = []
        self._guard(self._begin)

    def _begin(self) -> None:
        self.turns: list[Turn] = []
        self.state = self.game.start()
        self.past: list[list[tuple[Any, str]]] = [[] for _ in self.game.roles]
        self.dealt = 0
        self.played: list[tuple[Request, Move]] = []
        self.ready: Sequence[int] = ()
        self.answers: dict[int, tuple[Request, Move | Exception]] = {}
        self.accepted: dict[int, tuple[Request, Move]] = {}
        self.tries: dict[int, int] = {}
        self.complaints: dict[int, str] = {}
        self.ended: tuple[StopReason, str, int | None] | None = None
        self._deal()

    def questions(self) -> Iterator[Request]:
        """Yield a request for every seat that is to be asked in this round."""
        base = derive(self.fixture.seed, self.fixture.key, len(self.played), len(self.crashes))
        for seat in self.ready:
            if seat not in self.accepted:
                yield Request(
                    self.game,
                    self.state,
                    seat,
                    seed=derive(base, seat, self.tries.get(seat, 0)),
                    match=self.fixture.key,
                    complaint=self.complaints.get(seat, ""),
                    past=self.past[seat],
                )

    def apply(self) -> None:
        """Take the answers by seat, play what was accepted, and write the record if that was the end."""
        self._guard(self._advance)

    def _advance(self) -> None:
        for seat in sorted(self.answers):  # not in the order of asking, which depends on the other matches
            if not self.ended:
                self._take(*self.answers[seat])
        self.answers.clear()
        while not self.ended and self.ready and self.ready[0] in self.accepted:
            self._play(*self.accepted.pop(self.ready[0]))
        if self.ended:
            self._finish(*self.ended)

    def _take(self, request: Request, answer: Move | Exception) -> None:
        """Accept a move if it is legal; otherwise complain, forfeit or void."""
        seat = request.seat
        if isinstance(answer, Exception):
            self._probe(request)
            name = self.fixture.entrants[seat]
            self._end(StopReason.VOID, f"{name} crashed: {type(answer).__name__}: {answer}", seat)
        elif answer.fault is Fault.UNAVAILABLE:
            self._end(StopReason.VOID, f"{self.fixture.entrants[seat]} was not available: {answer.raw}", seat)
        elif answer.fault in (Fault.RESIGN, Fault.TIMEOUT):
            self.turns.append(Turn(seat, None, answer.raw, str(answer.fault)))
            what = "resigned" if answer.fault is Fault.RESIGN else "ran out of time"
            self._end(StopReason.FORFEIT, f"{self.fixture.entrants[seat]} {what}", seat)
        elif answer.fault is not None or answer.action is None:
            fault = answer.fault or Fault.EMPTY
            self._refuse(seat, answer, str(fault), f"no action could be read from your reply ({fault})")
        elif answer.action not in self._legal(request):
            self._refuse(seat, answer, "illegal", _illegal(answer.action, request.legal))
        else:
            self.accepted[seat] = (request, answer)

    def _probe(self, request: Request) -> None:
        """Ask the game what the player asked it: what looked like the player's crash may be the game's."""
        _ = request.text, self._legal(request)
        if type(self.game).encode is not Game.encode:
            request.tensor()

    def _legal(self, request: Request) -> Sequence[str] | Text:
        legal = request.legal
        if not isinstance(legal, Text) and not len(legal):
            raise GameError(f"seat {request.seat} is to move but has no legal action")
        return legal

    def _play(self, request: Request, move: Move) -> None:
        """Play an accepted move; the rules may still refuse it."""
        seat = request.seat
        assert move.action is not None
        self.turns.append(Turn(seat, move.action, move.raw))
        try:
            after = self.game.step(self.state, move.action)
        except IllegalAction as refusal:
            self.turns.pop()
            self._refuse(seat, move, "illegal", str(refusal))
            return
        self.played.append((request, move))
        self.past[seat].append((self.state, move.raw or move.action))
        self.tries.pop(seat, None)
        self.complaints.pop(seat, None)
        self.state = after
        self.ready = self.ready[1:]
        if not self.ready:
            self._deal()

    def _deal(self) -> None:
        """Draw chance until a seat is to move or the game is over."""
        while (turn := self.game.turn(self.state)) == CHANCE:
            outcomes = self.game.chance(self.state)
            action = _draw(outcomes, uniform(derive(self.fixture.seed, "chance", self.dealt)))
            self.dealt += 1
            self.turns.append(Turn(CHANCE, action))
            self.state = self.game.step(self.state, action)
        if turn == OVER:
            self._end(StopReason.FINISHED, "", None)
        elif len(self.played) >= self.patience.max_turns:
            self._end(StopReason.TRUNCATED, f"stopped after {self.patience.max_turns} moves", None)
        else:
            self.ready = tuple(self.game.ready(self.state))
            seats = set(self.ready)
            if turn not in seats or len(seats) < len(self.ready) or not seats <= set(range(self.game.seats)):
                raise GameError(f"it is the turn of seat {turn}, but the ready seats are {self.ready}")

    def _guard(self, advance: Callable[[], None]) -> None:
        """Go on with the match. Players answer elsewhere, so what fails here is the game: GameError with the moves."""
        try:
            advance()
        except Exception as error:
            moves = [turn.action for turn in self.turns if not turn.fault]
            raise GameError(
                f"{self.game.spec} fails after the moves {moves}: {type(error).__name__}: {error}"
            ) from error

    def _refuse(self, seat: int, move: Move, fault: str, complaint: str) -> None:
        """Note a reply that is no legal move; beyond the referee's patience it forfeits the match."""
        self.turns.append(Turn(seat, move.action, move.raw, fault))
        tries = self.tries[seat] = self.tries.get(seat, 0) + 1
        self.complaints[seat] = complaint if self.patience.feedback else "that was no legal move"
        if tries > self.patience.retries:
            self._end(StopReason.FORFEIT, f"{self.fixture.entrants[seat]}: {complaint}", seat)

    def _end(self, stop: StopReason, reason: str, culprit: int | None) -> None:
        self.ended = (stop, reason.encode("utf-8", "replace").decode(), culprit)

    def _finish(self, stop: StopReason, reason: str, culprit: int | None) -> None:
        if stop is StopReason.VOID and culprit is not None:
            self.crashes.append(culprit)
            if len(self.crashes) < self.patience.attempts:
                self._begin()
                return
            stop = StopReason.ABANDONED
        f = self.fixture
        self.record = Record(
            f.key, f.kind, self.game.spec, self.game.fingerprint, f.entrants, f.seed, f.pair, tuple(self.turns),
            self._returns(stop, culprit), stop, reason, culprit, tuple(self.crashes), f.step,
        )  # fmt: skip

    def _returns(self, stop: StopReason, culprit: int | None) -> tuple[float | None, ...]:
        if stop is StopReason.FINISHED:
            returns = tuple(self.game.returns(self.state))
            if len(returns) != self.game.seats:
                raise GameError(f"the game has {self.game.seats} seats, but its returns are {returns}")
            return returns
        if stop is StopReason.TRUNCATED:
            return tuple(0.0 if side >= 0 else None for side in self.game.side_of)
        if stop is StopReason.FORFEIT and culprit is not None:
            return forfeit_returns(self.game, culprit)
        return (None,) * self.game.seats


def forfeit_returns(game: Game[Any], culprit: int) -> tuple[float | None, ...]:
    """Return the payoffs when `culprit` forfeits: its side gets the game's worst, the others share what it lost."""
    low, high = game.payoff_range
    guilty = game.side_of[culprit]
    share = min(max(-low / max(game.entrants - 1, 1), low), high)
    return tuple(None if side < 0 else low if side == guilty else share for side in game.side_of)


def _draw(outcomes: Sequence[tuple[str, float]], u: float) -> str:
    """Return the outcome at position `u` in [0, 1) of the cumulative distribution; never one of probability 0."""
    if isinstance(outcomes, Uniform):  # too many to walk through, perhaps
        return outcomes[int(u * len(outcomes))][0]
    total = 0.0
    for name, p in outcomes:
        total += p
        if u < total:
            return name
    # Where rounding leaves the sum below u, the draw belongs to the last outcome that is possible.
    return [name for name, p in outcomes if p > 0][-1]


def _illegal(action: str, legal: Sequence[str] | Text) -> str:
    if isinstance(legal, Text):
        return f"a reply may have at most {legal.max_chars} characters, this one has {len(action)}"
    shown = ", ".join(legal[:20]) + (", …" if len(legal) > 20 else "")
    return f"{action!r} is not legal here; legal: {shown}"
