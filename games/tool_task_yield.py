"""How many of the tasks that challengers write are worth playing, and what becomes of the others.

Every task that was due counts in every share: one that is refused, and one that was never written too. With
`records = store.records()` of a run and its game::

    from arena.games.tool_task_yield import proposals, yields

    yields(proposals(records, game))
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from arena.errors import ConfigError
from arena.games.tool_task import REFUSALS
from arena.games.tool_tasks import ToolTasks
from arena.interval import Interval, share
from arena.record import Record

ACCEPTED, SILENT = "accepted", "silent"
SPOILT = "unsteady on an attempt"
FATES = (ACCEPTED, *REFUSALS, SPOILT, SILENT)
"""What may become of a task; the last two are that it passed the filter but counts for nothing, since its program threw
dice when an attempt was judged, and that the challenger forfeited instead of writing one."""


class Proposal(NamedTuple):
    """One task that a challenger was to write."""

    challenger: str
    fate: str
    """One of `FATES`."""
    done: tuple[bool, ...]
    """By attempt, whether it was done; () for a task that was not played, or counts for nothing."""


class Yield(NamedTuple):
    """Shares with 95% intervals."""

    tasks: int
    fates: dict[str, Interval]
    """Fate → its share of all tasks, for every fate that there is."""
    done: Interval
    """Share of all attempts at accepted tasks that did them."""


def proposals(records: Iterable[Record], game: ToolTasks) -> list[Proposal]:
    """Return every task that a challenger was asked for; of matches that were not rated, none.

    Raises ConfigError for a game without a challenger.
    """
    if not game.challenger:
        raise ConfigError(f"{game.spec} has no challenger, so nobody writes tasks there: count those of another game")
    found = []
    for record in records:
        if not record.stop.rated:
            continue
        *_, (s, _) = record.replay(game)
        fate = SILENT if s.text is None else game.refusal(s) or (SPOILT if game.unsteady(s) else ACCEPTED)
        found.append(Proposal(record.entrants[0], fate, game.done(s) if fate == ACCEPTED else ()))
    return found


def yields(proposed: Collection[Proposal]) -> Yield:
    """Return the shares of all fates; of no tasks, everything from 0 to 1."""
    fates = {fate: _share([[one.fate == fate] for one in proposed]) for fate in FATES}
    return Yield(len(proposed), fates, _share([one.done for one in proposed if one.fate == ACCEPTED]))


def _share(found: Sequence[Sequence[bool]]) -> Interval:
    """Return how often it is so; what belongs to one task is one group."""
    if not found:
        return Interval(0.5, 0.0, 1.0)
    interval: Interval = share(np.array(found, np.float64))
    return interval
