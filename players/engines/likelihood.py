"""How likely given answers are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from arena.errors import PlayerError
from arena.players.engines.running import PREFILL, prefill

Asked = tuple[Sequence[int], Sequence[Sequence[int]]]
"""The ids of a prompt, and those of answers to it."""


def scores(model: Any, asked: Sequence[Asked], most: int) -> list[list[NDArray[np.float64]]]:
    """Return for each prompt and each of its answers the log-probability of each id, in nats, at temperature 1.

    At most so many answers are read at a time. Raises PlayerError where a log-probability is not finite.
    """
    found: list[list[NDArray[np.float64]]] = [[] for _ in asked]
    for part in _parts(asked, most):
        said = _scores(model, [asked[i][0] for i, _ in part], [asked[i][1][place] for i, place in part])
        for (i, _), logp in zip(part, said, strict=True):
            found[i] += logp
    return found


def _parts(asked: Sequence[Asked], most: int) -> Iterator[list[tuple[int, slice]]]:
    """Yield what is read at a time: places of `asked`, with some of their answers. Prompts of one length go together.

    Where a prompt has more answers than are read at a time, they come in their order.
    """
    part: list[tuple[int, slice]] = []
    answers = 0
    for i in sorted(range(len(asked)), key=lambda i: len(asked[i][0])):
        prompt, several = asked[i]
        for begin in range(0, len(several), most):
            more = min(most, len(several) - begin)
            if part and (answers + more > most or (len(part) + 1) * len(prompt) > PREFILL):
                yield part
                part, answers = [], 0
            part.append((i, slice(begin, begin + more)))
            answers += more
    if part:
        yield part


@torch.inference_mode()
def _scores(
    model: Any, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[Sequence[int]]]
) -> list[list[NDArray[np.float64]]]:
    """Return the log-probabilities of all answers, read at once, and each prompt once for all its answers."""
    first, cache = prefill(model, prompts)
    owner = torch.tensor([i for i, several in enumerate(answers) for _ in several], device=model.device)
    cache.batch_select_indices(owner)
    flat = [list(answer) for several in answers for answer in several]
    width = max(map(len, flat))
    ids = torch.tensor([answer + [0] * (width - len(answer)) for answer in flat], device=model.device)
    logits = first[owner][:, None].float()
    if width > 1:
        lengths = torch.tensor([len(prompt) for prompt in prompts], device=model.device)[owner][:, None]
        columns = torch.arange(cache.get_seq_length() + width - 1, device=model.device)
        later = model(
            input_ids=ids[:, :-1],
            attention_mask=(columns >= cache.get_seq_length() - lengths).long(),
            position_ids=lengths + torch.arange(width - 1, device=model.device),
            past_key_values=cache,
            use_cache=True,
        ).logits.float()
        logits = torch.cat([logits, later], dim=1)
    logp = torch.log_softmax(logits, dim=-1).gather(2, ids[:, :, None])[:, :, 0].double().cpu().numpy()
    found = iter([row[: len(answer)] for row, answer in zip(logp, flat, strict=True)])
    result = [[next(found) for _ in several] for several in answers]
    if not all(np.isfinite(row).all() for several in result for row in several):
        raise PlayerError("the model gives answers no finite log-probability: its weights are damaged")
    return result
