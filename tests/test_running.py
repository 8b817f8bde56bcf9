from collections import defaultdict

import pytest
import torch
from transformers import AutoModelForCausalLM

from arena.players.engines.engine import Sampling
from arena.players.engines.running import Row, Running, prefill
from arena.seeds import generator
from tests.language import tiny_folder

END = 2


@pytest.fixture(scope="module")
def model():
    return AutoModelForCausalLM.from_pretrained(tiny_folder(), use_safetensors=True).eval()


def rows(count: int, seed: int = 0) -> list[Row]:
    """Return prompts of very unequal length that ask for very unequal replies."""
    rng = generator(seed, "rows")
    return [
        Row(i, rng.integers(3, 250, int(rng.integers(1, 70))).tolist(), Sampling(seed=i), int(rng.integers(1, 90)))
        for i in range(count)
    ]


def run(model, waiting: list[Row], slots: int, ends=(END,)) -> dict[int, int]:
    """Answer all; return in which step each was finished."""
    running = Running(slots, ends)
    for row in waiting:
        running.add(row)
    finished: dict[int, int] = {}
    steps = 0
    while running:
        steps += 1
        finished |= {row.ticket: steps for row in running.step(model)}
    return finished


def test_a_reply_is_the_same_whatever_is_beside_it(model) -> None:
    together = rows(24)
    run(model, together, slots=7)
    for one in rows(24):
        run(model, [one], slots=1)
        assert together[one.ticket].ids == one.ids
        assert together[one.ticket].logp == pytest.approx(one.logp, abs=1e-4)


def test_log_probabilities_are_those_of_the_ids_fed_again(model) -> None:
    answered = rows(12, seed=3)
    run(model, answered, slots=5)
    for row in answered:
        ids = torch.tensor([[*row.prompt, *row.ids]])
        with torch.no_grad():
            logp = torch.log_softmax(model(input_ids=ids).logits[0].double(), -1)[len(row.prompt) - 1 : -1]
        assert row.logp == pytest.approx(logp.gather(1, torch.tensor(row.ids)[:, None])[:, 0].tolist(), abs=1e-4)


def test_no_row_waits_for_the_reply_of_another(model) -> None:
    """With two slots, short replies pass by a long one: each is ready as soon as it can be."""
    lengths = [40, 2, 2, 2, 1, 3]
    waiting = [Row(i, [5, 6, 7], Sampling(seed=i), most) for i, most in enumerate(lengths)]
    finished = run(model, waiting, slots=2, ends=())
    assert [len(row.ids) for row in waiting] == lengths
    # A row that joins gets two tokens in that step, and so a second one takes its place in the next.
    assert finished == {0: 39, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6}


def test_prompts_join_a_few_at_a_time(model, monkeypatch) -> None:
    monkeypatch.setattr("arena.players.engines.running._PREFILL", 20)
    waiting = [Row(i, [5] * length, Sampling(), 2) for i, length in enumerate([9, 10, 3, 30, 4])]
    at = defaultdict(list)
    for ticket, step in run(model, waiting, slots=8, ends=()).items():
        at[step].append(ticket)
    assert dict(at) == {1: [0, 1], 2: [2], 3: [3], 4: [4]}


def test_prefill_gives_the_logits_after_each_prompt(model) -> None:
    prompts = [[5, 6, 7, 8], [9]]
    logits, cache = prefill(model, prompts)
    assert cache.get_seq_length() == 4
    for prompt, found in zip(prompts, logits, strict=True):
        with torch.no_grad():
            torch.testing.assert_close(
                found.detach(), model(input_ids=torch.tensor([prompt])).logits[0, -1], atol=1e-4, rtol=0
            )
