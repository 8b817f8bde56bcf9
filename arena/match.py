"""The referee: many matches at once, one batched question per player and round.

A continuous player (arena/player.py) is asked as questions arise and heard as it answers, so no match waits for
another's slow answer. Whatever the order of answers, a match takes the same course.

Parsing belongs to the player, legality to the game, patience to the referee. A player's failure forfeits the
match; a failure of the infrastructure, or a crash, voids it, and a void match is tried again. If it crashes every time
it is abandoned, which is an ending; if the infrastructure fails every time it stays void: whoever keeps results plays
it another day (arena/attendance.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from arena.asking import Outstanding, keeps_traces
from arena.attendance import Attendance, unavailable
from arena.errors import ConfigError, GameError
from arena.fixture import Fixture as Fixture
from arena.fixture import Patience as Patience
from arena.game import CHANCE, OVER, Game, IllegalAction
from arena.ledger import Ledger
from arena.player import Fault, Move, Player, Request
from arena.positions import Positions
from arena.record import Record, StopReason, Turn
from arena.refusal import illegal
from arena.seeds import derive_several, nth, uniform

SILENCE = Move("")
"""What is played for a seat that has failed in a game that forgives it."""

Watch = Callable[[Fixture, Request, Move], None]
"""Told of every move of a match that has ended, with the question it answered; learners collect their data so.

What was played before the match turned out void is forgotten here as it is in the record.
"""


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
    rounds = play_rounds(game, fixtures, players, patience=patience, concurrent=concurrent, watch=watch)
    return chain.from_iterable(rounds)


def play_rounds(
    game: Game[Any],
    fixtures: Iterable[Fixture],
    players: Mapping[str, Player],
    *,
    patience: Patience | None = None,
    concurrent: int = 512,
    watch: Watch | None = None,
) -> Iterator[list[Record]]:
    """Play as `play_fixtures` does, and yield after every round of questions the matches that ended in it.

    Whoever keeps records can do so then: the next answer may take a second, or a person an hour. A round of
    continuous players is a look at what they have answered so far, and may be empty.
    """
    patience = patience or Patience()
    concurrent = min([concurrent, *(getattr(player, "matches_at_once", concurrent) for player in players.values())])
    traced = frozenset(name for name, player in players.items() if keeps_traces(player))
    positions = Positions.of(game)
    waiting = iter(fixtures)
    outstanding: Outstanding[_Match] = Outstanding(players)
    attendance = Attendance(patience.attempts)
    live, moving = 0, list[_Match]()  # how many are being played, and those of them that wait for nobody's answer
    while True:
        still, ended = [], list[Record]()
        for fixture in islice(waiting, concurrent - live):
            if (seat := attendance.absent(fixture.entrants)) is not None:
                ended.append(_not_begun(game, fixture, seat, attendance.away[fixture.entrants[seat]]))
                continue
            moving.append(_Match(positions, fixture, patience, watch is not None, traced, attendance))
            live += 1
        if not live and not ended:
            return
        for match in _ask(moving, players, outstanding, attendance):
            if (record := match.settle()) is None:
                still.append(match)
                continue
            ended.append(record)
            live -= 1
            if watch is not None:
                for request, move in match.watched:
                    watch(match.fixture, request, move)
        moving = still
        yield ended


def _ask(
    moving: list[_Match], players: Mapping[str, Player], outstanding: Outstanding[_Match], attendance: Attendance
) -> list[_Match]:
    """Ask these matches' questions, hear what is answered by now, and return the matches to which nothing is owed."""
    asked: dict[str, tuple[list[_Match], list[Request]]] = {}
    for match in moving:
        match.ask(asked)
    for name, why in attendance.away.items():
        gone = Move(None, why, fault=Fault.UNAVAILABLE)
        outstanding.give_up(name, gone)
        for match, request in zip(*asked.pop(name, ([], [])), strict=True):
            match.hear(request, gone)
    for name in [name for name in asked if name in outstanding.names]:  # first: they think while the others answer
        matches, requests = asked.pop(name)
        for match in matches:
            match.owed += 1
        outstanding.submit(name, matches, requests)
    for name, (matches, requests) in asked.items():
        if name not in players:
            raise ConfigError(f"{name!r} is to play, but only {', '.join(sorted(players))} were given")
        if outstanding.names:
            matches, requests = _some(matches, requests, outstanding.pace.few(name))
        answers = outstanding.pace.ask(name, players[name], requests)
        attendance.heard(name, answers)
        for match, request, answer in zip(matches, requests, answers, strict=True):
            match.hear(request, answer)
    if not outstanding.names:
        return moving
    moving = [match for match in moving if not match.owed]
    for match, request, answer in outstanding.collect(wait=not moving):
        attendance.heard(match.fixture.entrants[request.seat], [answer])
        match.hear(request, answer)
        match.owed -= 1
        if not match.owed:
            moving.append(match)
    return moving


