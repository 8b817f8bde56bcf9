"""What learners eat, whoever made it: the referee or the tables.

Rows of different matches lie in one array, structure-of-arrays. Shapes: N decisions,
T tokens, I distinct observations, A actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.errors import GameError

Pair = tuple[Sequence[int], Sequence[int]]
"""The ids of a prompt, and those of its answer with the end."""

_ROWS = (
    *("information_set", "action", "behaviour", "behaviour_logp"),
    *("payoff", "seat", "side", "role", "match", "turn"),
)
"""The fields of a DecisionBatch with an entry per decision."""
_TURNS = ("payoff", "legal", "cut", "seat", "side", "role", "match", "turn", "start", "played")
"""The fields of a TokenBatch with an entry per turn."""
_TOKENS = ("ids", "loss_mask", "behaviour_logp")
"""… and per token."""


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
    legal: NDArray[np.bool_]
    """(N,) whether the answer was played: a move could be read from it, and the rules allowed it."""
    cut: NDArray[np.bool_]
    """(N,) whether the answer ran into its length limit."""
    seat: NDArray[np.int64]
    side: NDArray[np.int64]
    role: NDArray[np.int64]
    """(N,) position among the game's distinct roles."""
    match: NDArray[np.int64]
    """(N,) number of the match in schedule order."""
    turn: NDArray[np.int64]
    """(N,) number of the answer among all turns of its match."""
    start: NDArray[np.int64] | None = None
    """(N,) number of what its match began from, the same for all repeats of it; None where that is not known."""
    games: tuple[str, ...] = ()
    """Of a batch of several games their names; of one game empty."""
    played: NDArray[np.int64] | None = None
    """(N,) position in `games`; None in a batch of one game."""

    def __post_init__(self) -> None:
        _check_lengths(self, len(self), "turns", _TURNS)
        _check_lengths(self, len(self.ids), "tokens", _TOKENS)
        if len(self.offsets) != len(self.payoff) + 1 or self.offsets[-1] != len(self.ids):
            raise GameError(
                f"{len(self.payoff)} turns and {len(self.ids)} tokens need {len(self.payoff) + 1} offsets "
                f"that end at {len(self.ids)}"
            )

    def __len__(self) -> int:
        return len(self.payoff)

    def pair(self, n: int) -> Pair:
        """Return the ids of turn n's prompt, and those of its answer: what follows the first sampled token."""
        begin, end = self.offsets[n], self.offsets[n + 1]
        split = begin + int(self.loss_mask[begin:end].argmax())
        return self.ids[begin:split].tolist(), self.ids[split:end].tolist()

    def where(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> TokenBatch:
        """Return the turns that `keep` selects: a mask (N,), or the turns' numbers."""
        turns = np.flatnonzero(keep) if keep.dtype == np.bool_ else keep
        lengths = np.diff(self.offsets)[turns]
        offsets = np.append(0, np.cumsum(lengths))
        tokens = np.repeat(self.offsets[turns] - offsets[:-1], lengths) + np.arange(offsets[-1])
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        for columns, kept in ((_TURNS, turns), (_TOKENS, tokens)):
            values |= {name: values[name][kept] for name in columns if values[name] is not None}
        return TokenBatch(**{**values, "offsets": offsets})


def together(by_game: Mapping[str, TokenBatch], scales: Mapping[str, float]) -> TokenBatch:
    """Return the turns of one policy in several games as one batch; payoffs are divided by the scales of their games.

    Matches and starts are numbered on, so that those of different games stay apart.
    """
    batches = list(by_game.values())
    columns: dict[str, NDArray[Any]] = {
        name: np.concatenate([getattr(batch, name) for batch in batches])
        for name in (*_TOKENS, "legal", "cut", "seat", "side", "role", "turn")
    }
    columns["payoff"] = np.concatenate([batch.payoff / scales[game] for game, batch in by_game.items()])
    columns["played"] = np.repeat(np.arange(len(batches)), [len(batch) for batch in batches])
    columns["match"] = _numbered_on([batch.match for batch in batches])
    columns["start"] = _numbered_on([batch.match if batch.start is None else batch.start for batch in batches])
    lengths = np.concatenate([np.diff(batch.offsets) for batch in batches])
    return TokenBatch(
        game=" + ".join(by_game),
        policy_id=batches[0].policy_id,
        version=batches[0].version,
        offsets=np.append(0, np.cumsum(lengths)),
        games=tuple(by_game),
        **columns,
    )


def _numbered_on(numbers: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return numbers from 0 of several batches, each moved beyond those of the batches before it."""
    sizes = [int(of.max(initial=-1)) + 1 for of in numbers]
    return np.concatenate([of + sum(sizes[:i]) for i, of in enumerate(numbers)])


def _check_lengths(batch: DecisionBatch | TokenBatch, length: int, unit: str, columns: tuple[str, ...]) -> None:
    for name in columns:
        column = getattr(batch, name)
        if column is not None and len(column) != length:
            raise GameError(f"a batch of {length} {unit} has {len(column)} of {name}")
