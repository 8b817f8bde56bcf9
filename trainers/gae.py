"""Generalised advantage estimation (Schulman et al., 2016) over each seat's own decisions.

Time does not discount: a match is short and its payoff is what is rated. So with V the value net's word on a
decision's view, r what a seat gets between a decision and its next, and t counting the decisions of one seat in
one match,

    δ_t = r_t + V_{t+1} − V_t, and δ_T = r_T − V_T at the last,   A_t = δ_t + λ A_{t+1}.

A match pays only at its end, so r is 0 before that. λ = 1 is the payoff minus the value (no bias, all the noise),
λ = 0 trusts the next value.

A decision may as well be a turn of a language model, all of whose tokens share its advantage. Where turns begin and end
is told by their numbers and not by rewards, so that a turn that earns nothing is a turn like any other.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Turns(Protocol):
    """What is read of a batch, of decisions or of tokens: whose turn each row (N,) is. The rows may be in any order."""

    @property
    def match(self) -> NDArray[np.int64]:
        """(N,) number of the match."""

    @property
    def seat(self) -> NDArray[np.int64]:
        """(N,) who decided."""

    @property
    def turn(self) -> NDArray[np.int64]:
        """(N,) number of the decision within its match."""

    def __len__(self) -> int: ...


def next_own(batch: Turns) -> NDArray[np.int64]:
    """Return (N,) the row of the same seat's next decision in the same match; −1 at its last."""
    seats = int(batch.seat.max(initial=0)) + 1
    code = batch.match * seats + batch.seat
    order = np.lexsort((batch.turn, code))
    following = np.full(len(code), -1, np.int64)
    same = code[order[1:]] == code[order[:-1]]
    following[order[:-1][same]] = order[1:][same]
    return following


def standardised(advantage: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N,) the advantages in standard deviations from their mean; zeros where all are alike."""
    away = advantage - advantage.mean()
    deviation = float(away.std())
    scaled: NDArray[np.float64] = away / deviation if deviation > 0 else away
    return scaled


def at_the_end(batch: Turns, payoff: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N,) the payoff at each seat's last decision of a match, 0 before."""
    return np.where(next_own(batch) < 0, payoff, 0.0)


def advantages(
    batch: Turns, value: NDArray[np.float64], reward: NDArray[np.float64], trace_decay: float
) -> NDArray[np.float64]:
    """Return (N,) A for values (N,) and rewards (N,) in the same unit; `trace_decay` is λ."""
    following = next_own(batch)
    last = following < 0
    advantage = reward + np.where(last, 0.0, value[following]) - value
    # Backwards: a row is complete once the row after it is.
    before = np.full(len(batch), -1, np.int64)
    before[following[~last]] = np.flatnonzero(~last)
    rows = np.flatnonzero(last)
    while len(rows := before[rows][before[rows] >= 0]):
        advantage[rows] += trace_decay * advantage[following[rows]]
    return advantage
