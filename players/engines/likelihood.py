"""How likely given answers are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from arena.errors import PlayerError
from arena.players.engines.running import prefill


@torch.inference_mode()
def scores(
    model: Any, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[Sequence[int]]]
) -> list[list[NDArray[np.float64]]]:
    """Return for each prompt and each of its answers the log-probability of each id, in nats, at temperature 1.

    A prompt is read once for all its answers. Raises PlayerError where a log-probability is not finite.
    """
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
