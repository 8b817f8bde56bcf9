"""What only a GPU can show of language models. Run it: python tests/benchmarks/llm_gpu.py [--model FOLDER]

In bfloat16, as models play on a GPU, it shows of each engine that is installed: that the ids which the model and two
adapters have drawn in one batch are as likely when transformers and peft read them again, and not so under another's
weights; and how fast they play (as `bench_engine.py` does on a CPU, by the wall clock). The model is made on the spot
if none is given. It ends with a table, and with exit code 1 if anything in it is not as it must be, or if there is no
GPU; `--device cpu` tries the script itself out where there is none.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import bench_engine
import numpy as np
import torch
from bench_engine import Rates, continuous_against_lockstep, kuhn_model, matches_against_prompts
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from arena.players.engines.engine import Engine, Message, Prompt, Reply, Sampling
from arena.players.engines.kinds import engine_class

ASK: tuple[Prompt, ...] = tuple((Message("user", f"Name a card, and say why. Card {i}."),) for i in range(8))
SLACK = 0.1
"""Nats of a log-probability, on average, by which sums in another order may change it in bfloat16."""
WHO = ("the model", "adapter 1", "adapter 2")
KEPT = {"transformers": 0.90, "vllm": 0.95}
"""Of the engine's own throughput, in matches."""


class Row(NamedTuple):
    """One line of the table."""

    what: str
    found: str
    wanted: str
    good: bool


def told(rows: Sequence[Row], engines: Sequence[str]) -> int:
    """Print the table, and return 1 if anything in it is wrong, else 0."""
    width = max(len(row.what) for row in rows)
    for row in rows:
        print(f"{row.what:{width}}  {row.found:>18}  {row.wanted:8}  {'' if row.good else 'WRONG'}")
    if "vllm" not in engines:
        print("vllm: not installed, so nothing is shown of it")
    return int(not all(row.good for row in rows))


def adapters(model: str, folder: Path) -> list[str]:
    """Write two adapters that change what a model says."""
    folders = []
    for seed in (1, 2):
        adapted = get_peft_model(
            AutoModelForCausalLM.from_pretrained(model, dtype=torch.bfloat16),
            LoraConfig(r=8, target_modules=["q_proj", "v_proj"]),
        )
        draw = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, weight in adapted.named_parameters():
                if "lora_B" in name:
                    weight.copy_(torch.randn(weight.shape, generator=draw))
        folders.append(str(folder / f"adapter{seed}"))
        adapted.save_pretrained(folders[-1])
    return folders


def replies(engine: Engine, asked: Sequence[tuple[Prompt, Sampling, str]]) -> list[Reply]:
    """Ask everything at once; return the replies in order."""
    tickets = [engine.submit(*one) for one in asked]
    found: dict[int, Reply] = {}
    while waiting := set(tickets) - found.keys():
        found |= engine.collect(waiting, 60)
    return [found[ticket] for ticket in tickets]


@torch.inference_mode()
def gap(judge: Any, said: Sequence[Reply]) -> float:
    """Return the mean difference, in nats, between how likely drawn ids were and how likely a model finds them."""
    differences = []
    for reply in said:
        ids = torch.tensor([[*reply.prompt_ids.tolist(), *reply.ids.tolist()]], device=judge.device)
        logp = torch.log_softmax(judge(input_ids=ids).logits[0, len(reply.prompt_ids) - 1 : -1].double(), -1)
        drawn = logp.gather(1, ids[0, len(reply.prompt_ids) :, None])[:, 0].cpu().numpy()
        differences.append(np.abs(drawn - reply.logp))
    return float(np.concatenate(differences).mean())


def read_again(
    name: str, model: str, members: Sequence[str], device: str, said: Sequence[Sequence[Reply]]
) -> list[Row]:
    """Return the lines on what members have said in one batch, read by each of them and by the next."""
    judge = AutoModelForCausalLM.from_pretrained(model, dtype=torch.bfloat16).to(device).eval()
    adapted = PeftModel.from_pretrained(judge, members[1], adapter_name="1")
    adapted.load_adapter(members[2], adapter_name="2")
    rows = []
    for i, who in enumerate(WHO):
        own, other = (_gap_of(adapted, j, said[i]) for j in (i, (i + 1) % 3))
        rows += [
            Row(f"{name}: ids of {who}, read again", f"{own:.4f} nats", f"< {SLACK}", own < SLACK),
            Row(f"{name}: the same under another's weights", f"{other:.4f} nats", f"> {SLACK}", other > SLACK),
        ]
    return rows


def _gap_of(adapted: PeftModel, member: int, said: Sequence[Reply]) -> float:
    if member:
        adapted.set_adapter(str(member))
    with nullcontext() if member else adapted.disable_adapter():
        return gap(adapted, said)


def ratio(rates: Rates) -> float:
    """Return the median over the rounds of the first over the second."""
    first, second = rates.values()
    return median(a / b for a, b in zip(first, second, strict=True))


def measured(name: str, model: str, members: Sequence[str], options: dict[str, Any], device: str) -> list[Row]:
    """Return the lines of one engine."""
    engine = engine_class(name)(model, **options)
    asked = [(prompt, Sampling(16, seed=i), member) for i, prompt in enumerate(ASK) for member in members]
    said = replies(engine, asked)
    rates = matches_against_prompts(engine, perf_counter)
    kept = ratio(rates)
    gain = ratio(continuous_against_lockstep(engine, perf_counter))
    engine.close()
    return [
        *read_again(name, model, members, device, [said[i::3] for i in range(3)]),
        Row(f"{name}: 256 matches", f"{median(rates['matches']):,.0f} tokens/s", "", True),
        Row(f"{name}: of the engine's own rate", f"{kept:.3f}", f">= {KEPT[name]}", kept >= KEPT[name]),
        Row(f"{name}: continuous over lockstep", f"{gain:.2f}", "> 1", gain > 1),
    ]


def main() -> int:
    """Measure what is installed; return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="", help="a folder of Hugging Face, by default a tiny one made on the spot")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--rounds", type=int, default=bench_engine.ROUNDS)
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        print("there is no GPU here that torch can use; --device cpu tries the script itself out")
        return 1
    bench_engine.ROUNDS = given.rounds
    card = torch.cuda.get_device_name() if given.device == "cuda" else "CPU"
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as place:
        model = given.model or str(kuhn_model(Path(place) / "kuhn"))
        members = ["", *adapters(model, Path(place))]
        options = {
            "transformers": {"dtype": "bfloat16", "device": given.device},
            "vllm": {"dtype": "bfloat16", "adapters": 2, "rank": 8} | ({"memory": 1} if card == "CPU" else {}),
        }
        engines = [name for name in options if find_spec(name)]
        for name in engines:
            rows += measured(name, model, members, options[name], given.device)
    packages = sorted({name for module in ("torch", *engines) for name in packages_distributions()[module]})
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    print(f"\n{card}, {datetime.now(UTC):%Y-%m-%d}, {versions}, model {given.model or 'made on the spot'}\n")
    return told(rows, engines)


if __name__ == "__main__":
    sys.exit(main())
