"""Behaviour cloning of a language model: it learns to answer prompts as somebody else has answered them.

What is learned are pairs of token ids, prompt and answer, from recorded games of any player; the answer ends with the
token that ends an answer. The loss is the mean negative log-likelihood of the answers' tokens alone (Pomerleau, 1991,
is the method; on tokens it is known as supervised fine-tuning).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from arena.batch import Pair
from arena.causal import answers
from arena.errors import ConfigError
from arena.seeds import generator


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
    """Return the mean negative log-likelihood of the answers' tokens, in nats per token, as a scalar."""
    said = answers(model, batch)
    return torch.nn.functional.cross_entropy(said.logits, said.ids)


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
