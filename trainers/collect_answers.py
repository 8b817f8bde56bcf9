"""One language model's matches for one update, kept in the run's file with every token.

A match is kept as it ends, so after a crash the matches of the update that was under way are not played again: they
were played by the weights of the checkpoint. Those of later updates were played by weights that are lost, and go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from arena.attendance import Unplayed
from arena.config.algorithms import TokenPolicyGradientConfig
from arena.fixture import Patience
from arena.game import Game
from arena.history import History
from arena.league import League
from arena.match import play_rounds
from arena.record import Record
from arena.seeds import derive
from arena.token_rollout import from_records
from arena.trainers.collect import Matches, Played, schedule, small_tree
from arena.trainers.learner import Learner


class ByAnswers:
    """Training matches through the referee, learned from token by token."""

    def __init__(self, league: League, options: TokenPolicyGradientConfig) -> None:
        self.league, self._keep, self._resumed = league, options.keep_updates, True
        self._patience = Patience(retries=options.retries)
        self.tree = small_tree(league)
        self._histories: dict[str, History] = {}
        """Learner → what its training remembers, in a game that needs that."""
        self._unremembered: dict[str, list[Record]] = {}
        """Learner → the matches of its latest update, as long as further ones may be played beside them."""
        self.played: list[Record] = []
        """The matches of the latest update, with their traces."""
        self._scheduled = 0

    def __call__(self, learner: Learner, share: Mapping[str, float], step: int, matches: int) -> Played:
        """Play what is not in the run's file yet."""
        self.played, self._scheduled = [], 0
        self._forget(step)
        self._remember(learner.name)
        return self.more(learner, share, step, matches)

    def more(self, learner: Learner, share: Mapping[str, float], step: int, matches: int) -> Played:
        """Play so many matches beside those of this update, and return what is to learn of all with how these ended."""
        plan = schedule(self.league, learner, share, step, matches, self._scheduled)
        self._scheduled += matches
        history = self._history(learner.name)
        game = self.league.game if history is None else history.game()
        further = self._records(plan, game)
        self.played = records = [*self.played, *further]
        if history is not None:
            self._unremembered[learner.name] = [record.without_traces() for record in records]
            paid = history.payoffs(records)
            records = [replace(record, returns=returns) for record, returns in zip(records, paid, strict=True)]
        batches = {
            policy_id: from_records(
                game, records, plan.own, policy_id, trainer.policy.version, learner.roles(policy_id, game)
            )
            for policy_id, trainer in learner.trainers.items()
        }
        return Played(batches, plan.tallies(game, further))

    def kept(self) -> dict[str, Any]:
        """Return learner → what its training remembers, as JSON values; empty in a game that needs nothing of it."""
        for learner in self._histories:
            self._remember(learner)
        return {learner: history.state() for learner, history in self._histories.items()}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take what `kept` returned."""
        for learner, state in kept.items():
            if (history := self._history(learner)) is not None:
                history.restore(state)

    def _history(self, learner: str) -> History | None:
        """Return what a learner's training remembers; None in a game that needs nothing of it."""
        if learner not in self._histories:
            history: History | None = self.league.game.history(derive(self.league.config.seed, "history", learner))
            if history is None:
                return None
            self._histories[learner] = history
        return self._histories[learner]

    def _remember(self, learner: str) -> None:
        """Let the history of a learner take the matches of an update that is over."""
        if learner in self._unremembered:
            self._histories[learner].remember(self._unremembered.pop(learner))

    def _forget(self, step: int) -> None:
        """Forget what was played with weights that a crash has lost, and what is long past."""
        with self.league.store.transaction():
            self.league.store.forget_training(step + 2 - self._keep, step + 1 if self._resumed else None)
        self._resumed = False

    def _records(self, plan: Matches, game: Game[Any]) -> list[Record]:
        """Return all matches in the order of their keys, with traces."""
        store = self.league.store
        known = store.known(fixture.key for fixture in plan.fixtures)
        records = [replace(record, traces=store.traces(key)) for key in sorted(known) for record in store.records(key)]
        missing = [fixture for fixture in plan.fixtures if fixture.key not in known]
        rounds = play_rounds(game, missing, plan.players, patience=self._patience)
        unplayed = Unplayed()
        kept: list[Record] = []
        for record in store.keep(_seen(rounds, kept)):
            unplayed.takes(record)
        unplayed.check()
        return sorted([*records, *kept], key=lambda record: record.key)


def _seen(rounds: Iterable[Sequence[Record]], into: list[Record]) -> Iterator[Sequence[Record]]:
    """Yield the rounds, and remember their records with the traces that a store does not hand back."""
    for records in rounds:
        into += records
        yield records
