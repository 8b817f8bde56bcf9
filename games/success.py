"""How well solvers do at a task that may have no known answer: one definition, for rewards, filters and logs alike.

The success is the share of all solvers whose answer is the right one. Whoever gave no answer counts among all, and is
never right. Where nobody knows the right answer it is taken to be the one that most of them give (TTRL, Zuo et al.,
2025), so if nobody answers the success is 0, and not "uncertain".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, pvariance
from typing import NamedTuple

from arena.grading.exact import normal, same


class Success(NamedTuple):
    """So many of so many solvers were right."""

    right: int
    of: int

    @property
    def rate(self) -> float:
        return self.right / self.of if self.of else 0.0

    @property
    def uncertainty(self) -> float:
        """min(s, 1 − s) of the rate s: what R-Zero pays for a task (Huang et al., 2025), at most ½, at a rate of ½."""
        return min(self.right, self.of - self.right) / self.of if self.of else 0.0


def answered(answer: str) -> bool:
    """Return whether an answer says anything."""
    return bool(answer.strip())


def majority(answers: Sequence[str]) -> str | None:
    """Return the answer that most give, the first of several; None if nobody answers. Equal numbers are one answer."""
    given = [answer for answer in answers if answered(answer)]
    if not given:
        return None
    counts = Counter(normal(answer) for answer in given)
    return max(given, key=lambda answer: counts[normal(answer)])


def success(answers: Sequence[str], right: str | None) -> Success:
    """Return how many of all answers are the right one; None: there is none."""
    return Success(sum(is_right(answer, right) for answer in answers), len(answers))


def is_right(answer: str, right: str | None) -> bool:
    """Return whether an answer is the right one."""
    return right is not None and answered(answer) and same(answer, right)


def agreed(answers: Sequence[str]) -> bool:
    """Return whether the first and the second half of the answers have one majority between them.

    Of a task that has an answer both find it once it is found often enough. Of one that is ambiguous, or is answered by
    guessing, they agree by accident alone.
    """
    half = len(answers) // 2
    first, second = majority(answers[:half]), majority(answers[half:])
    return first is not None and second is not None and same(first, second)


# What solvers' rewards for one task say of it (eva, Ye et al., 2024).


def gap(rewards: Sequence[float]) -> float:
    """Return how far the best reward is from the worst."""
    return max(rewards) - min(rewards)


def above_mean(rewards: Sequence[float]) -> float:
    """Return how far the best reward is from the mean."""
    return max(rewards) - fmean(rewards)


def above_second(rewards: Sequence[float]) -> float:
    """Return how far the best reward is from the second; 0 of a single one."""
    best, *others = sorted(rewards, reverse=True)
    return best - others[0] if others else 0.0


def variance(rewards: Sequence[float]) -> float:
    """Return the mean squared distance of rewards from their mean."""
    return pvariance(rewards)


INFORMATIVENESS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "gap": gap,
    "above_mean": above_mean,
    "above_second": above_second,
    "variance": variance,
}
"""What a task can be chosen by. All are 0 where all solvers fare alike, and none knows luck from learning: a task that
is answered by guessing is as informative as one that is half learned."""


def shares(informativeness: Sequence[float]) -> list[float]:
    """Return with what probability each task is drawn: its distance from the least informative one, in proportion.

    Where all are alike, so are their shares.
    """
    least = min(informativeness)
    total = sum(value - least for value in informativeness)
    if total <= 0:
        return [1 / len(informativeness)] * len(informativeness)
    return [(value - least) / total for value in informativeness]
