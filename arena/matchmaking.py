"""Whom a learner meets in training: a distribution over the population.

Vanilla self-play is `latest` alone; fictitious self-play is `uniform` alone; `prioritised` is the PFSP of
AlphaStar (Vinyals et al., 2019) with f(x) = (1 − x) ** hardness. A mixture adds them by weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.config import OpponentConfig


def opponent_distribution(
    weights: OpponentConfig, learner: str, past: Sequence[str], win_rate: Mapping[str, float]
) -> dict[str, float]:
    """Return name → probability of being the opponent; the learner's own name means itself as it is now.

    `win_rate` is the learner's, in [0, 1], against each of `past`; ½ is assumed where none is known. As long
    as there is no past, everything falls to the learner itself.
    """
    if not past:
        return {learner: 1.0}
    total = weights.latest + weights.uniform + weights.prioritised
    share = {learner: weights.latest / total} if weights.latest else {}
    hard = {name: (1.0 - win_rate.get(name, 0.5)) ** weights.hardness for name in past}
    hard_total = sum(hard.values())
    for name in past:
        # A learner that beats everyone always has no hard opponent left: all of them count alike.
        priority = hard[name] / hard_total if hard_total > 0 else 1.0 / len(past)
        p = (weights.uniform / len(past) + weights.prioritised * priority) / total
        if p > 0:
            share[name] = p
    return share
