"""What only a GPU can show of training a language model. Run it: python tests/benchmarks/llm_gpu_training.py

A model with the architecture and the sizes of Qwen3-0.6B, its weights drawn at random (nothing is downloaded), plays
itself at Kuhn poker and learns for 20 updates: a LoRA adapter, and all weights, each played by transformers and by vLLM
where that is installed. It computes in bfloat16, and where all weights learn they are kept in float32.

It has never been taught, so its answers are all different, as long as they may be, and no moves: every match is
forfeit. Without a baseline each token then has an advantage, and the work is that of any training. By the wall clock it
shows tokens per second, the time that goes into play, update and hand-over, memory, and model FLOP utilisation: what
the computed tokens cost, over what the card could do in that time. A token costs 6 FLOP per weight that it meets, or 4
where most weights need no gradient (LoRA), and 12 · layers · heads · head width for each token that it attends to.
Beginnings that all prompts share are computed, and counted, once; the embeddings count where logits are wanted.

It ends with a table, and with exit code 1 where something is not as it must be: engine and learner at odds, no
gradient, weights that moved no further than those two are apart (then a stale engine would not show), or no GPU. An
answer from other weights than those that learn ends it at once. `--device cpu --tiny` tries the script itself out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import torch
from bench_role_baselines import played
from llm_gpu import Row, told
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

import arena
from arena.batch import Pair, TokenBatch
from arena.causal import Answers, answers, shared_beginning
from arena.config.algorithms import TokenPolicyGradientConfig
from arena.players.language_model import LanguageModel, language_model
from arena.trainers import tiny_model
from arena.trainers.token_policy_gradient import TokenPolicyGradient

GAME = arena.load_game("kuhn_poker")
PUBLISHED = {
    "vocab_size": 151936,
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 40960,
}
"""The sizes of Qwen3-0.6B."""
TINY = {
    "vocab_size": 1024,
    "hidden_size": 64,
    "intermediate_size": 192,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "max_position_embeddings": 2048,
}
ROPE = {"rope_type": "default", "rope_theta": 1e6}
PEAKS = {"H100 PCIe": 756, "H100": 989, "H200": 989, "A100": 312, "L40S": 362, "L4": 121, "A10": 125, "4090": 165}
"""Dense bfloat16 TFLOP/s by a part of the card's name, as their maker states them; the first that fits."""
RANK, CONTEXT, WARM = 16, 2048, 2
"""Of the adapter; tokens that vLLM makes room for; updates that do not count."""
SLACK = {"cuda": 0.1, "cpu": 0.001}
"""Nats of a log-probability, in the mean, by which engine and learner may differ: bfloat16 on a GPU."""
RATES = {RANK: 1e-3, 0: 1e-4}
"""Learning rates, by rank."""


class Work(NamedTuple):
    """What an update has computed."""

    tokens: int
    logits: int
    """Places at which all words of the vocabulary were weighed."""
    attended: int
    """Pairs of a token and one that it attends to."""


class Update(NamedTuple):
    """What one update has taken, in seconds, and what it has told."""

    rollout: float
    update: float
    sync: float
    drawn: int
    """Tokens."""
    work: Work
    told: dict[str, float]


def make(folder: Path, sizes: dict[str, int]) -> str:
    """Write a model of random weights, with a tokenizer whose words are fewer than its vocabulary."""
    tiny_model.run(folder, [GAME.spec], width=32, layers=1)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": None}
    config = Qwen3Config(**sizes, **ends, tie_word_embeddings=True, rope_parameters=ROPE)
    torch.manual_seed(1)  # of this process alone: the model draws its own weights
    Qwen3ForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    return str(folder)


