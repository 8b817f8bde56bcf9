"""How well critics tell right steps from wrong ones: in each class by itself, since suspicion of everything is easy.

A critic who always says Correct is right about every right step and about no wrong one. So both shares are told, their
mean (balanced accuracy: ½ for whoever does not look), and their harmonic mean, which ProcessBench calls F1 (Zheng et
al., 2025).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from math import hypot
from typing import NamedTuple

import numpy as np

from arena.games.sneaky_critic import TRUE, SneakyCritic
from arena.interval import Interval, share
from arena.record import Record


class Critique(NamedTuple):
    """One step that a critic was asked about."""

    critic: str
    shown: str
    """"true" or "sneaky"."""
    kind: str
    """Of the error, where there is one."""
    right: bool
    """Whether the critic said so; a critique without a verdict is wrong."""
    spoken: bool
    """Whether there was a verdict."""


class Accuracy(NamedTuple):
    """Shares of right verdicts, with 95% intervals."""

    true: Interval
    """Of right steps."""
    wrong: Interval
    """Of wrong ones."""
    silent: float
    """Share of critiques without a verdict, which count as wrong in both."""

    @property
    def balanced(self) -> Interval:
        """The mean of both."""
        mean = (self.true.value + self.wrong.value) / 2
        below = hypot(self.true.value - self.true.low, self.wrong.value - self.wrong.low) / 2
        above = hypot(self.true.high - self.true.value, self.wrong.high - self.wrong.value) / 2
        return Interval(mean, mean - below, mean + above)

    @property
    def harmonic(self) -> float:
        """The harmonic mean of both; 0 where one of them is."""
        total = self.true.value + self.wrong.value
        return 2 * self.true.value * self.wrong.value / total if total else 0.0


def critiques(records: Iterable[Record], game: SneakyCritic) -> list[Critique]:
    """Return every step that a critic was asked about; of matches that count for nothing, none."""
    found = []
    for record in records:
        if not record.stop.rated or record.returns[1] is None:
            continue
        *_, (s, _) = record.replay(game)
        found.append(Critique(record.entrants[1], s.shown, s.kind, game.right(s), s.critique is not None))
    return found


def accuracy(judged: Collection[Critique]) -> Accuracy:
    """Return the shares of right verdicts; of a class without steps, everything from 0 to 1."""
    of_class = [[one.right for one in judged if (one.shown == TRUE) == true] for true in (True, False)]
    true, wrong = (
        share(np.array(right, np.float64)[:, None]) if right else Interval(0.5, 0.0, 1.0) for right in of_class
    )
    silent = sum(not one.spoken for one in judged) / len(judged) if judged else 0.0
    return Accuracy(true, wrong, silent)
