"""Behaviour cloning of a language model: it learns to answer prompts as somebody else has answered them.

What is learned are pairs of token ids, prompt and answer, from recorded games of any player; the answer ends with the
token that ends an answer. The loss is the mean negative log-likelihood of the answers' tokens alone (Pomerleau, 1991,
is the method; on tokens it is known as supervised fine-tuning).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from arena.errors import ConfigError
from arena.seeds import generator

Pair = tuple[Sequence[int], Sequence[int]]
"""The ids of a prompt, and those of its answer with the end."""


def clone(
    model: Any,
    pairs: Sequence[Pair],
    *,
    epochs: int = 1,
    rate: float = 1e-3,
    batch_tokens: int = 4096,
    weight_decay: float = 0.01,
    seed: int = 0,
    tell: Callable[[int, int, float], None] = lambda done, steps, loss: None,
) -> list[float]:
    """Teach a causal language model (of transformers, or a PEFT adapter on one) `pairs`; return the loss of each step.

    Every epoch goes through all pairs in an order of its own, in batches of at most `batch_tokens` tokens, padding
    included. AdamW (Loshchilov and Hutter, 2019) at a rate that falls linearly to 0, on those weights that require a
    gradient; the norm of a gradient is bounded by 1. Losses are in nats per token, and `tell` is given each with the
    number of steps that are done and of all. Raises ConfigError where there is nothing to learn.
    """
    if epochs < 1 or not pairs or not all(len(prompt) and len(answer) for prompt, answer in pairs):
        raise ConfigError("behaviour cloning needs an epoch, and pairs of a prompt and an answer that are not empty")
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=rate, weight_decay=weight_decay)
    batches = [batch for epoch in range(epochs) for batch in _batches(pairs, batch_tokens, seed, epoch)]
    losses: list[float] = []
    model.train()
    for step, batch in enumerate(batches):
        optimiser.param_groups[0]["lr"] = rate * (1 - step / len(batches))
        loss = answer_loss(model, batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own signature is untyped
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        losses.append(loss.item())
        tell(step + 1, len(batches), losses[-1])
    model.eval()
    return losses


def answer_loss(model: Any, batch: Sequence[Pair]) -> torch.Tensor:
    """Return the mean negative log-likelihood of the answers' tokens, in nats per token, as a scalar.

    What all prompts begin with, such as the rules of a game, is computed once for all of them.
    """
    shared = _shared(model, batch)
    width = max(len(prompt) + len(answer) for prompt, answer in batch) - shared
    longest = max(len(answer) for _, answer in batch)
    ids = np.zeros((len(batch), width), np.int64)
    mask = np.zeros((len(batch), shared + width), np.int64)
    learned = np.zeros((len(batch), longest), np.bool_)
    mask[:, :shared] = 1
    for i, (prompt, answer) in enumerate(batch):
        length = len(prompt) - shared + len(answer)
        ids[i, width - length :] = [*prompt[shared:], *answer]  # answers end together, so few logits are needed
        mask[i, shared + width - length :] = 1
        learned[i, longest - len(answer) :] = True
    inputs, attended = (torch.as_tensor(x, device=model.device) for x in (ids, mask))
    logits = model(
        input_ids=inputs,
        attention_mask=attended,
        position_ids=(attended.cumsum(-1) - 1).clamp(min=0)[:, shared:],
        logits_to_keep=longest + 1,
        **_read(model, batch, shared),
    ).logits[:, :-1]
    chosen = torch.as_tensor(learned, device=model.device)
    return torch.nn.functional.cross_entropy(logits[chosen].float(), inputs[:, -longest:][chosen])


def _shared(model: Any, batch: Sequence[Pair]) -> int:
    """Return how many ids all prompts begin with, their last ones left out; 0 where nothing is saved or known."""
    kinds = set(getattr(model.config, "layer_types", None) or ["full_attention"])
    if len(batch) == 1 or kinds != {"full_attention"}:  # whose keys and values are all that a model remembers
        return 0
    (first, _), *others = batch
    shared = min(len(prompt) for prompt, _ in batch) - 1
    for prompt, _ in others:
        shared = next((i for i in range(shared) if prompt[i] != first[i]), shared)
    return max(shared, 0)


def _read(model: Any, batch: Sequence[Pair], shared: int) -> dict[str, Any]:
    """Return what a model takes to go on from the beginning of all prompts; gradients flow into it."""
    if not shared:
        return {"use_cache": False}
    beginning = torch.as_tensor(np.asarray(batch[0][0][:shared])[None], device=model.device)
    memory = model(input_ids=beginning, use_cache=True, logits_to_keep=1).past_key_values
    memory.batch_repeat_interleave(len(batch))
    return {"use_cache": True, "past_key_values": memory}


def _batches(pairs: Sequence[Pair], tokens: int, seed: int, epoch: int) -> Iterator[list[Pair]]:
    """Yield all pairs in the order of this epoch, so many that they fit into `tokens` with their padding."""
    batch: list[Pair] = []
    longest = 0
    for i in generator(seed, "behaviour cloning", epoch).permutation(len(pairs)):
        prompt, answer = pairs[i]
        wider = max(longest, len(prompt) + len(answer))
        if batch and wider * (len(batch) + 1) > tokens:
            yield batch
            batch, wider = [], len(prompt) + len(answer)
        batch.append(pairs[i])
        longest = wider
    yield batch
