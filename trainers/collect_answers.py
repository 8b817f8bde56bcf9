"""One language model's matches for one update, kept in the run's file with every token.

A match is kept as it ends, so after a crash the matches of the update that was under way are not played again: they
were played by the weights of the checkpoint. Those of later updates were played by weights that are lost, and go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from arena.attendance import Unplayed
from arena.config.algorithms import TokenPolicyGradientConfig
from arena.fixture import Patience
from arena.league import League
from arena.match import play_rounds
from arena.record import Record
from arena.token_rollout import from_records
from arena.trainers.collect import Matches, Played, schedule, small_tree
from arena.trainers.learner import Learner


class ByAnswers:
    """Training matches through the referee, learned from token by token."""

    def __init__(self, league: League, options: TokenPolicyGradientConfig) -> None:
        self.league, self._keep, self._resumed = league, options.keep_updates, True
        self._patience = Patience(retries=options.retries)
        self.tree = small_tree(league)
        self.played: list[Record] = []
        """The matches of the latest update, with their traces."""
        self._scheduled = 0

    def __call__(self, learner: Learner, share: Mapping[str, float], step: int, matches: int) -> Played:
        """Play what is not in the run's file yet."""
        self.played, self._scheduled = [], 0
        self._forget(step)
        return self.more(learner, share, step, matches)

    def more(self, learner: Learner, share: Mapping[str, float], step: int, matches: int) -> Played:
        """Play so many matches beside those of this update, and return what is to learn of all with how these ended."""
        game, plan = self.league.game, schedule(self.league, learner, share, step, matches, self._scheduled)
        self._scheduled += matches
        further = self._records(plan)
        self.played = records = [*self.played, *further]
        batches = {
            policy_id: from_records(
                game, records, plan.own, policy_id, trainer.policy.version, learner.roles(policy_id, game)
            )
            for policy_id, trainer in learner.trainers.items()
        }
        return Played(batches, plan.tallies(game, further))

    def _forget(self, step: int) -> None:
        """Forget what was played with weights that a crash has lost, and what is long past."""
        with self.league.store.transaction():
            self.league.store.forget_training(step + 2 - self._keep, step + 1 if self._resumed else None)
        self._resumed = False

    def _records(self, plan: Matches) -> list[Record]:
        """Return all matches in the order of their keys, with traces."""
        store, game = self.league.store, self.league.game
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
