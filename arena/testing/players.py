"""Checks that a player keeps its contract: legal answers, the same ones to the same seeds, and the policy it states."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.errors import PlayerError, StoppedError
from arena.game import CHANCE, Game
from arena.player import Continuous, Fault, HasPolicy, Move, Player, Request, Requests
from arena.seeds import derive, generator
from arena.testing.findings import Broken, Finding, Findings, Severity, short
from arena.testing.random_play import random_game

UNLIKELY = 5.0
"""Standard deviations beyond which frequencies contradict a stated policy: once in three million true ones."""

_GAMES, _QUESTIONS, _PLACES = 30, 200, 10
"""Random games, questions from them, and questions of which the policy is compared with many answers."""

_SILENCE = 300.0
"""Seconds without an answer after which a continuous player will not give one."""


def check_player(player: Player, game: Game[Any], seed: int = 0, draws: int = 2000) -> None:
    """Raise PlayerError with every broken promise that was found, asking at many states of random games.

    If the player states a policy, it is compared with `draws` answers at each of ten states.
    """
    errors = [found for found in examine_player(player, game, seed, draws) if found.severity is Severity.ERROR]
    if errors:
        raise PlayerError(f"{player.name} " + "\n".join(map(str, errors)))


def examine_player(player: Player, game: Game[Any], seed: int = 0, draws: int = 2000) -> tuple[Finding, ...]:
    """Return all that can be found out about a player at one game. The same seed finds the same.

    Raises StoppedError where a person ends the input: that is no fault of the player.
    """
    findings = Findings()
    with suppress(Broken):
        _Examination(player, game, findings, seed, draws).run()
    return findings.sorted()


class _Examination:
    """The questions to one player."""

    def __init__(self, player: Player, game: Game[Any], findings: Findings, seed: int, draws: int) -> None:
        self.player, self.game, self.findings = player, game, findings
        self.seed, self.draws = seed, draws
        self.places = self._visit()

    def run(self) -> None:
        if not isinstance(self.player.name, str) or not self.player.name:
            self.findings.error("name", f"has the name {self.player.name!r}", "set self.name to a text")
        requests = [self._ask(i, "ask", i) for i in range(len(self.places))]
        moves = self._moves(requests)
        self._check_faults(requests, moves)
        actions = [move.action for move in moves]
        advice = "draw from Request.seed alone (request.sample, batch.sample), and answer each request by itself"
        if self._answers(requests) != actions:
            self.findings.error("moody", "gives other answers to the same requests and seeds", advice)
        elif self._answers(requests[::-1])[::-1] != actions:
            self.findings.error("order", "answers a request differently when the batch is in another order", advice)
        elif self._answers(requests[:1]) != actions[:1]:
            self.findings.error("order", "answers a request differently when it is asked alone", advice)
        elif isinstance(self.player, Continuous):
            self._check_continuous(self.player, requests, actions)
        if isinstance(self.player, HasPolicy) and self.game.actions:
            policy = self._policy(self.player, Requests(requests))
            pick = generator(self.seed, "pick").permutation(len(requests))[:_PLACES]
            self._compare(pick.tolist(), policy[pick])

    def _visit(self) -> list[tuple[Any, int]]:
        """Return states of random games with the seat to move, all with different views."""
        rng = generator(self.seed, "check")
        places: dict[tuple[int, str], Any] = {}
        for _ in range(_GAMES):
            for s, mover, _action in random_game(self.game, rng):
                if mover != CHANCE:
                    places.setdefault((mover, self.game.view(s, mover)), s)
        return [(s, seat) for (seat, _), s in places.items()][:_QUESTIONS]

    def _ask(self, place: int, *names: str | int) -> Request:
        s, seat = self.places[place]
        return Request(self.game, s, seat, seed=derive(self.seed, *names))

    def _answers(self, requests: Sequence[Request]) -> list[str | None]:
        return [move.action for move in self._moves(requests)]

    def _moves(self, requests: Sequence[Request]) -> list[Move]:
        """Return what the player does. Raises Broken where its answers cannot be read."""
        try:
            moves = list(self.player.act(Requests(requests)))
        except StoppedError:
            raise
        except Exception as error:
            seen = f"fails on {len(requests)} requests: {error!r}"
            self.findings.error("crash", seen, "answer every request; what cannot be decided is Move(None, fault=…)")
            raise Broken from error
        if len(moves) != len(requests):
            seen = f"answers {len(requests)} requests with {len(moves)} moves"
            self.findings.error("count", seen, "return one Move per request, in order")
            raise Broken
        for request, move in zip(requests, moves, strict=True):
            self._read(request, move)
        return moves

    def _check_continuous(self, player: Continuous, requests: Sequence[Request], actions: Sequence[str | None]) -> None:
        """Check that questions which are submitted come back once each, with the answers that `act` gives."""
        owed = {id(request): (request, action) for request, action in zip(requests, actions, strict=True)}
        advice = "hand out each request that was submitted once, as it came, with the answer that act gives to it"
        try:
            player.submit(Requests(requests))
            heard = monotonic()
            while owed and monotonic() - heard < _SILENCE:
                for request, move in player.collect(1.0):
                    heard = monotonic()
                    known, action = owed.pop(id(request), (None, None))
                    if known is None:
                        self.findings.error("stranger", "collects a request that it does not owe", advice)
                    elif move.action != action:
                        seen = f"answers {action!r} in act and {move.action!r} in collect to the same request"
                        self.findings.error("continuous", seen, advice)
        except StoppedError:
            raise
        except Exception as error:
            self.findings.error("crash", f"fails in submit or collect: {error!r}", advice)
            raise Broken from error
        if owed:
            seen = f"owes {len(owed)} of {len(requests)} answers after {_SILENCE:g} s of silence"
            self.findings.error("owed", seen, advice)

    def _check_faults(self, requests: Sequence[Request], moves: Sequence[Move]) -> None:
        """Check that the player plays. Raises Broken where it never does, since nothing more can be asked then."""
        failed = [(request, move) for request, move in zip(requests, moves, strict=True) if move.fault is not None]
        never = bool(failed) and len(failed) == len(moves)
        if not never:
            failed = [(request, move) for request, move in failed if move.fault is not Fault.RESIGN]  # it may
        if not failed:
            return
        request, move = failed[0]
        seen = f"gives no move on {len(failed)} of {len(moves)} requests; first {move.fault}, at {request.text!r}"
        if move.raw:
            seen += f", with {short(move.raw)}"
        if never:
            self.findings.error("no_move", seen, "answer with a legal action; what came instead says why it does not")
            raise Broken
        self.findings.warning("faults", seen, "every one of these counts as its failure, or leaves a match void")

    def _read(self, request: Request, move: Move) -> None:
        if not isinstance(move, Move):
            self.findings.error("type", f"answers with {short(move)}", "return arena.player.Move(action)")
            raise Broken
        if move.action is None and move.fault is None:
            seen = f"says neither action nor fault at {request.text!r}"
            self.findings.error("silent", seen, "name an action, or say with a Fault why there is none")
        elif move.action is not None and move.action not in request.legal:
            seen = f"plays {move.action!r}, which is illegal, at {request.text!r}"
            self.findings.error("illegal", seen, "choose from request.legal")

    def _policy(self, player: HasPolicy, batch: Requests) -> NDArray[np.float64]:
        advice = "return the law of act: shape (B, A) in the order of game.actions, 0 where illegal, rows summing to 1"
        try:
            policy = np.asarray(player.policy(batch), np.float64)
        except Exception as error:
            self.findings.error("policy_fails", f"fails to state its policy: {error!r}", advice)
            raise Broken from error
        wrong = ""
        if policy.shape != (wanted := (len(batch), len(batch.game.actions))):
            wrong = f"has a policy of shape {policy.shape}, not {wanted}"
        elif not (policy >= 0).all():
            wrong = "has a policy with negative probabilities, or what is no number"
        elif not (abs(policy.sum(axis=1) - 1) < 1e-6).all():
            wrong = "has a policy whose rows do not sum to 1"
        elif policy[~batch.mask()].any():
            wrong = "has a policy that plays illegal actions"
        if wrong:
            self.findings.error("policy", wrong, advice)
            raise Broken
        return policy

    def _compare(self, places: Sequence[int], policy: NDArray[np.float64]) -> None:
        """Compare the frequencies of answers with the policy by one chi-square test over all places."""
        statistic, freedom = 0.0, 0
        advice = "state in policy what act does, with its temperature and all"
        for number, (place, expected) in enumerate(zip(places, policy * self.draws, strict=True)):
            questions = [self._ask(place, "law", number, i) for i in range(self.draws)]
            answers = self._answers(questions)
            seen = np.array([answers.count(action) for action in self.game.actions], dtype=np.float64)
            if seen[expected == 0].any():
                self.findings.error("law", f"plays what its policy excludes, at {questions[0].text!r}", advice)
            common = expected >= 5  # where the approximation by a normal distribution holds
            statistic += float(((seen - expected)[common] ** 2 / expected[common]).sum())
            freedom += max(int(common.sum()) - 1, 0)
        if freedom:
            # The cube root of a chi-square variable is nearly normal (Wilson and Hilferty, 1931).
            spread = 2 / (9 * freedom)
            deviation = ((statistic / freedom) ** (1 / 3) - (1 - spread)) / spread**0.5
            if deviation >= UNLIKELY:
                off = f"does not play its policy: {deviation:.1f} standard deviations off"
                self.findings.error("law", off, advice)
