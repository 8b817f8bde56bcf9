"""One game of a run: its league, how its training matches are played, and how they ended since the last checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena import exploitation
from arena.curriculum import Score
from arena.league import League
from arena.payoff import normalised
from arena.player import HasLaw, HasPolicy
from arena.record import Record
from arena.schema import Tally
from arena.store import Member
from arena.trainers.by_phases import ByPhases
from arena.trainers.collect import Collect, Played, collector
from arena.trainers.collect_answers import ByAnswers
from arena.trainers.learner import Learner
from arena.trainers.traversal import ByTraversals
from arena.tree import nash_conv
from arena.tree.enumeration import Policy
from arena.tree.mixture import mixture_policy


class Venue:
    """Where learners play one game."""

    def __init__(self, league: League, label: str = "") -> None:
        self.league, self.label = league, label
        """`label` names the game in a run of several; empty where there is one."""
        self.collect = _collect(league)
        self._tallies: dict[tuple[str, str, int], NDArray[np.float64]] = {}
        self._shares: dict[str, Mapping[str, float]] = {}

    @property
    def records(self) -> Sequence[Record]:
        """The matches of the latest update, with their traces; of language models alone."""
        return self.collect.played if isinstance(self.collect, ByPhases) else ()

    def play(self, learner: Learner, step: int, matches: int, more: bool = False) -> Played:
        """Play so many training matches of a learner, and remember how they ended.

        With `more` they come beside those of the same update, and what is returned is to be learned of all.
        """
        if learner.name not in self._shares:
            self._shares[learner.name] = self.league.opponents(learner.name, self.collect.tree)
        collect = self.collect.more if more and isinstance(self.collect, ByPhases) else self.collect
        played = collect(learner, self._shares[learner.name], step, matches)
        for (opponent, seat), result in played.tallies.items():
            key = (learner.name, opponent, seat)
            self._tallies[key] = self._tallies.get(key, 0.0) + result
        return played

    def tallies(self, step: int) -> list[Tally]:
        """Return how the matches since the last checkpoint ended, to be kept with the one of this step."""
        return [
            Tally(learner, step, opponent, seat, int(wins), int(draws), int(losses), float(payoff))
            for (learner, opponent, seat), (wins, draws, losses, payoff) in sorted(self._tallies.items())
        ]

    def checkpointed(self) -> None:
        """Begin to count anew, and ask again who meets whom, which changes at checkpoints only."""
        self._tallies.clear()
        self._shares.clear()

    def kept(self) -> dict[str, Any]:
        """Return what training remembers of all its matches; empty where it need not."""
        return self.collect.kept() if isinstance(self.collect, ByPhases) else {}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take what `kept` returned."""
        if isinstance(self.collect, ByPhases):
            self.collect.restore(kept)

    def rate(self, snapshot: Member, tell: Callable[[], None]) -> dict[str, float]:
        """Play the rating matches of a snapshot that are missing, and return what was measured exactly."""
        for _ in self.league.rate(snapshot):
            tell()
        # "rated" says that the matches above are all there; it is written once they are.
        values = {"rated": 1.0, **self._measure(snapshot.name)}
        self.league.release()
        return values

    def score(self, snapshot: str) -> Score:
        """Return how a snapshot has played against the anchors, each pair of matches one result."""
        game, anchors = self.league.game, set(self.league.anchors)
        won: dict[tuple[str, str], list[float]] = {}
        for result in self.league.store.results(game):
            if result.first == snapshot and result.second in anchors:
                won.setdefault((result.second, result.pair), []).append(result.payoff)
            elif result.second == snapshot and result.first in anchors:
                won.setdefault((result.first, result.pair), []).append(-result.payoff)
        return Score.of(normalised(np.array([np.mean(each) for each in won.values()]), game.scale))

    def _measure(self, name: str) -> dict[str, float]:
        """Return exact quantities of a snapshot; empty where the game cannot be enumerated."""
        player = self.league.player(name)
        tree = self.collect.tree
        if tree is not None and isinstance(player, HasLaw) and not isinstance(player, HasPolicy):
            found = exploitation.measure(player, tree, 0, 0, self.league.config.seed, lambda _: None)
            return {"nash_conv": found.nash_conv, "forfeits": found.forfeits.matches if found.forfeits else 0.0}
        if tree is None or not isinstance(player, HasPolicy):
            return {}
        values = {"nash_conv": nash_conv(tree, tree.policy(player))}
        if self.league.config.opponents.meta and self.league.game.hidden:
            values["mixture_nash_conv"] = nash_conv(tree, self._mixture())
        return values

    def _mixture(self) -> Policy:
        """Return the meta-solver's mixture of all snapshots, which is the answer of PSRO, as one policy."""
        tree = self.collect.tree
        assert tree is not None
        share = self.league.meta_mixture(tree)
        members = [tree.policy(self.league.player(name)) for name in share]
        weights = np.array(list(share.values()))
        seats = range(self.league.game.seats)
        return sum((mixture_policy(tree, members, weights, seat) for seat in seats), np.zeros(tree.mask.shape))


def _collect(league: League) -> Collect:
    """Return how the matches that the configured algorithm learns from are played."""
    training = league.config.training
    if training.algorithm == "deep_cfr":
        return ByTraversals(league)
    if training.algorithm == "token_policy_gradient":
        return ByPhases(league, ByAnswers(league, training.token_policy_gradient))
    return collector(league)
