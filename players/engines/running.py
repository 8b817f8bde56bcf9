"""A batch of replies that never ends: a row that is finished makes room at once, and a new prompt takes its place.

A row waits for nobody's reply, neither to begin nor to be handed out. How tokens attend to each other is the model's
business, which sees an ordinary left-padded batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from transformers.cache_utils import Cache, DynamicCache

from arena.causal import shared_beginning
from arena.players.engines.drawing import draw
from arena.players.engines.engine import Sampling
from arena.players.engines.key_values import KeyValues
from arena.seeds import nth, uniforms

PREFILL = 16384
"""Tokens, padding included, that join at a time, so that rows which are being answered do not wait long."""


@dataclass(eq=False)
class Row:
    """One reply in the making."""

    ticket: int
    prompt: Sequence[int]
    sampling: Sampling
    most: int
    """Tokens that it may have: as many as were asked for, and as the model can still read."""
    version: int = 0
    """Of the weights that answer."""
    ids: list[int] = field(default_factory=list)
    logp: list[float] = field(default_factory=list)


class Running:
    """The rows that one model is answering, at most `slots` at a time; `ends` are the ids that end a reply."""

    def __init__(self, slots: int, ends: Sequence[int]) -> None:
        self._ends = frozenset(ends)
        self._rows: list[Row] = []
        self._waiting: list[Row] = []
        self._memory = KeyValues(slots)

    def __len__(self) -> int:
        return len(self._rows) + len(self._waiting)

    def add(self, row: Row) -> None:
        """Take a row, which joins as soon as there is room."""
        self._waiting.append(row)

    @torch.inference_mode()
    def step(self, model: Any) -> list[Row]:
        """Let new rows in, give every row its next token, and return the rows that are finished by it."""
        finished = self._join(model)
        if self._rows:
            finished += self._decode(model)
        return finished

    def _join(self, model: Any) -> list[Row]:
        """Prefill prompts, draw their first tokens, and let them in; return those that are finished by that.

        Prompts that are alike, as the views of a small game are, are read once.
        """
        joining = self._next()
        if not joining:
            return []
        prompts = [tuple(row.prompt) for row in joining]
        place = {prompt: i for i, prompt in enumerate(dict.fromkeys(prompts))}
        which = [place[prompt] for prompt in prompts]
        logits, cache = prefill(model, list(place))
        over = self._extend(joining, logits[which])
        staying = [i for i, done in enumerate(over) if not done]
        if staying:
            self._memory.admit(cache, [which[i] for i in staying], [len(prompts[i]) for i in staying])
            self._rows += [joining[i] for i in staying]
        self._waiting = self._waiting[len(joining) :]
        return [row for row, done in zip(joining, over, strict=True) if done]

    def _next(self) -> list[Row]:
        """Return the rows that can join now, first come, first served."""
        joining: list[Row] = []
        distinct: set[tuple[int, ...]] = set()
        longest = 0
        for row in self._waiting[: self._memory.slots - len(self._rows)]:
            longest = max(longest, len(row.prompt))
            distinct.add(tuple(row.prompt))
            if joining and longest * len(distinct) > PREFILL:
                break
            joining.append(row)
        return joining

    def _decode(self, model: Any) -> list[Row]:
        cache = self._memory.cache()
        logits = model(
            input_ids=torch.tensor([[row.ids[-1]] for row in self._rows], device=model.device),
            attention_mask=self._memory.mask().to(model.device),
            position_ids=self._memory.positions().to(model.device),
            past_key_values=cache,
            use_cache=True,
        ).logits[:, -1]
        over = self._extend(self._rows, logits)
        self._memory.advance()
        finished = [row for row, done in zip(self._rows, over, strict=True) if done]
        if finished:
            order = self._memory.keep([i for i, done in enumerate(over) if not done])
            self._rows = [self._rows[i] for i in order]
        return finished

    def _extend(self, rows: Sequence[Row], logits: torch.Tensor) -> list[bool]:
        """Draw a token for each row; return whether the row is finished by it."""
        numbers = uniforms([nth(row.sampling.seed, len(row.ids)) for row in rows])
        drawn = draw(logits, [row.sampling for row in rows], numbers.tolist())
        for row, token, logp in zip(rows, drawn.ids.tolist(), drawn.logp.tolist(), strict=True):
            row.ids.append(token)
            row.logp.append(logp)
        return [row.ids[-1] in self._ends or len(row.ids) >= row.most for row in rows]


def prefill(model: Any, prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, Cache]:
    """Return the logits of the token after each prompt, shape (B, V), and the cache of the left-padded batch.

    What all prompts begin with, such as the rules of a game, is read once.
    """
    cache, shared = DynamicCache(), shared_beginning(model, [(prompt, ()) for prompt in prompts])
    if shared:
        beginning = torch.tensor([list(prompts[0][:shared])], device=model.device)
        model(input_ids=beginning, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache.batch_repeat_interleave(len(prompts))
    width = max(map(len, prompts)) - shared
    padded = [width - len(prompt) + shared for prompt in prompts]
    rows = [[0] * pad + list(prompt[shared:]) for pad, prompt in zip(padded, prompts, strict=True)]
    pad = torch.tensor(padded, device=model.device)[:, None]
    column = torch.arange(shared + width, device=model.device)
    mask = ((column < shared) | (column >= shared + pad)).long()
    logits = model(
        input_ids=torch.tensor(rows, device=model.device),
        attention_mask=mask,
        position_ids=(mask.cumsum(-1) - 1).clamp(min=0)[:, shared:],
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    ).logits
    if shared:
        _close_gaps(cache, torch.where(column < pad + shared, column - pad, column).clamp(min=0))
    return logits[:, -1], cache


def _close_gaps(cache: Cache, column: torch.Tensor) -> None:
    """Let each row of a cache have at its columns (B, T) what was at others: the padding of all rows comes first."""
    for layer in cast(Any, cache).layers:
        place = column[:, None, :, None].expand_as(layer.keys)
        layer.keys, layer.values = layer.keys.gather(2, place), layer.values.gather(2, place)
