import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from arena.errors import PlayerError
from arena.players.engines.likelihood import scores
from arena.players.engines.running import prefill
from tests.language import tiny_folder


@pytest.fixture(scope="module")
def model():
    return AutoModelForCausalLM.from_pretrained(tiny_folder(), use_safetensors=True).eval()


def alone(model, prompt, answer) -> np.ndarray:
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0, len(prompt) - 1 : -1]
    return torch.log_softmax(logits.double(), -1).gather(1, torch.tensor(answer)[:, None])[:, 0].numpy()


@pytest.mark.parametrize("most", [1, 2, 100])
def test_answers_of_any_length_are_scored_as_if_alone(model, most) -> None:
    """Few or many at a time, which need not be all of a prompt; a prompt without answers has no scores."""
    prompts = [[5, 6, 7, 8, 9, 10], [11], [12, 13, 14], [15]]
    answers = [[[20, 21, 2], [22]], [[23, 24, 25, 26, 2]], [[27], [28], [29, 2]], []]
    asked = list(zip(prompts, answers, strict=True))
    for (prompt, several), found in zip(asked, scores(model, asked, most), strict=True):
        assert len(found) == len(several)
        for answer, logp in zip(several, found, strict=True):
            np.testing.assert_allclose(logp, alone(model, prompt, answer), atol=1e-4)


def test_single_tokens_need_the_prompt_alone(model) -> None:
    [[one, two]] = scores(model, [([5, 6], [[7], [8]])], 2)
    np.testing.assert_allclose([*one, *two], [alone(model, [5, 6], [i])[0] for i in (7, 8)], atol=1e-4)


def test_prompts_are_read_a_few_at_a_time(model, monkeypatch) -> None:
    """As many as fit into the tokens that are read at a time, those of one length together; one goes in any case."""
    read = []

    def prefilled(model, prompts):
        read.append([len(prompt) for prompt in prompts])
        return prefill(model, prompts)

    monkeypatch.setattr("arena.players.engines.likelihood.PREFILL", 6)
    monkeypatch.setattr("arena.players.engines.likelihood.prefill", prefilled)
    scores(model, [([5] * length, [[7]]) for length in (3, 1, 7, 3, 2)], 100)
    assert read == [[1, 2], [3, 3], [7]]


def test_damaged_weights_are_an_error(model) -> None:
    import copy

    broken = copy.deepcopy(model)
    with torch.no_grad():
        broken.model.norm.weight.fill_(float("nan"))
    with pytest.raises(PlayerError, match="no finite log-probability"):
        scores(broken, [([5, 6], [[7], [8]])], 2)
