"""Role-conditioned advantage: a payoff minus what that role usually gets (SPIRAL, Liu et al., 2025).

In a zero-sum game a seat may be worth something by itself: the first player of Kuhn poker loses 1/18 at
equilibrium. A baseline shared by both seats would reward one seat and punish the other for ever; a baseline
per (game, side, role) leaves only what the play was worth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.batch import DecisionBatch, TokenBatch


class Key(NamedTuple):
    """Whose payoff a baseline predicts. Seats of one side and role share it."""

    game: str
    side: int
    role: int
    opponent: str = ""
    """A class of opponents with a baseline of its own; empty: all together."""


class RoleBaselines:
    """Exponential means of payoffs (divided by the game's scale), bias-corrected; 0 before the first match.

    Bias correction is Adam's: after n matches the raw mean carries only 1 − decay**n of its weight.
    """

    def __init__(self, decay: float = 0.95) -> None:
        self.decay = decay
        self._raw: dict[Key, float] = {}
        self._count: dict[Key, int] = {}

    def read(self, key: Key) -> float:
        """Return the baseline in units of the game's scale."""
        count = self._count.get(key, 0)
        return self._raw[key] / (1.0 - self.decay**count) if count else 0.0

    def update(self, key: Key, payoffs: NDArray[np.float64]) -> None:
        """Take payoffs (n,), divided by the game's scale, in schedule order."""
        n = len(payoffs)
        if not n:
            return
        weights = (1.0 - self.decay) * self.decay ** np.arange(n - 1, -1, -1, dtype=np.float64)
        self._raw[key] = self.decay**n * self._raw.get(key, 0.0) + float(weights @ payoffs)
        self._count[key] = self._count.get(key, 0) + n

    def advantages(self, batch: DecisionBatch | TokenBatch, scale: float, opponent: str = "") -> NDArray[np.float64]:
        """Return (N,) payoff / scale − baseline, every baseline read once and then updated from this batch.

        `scale` is the game's greatest absolute payoff. A seat counts once per match, in match order.
        """
        normalised = batch.payoff / scale
        advantage = normalised.copy()
        for key, rows in _rows_by_key(batch, opponent):
            advantage[rows] -= self.read(key)
            self.update(key, normalised[_first_of_each_seat(batch, rows)])
        return advantage

    def state(self) -> list[dict[str, Any]]:
        """Return everything as JSON values, sorted by key."""
        return [{**key._asdict(), "raw": self._raw[key], "count": self._count[key]} for key in sorted(self._raw)]

    def restore(self, state: Iterable[Mapping[str, Any]]) -> None:
        """Take what `state` returned."""
        self._raw.clear()
        self._count.clear()
        for entry in state:
            key = Key(entry["game"], entry["side"], entry["role"], entry["opponent"])
            self._raw[key], self._count[key] = entry["raw"], entry["count"]


def among_others(batch: DecisionBatch | TokenBatch, scale: float) -> NDArray[np.float64]:
    """Return (N,) payoff / scale − the mean of the other seats of its role in its match; NaN where there are none.

    Solvers of one task are compared with each other, since tasks differ more than they do (RLOO: Ahmadian et al.,
    2024).
    """
    if not len(batch):
        return np.zeros(0)
    payoff = batch.payoff / scale
    game = batch.played if isinstance(batch, TokenBatch) and batch.played is not None else np.zeros_like(batch.match)
    _, group = np.unique(np.stack([game, batch.match, batch.side, batch.role]), axis=1, return_inverse=True)
    group = group.ravel()
    seats = int(batch.seat.max()) + 1
    _, once, seat = np.unique(group * seats + batch.seat, return_index=True, return_inverse=True)
    paid, of = payoff[once], group[once]
    number, total = np.bincount(of), np.bincount(of, paid)
    with np.errstate(invalid="ignore", divide="ignore"):
        others = (total[of] - paid) / (number[of] - 1)
    advantage: NDArray[np.float64] = (paid - others)[seat]
    return np.where((number[of] > 1)[seat], advantage, np.nan)


def _rows_by_key(batch: DecisionBatch | TokenBatch, opponent: str) -> Iterable[tuple[Key, NDArray[np.int64]]]:
    """Yield the rows of every (game, side, role) in the batch."""
    roles, sides = int(batch.role.max(initial=0)) + 1, int(batch.side.max(initial=0)) + 1
    code = batch.side * roles + batch.role
    games: tuple[str, ...] = (batch.game,)
    if isinstance(batch, TokenBatch) and batch.played is not None:
        games, code = batch.games, code + batch.played * sides * roles
    for present in np.flatnonzero(np.bincount(code)):
        seat, role = divmod(int(present), roles)
        game, side = divmod(seat, sides)
        yield Key(games[game], side, role, opponent), np.flatnonzero(code == present)


def _first_of_each_seat(batch: DecisionBatch | TokenBatch, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return one row per (match, seat) among `rows`, in match order: a payoff counts once, not once a turn."""
    seats = int(batch.seat.max()) + 1
    _, first = np.unique(batch.match[rows] * seats + batch.seat[rows], return_index=True)
    return rows[first]
