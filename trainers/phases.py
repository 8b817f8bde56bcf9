"""What the next update learns from: recorded games, or self-play, and whether opponents then stay as they are.

These are the schedules of supervised self-play (S2P: Lowe et al., 2020), which found that supervised learning before
self-play helps more than after it, and both in turn more than either order:

    there            here
    sup2sp           opening = N
    sched            after = "interleaved", self_play = l, supervised = m
    rand             after = "random"
    sched_frz        after = "interleaved", frozen = 1.0
    sched_rand_frz   after = "interleaved", frozen = r

Self-play rewards any code that its players share. What is learned from others ties it to theirs, and an update against
somebody who stays as he is cannot lead both away from it together.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Literal, NamedTuple

from arena.config.phases import PhasesConfig
from arena.seeds import generator


class Phase(NamedTuple):
    """What one update is."""

    learn_from: Literal["records", "self_play"]
    frozen: bool
    """Of self-play: whether the opponents are the last frozen copy and not the learner as it is."""
    role: str | None = None
    """Of self-play: the only role that learns; None: all do."""


def phase(options: PhasesConfig, update: int, seed: int) -> Phase:
    """Return what update number `update`, from 0, is; `seed` is the run's. The same call says the same for ever."""
    rng = generator(seed, "phase", update)
    supervised, frozen = rng.random() < options.supervised_share, rng.random() < options.frozen
    later = update - options.opening
    match options.after:
        case "self_play":
            supervised = False
        case "interleaved":
            supervised = later % (options.self_play + options.supervised) >= options.self_play
    if later < 0 or supervised:
        return Phase("records", False)
    return Phase("self_play", frozen, learning_role(options, update))


def learning_role(options: PhasesConfig, update: int) -> str | None:
    """Return the only role that learns in an update by self-play, None where all do; nothing of it is drawn.

    In R-Zero's rounds it is the challenger's turn for example, and then the solver's. Turns are counted in self-play
    alone.
    """
    later = update - options.opening
    if not options.in_turn or later < 0:
        return None
    if options.after == "interleaved":
        rounds, place = divmod(later, options.self_play + options.supervised)
        if place >= options.self_play:
            return None
        later = rounds * options.self_play + place
    ends = list(accumulate(options.in_turn.values()))
    return list(options.in_turn)[bisect_right(ends, later % ends[-1])]
