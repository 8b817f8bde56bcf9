import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from arena.errors import PlayerError
from arena.players.engines.likelihood import scores
from tests.language import tiny_folder


@pytest.fixture(scope="module")
def model():
    return AutoModelForCausalLM.from_pretrained(tiny_folder(), use_safetensors=True).eval()


def alone(model, prompt, answer) -> np.ndarray:
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0, len(prompt) - 1 : -1]
    return torch.log_softmax(logits.double(), -1).gather(1, torch.tensor(answer)[:, None])[:, 0].numpy()


def test_answers_of_any_length_are_scored_as_if_alone(model) -> None:
    prompts = [[5, 6, 7, 8, 9, 10], [11], [12, 13, 14]]
    answers = [[[20, 21, 2], [22]], [[23, 24, 25, 26, 2]], [[27], [28], [29, 2]]]
    for prompt, several, found in zip(prompts, answers, scores(model, prompts, answers), strict=True):
        assert len(found) == len(several)
        for answer, logp in zip(several, found, strict=True):
            np.testing.assert_allclose(logp, alone(model, prompt, answer), atol=1e-4)


def test_single_tokens_need_the_prompt_alone(model) -> None:
    [[one, two]] = scores(model, [[5, 6]], [[[7], [8]]])
    np.testing.assert_allclose([*one, *two], [alone(model, [5, 6], [i])[0] for i in (7, 8)], atol=1e-4)


def test_damaged_weights_are_an_error(model) -> None:
    import copy

    broken = copy.deepcopy(model)
    with torch.no_grad():
        broken.model.norm.weight.fill_(float("nan"))
    with pytest.raises(PlayerError, match="no finite log-probability"):
        scores(broken, [[5, 6]], [[[7], [8]]])
