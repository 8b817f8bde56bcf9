"""One token for each row of a batch, drawn by that row's own law and its own randomness, with its log-probability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from arena.errors import PlayerError
from arena.players.engines.engine import Sampling


class Drawn(NamedTuple):
    """What was drawn for each row."""

    ids: torch.Tensor
    """(B,)"""
    logp: torch.Tensor
    """(B,) in nats, under the law it was drawn from."""


def law(logits: torch.Tensor, how: Sequence[Sampling]) -> torch.Tensor:
    """Return the probabilities, shape (B, V) in float64, by which the next token of each row is drawn.

    Logits are divided by the temperature; the `top_k` likeliest are kept, and of these the fewest whose mass reaches
    `top_p` (Holtzman et al., 2020). At temperature 0 all mass lies on the first of the likeliest. Raises PlayerError
    where a logit is not a number or infinite.
    """
    if not torch.isfinite(logits).all():
        raise PlayerError(
            "the model's logits are not finite, so nothing can be drawn from them: its weights are damaged, or its "
            "precision is too low; try dtype='float32'"
        )
    logits = logits.double()
    temperature = torch.tensor([s.temperature or 1.0 for s in how], dtype=logits.dtype, device=logits.device)
    p = torch.softmax(logits / temperature[:, None], dim=-1)
    cut = [i for i, s in enumerate(how) if s.temperature and (s.top_p < 1 or s.top_k)]
    if cut:
        p[cut] = _cut(p[cut], [how[i] for i in cut])
    greedy = [i for i, s in enumerate(how) if not s.temperature]
    if greedy:
        p[greedy] = torch.nn.functional.one_hot(logits[greedy].argmax(dim=-1), logits.shape[-1]).to(p)
    return p


def draw(logits: torch.Tensor, how: Sequence[Sampling], uniforms: Sequence[float]) -> Drawn:
    """Draw one token for each row of `logits`, shape (B, V), by inverting its law at the row's number in [0, 1)."""
    p = law(logits, how)
    mass = p.cumsum(dim=-1)
    total = mass[:, -1]
    aim = torch.tensor(uniforms, dtype=p.dtype, device=p.device) * total
    aim = torch.minimum(aim, torch.nextafter(total, torch.zeros_like(total)))  # so that rounding never passes the end
    ids = torch.searchsorted(mass, aim[:, None], right=True)[:, 0]
    return Drawn(ids, p.gather(1, ids[:, None])[:, 0].log())


def _cut(p: torch.Tensor, how: Sequence[Sampling]) -> torch.Tensor:
    """Return distributions (B, V) without what lies outside their top k and top p."""
    ordered, order = p.sort(dim=-1, descending=True, stable=True)
    most = torch.tensor([s.top_k or p.shape[-1] for s in how], device=p.device)
    ordered = ordered.masked_fill(torch.arange(p.shape[-1], device=p.device) >= most[:, None], 0.0)
    ordered = ordered / ordered.sum(dim=-1, keepdim=True)
    before = ordered.cumsum(dim=-1) - ordered
    reach = torch.tensor([s.top_p if s.top_p < 1 else 2.0 for s in how], dtype=p.dtype, device=p.device)
    ordered = ordered.masked_fill(before >= reach[:, None], 0.0)
    return torch.zeros_like(p).scatter(1, order, ordered / ordered.sum(dim=-1, keepdim=True))