@contextmanager
def counted(into: list[Work]) -> Iterator[None]:
    """Count what learners compute."""

    def counting(model: Any, pairs: Sequence[Pair], share: bool, hidden: bool) -> Answers:
        shared = shared_beginning(model, pairs) if share else 0
        lengths = np.array([len(prompt) + len(answer) for prompt, answer in pairs])
        attended = shared * (shared + 1) + (lengths * (lengths + 1) - shared * (shared + 1)).sum()
        logits = len(pairs) * (max(len(answer) for _, answer in pairs) + 1) + bool(shared)
        into.append(Work(shared + int((lengths - shared).sum()), logits, int(attended) // 2))
        return answers(model, pairs, share=share, hidden=hidden)

    with patch("arena.players.weights.answers", counting):
        yield


def flop(work: Work, sizes: dict[str, int], weights: int, full: bool) -> float:
    """Return the model FLOP of an update: forward, and backward to all weights or through them alone."""
    embeddings = sizes["vocab_size"] * sizes["hidden_size"]
    met = (weights - embeddings) * work.tokens + embeddings * work.logits
    attention = sizes["num_hidden_layers"] * sizes["num_attention_heads"] * sizes["head_dim"] * work.attended
    return (6.0 if full else 4.0) * met + 12.0 * attention


def learner(model: str, rank: int, engine: str, device: str, most: int) -> LanguageModel:
    """Return a learner that plays through an engine on that device."""
    options: dict[str, Any] = {"device": device}
    if engine == "vllm":
        options = {"memory": 8 if device == "cuda" else 1, "context": CONTEXT, "dtype": "bfloat16"}
        options |= {"adapters": 1} if rank else {"sleep": device == "cuda"}
    return language_model(model, rank, engine, max_tokens=most, options=options, seed=1)


def timed(device: str) -> float:
    """Return the time when all that was asked of the device is done."""
    if device == "cuda":
        torch.cuda.synchronize()
    return perf_counter()


def learned(player: LanguageModel, given: argparse.Namespace, rank: int) -> tuple[list[Update], float]:
    """Train, and return what each update has taken, and how far the weights have moved in nats of a first batch."""
    options = TokenPolicyGradientConfig(baseline="none", warmup=0, batch_tokens=given.batch_tokens)
    trainer = TokenPolicyGradient(player, GAME.scale, options, learning_rate=RATES[rank], updates=given.updates)
    first = played(GAME, player, None, given.matches, 0)
    before, found = likelihood(player, first), []
    for n in range(given.updates):
        begun = timed(given.device)
        batch = played(GAME, player, None, given.matches, n)  # refuses what other weights have said
        rollout, work = timed(given.device) - begun, list[Work]()
        with counted(work):
            told = dict(trainer.update(batch).others)
        taken = Work(*(sum(column) for column in zip(*work, strict=True)))
        seconds = told["update_seconds"], told["sync_seconds"]
        found.append(Update(rollout, *seconds, int(batch.loss_mask.sum()), taken, told))
        assert player.version == n + 1
    return found, float((likelihood(player, first) - before).abs().mean())


@torch.no_grad()
def likelihood(player: LanguageModel, batch: TokenBatch) -> torch.Tensor:
    """Return (S,) how likely the learner finds the tokens of at most eight answers."""
    return player.evaluate(batch.where(np.arange(min(8, len(batch))))).logp.cpu()


def rows_of(name: str, updates: Sequence[Update], moved: float, used: Sequence[float], device: str) -> list[Row]:
    """Return the lines of one learner; `used` are the utilisations of the card in updates that count."""
    counting = updates[min(WARM, len(updates) - 1) :]
    whole = [sum(one[:3]) for one in counting]
    share = [median(one[part] / total for one, total in zip(counting, whole, strict=True)) for part in range(3)]
    gap, most = (max(one.told[key] for one in updates) for key in ("ratio_gap", "ratio_beyond"))
    mean = [one.told["ratio_mean"] for one in updates]
    near = max(abs(ratio - 1) for ratio in mean) < 0.05
    norm = min(one.told["gradient_norm"] for one in updates)
    say = partial(Row, wanted="", good=True)
    slack = SLACK[device]
    return [
        say(f"{name}: drawn in play", f"{median(one.drawn / one.rollout for one in counting):,.0f} tokens/s"),
        say(f"{name}: computed in updates", f"{median(u.work.tokens / u.update for u in counting):,.0f} tokens/s"),
        say(f"{name}: drawn and learned, over all", f"{sum(u.drawn for u in counting) / sum(whole):,.0f} tokens/s"),
        say(f"{name}: play, update, hand-over", " ".join(f"{part:.1%}" for part in share)),
        say(f"{name}: model FLOP utilisation", f"{median(used):.1%}" if used else "no peak known"),
        Row(f"{name}: engine and learner differ by", f"{gap:.5f} nats", f"< {slack}", gap < slack),
        Row(f"{name}: mean ratio", f"{min(mean):.4f} to {max(mean):.4f}", "1 ± .05", near),
        Row(f"{name}: ratios beyond the cap", f"{most:.2%}", "< 1%", most < 0.01),
        Row(f"{name}: least norm of a gradient", f"{norm:.2e}", "> 0", norm > 0),
        Row(f"{name}: weights have moved by", f"{moved:.4f} nats", f"> {3 * gap:.4f}", moved > 3 * gap),
    ]


def measured(model: str, rank: int, engine: str, given: argparse.Namespace, sizes: dict[str, int]) -> list[Row]:
    """Return the lines of one learner through one engine."""
    name = f"{engine}, {f'LoRA {rank}' if rank else 'all weights'}"
    if given.device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    player = learner(model, rank, engine, given.device, given.tokens)
    weights = sum(weight.numel() for weight in Qwen3ForCausalLM.from_pretrained(model, device_map="meta").parameters())
    updates, moved = learned(player, given, rank)
    peak = given.peak * 1e12
    used = [flop(u.work, sizes, weights, not rank) / u.update / peak for u in updates[WARM:]] if peak else []
    rows = rows_of(name, updates, moved, used, given.device)
    if given.device == "cuda":
        free, total = torch.cuda.mem_get_info()
        memory = {"of this process, at most": torch.cuda.max_memory_allocated(), "taken at the end": total - free}
        rows += [Row(f"{name}: memory {what}", f"{size / 2**30:.1f} GiB", "", True) for what, size in memory.items()]
    player.close()
    print(f"{name}: {weights:,} weights, {given.updates} updates", flush=True)
    return rows


def peak_of(card: str) -> float:
    """Return the card's dense bfloat16 TFLOP/s, 0 where they are not known."""
    return next((float(peak) for part, peak in PEAKS.items() if part in card), 0.0)


def main() -> int:
    """Measure what is installed; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--tiny", action="store_true", help="a small model, few matches and short answers")
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--peak", type=float, default=0.0, help="the card's dense bfloat16 TFLOP/s, if not known here")
    parser.add_argument(
        "--batch-tokens", type=int, default=16384, help="computed at a time; less where memory is short"
    )
    given = parser.parse_args()
    given.matches, given.tokens = (8, 12) if given.tiny else (256, 128)
    if given.device == "cuda" and not torch.cuda.is_available():
        print("there is no GPU here that torch can use; --device cpu --tiny tries the script itself out")
        return 1
    card = torch.cuda.get_device_name() if given.device == "cuda" else "CPU"
    given.peak = given.peak or peak_of(card)
    sizes = TINY if given.tiny else PUBLISHED
    engines = [name for name in ("transformers", "vllm") if find_spec(name)]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as place:
        model = make(Path(place) / "model", sizes)
        for engine in engines:
            for rank in (RANK, 0):
                rows += measured(model, rank, engine, given, sizes)
    versions = ", ".join(f"{package} {version(package)}" for package in ("torch", "peft", *engines))
    print(f"\n{card}, {given.peak:g} TFLOP/s, {datetime.now(UTC):%Y-%m-%d}, {versions}\n")
    return told(rows, engines)


if __name__ == "__main__":
    sys.exit(main())
