"""Where the time and the memory of training a language model go. Run it:

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_language_training.py [--game tic_tac_toe] [--model FOLDER]

A learner plays itself at Kuhn poker, or another game, and learns from it, as in a league with the prices of
`tiny_lm_kuhn.toml`: matches through the referee, kept in the run's file with all tokens ("rollout"), then the losses,
their gradients and a step ("update"), and the hand-over to the engine ("sync"). The model is a tiny one that is made
and taught on the spot, unless a folder of Hugging Face is given.

Each round plays one batch, from which several learners learn in turns: all weights, as it is; the same with answers of
all roles computed together (`distinct_turns.py`); the same without merging answers that are alike, and then without
reading the common beginning of prompts once as well (`causal.py`); a LoRA adapter of rank 8; and all weights with
gradient checkpointing, beside what shares no beginning either. Processor time is measured (machines are shared), and
only ratios within a round say something: their median and range are printed, after a round that does not count. Memory
is the greatest resident size of a process of its own that updates once, without merging, less its size just before.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray
from transformers.utils import logging

import arena
from arena.batch import Pair, TokenBatch
from arena.causal import Answers, answers
from arena.config import LeagueConfig
from arena.config.league_file import BaseConfig
from arena.game import Game
from arena.league import League
from arena.store import Store
from arena.trainers import base_model
from arena.trainers.collect_answers import ByAnswers
from arena.trainers.distinct_turns import DistinctTurns, in_groups
from arena.trainers.learner import SHARED, Learner

ASKED = "answer='brackets', max_tokens=8"
PLAYERS = {"all weights": "", "LoRA, rank 8": ", rank=8", "checkpointing": ", checkpointing=True"}
"""What learns, as parameters of `language_model`."""


class Kind(NamedTuple):
    """What is timed."""

    player: str = "all weights"
    by_role: bool = True
    """Whether the answers of each role are computed by themselves."""
    merged: bool = True
    """Whether answers that are alike are merged."""
    shared: bool = True
    """Whether beginnings are read once."""


KINDS = {
    "as it is": Kind(),
    "roles together": Kind(by_role=False),
    "LoRA, rank 8": Kind("LoRA, rank 8"),
    "not merged": Kind(merged=False),
    "not merged, not shared": Kind(merged=False, shared=False),
    "not merged, LoRA": Kind("LoRA, rank 8", merged=False),
    "not merged, checkpointing": Kind("checkpointing", merged=False, shared=False),
}
RATIOS = [
    ("merging answers that are alike", "not merged", "as it is"),
    ("computing each role by itself", "roles together", "as it is"),
    ("reading beginnings once, of all answers", "not merged, not shared", "not merged"),
    ("all weights over LoRA", "as it is", "LoRA, rank 8"),
    ("all weights over LoRA, of all answers", "not merged", "not merged, LoRA"),
    ("checkpointing over none, nothing shared", "not merged, checkpointing", "not merged, not shared"),
]
"""Of the seconds of an update."""


def configuration(game: Game[Any], model: str, player: str, matches: int) -> LeagueConfig:
    """Return a run of one learner."""
    return LeagueConfig.model_validate(
        {
            "game": game.spec,
            "training": {
                "algorithm": "token_policy_gradient",
                "updates": 1000,
                "matches": matches,
                "token_policy_gradient": {"kl_weight": 1.0, "final_kl_weight": 0.05},
            },
            "learners": {"main": {"player": f"language_model(model={model!r}, {ASKED}{PLAYERS[player]})"}},
        }
    )


def taught(game: Game[Any], folder: Path) -> str:
    """Make a tiny model that plays a game, by chance and legally."""
    base = BaseConfig(width=64, layers=2, matches=200, epochs=4)
    base_model.prepare(base, [game], f"language_model(model='base', {ASKED})", folder, 1, lambda *_: None)
    return str(folder)


def apart(batch: TokenBatch, advantage: NDArray[np.float64], by_sign: bool) -> DistinctTurns:
    """Return all answers of a batch as if no two were alike; in place of `distinct_turns`."""
    every = np.arange(len(batch))
    return DistinctTurns(every, every, np.ones(len(batch)), advantage)


def roles_together(batch: TokenBatch, tokens: int) -> list[NDArray[np.int64]]:
    """Return the turns of a batch in groups, whatever their roles; in place of `within_budget`."""
    return in_groups(np.diff(batch.offsets), tokens)


@contextmanager
def kind_of_update(kind: Kind) -> Iterator[None]:
    """Update with or without what saves work."""
    with ExitStack() as stack:
        if not kind.by_role:
            stack.enter_context(patch("arena.trainers.token_policy_gradient.within_budget", roles_together))
        if not kind.merged:
            stack.enter_context(patch("arena.trainers.token_policy_gradient.distinct_turns", apart))
        if not kind.shared:
            stack.enter_context(patch("arena.players.weights.answers", unshared))
        yield


def unshared(model: Any, pairs: Sequence[Pair], share: bool, hidden: bool) -> Answers:
    """Return what a model says of answers, with every prompt read by itself; in place of `answers`."""
    return answers(model, pairs, share=False, hidden=hidden)


class Run:
    """Learners of one model, of which the first plays."""

    def __init__(self, game: Game[Any], model: str, players: Sequence[str], matches: int, folder: Path) -> None:
        self._store = Store.open(folder)
        self._league = League(self._store, game, configuration(game, model, players[0], matches))
        self.learners = {
            name: Learner.fresh("main", game, configuration(game, model, name, matches)) for name in players
        }
        self._league.enlist("main", self.learners[players[0]].player)
        options = self._league.config.training.token_policy_gradient
        self._collect, self._first, self._step = ByAnswers(self._league, options), players[0], 0

    def played(self) -> tuple[TokenBatch, float]:
        """Return the matches of one update, and the processor time that they took."""
        begun = process_time()
        batch = self._collect(
            self.learners[self._first], {"main": 1.0}, self._step, self._league.config.training.matches
        ).batches[SHARED]
        self._step += 1
        assert isinstance(batch, TokenBatch)
        return batch, process_time() - begun

    def update(self, kind: str, batch: TokenBatch) -> tuple[float, float]:
        """Return the processor time of an update and its hand-over, and what part of it is the latter."""
        with kind_of_update(KINDS[kind]):
            begun = process_time()
            told = self.learners[KINDS[kind].player].update({SHARED: batch}).others
            taken = process_time() - begun
        return taken, told["sync_seconds"] / (told["update_seconds"] + told["sync_seconds"])

    def close(self) -> None:
        """Give up everything."""
        for learner in self.learners.values():
            learner.player.close()
        self._store.close()


def measure(game: Game[Any], model: str, matches: int, rounds: int, folder: Path) -> None:
    """Print shares, speed and ratios."""
    run = Run(game, model, list(PLAYERS), matches, folder)
    shares: dict[str, list[float]] = {"rollout": [], "update": [], "sync": []}
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    drawn, read = [], []
    for i in range(rounds + 1):
        batch, rollout = run.played()
        taken = {kind: run.update(kind, batch) for kind in (list(KINDS) if i % 2 else reversed(KINDS))}
        if not i:
            continue
        update, sync = taken["as it is"]
        whole = rollout + update
        for name, part in [("rollout", rollout), ("update", update * (1 - sync)), ("sync", update * sync)]:
            shares[name].append(part / whole)
        drawn.append(batch.loss_mask.sum() / whole)
        read.append(len(batch.ids) / whole)
        for kind, (one, _) in taken.items():
            seconds[kind].append(one)
    run.close()
    print(f"\n{len(batch)} answers of {matches} matches, {len(batch.ids) / len(batch):.0f} tokens each with its prompt")
    for name, found in shares.items():
        print(f"  {f'share of {name}':<42}{shown(found)}")
    print(f"  {'tokens drawn and learned per second':<42}{median(drawn):.0f} (with prompts {median(read):.0f})")
    print("processor time of an update, over that of another on the same batch")
    for what, one, other in RATIOS:
        print(f"  {what:<42}{shown([a / b for a, b in zip(seconds[one], seconds[other], strict=True)])}")


def shown(values: Sequence[float]) -> str:
    """Return the median and the range."""
    return f"{median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def resident() -> int:
    """Return how many bytes this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def peak(game: Game[Any], model: str, kind: str, matches: int, folder: Path) -> int:
    """Return by how many bytes one update lifts the greatest resident size of this process."""
    run = Run(game, model, [KINDS[kind].player], matches, folder)
    batch, _ = run.played()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = resident()
    run.update(kind, batch)
    lines = Path("/proc/self/status").read_text().splitlines()
    most = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    run.close()
    return most - before


