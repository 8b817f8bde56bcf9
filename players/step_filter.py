"""A critic as a filter of steps: whoever solves a problem step by step writes a step again that the critic calls wrong.

::

    step_filter(player="chat(model='models/qwen')", critic="runs/sneaky_critic_league/checkpoints/main-400")

It needs a player whose second try may differ from its first: at temperature 0 it would write the same step again.
"""

from __future__ import annotations

from typing import Any

from arena.asking import keeps_traces
from arena.errors import ConfigError
from arena.game import Game
from arena.player import Move, Player, Request, Requests, close
from arena.players.step_critic import Candidate, Opinion, StepCritic, step_critic
from arena.players.stepwise import FINAL, after, check, with_cost, written
from arena.record import Cost
from arena.registry import load_player
from arena.seeds import derive


def step_filter(
    game: Game[Any],
    player: str | Player,
    critic: str | Player,
    tries: int = 4,
    threshold: float = 0.5,
    votes: int = 1,
    critic_game: str = "",
    seed: int = 0,
) -> StepFilter:
    """Return `player` with a filter: it is asked for a step up to `tries` times, until the critic takes one for right.

    The critic does if it is at least as sure as `threshold` that the step is right, by the law that it states, and
    otherwise by the share of its verdicts when it is asked `votes` times. `critic_game` is where it is asked: by
    default where its checkpoint learned, or `sneaky_critic`. Raises ConfigError for what cannot be, and for a game in
    which no solution is written in steps.
    """
    check(game, "step_filter")
    if type(tries) is not int or tries < 1:
        raise ConfigError(f"tries = {tries!r} write nothing: give a whole number from 1")
    if not 0 <= threshold <= 1:
        raise ConfigError(f"threshold = {threshold!r} is no probability: give a number from 0 to 1")
    judge = step_critic(critic, critic_game, votes, derive(seed, "critic"))
    return StepFilter(load_player(player, game, seed=derive(seed, "player")), judge, tries, threshold)


class StepFilter:
    """Plays the first step that the critic takes for right, and if it takes none for right, the last.

    The last and not the one that it is surest of: a critic that errs says of one step always the same, so a right step
    that it refuses is refused in every try, and what it prefers to that is some wrong step that is new. So whoever
    refuses everything leaves the player as good as it is (tests/benchmarks/bench_critic_use.py).

    A reply without a legal move is a try without a step. If there is no step at all, the last such reply is the answer,
    for the referee to judge. Whoever fails in other ways, the player or the critic, has failed for the whole.
    """

    def __init__(self, player: Player, critic: StepCritic, tries: int, threshold: float) -> None:
        self.name = "step_filter"
        self.player, self.critic, self.tries, self.threshold = player, critic, tries, threshold
        self.keeps_traces = keeps_traces(player) or critic.keeps_traces
        self.remembers = bool(getattr(player, "remembers", False))

    def act(self, batch: Requests) -> list[Move]:
        """Answer every request; in each round the player is asked once for all that lack a step, then the critic."""
        searches = [_Search(request) for request in batch]
        for number in range(self.tries):
            if not (unsettled := [one for one in searches if one.settled is None]):
                break
            moves = self.player.act(Requests([one.ask(number) for one in unsettled]))
            found = [(one, move, new) for one, move in zip(unsettled, moves, strict=True) if (new := one.hear(move))]
            judged = self.critic.judge([candidate for _, _, candidate in found])
            for (one, move, _), opinion in zip(found, judged, strict=True):
                one.weigh(move, opinion, self.threshold)
        return [one.answer() for one in searches]

    def close(self) -> None:
        """Give up what player and critic hold."""
        close([self.player])
        self.critic.close()


class _Search:
    """The tries for one step."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.settled: Move | None = None
        self.refused: Move | None = None
        """The last step that the critic did not take for right."""
        self.failed: Move | None = None
        """The last reply without a step."""
        self.cost = Cost()
        self.seed = request.seed

    def ask(self, number: int) -> Request:
        self.seed = derive(self.request.seed, "step", number)
        return self.request.reseeded(self.seed)

    def hear(self, move: Move) -> Candidate | None:
        """Take a reply, and return what the critic is to be asked about it, if anything."""
        request, self.cost = self.request, self.cost + Cost.of(move.trace)
        if move.fault in FINAL:
            self.settled = move
            return None
        if (then := after(request, move)) is None:
            self.failed = move
            return None
        return Candidate(*written(request.game, request.state(), then), self.seed, request.match)

    def weigh(self, move: Move, opinion: Opinion, threshold: float) -> None:
        self.cost += opinion.cost
        if opinion.failure is not None:
            self.settled = opinion.failure
        elif opinion.sure >= threshold:
            self.settled = move
        else:
            self.refused = move

    def answer(self) -> Move:
        move = self.settled or self.refused or self.failed
        assert move is not None, "there is at least one try"
        answer: Move = with_cost(move, self.cost)
        return answer
