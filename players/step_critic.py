"""What a critic thinks of the steps of a solution, for players that search by it: step_filter.py and best_of.py.

The critic is any player of a game in which steps are judged, such as `sneaky_critic`, and is asked as it is there: a
net or a language model that learned in it, or one that never did. Whatever a step says is data in that game's view, and
nothing but the critic's own verdict is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from arena.asking import keeps_traces
from arena.errors import ConfigError
from arena.game import Game
from arena.player import Fault, HasLaw, HasPolicy, Move, Player, Request, Requests, close
from arena.record import Cost
from arena.registry import checkpoint_game, load_game, load_visitor
from arena.seeds import derive

CORRECT = "Correct"
"""The verdict of a critic who takes a step for right; no other does."""
_FAILURES = (Fault.UNAVAILABLE, Fault.CRASHED)


class Judging(Protocol):
    """A game in which a critic judges steps, such as `sneaky_critic`."""

    def judging(self, question: str, before: Sequence[str], step: str) -> Any:
        """Return a state in which the critic is asked about the next step of any solution."""


class Candidate(NamedTuple):
    """Steps that may go on a solution."""

    question: str
    before: tuple[str, ...]
    """The steps in front of them."""
    steps: tuple[str, ...]
    seed: int
    match: str
    """In which match, for logs."""


class Opinion(NamedTuple):
    """What a critic thinks of a candidate."""

    sure: float
    """How sure it is that all steps are right: the product over them, from 0 to 1 (Lightman et al., 2023)."""
    cost: Cost = Cost()
    failure: Move | None = None
    """The reply of a critic who could not be asked."""


class StepCritic:
    """A critic, and the game in which it is asked. Where it states a law, that is taken, and else `votes` verdicts."""

    def __init__(self, player: Player, game: Game[Any], votes: int = 1) -> None:
        self.player, self.game, self.votes = player, game, votes
        self.seat = game.roles.index("critic")
        self.keeps_traces = keeps_traces(player)

    def judge(self, candidates: Sequence[Candidate]) -> list[Opinion]:
        """Return what the critic thinks of each candidate, asked about all steps of all of them in one batch."""
        asked = [self._ask(one, place) for one in candidates for place in range(len(one.steps))]
        opinions = iter(self._stated(asked) if self._states_law() else self._voted(asked))
        return [_together([next(opinions) for _ in one.steps]) for one in candidates]

    def close(self) -> None:
        """Give up what the critic holds."""
        close([self.player])

    def _ask(self, one: Candidate, place: int) -> Request:
        game: Any = self.game
        s = game.judging(one.question, (*one.before, *one.steps[:place]), one.steps[place])
        return Request(self.game, s, self.seat, seed=derive(one.seed, "critic", place), match=one.match)

    def _states_law(self) -> bool:
        return bool(self.game.actions) and isinstance(self.player, HasPolicy | HasLaw)

    def _stated(self, asked: list[Request]) -> list[Opinion]:
        if not asked:
            return []
        player, batch = self.player, Requests(asked)
        law: NDArray[np.float64] = player.policy(batch) if isinstance(player, HasPolicy) else player.law(batch)  # type: ignore[attr-defined]
        return [Opinion(sure) for sure in law[:, self.game.actions.index(CORRECT)].tolist()]

    def _voted(self, asked: list[Request]) -> list[Opinion]:
        """Return the share of the votes that call each step right; a vote without a verdict does not."""
        batch = [one.reseeded(derive(one.seed, "vote", number)) for one in asked for number in range(self.votes)]
        moves = self.player.act(Requests(batch)) if batch else []
        return [_counted(moves[i : i + self.votes], asked[0].legal) for i in range(0, len(moves), self.votes)]


def step_critic(spec: str | Player, game: str | Game[Any] = "", votes: int = 1, seed: int = 0) -> StepCritic:
    """Return the critic that a spec names. `game` is where it judges: by default where its checkpoint learned, or
    `sneaky_critic`. Raises ConfigError for a game in which nobody judges steps, or with other moves than it learned.
    """
    if type(votes) is not int or votes < 1:
        raise ConfigError(f"votes = {votes!r} ask nobody: give a whole number from 1")
    own = checkpoint_game(spec) if isinstance(spec, str) else ""
    judged = load_game(game or own or "sneaky_critic")
    if not callable(getattr(judged, "judging", None)) or "critic" not in judged.roles:
        raise ConfigError(f"no critic judges steps in {judged.name}: name a game such as sneaky_critic")
    return StepCritic(load_visitor(spec, judged, seed), judged, votes)


def _counted(moves: Sequence[Move], legal: Any) -> Opinion:
    believed = sum(
        move.fault is None and move.action in legal and str(move.action).rpartition("\n")[2] == CORRECT
        for move in moves
    )
    failure = next((move for move in moves if move.fault in _FAILURES), None)
    cost = sum((Cost.of(move.trace) for move in moves), Cost())
    return Opinion(believed / len(moves), cost, failure)


def _together(opinions: Sequence[Opinion]) -> Opinion:
    """Return what several steps come to."""
    failure = next((one.failure for one in opinions if one.failure is not None), None)
    cost = sum((one.cost for one in opinions), Cost())
    return Opinion(prod(one.sure for one in opinions), cost, failure)
