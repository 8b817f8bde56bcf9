"""A critic chooses among several solutions (best-of-n), each of which is written to its end.

::

    best_of(player="chat(model='models/qwen')", critic="runs/sneaky_critic_league/checkpoints/main-400", n=8)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from arena.asking import keeps_traces
from arena.errors import ConfigError
from arena.game import OVER, Game
from arena.grading.exact import normal
from arena.player import Move, Player, Request, Requests, close
from arena.players.step_critic import Candidate, Opinion, StepCritic, step_critic
from arena.players.stepwise import FINAL, Stepwise, after, check, with_cost, written
from arena.record import Cost
from arena.registry import load_player
from arena.seeds import derive


def best_of(
    game: Game[Any],
    player: str | Player,
    critic: str | Player,
    n: int = 8,
    votes: int = 1,
    critic_game: str = "",
    seed: int = 0,
) -> BestOf:
    """Return a player that has `player` write `n` solutions, and lets the critic choose.

    `votes` and `critic_game` are as for `step_filter`. Raises ConfigError for what cannot be, and for a game in which
    no solution is written in steps.
    """
    check(game, "best_of")
    if type(n) is not int or n < 1:
        raise ConfigError(f"n = {n!r} solutions are none: give a whole number from 1")
    judge = step_critic(critic, critic_game, votes, derive(seed, "critic"))
    return BestOf(load_player(player, game, seed=derive(seed, "player")), judge, n)


class BestOf:
    """Plays a whole solution at once: of those that come to the best answer, the one that the critic is surest of.

    The best answer is the one for which most speaks: how sure the critic is of a solution, added up over all that come
    to that answer, of equals the one that most come to, and then the first (weighted best-of-n: Li et al., 2023; Snell
    et al., 2024). The surest solution alone would be a trap: among many wrong ones there is easily one that is new to
    a critic that errs, and pleases it (tests/benchmarks/bench_critic_use.py). A solution without an answer comes last.

    A solution that breaks off at a reply without a legal move is none; if there is no other, that reply is the answer,
    for the referee to judge. Whoever fails in other ways, the player or the critic, has failed for the whole.
    """

    def __init__(self, player: Player, critic: StepCritic, n: int) -> None:
        self.name = "best_of"
        self.player, self.critic, self.n = player, critic, n
        self.keeps_traces = keeps_traces(player) or critic.keeps_traces
        self.remembers = bool(getattr(player, "remembers", False))

    def act(self, batch: Requests) -> list[Move]:
        """Answer every request; in each round the player is asked once for the next step of all solutions."""
        drafts = [[_Draft(request, number) for number in range(self.n)] for request in batch]
        while open_ := [draft for of_one in drafts if not _ended(of_one) for draft in of_one if draft.goes_on]:
            moves = self.player.act(Requests([draft.request for draft in open_]))
            for draft, move in zip(open_, moves, strict=True):
                draft.hear(move)
        whole = [draft for of_one in drafts if not _ended(of_one) for draft in of_one if draft.failed is None]
        for draft, opinion in zip(whole, self.critic.judge([draft.candidate() for draft in whole]), strict=True):
            draft.opinion = opinion
        return [_answer(of_one) for of_one in drafts]

    def close(self) -> None:
        """Give up what player and critic hold."""
        close([self.player])
        self.critic.close()


class _Draft:
    """One solution on its way."""

    def __init__(self, asked: Request, number: int) -> None:
        self.asked, self.seed = asked, derive(asked.seed, "solution", number)
        self.request = asked.reseeded(derive(self.seed, 0))
        self.state = asked.state()
        self.past: list[tuple[Any, str]] = []
        """Of this solution; what was asked before it, in a match that did not begin with it, is not told again."""
        self.goes_on = True
        self.failed: Move | None = None
        """The reply at which it broke off."""
        self.cost = Cost()
        self.opinion = Opinion(0.0)

    def hear(self, move: Move) -> None:
        self.cost += Cost.of(move.trace)
        then = after(self.request, move)
        if then is None:
            self.failed, self.goes_on = move, False
            return
        self.past.append((self.state, move.raw or str(move.action)))
        self.state, game, seat = then, self.asked.game, self.asked.seat
        self.goes_on = game.turn(then) != OVER
        seed = derive(self.seed, len(self.past))
        self.request = Request(game, then, seat, seed=seed, match=self.asked.match, past=self.past)

    def candidate(self) -> Candidate:
        return Candidate(*written(self.asked.game, self.asked.state(), self.state), self.seed, self.asked.match)

    @property
    def answer(self) -> str | None:
        game = self.asked.game
        assert isinstance(game, Stepwise)
        answer: str | None = game.answer(self.state)
        return answer


def _ended(drafts: Sequence[_Draft]) -> bool:
    """Return whether the player failed in one of them in a way that ends them all."""
    return any(draft.failed is not None and draft.failed.fault in FINAL for draft in drafts)


def _answer(drafts: Sequence[_Draft]) -> Move:
    """Return what is played, with all that it has cost."""
    answer: Move = with_cost(_best(drafts), sum((draft.cost + draft.opinion.cost for draft in drafts), Cost()))
    return answer


def _best(drafts: Sequence[_Draft]) -> Move:
    whole = [draft for draft in drafts if draft.failed is None]
    if not whole or _ended(drafts):
        return max((draft.failed for draft in drafts if draft.failed is not None), key=lambda move: move.fault in FINAL)
    for draft in whole:
        failure: Move | None = draft.opinion.failure
        if failure is not None:
            return failure
    answers = [None if draft.answer is None else normal(draft.answer) for draft in whole]
    agreed, speaks = Counter(answers), dict.fromkeys(answers, 0.0)
    for answer, draft in zip(answers, whole, strict=True):
        speaks[answer] += draft.opinion.sure
    ranks = [
        (answer is not None, speaks[answer], agreed[answer], draft.opinion.sure)
        for answer, draft in zip(answers, whole, strict=True)
    ]
    chosen = whole[max(range(len(whole)), key=ranks.__getitem__)]
    return Move("\n".join(chosen.candidate().steps))
