"""Population-based training: the weak go on from the strong, with other hyper-parameters (Jaderberg et al., 2017).

The rule is told here in two pure functions; the loop applies it at checkpoints, once everybody has been rated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from arena.config import LeagueConfig
from arena.interval import Interval
from arena.seeds import generator

SHARE = 0.2
"""Part of a population that gives, and part that takes; one learner at least."""
FACTORS = (0.8, 1.2)
"""By one of these each hyper-parameter is multiplied."""


class Population(NamedTuple):
    """What population-based training has come to; kept in the store."""

    step: int = 0
    """When learners last inherited."""
    parents: Mapping[str, str] = {}
    """Heir → parent at that step."""
    hyper: Mapping[str, Mapping[str, float]] = {}
    """Learner → its own values of [training]."""

    @classmethod
    def begun(cls, config: LeagueConfig, kept: Mapping[str, Any] | None) -> Population:
        """Return what was kept or, at the start of a run, learners that differ a little where they are to be tuned."""
        if kept is not None:
            return cls(**kept)
        given: dict[str, float] = {name: getattr(config.training, name) for name in config.population.tune}
        hyper: dict[str, Mapping[str, float]] = {name: {} for name in config.learners}
        if config.population.every:
            hyper = {name: explored(given, generator(config.seed, "population", name)) for name in config.learners}
        return cls(hyper=hyper)


def heirs(strength: Mapping[str, Interval], rng: np.random.Generator) -> dict[str, str]:
    """Return heir → parent: learners of the bottom 20% that go on from one of the top 20%.

    Only where the intervals of both do not touch, so that luck is not inherited, and every parent has one heir at
    most, so that the population does not become copies of one.
    """
    order = sorted(strength, key=lambda name: (strength[name].value, name))
    count = min(max(1, int(SHARE * len(order))), len(order) // 2)
    parents = [order[-1 - i] for i in rng.permutation(count)]
    pairs = zip(order[:count], parents, strict=True)
    return {heir: parent for heir, parent in pairs if strength[heir].high < strength[parent].low}


def explored(values: Mapping[str, float], rng: np.random.Generator) -> dict[str, float]:
    """Return hyper-parameters, each a fifth greater or smaller."""
    return {name: value * FACTORS[int(rng.integers(2))] for name, value in sorted(values.items())}
