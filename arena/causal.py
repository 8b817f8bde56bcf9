"""What a causal language model of transformers says of given answers to given prompts, differentiably.

Teachers and learners ask the same: how likely was each token of this answer? A batch is padded on the left, so that
answers end together and few logits are needed. What all prompts begin with, such as the rules of a game, is read once
for all of them, and gradients flow into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from arena.batch import Pair

if TYPE_CHECKING:
    import torch


class Answers(NamedTuple):
    """What a model says of the S tokens of all answers of a batch, one answer after the other."""

    logits: torch.Tensor
    """(S, V) in float32."""
    ids: torch.Tensor
    """(S,) the tokens themselves."""
    hidden: torch.Tensor | None = None
    """(N, D) where the first token of each answer is foretold: the last hidden state of its prompt."""


def answers(model: Any, batch: Sequence[Pair], *, share: bool = True, hidden: bool = False) -> Answers:
    """Return what the model says of each answer's tokens, given its prompt and the tokens before.

    `share` lets prompts that begin alike be read once; it goes without gradient checkpointing. `hidden` asks for the
    states of the prompts too.
    """
    import torch

    shared = shared_beginning(model, batch) if share else 0
    width = max(len(prompt) + len(answer) for prompt, answer in batch) - shared
    longest = max(len(answer) for _, answer in batch)
    ids = np.zeros((len(batch), width), np.int64)
    mask = np.zeros((len(batch), shared + width), np.int64)
    chosen = np.zeros((len(batch), longest), np.bool_)
    mask[:, :shared] = 1
    for i, (prompt, answer) in enumerate(batch):
        length = len(prompt) - shared + len(answer)
        ids[i, width - length :] = [*prompt[shared:], *answer]
        mask[i, shared + width - length :] = 1
        chosen[i, longest - len(answer) :] = True
    inputs, attended, wanted = (torch.as_tensor(x, device=model.device) for x in (ids, mask, chosen))
    said = model(
        input_ids=inputs,
        attention_mask=attended,
        position_ids=(attended.cumsum(-1) - 1).clamp(min=0)[:, shared:],
        logits_to_keep=longest + 1,
        output_hidden_states=hidden,
        **_read(model, batch, shared),
    )
    states = None
    if hidden:
        ends = torch.tensor([width - len(answer) - 1 for _, answer in batch], device=model.device)
        states = said.hidden_states[-1][torch.arange(len(batch), device=model.device), ends].float()
    return Answers(said.logits[:, :-1][wanted].float(), inputs[:, -longest:][wanted], states)


def shared_beginning(model: Any, batch: Sequence[Pair]) -> int:
    """Return how many ids all prompts begin with, their last ones left out; 0 where nothing is saved or known."""
    if len(batch) == 1 or not _sees_positions_alone(model.config.get_text_config()):
        return 0
    (first, _), *others = batch
    shared = min(len(prompt) for prompt, _ in batch) - 1
    for prompt, _ in others:
        shared = next((i for i in range(shared) if prompt[i] != first[i]), shared)
    return max(shared, 0)


def _sees_positions_alone(config: Any) -> bool:
    """Return whether a model knows no other distance than that of positions: padding may stand between tokens then.

    A window that slides, and a bias for distance, count the columns of a cache.
    """
    kinds = getattr(config, "layer_types", None)
    if kinds:
        return set(kinds) == {"full_attention"}
    return bool(getattr(config, "rope_parameters", None)) and getattr(config, "sliding_window", None) is None


def _read(model: Any, batch: Sequence[Pair], shared: int) -> dict[str, Any]:
    """Return what a model takes to go on from the beginning of all prompts."""
    import torch

    if not shared:
        return {"use_cache": False}
    beginning = torch.as_tensor(np.asarray(batch[0][0][:shared])[None], device=model.device)
    memory = model(input_ids=beginning, use_cache=True, logits_to_keep=1).past_key_values
    memory.batch_repeat_interleave(len(batch))
    return {"use_cache": True, "past_key_values": memory}
