"""Whom a learner meets in training: a distribution over the population, mixed from a few named ones.

Vanilla self-play is the learner itself as it is now; fictitious self-play is the past, uniformly; δ-uniform play is
the later part of the past (Bansal et al., 2018); prioritised fictitious self-play (PFSP) weighs the past by win rate
(Vinyals et al., 2019); a meta-solver's mixture makes it PSRO (Lanctot et al., 2017). A win rate x is the learner's,
in [0, 1]; where it is unknown, ½ is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil, isnan

import numpy as np

from arena.config import OpponentConfig
from arena.interval import Floats
from arena.meta_solvers import population_mixture

EVEN = 0.5
"""The win rate against whom nobody has met."""

Distribution = dict[str, float]
"""Name → probability above 0."""

WEIGHTINGS: dict[str, Callable[[float, float], float]] = {
    "hard": lambda x, hardness: (1.0 - x) ** hardness,
    "variance": lambda x, _: x * (1.0 - x),
    "linear": lambda x, _: 1.0 - x,
    "capped": lambda x, _: min(0.5, 1.0 - x),
}
"""What an opponent weighs in PFSP at win rate x: those not beaten yet, those of equal strength, and between."""


def opponent_distribution(
    weights: OpponentConfig,
    learner: str,
    past: Sequence[str],
    win_rate: Mapping[str, float],
    meta: Mapping[str, float] | None = None,
    anchors: Sequence[str] = (),
) -> Distribution:
    """Return the opponents of `[opponents]`; the learner's own name means itself as it is now.

    `past` are the snapshots, oldest first, `meta` the meta-solver's mixture of them, and `anchors` never change. As
    long as there is no past, its weight falls to the others, or without others to the learner itself.
    """
    share = mixed(
        [
            (weights.latest, {learner: 1.0}),
            (weights.uniform, delta_uniform(past, weights.delta)),
            (weights.prioritised, prioritised(past, win_rate, weights.weighting, weights.hardness)),
            (weights.meta, meta or {}),
            (weights.anchors, dict.fromkeys(anchors, 1.0 / len(anchors)) if anchors else {}),
        ]
    )
    return share or {learner: 1.0}


def delta_uniform(past: Sequence[str], delta: float = 0.0) -> Distribution:
    """Return equal shares of the past from ⌈δ · v⌉ to v, the number of snapshots: all of it for 0, the last for 1."""
    recent = past[max(ceil(delta * len(past)), 1) - 1 :]
    return dict.fromkeys(recent, 1.0 / len(recent)) if recent else {}


def prioritised(
    past: Sequence[str], win_rate: Mapping[str, float], weighting: str = "hard", hardness: float = 2.0
) -> Distribution:
    """Return PFSP's shares of the past: f(x) over the sum of all f(x).

    A learner that nobody in its past can teach anything, because it always wins, meets all of them alike.
    """
    f = WEIGHTINGS[weighting]
    weight = {name: f(rate_against(win_rate, name), hardness) for name in past}
    total = sum(weight.values())
    if total <= 0:
        return dict.fromkeys(past, 1.0 / len(past)) if past else {}
    return {name: w / total for name, w in weight.items() if w > 0}


def meta_mixture(meta_solver: str, past: Sequence[str], payoffs: Floats, win_rate: Mapping[str, float]) -> Distribution:
    """Return the meta-solver's mixture of the past, from its payoffs (n, n) against itself.

    "rectified_nash" leaves out whom the learner loses to, so that it grows where it is strong (Balduzzi et al.,
    2019); if that is everybody, the whole mixture stays.
    """
    if not past:
        return {}
    weight = np.maximum(population_mixture(meta_solver, payoffs), 0.0)
    if meta_solver == "rectified_nash":
        beaten = weight * np.array([rate_against(win_rate, name) >= EVEN for name in past])
        weight = beaten if beaten.sum() > 0 else weight
    return {name: float(w) for name, w in zip(past, weight / weight.sum(), strict=True) if w > 0}


def mixed(parts: Iterable[tuple[float, Mapping[str, float]]]) -> Distribution:
    """Return the mixture of distributions by weight; those that are empty are left out."""
    present = [(weight, part) for weight, part in parts if weight > 0 and part]
    total = sum(weight for weight, _ in present)
    share: Distribution = {}
    for weight, part in present:
        for name, p in part.items():
            share[name] = share.get(name, 0.0) + weight / total * p
    return {name: p for name, p in share.items() if p > 0}


def rate_against(win_rate: Mapping[str, float], name: str) -> float:
    """Return a win rate inside [0, 1]; ½ where it is unknown."""
    x = win_rate.get(name, EVEN)
    return EVEN if isnan(x) else min(max(x, 0.0), 1.0)
