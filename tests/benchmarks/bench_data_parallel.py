"""What several processes save of an update of a language model. Run it on an idle machine:

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_data_parallel.py [--processes 2] [--width 256] [--turns 256]

Learners of equal weights learn from the same made-up answers in turns, one alone and one with other processes beside;
only ratios within a round say something, and their median and range are printed, after a round that does not count. It
is wall time that is saved, so whatever else the machine does counts: the load is printed too. No two answers are alike.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from statistics import median
from time import perf_counter

import numpy as np
import torch

from arena.batch import TokenBatch
from arena.config.algorithms import TokenPolicyGradientConfig
from arena.players.language_model import language_model
from arena.seeds import generator
from arena.trainers import tiny_model
from arena.trainers.token_policy_gradient import TokenPolicyGradient

PROMPT, ANSWER = 120, 40
"""Tokens."""


def made_up(turns: int, words: int, seed: int) -> TokenBatch:
    """Return answers of random tokens, whose likelihood is roughly that of random tokens."""
    rng = generator(seed, "bench")
    mask = np.tile(np.arange(PROMPT + ANSWER) >= PROMPT, turns)
    seat = np.arange(turns) % 2
    return TokenBatch(
        game="made up",
        policy_id="shared",
        version=0,
        ids=rng.integers(3, words, turns * (PROMPT + ANSWER)),
        offsets=np.arange(turns + 1) * (PROMPT + ANSWER),
        loss_mask=mask,
        behaviour_logp=np.where(mask, -np.log(words), 0).astype(np.float32),
        payoff=rng.choice([-1.0, 1.0], turns),
        legal=np.ones(turns, np.bool_),
        cut=np.zeros(turns, np.bool_),
        seat=seat,
        side=seat,
        role=seat,
        match=np.arange(turns) // 2,
        turn=seat,
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--processes", type=int, default=2)
    arguments.add_argument("--width", type=int, default=256)
    arguments.add_argument("--turns", type=int, default=256)
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        texts = ["some words to begin with, and 0123456789"]
        model = tiny_model.make(f"{folder}/model", texts, width=chosen.width, layers=4)
        trainers = {}
        for processes in (1, chosen.processes):
            policy = language_model(str(model), max_tokens=ANSWER)
            options = TokenPolicyGradientConfig(kl_weight=0.1, batch_tokens=4096, processes=processes)
            trainers[processes] = TokenPolicyGradient(policy, 1.0, options, learning_rate=1e-4, updates=100)
        ratios = []
        for number in range(chosen.rounds + 1):
            batch, seconds = made_up(chosen.turns, 259, number), {}
            for processes, trainer in trainers.items():
                begun = perf_counter()
                trainer.update(batch)
                seconds[processes] = perf_counter() - begun
            print(", ".join(f"{n} processes {s:.2f} s" for n, s in seconds.items()), flush=True)
            ratios += [seconds[1] / seconds[chosen.processes]] * (number > 0)
        print(f"{chosen.processes} processes are {median(ratios):.2f} times as fast as one ", end="")
        print(f"({min(ratios):.2f} to {max(ratios):.2f}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)")


if __name__ == "__main__":
    main()