def _some(matches: list[_Match], requests: list[Request], few: int) -> tuple[list[_Match], list[Request]]:
    """Return so many questions, for a player that may be slow (a search, say); the rest are asked in later rounds.

    Meanwhile engines get what follows from the answers. Where seats move at the same time all are asked, since a match
    waits for all its answers.
    """
    alone = [i for i, match in enumerate(matches) if len(match.ready) == 1]
    later = set(alone[few:])
    kept = [i for i in range(len(matches)) if i not in later]
    return [matches[i] for i in kept], [requests[i] for i in kept]


class _Match:
    """One match on its way."""

    owed = 0
    """Answers that continuous players still owe; until they are all there, nothing is settled."""

    def __init__(
        self,
        positions: Positions,
        fixture: Fixture,
        patience: Patience,
        watched: bool,
        traced: frozenset[str],
        attendance: Attendance,
    ) -> None:
        self.positions, self.game, self.fixture, self.patience = positions, positions.game, fixture, patience
        if len(fixture.entrants) != self.game.seats:
            raise ConfigError(
                f"{self.game.name} has {self.game.seats} seats, but {len(fixture.entrants)} players were given"
            )
        self.keep_watched, self.attendance = watched, attendance
        self.ledger = Ledger(fixture.entrants, traced) if traced else None
        self.record: Record | None = None
        self.crashes: list[int] = []
        self.outages: list[int] = []
        try:
            self._begin()
        except Exception as error:
            raise self._blame(error) from error

    def _begin(self) -> None:
        self.turns: list[Turn] = []
        self.past: list[list[tuple[Any, str]]] = [[] for _ in self.game.roles]
        attempt = len(self.crashes) + len(self.outages)
        self.seeds = derive_several(self.fixture.seed, self.game.seats, self.fixture.key, attempt)
        """By seat, where its own seeds begin. Nobody can work out another's, nor what chance will bring."""
        self.dealt = self.played = 0
        self.watched: list[tuple[Request, Move]] = []
        """Every question with the move that answered it, if somebody wants to know."""
        self.asked_at = self.position = self.positions.start()
        self.ready: tuple[int, ...] = ()
        """The seats that are still to move from `asked_at`; several where they move at the same time."""
        self.answers: dict[int, tuple[Request, Move | BaseException]] = {}
        self.accepted: dict[int, tuple[Request, Move]] = {}
        self.tries: dict[int, int] = {}
        self.complaints: dict[int, str] = {}
        self.ended: tuple[StopReason, str, int | None, bool] | None = None
        self._deal()

    def ask(self, asked: dict[str, tuple[list[_Match], list[Request]]]) -> None:
        """Add a request for every seat that is to be asked in this round, under the name of its player."""
        place = self.asked_at
        for seat, legal in zip(place.ready, place.legal):  # noqa: B905 - made together; a check would cost time
            if len(place.ready) > 1 and (seat in self.accepted or seat not in self.ready):
                continue
            number, complaint = self.played << 20, ""
            if self.tries:
                number, complaint = number + self.tries.get(seat, 0), self.complaints.get(seat, "")
            request = Request(
                self.game,
                self.position.state,
                seat,
                seed=nth(self.seeds[seat], number),
                match=self.fixture.key,
                complaint=complaint,
                past=self.past[seat],
                legal=legal,
            )
            name = self.fixture.entrants[seat]
            if (of_player := asked.get(name)) is None:
                of_player = asked[name] = [], []
            of_player[0].append(self)
            of_player[1].append(request)

    def hear(self, request: Request, answer: Move | BaseException) -> None:
        """Take one answer. Where one seat was asked it is played at once; several wait for `settle`."""
        if self.ledger:
            self.ledger.pay(request.seat, answer)
        if len(self.ready) > 1:
            self.answers[request.seat] = request, answer
            return
        try:
            if (move := self._accepted(answer, request)) is not None:
                self._play(request, move)
        except Exception as error:
            raise self._blame(error) from error

    def settle(self) -> Record | None:
        """Play the answers of seats that moved at the same time; return the record if the match has ended."""
        if not self.answers and not self.ended:
            return None
        try:
            for seat in sorted(self.answers):  # not in the order of asking, which depends on the other matches
                request, answer = self.answers.pop(seat)
                if not self.ended and (move := self._accepted(answer, request)) is not None:
                    self.accepted[seat] = request, move
            while not self.ended and self.ready and self.ready[0] in self.accepted:
                self._play(*self.accepted.pop(self.ready[0]))
            if self.ended:
                self._finish(*self.ended)
        except Exception as error:
            raise self._blame(error) from error
        return self.record

    def _accepted(self, answer: Move | BaseException, request: Request) -> Move | None:
        """Return the answer if it is a legal move; otherwise complain, forgive, forfeit or void."""
        seat = request.seat
        if isinstance(answer, BaseException):
            self._probe(request)
            name = self.fixture.entrants[seat]
            self._end(StopReason.VOID, f"{name} crashed: {type(answer).__name__}: {answer}", seat)
        elif answer.fault is None and answer.action is not None:
            if answer.action in request.legal:
                return answer
            return self._refuse(seat, answer, "illegal", illegal(answer.action, request.legal))
        elif answer.fault is Fault.CRASHED:
            self._end(StopReason.VOID, f"{self.fixture.entrants[seat]} crashed: {answer.raw}", seat)
        elif unavailable(answer):
            name = self.fixture.entrants[seat]
            self.attendance.missed(name, self.fixture.key, answer.raw)
            self._end(StopReason.VOID, f"{name} was not available: {answer.raw}", seat, outage=True)
        elif answer.fault in (Fault.RESIGN, Fault.TIMEOUT):
            self.turns.append(Turn(seat, None, answer.raw, str(answer.fault)))
            if self.ledger:
                self.ledger.keep(self.turns, answer)
            return self._fails(seat, " resigned" if answer.fault is Fault.RESIGN else " ran out of time")
        else:
            fault = answer.fault or Fault.EMPTY
            return self._refuse(seat, answer, str(fault), f"no action could be read from your reply ({fault})")
        return None

    def _probe(self, request: Request) -> None:
        """Ask the game what the player asked it: what looked like the player's crash may be the game's."""
        _ = request.text
        if type(self.game).encode is not Game.encode:
            request.tensor()

    def _play(self, request: Request, move: Move) -> None:
        """Play an accepted move; the rules may still refuse it."""
        seat, action = request.seat, move.action
        assert action is not None
        try:
            after, turn = self.positions.after(self.position, seat, action)
        except IllegalAction as refusal:
            if move is SILENCE:
                raise GameError(f"it forgives seat {seat}, and refuses the empty text: {refusal}") from refusal
            if (instead := self._refuse(seat, move, "illegal", str(refusal))) is not None:
                self._play(request, instead)
            return
        except Exception:
            self.turns.append(Turn(seat, action, move.raw))  # the move that the rules fail at
            raise
        self.turns.append(turn if not move.raw else Turn(seat, action, move.raw))
        if self.ledger:
            self.ledger.keep(self.turns, move)
        self.past[seat].append((self.position.state, move.raw or action))
        self.played += 1
        if self.keep_watched and move is not SILENCE:
            self.watched.append((request, move))
        if self.tries:
            self.tries.pop(seat, None)
            self.complaints.pop(seat, None)
        self.position = after
        self.ready = self.ready[1:]
        if not self.ready:
            self._deal()

    def _deal(self) -> None:
        """Draw chance until a seat is to move or the game is over."""
        position = self.position
        while position.turn == CHANCE:
            action = position.draw(self.game, uniform(nth(self.fixture.seed, self.dealt)))
            self.dealt += 1
            self.turns.append(Turn(CHANCE, action))
            position, self.turns[-1] = self.positions.after(position, CHANCE, action)
        self.position = self.asked_at = position
        if position.turn == OVER:
            self._end(StopReason.FINISHED, "", None)
        elif self.played >= self.patience.max_turns:
            self._end(StopReason.TRUNCATED, f"stopped after {self.patience.max_turns} moves", None)
        else:
            if not position.ready:
                position.open(self.game)
            self.ready = position.ready

    def _blame(self, error: Exception) -> GameError:
        """Return the game's error with its moves: players answer elsewhere, so what fails in a match is the game."""
        moves = [turn.action for turn in self.turns if not turn.fault]
        return GameError(f"{self.game.spec} fails after the moves {moves}: {type(error).__name__}: {error}")

    def _refuse(self, seat: int, move: Move, fault: str, complaint: str) -> Move | None:
        """Note a reply that is no legal move; return what is played instead, once the referee's patience is over."""
        self.turns.append(Turn(seat, move.action, move.raw, fault))
        if self.ledger:
            self.ledger.keep(self.turns, move)
        tries = self.tries[seat] = self.tries.get(seat, 0) + 1
        self.complaints[seat] = complaint if self.patience.feedback else "that was no legal move"
        return self._fails(seat, f": {complaint}") if tries > self.patience.retries else None

    def _fails(self, seat: int, why: str) -> Move | None:
        """Return what is played for a seat that has failed, where the game forgives it; otherwise it forfeits."""
        if self.game.forgives(seat):
            return SILENCE
        self._end(StopReason.FORFEIT, f"{self.fixture.entrants[seat]}{why}", seat)
        return None

    def _end(self, stop: StopReason, reason: str, culprit: int | None, outage: bool = False) -> None:
        self.ended = (stop, reason.encode("utf-8", "replace").decode(), culprit, outage)

    def _finish(self, stop: StopReason, reason: str, culprit: int | None, outage: bool) -> None:
        if culprit is not None and self.game.side_of[culprit] < 0:
            stop = StopReason.VOID  # the cast competes for nothing, so nobody wins by its failure
        if stop is StopReason.VOID and culprit is not None:
            failed = self.outages if outage else self.crashes
            failed.append(culprit)
            given_up = outage and self.fixture.entrants[culprit] in self.attendance.away
            if len(failed) < self.patience.attempts and not given_up:
                if self.ledger:
                    self.ledger.begin_again()
                self._begin()
                return
            stop = StopReason.VOID if outage else StopReason.ABANDONED
        f, ledger = self.fixture, self.ledger
        self.record = Record(
            f.key, f.kind, self.game.spec, self.game.fingerprint, f.entrants, f.seed, f.pair, tuple(self.turns),
            self._returns(stop, culprit), stop, reason, culprit, tuple(self.crashes), f.step,
            ledger.costs if ledger else (), ledger.traces if ledger else {}, tuple(self.outages),
        )  # fmt: skip

    def _returns(self, stop: StopReason, culprit: int | None) -> tuple[float | None, ...]:
        if stop is StopReason.FINISHED:
            return self.positions.returns(self.position)
        if stop is StopReason.TRUNCATED:
            return tuple(0.0 if side >= 0 else None for side in self.game.side_of)
        if stop is StopReason.FORFEIT and culprit is not None:
            return self.game.forfeit(culprit)
        return (None,) * self.game.seats


def _not_begun(game: Game[Any], f: Fixture, seat: int, why: str) -> Record:
    """Return the record of a match that is left void because the player of a seat is away."""
    reason = f"{f.entrants[seat]} was not available: {why}"
    return Record(
        f.key, f.kind, game.spec, game.fingerprint, f.entrants, f.seed, f.pair, (), (None,) * game.seats,
        StopReason.VOID, reason, seat, step=f.step,
    )  # fmt: skip
