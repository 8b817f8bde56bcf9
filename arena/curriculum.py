"""Which game a run over several games plays next: how play is shared out, and what changes the shares.

Three ways. Fixed weights. SEC, a bandit that is rewarded by the size of the advantages. And the default, progress:
how fast the score against frozen anchors changes. The size of advantages says how much the outcome varies, not how
much is learned: it is greatest where success has probability ½, in a game of pure chance and in a balanced game
against oneself, for ever. A score against players that never change goes up or down for long only where something is
learned, or forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from math import exp, isfinite, sqrt
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from arena.config.curriculum import CurriculumConfig, ProgressConfig, SECConfig
from arena.errors import ConfigError, RatingError

Shares = dict[str, float]
"""Game → its part of the next play; they sum to 1."""

SURE = 2.0
"""Standard errors that a change must exceed to count: chance alone exceeds them once in twenty times."""

FEWEST = 3
"""Scores from which on a game's change, and the error of that, can be told."""


class Score(NamedTuple):
    """How a game is played against anchors that never change."""

    mean: float
    """In [0, 1]: 1 for always winning, ½ for an even game; of a payoff R it is ½ + R / (2 · the greatest payoff)."""
    error: float
    """Standard error of the mean, above 0."""

    @classmethod
    def of(cls, results: NDArray[np.float64]) -> Score:
        """Return the score of independent results (M,) in [0, 1]: of matches or, seats swapped, the means of pairs.

        One won and one lost match are added, so that a hundred wins of a hundred do not pass for certainty (Agresti and
        Coull, 1998).
        """
        if len(results) and not (results.min() >= 0.0 and results.max() <= 1.0):
            raise RatingError(f"a result of {results.min():g} to {results.max():g} is no score: give results in [0, 1]")
        known = np.concatenate([results, [0.0, 1.0]])
        return cls(float(known.mean()), float(known.std() / sqrt(len(known))))


class Evidence(NamedTuple):
    """What a step has shown of one game. Every method reads its own part; None where there is none."""

    advantage: float | None = None
    """Mean |advantage| of what was learned from, with payoffs divided by the game's greatest payoff."""
    score: Score | None = None


class Curriculum(Protocol):
    """A way to share out play. All that it remembers is in its state, as JSON values."""

    def shares(self) -> Shares:
        """Return every game's part of the next play."""

    def update(self, step: int, evidence: Mapping[str, Evidence]) -> None:
        """Take what a step has shown of the games that it played or measured."""

    def state(self) -> dict[str, Any]:
        """Return all that the shares follow from."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take what `state` returned."""


def curriculum(config: CurriculumConfig, games: Iterable[str]) -> Curriculum:
    """Return the curriculum of `[curriculum]` over games by name."""
    names = list(games)
    match config.method:
        case "fixed":
            return Fixed(names, config.weights)
        case "sec":
            return SEC(names, config.sec)
        case "progress":
            return Progress(names, config.progress)


def allot(shares: Mapping[str, float], count: int, rng: np.random.Generator) -> dict[str, int]:
    """Return how many of `count` matches each game gets: its due, rounded up or down, and right on average.

    One draw places `count` equal steps on the line of all shares (systematic sampling), so a game of share .25 gets 4
    of 16, and half the time 2, else 3, of 10. A `count` of 1 draws one game by its share.
    """
    ends = np.cumsum(list(shares.values()))
    places = (rng.random() + np.arange(count)) / count * ends[-1]
    game = np.minimum(np.searchsorted(ends, places, side="right"), len(ends) - 1)  # rounding may end beyond the last
    numbers = np.bincount(game, minlength=len(ends))
    return dict(zip(shares, map(int, numbers), strict=True))


