"""What weights say of a batch of answers; the rest is in test_language_model.py, where they play."""

import numpy as np
import torch

from arena.players.engines.module import Module
from arena.players.weights import Weights
from arena.trainers.tiny_model import make
from tests.test_distinct_turns import batch_of

PAIRS = [([5, 6, 7], [9, 2]), ([10], [11, 12, 13, 2]), ([5, 6, 8], [2])]


def test_log_probabilities_are_those_of_the_model_in_the_order_of_the_batch(tmp_path) -> None:
    module = Module(str(make(tmp_path, ["bet pass"], width=32, layers=1)))
    said = Weights(module, "").evaluate(batch_of(PAIRS))
    wanted = []
    for prompt, answer in PAIRS:
        with torch.no_grad(), module.using("") as model:
            logits = model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0, len(prompt) - 1 : -1]
        wanted.append(torch.log_softmax(logits, -1))
    torch.testing.assert_close(said.log_policy, torch.cat(wanted))
    chosen = [int(i) for _, answer in PAIRS for i in answer]
    np.testing.assert_allclose(said.logp.detach(), torch.cat(wanted)[range(7), chosen], atol=1e-6)
    assert said.logp.requires_grad
    assert said.value is None
