"""Which turns of a batch are learned from, and how many more are wanted; columns (N,) in, rows or masks (N,) out.

The order is this. What draws are worth comes first (`worth_of_draws`); then advantages are worked out from all that was
played, since a baseline of chosen matches, or a chain of turns with holes, would be wrong. Long replies cost
(`overlong_price`), whole groups are chosen (`most_varied`, or all masks at once by `kept`), and last the batch is
filled to its size (`fill`).

    payoff = filters.worth_of_draws(batch.payoff, drawn, scale, options)
    ...                                                         # advantages in units of scale, from all turns
    advantage += filters.overlong_price(length, max_tokens, options)
    keep = filters.kept(options, payoff, batch.match, batch.seat, start=start, drawn=drawn, truncated=truncated)
    filled = filters.fill(advantage, keep, batch.match, size, options.least_advantage)

A filter chooses what is learned, and no choice is free: high variance is also what pure chance looks like, and turns
that are left out are held by no divergence and no entropy.
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.config.filters import FilterConfig
from arena.errors import ConfigError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


def worth_of_draws(payoff: Floats, drawn: Mask, scale: float, options: FilterConfig) -> Floats:
    """Return the payoffs (N,), with `draw_worth` for those whose match was `drawn`; `scale` is the greatest payoff.

    Both sides get it, so with another worth than 0 training is no longer zero-sum. Where games are won, lost or drawn,
    a draw is a payoff of 0; in a game of payoffs, such as poker, 0 is an amount like any other, and nothing is drawn.
    """
    return np.where(drawn, options.draw_worth * scale, payoff)


def overlong_price(length: Ints, max_tokens: int, options: FilterConfig) -> Floats:
    """Return (N,) what replies of so many sampled tokens (N,) cost: 0 or below, in units of the greatest payoff.

    DAPO's soft punishment (Yu et al., 2025): nothing up to a part of max_tokens (.8 there: 16384 of 20480), then down
    on a line to the full price at max_tokens. A reply has its own price, whatever the match paid, so it is added to
    the advantages and not to the payoffs, which baselines count once a match.
    """
    if options.overlong != "penalty":
        return np.zeros(len(length))
    free = options.overlong_from * max_tokens
    beyond: Floats = np.clip((length - free) / (max_tokens - free), 0.0, 1.0)
    return -options.overlong_price * beyond


def kept(
    options: FilterConfig, payoff: Floats, match: Ints, seat: Ints, *, start: Ints, drawn: Mask, truncated: Mask
) -> Mask:
    """Return (N,) which turns all of the filters keep; what their advantages are worth is left to `fill`.

    `start` says what the match began from, `drawn` whether it was a draw, `truncated` whether the reply ran into
    max_tokens.
    """
    keep = np.ones(len(payoff), np.bool_)
    if options.draws == "drop":
        keep &= ~drawn
    if options.overlong == "drop":
        keep &= ~truncated
    if options.varied < 1:
        keep &= most_varied(payoff, match, seat, start, options.varied)
    return keep


def most_varied(payoff: Floats, match: Ints, seat: Ints, start: Ints, share: float) -> Mask:
    """Return (N,) which turns belong to the share of groups whose payoffs differ most (StarPO-S: Wang et al., 2025).

    A group is the repeats of one start (the same deal, question or position) in one seat: in mirror play the payoffs
    of both seats together always differ, and say nothing. How much they differ is the standard deviation over the
    matches of a group, of payoffs as the game pays them. At least one group is kept; of equal ones the earlier start.
    Where everything was always won or always lost there is nothing to compare.

    Raises ConfigError where no start was played twice.
    """
    if not len(payoff):
        return np.ones(0, np.bool_)
    _, group = np.unique(np.stack([start, seat], axis=1), axis=0, return_inverse=True)
    # A match pays once, not once a turn.
    _, once = np.unique(np.stack([group, match], axis=1), axis=0, return_index=True)
    size = np.bincount(group[once])
    if size.max() < 2:
        raise ConfigError(
            "filters.varied compares repeats, and no start was played twice: let training.matches be several times as "
            "many as the game has starts, or leave filters.varied at 1"
        )
    away = payoff[once] - (np.bincount(group[once], payoff[once]) / size)[group[once]]
    deviation = np.sqrt(np.bincount(group[once], away**2) / np.maximum(size - 1, 1))
    number = ceil(share * len(size) - 1e-9)  # rounded up, so never 0; but .07 · 100 is 7, whatever its last bit says
    chosen: Mask = np.isin(group, np.argsort(-deviation, kind="stable")[:number])
    return chosen


class Filled(NamedTuple):
    """What to learn from, and what is wanting."""

    rows: Ints
    """The numbers of the turns to learn from, in their order; at most as many as were wanted."""
    missing: int
    """Turns that are still wanting."""
    matches: int
    """Further matches to play, which at the present rate have so many turns worth learning from; 0 if none wants."""


def fill(advantage: Floats, keep: Mask, match: Ints, size: int, least: float = 0.0) -> Filled:
    """Return `size` turns that are kept and whose |advantage| is above `least`, from all parts of the batch alike.

    A turn of advantage 0 moves nothing, and a batch with many is a small one in disguise: its steps are noisier just
    where most is known. So batches are filled to one size, as DAPO's dynamic sampling does (Yu et al., 2025). Turns
    beyond the size are left out rather than saved, since they would be a version old by the next update.

    Where nothing at all was worth learning from, as many matches again are asked for; the caller limits how often.
    """
    useful = np.flatnonzero(keep & (np.abs(advantage) > least))
    missing = max(size - len(useful), 0)
    played = len(np.unique(match))
    matches = ceil(missing * played / len(useful)) if len(useful) else played
    if len(useful) > size:  # games follow each other in a batch, and none should be left out
        useful = useful[np.arange(size) * len(useful) // size]
    return Filled(useful, missing, matches)
