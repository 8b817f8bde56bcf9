"""How fast language models play. Run it: OMP_NUM_THREADS=1 python tests/benchmarks/bench_engine.py [vllm]

The engine is transformers, or vLLM in this process (where it is installed, with VLLM_CPU_OMP_THREADS_BIND=nobind).
A tiny model is made on the spot. It plays itself at Kuhn poker, 256 matches at a time, finished matches replaced
("matches"), and the engine gets the same prompts from a plain loop that keeps 256 of them open ("prompts"): the first
over the second is what the referee, the questions and the reading of answers leave of the engine's own speed. One
engine does both, in turns, after a round that does not count, and what is counted is its steady state: once 256 replies
have come, for as long as 256 prompts are open.

Then prompts ask for replies of very unequal length (lognormal, σ = 1), 64 at a time, once continuously and once in
lockstep, which waits for the longest of every 64. Last, with transformers, 64 prompts ask for 64 tokens each, of the
engine and of its own `generate`. Processor time is measured (machines are shared), tokens are those of the replies, and
only ratios within a round say something: their median and their range are printed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Collection, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import torch

import arena
from arena.demonstrations import demonstrations
from arena.match import Fixture, play_fixtures
from arena.players.chat import Chat
from arena.players.engines.engine import Engine, Message, Prompt, Reply, Sampling, Texts
from arena.players.engines.kinds import engine_class
from arena.players.engines.transformers_engine import TransformersEngine
from arena.players.lesson import texts
from arena.seeds import generator
from arena.trainers.behaviour_cloning import clone
from arena.trainers.tiny_model import make

MATCHES, CONCURRENT, ROUNDS = 896, 256, 11

Asked = tuple[Prompt, Sampling]
Clock = Callable[[], float]
Rates = dict[str, list[float]]
"""Tokens a second in each round, by what was done."""


class Metered:
    """An engine, what it was asked, and how many tokens it had answered at which time, with `full` prompts open."""

    def __init__(self, engine: Engine, full: int, clock: Clock) -> None:
        self.engine, self.full, self.clock = engine, full, clock
        self.asked: list[Asked] = []
        self.replies, self.tokens = 0, 0
        self.looks: list[tuple[float, int]] = []

    def submit(self, prompt: Prompt, sampling: Sampling, member: str = "") -> int:
        self.asked.append((prompt, sampling))
        return self.engine.submit(prompt, sampling, member)

    def collect(self, tickets: Collection[int], seconds: float) -> dict[int, Reply]:
        if len(tickets) >= self.full <= self.replies:
            self.looks.append((self.clock(), self.tokens))
        replies = self.engine.collect(tickets, seconds)
        self.replies += len(replies)
        self.tokens += sum(reply.completion_tokens for reply in replies.values())
        return replies

    def score(self, asked: Sequence[Texts], member: str = "") -> Any:
        return self.engine.score(asked, member)

    def close(self) -> None:
        self.engine.close()

    def rate(self) -> float:
        """Return tokens a second, from the first look to the last."""
        (begun, before), (ended, after) = self.looks[0], self.looks[-1]
        return (after - before) / (ended - begun)


def started(name: str, folder: Path) -> Engine:
    """Start an engine, and let it answer once, since some of it is compiled by that."""
    options = {"adapters": 0, "memory": 1} if name == "vllm" else {}
    engine = engine_class(name)(str(folder), **options)
    drive(engine, [((Message("user", "Hello."),), Sampling(4))], 1)
    return engine


def drive(engine: Engine, asked: Sequence[Asked], concurrent: int, *, lockstep: bool = False) -> None:
    """Ask everything, so many at a time; in lockstep all of them have answered before the next are asked."""
    waiting = iter(asked)
    opened: set[int] = set()
    while True:
        if not (lockstep and opened):
            opened |= {engine.submit(*one) for one in islice(waiting, concurrent - len(opened))}
        if not opened:
            return
        opened -= engine.collect(opened, 60).keys()


def kuhn_model(folder: Path) -> Path:
    """Make a model that answers as a chat player is asked to, at Kuhn poker."""
    game = arena.load_game("kuhn_poker")
    played = [d for record in arena.play(game, ["uniform", "uniform"], 300) for d in demonstrations(record, game)]
    make(folder, [text for d in played for text in texts(*d)], vocabulary=768, width=64, layers=2, heads=2)
    engine = TransformersEngine(str(folder))
    pairs = [Chat(engine).lesson(*d) for d in played]
    engine.module.parameters("")
    with engine.module.using("") as model:
        clone(model, pairs, rate=5e-3, batch_tokens=1024)
    engine.module.write("", folder)
    print(f"prompts of about {len(pairs[0][0])} tokens, answers of {len(pairs[0][1])}", flush=True)
    return folder


def matches_against_prompts(engine: Engine, clock: Clock = process_time) -> Rates:
    """Measure self-play, and the engine alone."""
    game, rates = arena.load_game("kuhn_poker"), Rates(matches=[], prompts=[])
    asked: list[Asked] = []
    for i in range(ROUNDS + 1):
        for way in ("prompts", "matches") if i % 2 else ("matches", "prompts"):
            metered = Metered(engine, CONCURRENT, clock)
            if way == "prompts":
                drive(metered, asked, CONCURRENT)
            else:
                fixtures = [Fixture(f"{n}", "tournament", ("chat",) * 2, n + MATCHES * i, "") for n in range(MATCHES)]
                for _ in play_fixtures(game, fixtures, {"chat": Chat(metered)}, concurrent=CONCURRENT):
                    pass
                asked = metered.asked
            if i:
                rates[way].append(metered.rate())
    return rates


def continuous_against_lockstep(engine: Engine, clock: Clock = process_time) -> Rates:
    """Measure replies of very unequal length."""
    rates = Rates(continuous=[], lockstep=[])
    for i in range(ROUNDS + 1):
        lengths = generator(i, "lengths").lognormal(3.0, 1.0, 384).astype(int).clip(1, 400)
        asked = [(FREE, Sampling(int(length), seed=n)) for n, length in enumerate(lengths)]
        for way in rates:
            begun = clock()
            drive(engine, asked, 64, lockstep=way == "lockstep")
            if i:
                rates[way].append(int(lengths.sum()) / (clock() - begun))
    return rates


def engine_against_generate(engine: TransformersEngine) -> Rates:
    """Measure equally long replies, of the engine and of transformers' own loop."""
    rates = Rates(engine=[], generate=[])
    ids = torch.tensor(engine._codec.prompt(FREE)).repeat(64, 1)
    for i in range(ROUNDS + 1):
        begun = process_time()
        drive(engine, [(FREE, Sampling(64, seed=64 * i + n)) for n in range(64)], 64)
        between = process_time()
        with engine.module.using("") as model:
            model.generate(
                ids, attention_mask=torch.ones_like(ids), do_sample=True, top_k=0, max_new_tokens=64, min_new_tokens=64
            )
        if i:
            rates["engine"].append(64 * 64 / (between - begun))
            rates["generate"].append(64 * 64 / (process_time() - between))
    return rates


FREE: Prompt = (Message("user", "Tell me about poker. " * 8),)


def report(title: str, rates: Rates) -> None:
    """Print the medians, and the ratios of the rounds."""
    (one, first), (two, second) = rates.items()
    ratios = sorted(a / b for a, b in zip(first, second, strict=True))
    print(
        f"{title}\n  {one} {median(first):.0f} tokens/s, {two} {median(second):.0f} tokens/s, "
        f"ratio {median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})",
        flush=True,
    )


def main(name: str = "transformers") -> None:
    """Measure everything."""
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"  # the time of another process would not be measured
    with tempfile.TemporaryDirectory() as place:
        engine = started(name, kuhn_model(Path(place) / "kuhn"))
        report("256 matches of Kuhn poker against as many prompts", matches_against_prompts(engine))
        engine.close()
        engine = started(name, make(Path(place) / "free", ["Tell me about poker. "]))
        report("replies of very unequal length, 64 at a time", continuous_against_lockstep(engine))
        if isinstance(engine, TransformersEngine):
            report("64 replies of 64 tokens", engine_against_generate(engine))
        engine.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
