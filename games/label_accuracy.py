"""How good labels are that solvers make for themselves, told where the true answers are known (TTRL, Zuo et al., 2025).

A wrong label may still give most rewards rightly, since all other wrong answers get none for it: so both are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from arena.games.challenger_solver import ChallengerSolver
from arena.games.success import is_right
from arena.interval import Interval, share
from arena.record import Record, StopReason


class Labels(NamedTuple):
    """Of tasks whose true answer is known, shares with 95% intervals."""

    tasks: int
    label: Interval
    """Of tasks, whose label is the true answer."""
    reward: Interval
    """Of rewards, that are those which the true answer would give."""
    majority: Interval
    """Of solvers, who gave the label."""
    solved: Interval
    """Of solvers, who gave the true answer."""


def labels(records: Iterable[Record], game: ChallengerSolver, truth: Callable[[str], str | None]) -> Labels:
    """Compare the labels of all tasks that were answered with their true answers; None: that of a task is unknown."""
    found: list[list[list[bool]]] = []
    for record in records:
        if record.stop is not StopReason.FINISHED:
            continue
        *_, (s, _) = record.replay(game)
        if not s.answers or s.task is None or (true := truth(s.task)) is None:
            continue
        label = game.right_answer(s)
        paid, solved = ([is_right(answer, right) for answer in s.answers] for right in (label, true))
        alike = [got == deserved for got, deserved in zip(paid, solved, strict=True)]
        found.append([[label is not None and is_right(label, true)], alike, paid, solved])
    if not found:
        return Labels(0, *[Interval(0.5, 0.0, 1.0)] * 4)
    return Labels(len(found), *(share(np.array(rows, np.float64)) for rows in zip(*found, strict=True)))