def measure_memory(game: Game[Any], model: str, matches: int) -> None:
    """Print the memory of an update, each in a process of its own."""
    print("memory of the first update, moments of Adam included")
    found: dict[str, float] = {}
    for kind in ("not merged, not shared", "not merged, checkpointing", "not merged", "not merged, LoRA", "as it is"):
        given = ["--game", game.spec, "--model", model, "--matches", str(matches), "--peak", kind]
        command = [sys.executable, __file__, *given]
        found[kind] = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])
        over = found[kind] / found["not merged, not shared"]
        print(f"  {kind:<42}{found[kind] / 2**20:.0f} MiB, ratio to the first {over:.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="kuhn_poker")
    parser.add_argument("--model", default="", help="a folder of Hugging Face, by default a tiny one made on the spot")
    parser.add_argument("--matches", type=int, default=256, help="per update")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peak", choices=KINDS, help="print the bytes that one such update needs, and nothing else")
    given = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    game = arena.load_game(given.game)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if given.peak:
            print(peak(game, given.model, given.peak, given.matches, folder / "run"))
            return
        model: Any = given.model or taught(game, folder / "base")
        measure(game, model, given.matches, given.rounds, folder / "run")
        measure_memory(game, model, given.matches)


if __name__ == "__main__":
    main()
