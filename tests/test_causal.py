"""What a model says of given answers, against the model itself asked about one sequence at a time."""

import pytest
import torch
from transformers import AutoModelForCausalLM

from arena.causal import answers, shared_beginning
from arena.trainers.tiny_model import make

RULES = list(range(20, 50))
BATCH = [([*RULES, 5, 6, 7], [9, 2]), ([*RULES, 10], [11, 12, 13, 2]), ([*RULES, 14, 15], [2])]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = make(tmp_path_factory.mktemp("causal"), ["bet pass"], width=32, layers=2)
    return AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True).eval()


@pytest.mark.parametrize("share", [True, False])
def test_every_token_is_foretold_by_what_comes_before_it(model, share) -> None:
    said = answers(model, BATCH, share=share, hidden=True)
    assert said.ids.tolist() == [token for _, answer in BATCH for token in answer]
    wanted, states = [], []
    for prompt, answer in BATCH:
        with torch.no_grad():
            alone = model(input_ids=torch.tensor([[*prompt, *answer]]), output_hidden_states=True)
        wanted.append(alone.logits[0, len(prompt) - 1 : -1])
        states.append(alone.hidden_states[-1][0, len(prompt) - 1])
    torch.testing.assert_close(said.logits, torch.cat(wanted))
    torch.testing.assert_close(said.hidden, torch.stack(states))


def test_prompts_that_begin_alike_are_read_once(model) -> None:
    assert shared_beginning(model, BATCH) == len(RULES)
    assert shared_beginning(model, BATCH[:1]) == 0
    read = []
    hook = model.model.register_forward_hook(
        lambda module, args, kwargs, out: read.append(kwargs["input_ids"].numel()), with_kwargs=True
    )
    try:
        answers(model, BATCH)
        answers(model, BATCH, share=False)
    finally:
        hook.remove()
    together, apart = sum(read[:2]), sum(read[2:])
    assert len(read) == 3
    assert apart - together == 2 * len(RULES)
