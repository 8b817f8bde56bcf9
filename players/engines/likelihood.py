"""How likely given answers are, and a draw among them."""

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


def choose(
    answers: Sequence[Sequence[int]], logp: Sequence[float], temperature: float, number: float
) -> tuple[int, NDArray[np.float64]]:
    """Draw one of several answers by the model's law given that the reply is one of them; return which, and how likely.

    The probability of an answer is proportional to that of the whole of it (`logp`, the sum over its ids, the end
    included) to the power of one over the temperature; at 0 it is the first of the likeliest. `number` in [0, 1) says
    which is drawn. Second, the log-probability of each of its ids among the answers that begin alike: they add up to
    that of the answer. (To mask impossible tokens one at a time is another law: it commits itself to a beginning
    before it has seen how unlikely the rest is.)
    """
    total = np.asarray(logp, np.float64)
    if temperature == 0:
        law = np.where(np.arange(len(total)) == total.argmax(), 0.0, -np.inf)
    else:
        law = total / temperature
        law = law - np.logaddexp.reduce(law)
    mass = np.exp(law).cumsum()
    choice = min(int(np.searchsorted(mass, number * mass[-1], side="right")), len(mass) - 1)
    chosen = list(answers[choice])
    left = [
        np.logaddexp.reduce([p for p, other in zip(law, answers, strict=True) if list(other[:n]) == chosen[:n]])
        for n in range(len(chosen) + 1)
    ]
    return choice, np.diff(left)