class Fixed:
    """The same shares for ever."""

    def __init__(self, games: Iterable[str], weights: Mapping[str, float]) -> None:
        names = list(games)
        for name in weights:
            if name not in names:
                near = get_close_matches(name, names, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"the games are {', '.join(names)}"
                raise ConfigError(f"curriculum.weights names the game {name!r}, which is not played; {hint}")
        self._shares = _in_proportion({name: weights.get(name, 1.0) for name in names})
        if not self._shares:
            raise ConfigError("all curriculum.weights are 0: give at least one game a weight above 0")

    def shares(self) -> Shares:
        """Return the weights, divided by their sum."""
        return dict(self._shares)

    def update(self, step: int, evidence: Mapping[str, Evidence]) -> None:
        """Learn nothing."""

    def state(self) -> dict[str, Any]:
        """Return nothing: the weights are in the file."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take nothing."""


class SEC:
    """The self-evolving curriculum (Chen et al., 2025): games are drawn from softmax(Q / τ), and Q follows rewards.

    The reward of a game is the mean |advantage| of its matches, and Q ← (1 − α) Q + α · reward by TD(0), from Q = 0.
    Only games that were played are updated here, as the paper's rule for the arm that was drawn says. The code released
    with it updates all, with a reward of 0 for those that were not drawn, so that a neglected game looks worthless
    instead of unknown.

    The paper's advantages are those of `group_advantages`, in standard deviations, and blind to stakes. Advantages that
    are not standardised must be of payoffs divided by the game's greatest payoff, or the highest stakes win.

    It seeks the game whose success rate is nearest ½, which need not be the one in which most is learned.
    """

    def __init__(self, games: Iterable[str], options: SECConfig) -> None:
        self.options = options
        self._value = dict.fromkeys(games, 0.0)

    def shares(self) -> Shares:
        """Return softmax(Q / τ)."""
        most = max(self._value.values())
        return _in_proportion({name: exp((q - most) / self.options.temperature) for name, q in self._value.items()})

    def update(self, step: int, evidence: Mapping[str, Evidence]) -> None:
        """Move the values of the games that were played."""
        for name, shown in evidence.items():
            if shown.advantage is not None:
                self._value[name] += self.options.rate * (float(shown.advantage) - self._value[name])

    def state(self) -> dict[str, Any]:
        """Return the values."""
        return {"value": dict(self._value)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take what `state` returned."""
        self._value = dict(state["value"])


class Progress:
    """Play goes where the score against frozen anchors changes, up or down: absolute learning progress.

    The idea is old (Oudeyer and Kaplan, 2007; Matiisen et al., 2017: teacher-student curriculum learning). Per game, a
    line is fitted to the latest scores, weighted by their errors, and what counts of its slope is the part that chance
    does not explain (`sure_change`). A falling score counts like a rising one: what is being forgotten is played again.

    A game with fewer than three scores counts as much as the best of the others, so new games are looked into first. As
    long as nothing is known, or nothing surely moves, all games have equal parts.

    What it cannot see: progress in a game whose anchors are always, or never, beaten. Choose anchors on several levels.
    """

    def __init__(self, games: Iterable[str], options: ProgressConfig) -> None:
        self.options = options
        self._series: dict[str, list[tuple[int, Score]]] = {name: [] for name in games}

    def shares(self) -> Shares:
        """Return equal parts of what is for exploration, and of the rest parts in proportion to sure change."""
        change = {name: sure_change(series) for name, series in self._series.items() if len(series) >= FEWEST}
        most = max(change.values(), default=0.0)
        equal, explored = 1.0 / len(self._series), self.options.exploration
        by_change = _in_proportion({name: change.get(name, most) for name in self._series})
        return {name: explored * equal + (1 - explored) * by_change.get(name, equal) for name in self._series}

    def update(self, step: int, evidence: Mapping[str, Evidence]) -> None:
        """Remember the scores; a step that is done again replaces what it said before."""
        for name, shown in evidence.items():
            if (score := shown.score) is None:
                continue
            if not (0.0 <= score.mean <= 1.0 and score.error > 0.0 and isfinite(score.error)):
                raise RatingError(
                    f"{name} has a score of {score.mean:g} with the error {score.error:g}: give a mean in [0, 1] and a "
                    "finite error above 0, as Score.of does"
                )
            earlier = [entry for entry in self._series[name] if entry[0] < step]
            latest = (step, Score(float(score.mean), float(score.error)))
            self._series[name] = [*earlier, latest][-self.options.window :]

    def state(self) -> dict[str, Any]:
        """Return every game's latest scores as [step, mean, error]."""
        return {"series": {name: [[step, *score] for step, score in each] for name, each in self._series.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take what `state` returned."""
        self._series = {
            name: [(step, Score(mean, error)) for step, mean, error in each] for name, each in state["series"].items()
        }


def sure_change(series: Iterable[tuple[int, Score]]) -> float:
    """Return how much a score surely changes per step: |slope| less `SURE` of its standard errors, 0 at least.

    The line through at least three scores is that of weighted least squares. Where they scatter about it more than
    their errors say, because play itself wanders, the error of the slope grows in proportion (Birge, 1932).
    """
    step, mean, error = np.array([(step, *score) for step, score in series]).T
    weight = error**-2
    away = step - np.average(step, weights=weight)
    spread = float(weight @ away**2)
    slope = float(weight @ (away * mean)) / spread
    rest = mean - np.average(mean, weights=weight) - slope * away
    scatter = float(weight @ rest**2) / (len(step) - 2)
    return max(abs(slope) - SURE * sqrt(max(scatter, 1.0) / spread), 0.0)


def group_advantages(payoff: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (N,) payoffs in standard deviations from the mean of their group, repeats of one start and seat (GRPO).

    Where a group has only one outcome there is nothing to learn from it, and its advantages are 0. The deviation is the
    sample's, with n − 1 below. Of two outcomes with probability p and 1 − p, the mean |advantage| goes to
    2 √(p (1 − p)) in large groups.
    """
    _, member, size = np.unique(group, return_inverse=True, return_counts=True)
    away = payoff - (np.bincount(member, payoff) / size)[member]
    deviation = np.sqrt(np.bincount(member, away**2) / np.maximum(size - 1, 1))[member]
    least, most = np.full(len(size), np.inf), np.full(len(size), -np.inf)
    np.minimum.at(least, member, payoff)
    np.maximum.at(most, member, payoff)
    differs = (least < most)[member]  # asked of the payoffs: the mean of equal ones may be off in its last bit
    return np.divide(away, deviation, out=np.zeros_like(away), where=differs)


def _in_proportion(weights: Mapping[str, float]) -> Shares:
    """Return the weights over their sum; empty where that is 0."""
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()} if total > 0 else {}
