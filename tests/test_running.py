from collections import defaultdict

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

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


def test_what_all_prompts_begin_with_is_read_once_and_leaves_no_gap(model, monkeypatch) -> None:
    prompts = [[5, 9, 9, 40, *row.prompt] for row in rows(9)]
    read: list[int] = []
    embed = model.get_input_embeddings()
    handle = embed.register_forward_hook(lambda _, inputs, output: read.append(inputs[0].numel()))
    with torch.inference_mode():
        logits, cache = prefill(model, prompts)
        longest = max(map(len, prompts))
        assert read == [4, 9 * (longest - 4)]
        monkeypatch.setattr("arena.players.engines.running.shared_beginning", lambda *_: 0)
        expected, whole = prefill(model, prompts)
    handle.remove()
    assert torch.allclose(logits, expected, atol=1e-4)
    for mine, theirs in zip(cache.layers, whole.layers, strict=True):
        assert mine.keys.shape == theirs.keys.shape
        for row, prompt in enumerate(prompts):
            own = (row, slice(None), slice(longest - len(prompt), None))
            assert torch.allclose(mine.keys[own], theirs.keys[own], atol=1e-4)
            assert torch.allclose(mine.values[own], theirs.values[own], atol=1e-4)


@pytest.mark.parametrize("kind", ["Mistral", "Mpt", "Qwen2"])
def test_whatever_counts_distance_reads_prompts_right(kind: str) -> None:
    """A window that slides, a bias for distance, and a model that knows positions alone."""
    config = AutoConfig.for_model(kind.lower())
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "vocab_size": 300}
    small |= {"num_attention_heads": 2, "num_key_value_heads": 2, "d_model": 32, "n_heads": 2, "n_layers": 2}
    small |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    config.update({**small, **({"sliding_window": 6} if kind == "Mistral" else {})})
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval()
    prompts = [[5, 9, 9, 40, 7, 8, 30, *range(10, 10 + 3 * n)] for n in (1, 4, 6)]
    with torch.inference_mode():
        together, _ = prefill(model, prompts)
        for row, prompt in zip(together, prompts, strict=True):
            assert torch.allclose(row, prefill(model, [prompt])[0][0], atol=1e-4)


@pytest.mark.parametrize("rules", [(), (5, 9, 9, 40, 7, 11)])
def test_a_reply_is_the_same_whatever_is_beside_it(model, rules) -> None:
    together, alone = rows(24), rows(24)
    for row in [*together, *alone]:
        row.prompt = [*rules, *row.prompt]
    run(model, together, slots=7)
    for one in alone:
        run(model, [one], slots=1)
        assert together[one.ticket].ids == one.ids
        assert together[one.ticket].logp == pytest.approx(one.logp, abs=1e-4)


def assert_log_probabilities_are_those_of_the_ids_fed_again(model, answered: list[Row]) -> None:
    for row in answered:
        ids = torch.tensor([[*row.prompt, *row.ids]])
        with torch.no_grad():
            logp = torch.log_softmax(model(input_ids=ids).logits[0].double(), -1)[len(row.prompt) - 1 : -1]
        assert row.logp == pytest.approx(logp.gather(1, torch.tensor(row.ids)[:, None])[:, 0].tolist(), abs=1e-4)


def test_log_probabilities_are_those_of_the_ids_fed_again(model) -> None:
    answered = rows(12, seed=3)
    run(model, answered, slots=5)
    assert_log_probabilities_are_those_of_the_ids_fed_again(model, answered)


@pytest.mark.parametrize("kind", ["mistral", "qwen3", "gemma2", "gpt_oss"])
def test_other_kinds_of_models_are_answered_rightly_too(kind: str) -> None:
    """Some attend to a few tokens before the present one alone, in all layers or in every second."""
    config = AutoConfig.for_model(
        kind,
        vocab_size=300,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        head_dim=8,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        eos_token_id=END,
        **({} if kind == "qwen3" else {"sliding_window": 8}),
        **({"num_local_experts": 4, "rope_parameters": {"rope_type": "default"}} if kind == "gpt_oss" else {}),
    )
    model = AutoModelForCausalLM.from_config(config).eval()
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(1.0 if weight.ndim == 1 else 0.0, 0.2, generator=draw)
    answered = rows(8, seed=5)
    run(model, answered, slots=3)
    assert_log_probabilities_are_those_of_the_ids_fed_again(model, answered)


def test_no_row_waits_for_the_reply_of_another(model) -> None:
    """With two slots, short replies pass by a long one: each is ready as soon as it can be."""
    lengths = [40, 2, 2, 2, 1, 3]
    waiting = [Row(i, [5, 6, 7], Sampling(seed=i), most) for i, most in enumerate(lengths)]
    finished = run(model, waiting, slots=2, ends=())
    assert [len(row.ids) for row in waiting] == lengths
    # A row that joins gets two tokens in that step, and so a second one takes its place in the next.
    assert finished == {0: 39, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6}


def test_prompts_join_a_few_at_a_time(model, monkeypatch) -> None:
    monkeypatch.setattr("arena.players.engines.running.PREFILL", 20)
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
