"""What learners eat, whoever made it: the referee or the tables.

Rows of different matches lie in one array, structure-of-arrays; a batch is one game's. Shapes: N decisions,
T tokens, I distinct observations, A actions.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError

_ROWS = (
    *("information_set", "action", "behaviour", "behaviour_logp"),
    *("payoff", "seat", "side", "role", "match", "turn"),
)
"""The fields of a DecisionBatch with an entry per decision."""


@dataclass(frozen=True, eq=False)
class DecisionBatch:
    """Decisions of one policy over a closed vocabulary, ordered by match and turn.

    Observations are kept once each: row n saw `observation[information_set[n]]`. A learner evaluates its
    net on I observations, not on N decisions.
    """

    game: str
    policy_id: str
    version: int
    observation: NDArray[np.float32]
    """(I, …) encoded views."""
    mask: NDArray[np.bool_]
    """(I, A) legal actions of each view."""
    information_set: NDArray[np.int64]
    """(N,) which observation the decision was made at."""
    action: NDArray[np.int64]
    """(N,) position in the game's vocabulary."""
    behaviour: NDArray[np.int64]
    """(N,) which of the learner's players decided; 0, the trained policy itself, where there is one."""
    behaviour_logp: NDArray[np.float32]
    """(N,) log-probability under the policy that acted, in nats."""
    payoff: NDArray[np.float64]
    """(N,) final payoff of the deciding seat, in the game's own units."""
    seat: NDArray[np.int64]
    side: NDArray[np.int64]
    role: NDArray[np.int64]
    """(N,) position among the game's distinct roles."""
    match: NDArray[np.int64]
    """(N,) number of the match in schedule order."""
    turn: NDArray[np.int64]
    """(N,) number of the decision within its match."""

    def __post_init__(self) -> None:
        _check_lengths(self, len(self), "decisions", _ROWS)
        if len(self.mask) != len(self.observation):
            raise GameError(f"{len(self.observation)} observations have {len(self.mask)} masks")

    def __len__(self) -> int:
        return len(self.action)

    def where(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> DecisionBatch:
        """Return the rows that `keep` selects: a mask (N,), or the rows' numbers."""
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        return DecisionBatch(**{k: v[keep] if k in _ROWS else v for k, v in values.items()})


@dataclass(frozen=True, eq=False)
class TokenBatch:
    """Turns of one language model policy, ragged: turn n holds tokens offsets[n]:offsets[n + 1]."""

    game: str
    policy_id: str
    version: int
    ids: NDArray[np.int64]
    """(T,) the token ids that were in the context or sampled, exactly as the engine had them."""
    offsets: NDArray[np.int64]
    """(N + 1,) where each turn begins; the last entry is T."""
    loss_mask: NDArray[np.bool_]
    """(T,) True for tokens that this policy sampled in this role."""
    behaviour_logp: NDArray[np.float32]
    """(T,) log-probability of each sampled token when it was sampled, in nats; 0 elsewhere."""
    payoff: NDArray[np.float64]
    """(N,) final payoff of the deciding seat, in the game's own units."""
    side: NDArray[np.int64]
    role: NDArray[np.int64]
    match: NDArray[np.int64]
    turn: NDArray[np.int64]

    def __post_init__(self) -> None:
        _check_lengths(self, len(self), "turns", ("side", "role", "match", "turn"))
        _check_lengths(self, len(self.ids), "tokens", ("loss_mask", "behaviour_logp"))
        if len(self.offsets) != len(self.payoff) + 1 or self.offsets[-1] != len(self.ids):
            raise GameError(
                f"{len(self.payoff)} turns and {len(self.ids)} tokens need {len(self.payoff) + 1} offsets "
                f"that end at {len(self.ids)}"
            )

    def __len__(self) -> int:
        return len(self.payoff)


def _check_lengths(batch: DecisionBatch | TokenBatch, length: int, unit: str, columns: tuple[str, ...]) -> None:
    for name in columns:
        if len(getattr(batch, name)) != length:
            raise GameError(f"a batch of {length} {unit} has {len(getattr(batch, name))} of {name}")
