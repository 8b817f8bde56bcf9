import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from arena.errors import PlayerError
from arena.players.engines.likelihood import choose, scores
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


ANSWERS = [[1, 2, 0], [1, 3, 0], [4, 0]]


def test_an_answer_is_drawn_by_the_law_given_that_it_is_one_of_them() -> None:
    logp = np.log([0.01, 0.03, 0.06])
    drawn = [choose(ANSWERS, logp.tolist(), 1.0, (i + 0.5) / 1000)[0] for i in range(1000)]
    assert np.bincount(drawn).tolist() == [100, 300, 600]
    squared = [choose(ANSWERS, logp.tolist(), 0.5, (i + 0.5) / 460)[0] for i in range(460)]
    assert np.bincount(squared).tolist() == [10, 90, 360]


def test_each_token_is_as_likely_as_the_answers_that_go_on_with_it() -> None:
    choice, each = choose(ANSWERS, np.log([0.01, 0.03, 0.06]).tolist(), 1.0, 0.2)
    assert choice == 1
    np.testing.assert_allclose(np.exp(each), [0.4, 0.75, 1.0])


def test_the_cold_choose_the_first_of_the_likeliest() -> None:
    choice, each = choose(ANSWERS, [-2.0, -1.0, -1.0], 0.0, 0.999)
    assert choice == 1
    np.testing.assert_allclose(each, 0.0)


@given(
    logp=st.lists(st.floats(-2000, 0), min_size=3, max_size=3),
    temperature=st.sampled_from([0.0, 0.3, 1.0]),
    number=st.floats(0, 1, exclude_max=True),
)
def test_the_tokens_of_an_answer_add_up_to_it(logp: list[float], temperature: float, number: float) -> None:
    choice, each = choose(ANSWERS, logp, temperature, number)
    whole = 0.0 if not temperature else logp[choice] / temperature - np.logaddexp.reduce(np.array(logp) / temperature)
    assert each.sum() == pytest.approx(whole, abs=1e-6)
    assert np.isfinite(each).all()
