"""How many games are played a second. Run it: python tests/benchmarks/bench_rollout.py

Tables: a random policy plays both seats and every decision is recorded into a DecisionBatch, against pgx, whose
masked random moves are compiled into one loop over a batch that runs until its last game is over, and against
OpenSpiel's C++ states driven from Python. pgx records nothing but the sums of its rewards, so its compiler leaves
the observations out, and it plays at whichever batch size is best here. Its Kuhn poker deals both cards at once,
and its Leduc poker is RLCard's, with the same cards and rounds.

Large games: a net of two layers of 128 plays Connect Four against itself on one thread, and every decision of both
seats is recorded into a DecisionBatch: through the referee, in batches by the plain rules, and in batches by the
kernel.

All run in turns in one process, processor time is measured (machines are shared), and only ratios count. pgx is
optional (`pip install pgx jax`; versions 2.6.0 and 0.10.2 were measured): without it its column is empty.

The process first frees one large array. After that glibc keeps freed memory, as it does in a process that has
trained for a while; before, the kernel hands every column out anew, page by page, and our Kuhn poker takes twice
as long.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import torch
from bench_referee import GAMES, open_spiel

from arena.batch import DecisionBatch
from arena.batched_play import play_batched
from arena.game import Game
from arena.kernel import ByRules, Kernel
from arena.match import Fixture, play_fixtures
from arena.players.net import Net
from arena.registry import find, load_game
from arena.rollout import Collector, from_batched, from_tables
from arena.tree import Tree, enumerate_game, rollout

BATCH, PLAYED, ROUNDS = 32_768, 262_144, 7
"""Games on tables at once; games per measurement, there and in pgx: enough that caches are warm; measurements."""
LARGE = 1024
"""Games of Connect Four per measurement."""
PGX = {"kuhn_poker": "kuhn_poker", "leduc_poker": "leduc_holdem", "tic_tac_toe": "tic_tac_toe"}
PGX_BATCHES = (1024, 4096, 16_384, 32_768)


def random_policy(tree: Tree) -> Any:
    """Return an arbitrary policy (1, I, A)."""
    weights = np.random.default_rng(0).random(tree.mask.shape) * tree.mask
    return (weights / weights.sum(axis=1, keepdims=True))[None]


def tables(tree: Tree, policies: Any, rng: np.random.Generator) -> None:
    """Play PLAYED games, a batch at a time, and record every decision."""
    for _ in range(PLAYED // BATCH):
        played = rollout(tree, policies, np.zeros((BATCH, tree.game.seats), np.int64), rng)
        from_tables(tree, played, slice(None), "shared", 0)


def pgx_player(name: str, batch: int) -> Callable[[], None]:
    """Return a compiled loop that plays `batch` games of pgx to their ends. Raises ImportError without pgx."""
    import jax
    import pgx
    from jax import numpy as jnp

    env = pgx.make(PGX[name])
    start, step = jax.vmap(env.init), jax.vmap(env.step)

    def move(carried: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        states, key, rewards = carried
        key, choice, deal = jax.random.split(key, 3)
        action = jax.random.categorical(choice, jnp.where(states.legal_action_mask, 0.0, -jnp.inf))
        states = step(states, action, jax.random.split(deal, batch))
        return states, key, rewards + states.rewards

    @jax.jit
    def play(key: Any) -> Any:
        key, deal = jax.random.split(key)
        states = start(jax.random.split(deal, batch))
        carried = states, key, jnp.zeros(states.rewards.shape)
        return jax.lax.while_loop(lambda carried: ~carried[0].terminated.all(), move, carried)[2]

    keys = iter(jax.random.split(jax.random.PRNGKey(0), 100_000))

    def once() -> None:
        for _ in range(PLAYED // batch):
            play(next(keys)).block_until_ready()

    play(next(keys)).block_until_ready()  # compiles
    return once


def best_of_pgx(name: str) -> tuple[Callable[[], None], str]:
    """Return pgx's fastest loop over PLAYED games, and at which batch size; or nothing to do, and why."""
    try:
        loops = {batch: pgx_player(name, batch) for batch in PGX_BATCHES}
    except ImportError as error:
        return lambda: None, f"no pgx: {error}"
    best = min(loops, key=lambda batch: min(seconds(loops[batch]) for _ in range(3)))
    return loops[best], f"at {best:,}"


def seconds(call: Callable[[], object]) -> float:
    begin = process_time()
    call()
    return process_time() - begin


def bench_tables() -> None:
    np.empty(4_000_000).fill(0)  # freed at once
    print(f"{'games per second':<16}{'tables':>12}{'pgx':>12}{'ratio':>8}{'OpenSpiel':>12}{'ratio':>8}")
    for name in PGX:
        tree = enumerate_game(load_game(name))
        policies, rng = random_policy(tree), np.random.default_rng(0)
        pgx, remark = best_of_pgx(name)
        rounds = [
            (
                PLAYED / seconds(lambda: tables(tree, policies, rng)),  # noqa: B023
                PLAYED / seconds(pgx) if remark.startswith("at") else float("nan"),
                GAMES / seconds(lambda: open_spiel(name, GAMES)),  # noqa: B023
            )
            for _ in range(ROUNDS)
        ]
        ours, compiled, looped = (median(column) for column in zip(*rounds, strict=True))
        to_pgx, to_loop = median(a / b for a, b, _ in rounds), median(a / c for a, _, c in rounds)
        line = f"{name:<16}{ours:>12,.0f}{compiled:>12,.0f}{to_pgx:>7.1f}×{looped:>12,.0f}{to_loop:>7.0f}×"
        print(f"{line}   pgx {remark}", flush=True)


def by_referee(game: Game[Any], net: Net) -> DecisionBatch:
    fixtures = [Fixture(f"{i:05d}", "train", ("net", "net"), i, "") for i in range(LARGE)]
    listener = Collector(game, "net")
    records = list(play_fixtures(game, fixtures, {"net": net}, watch=listener.watch))
    return listener.batch(records, "shared", 0, game.roles)


def in_batches(game: Game[Any], net: Net, make: type[Kernel] | type[ByRules]) -> DecisionBatch:
    rng = np.random.default_rng(0)
    seating = np.zeros((LARGE, game.seats), np.int64)
    played = play_batched(game, [net], seating, rng, states=make(game, LARGE, rng))
    return from_batched(game, played, np.ones(len(played.match), np.bool_), "shared", 0)


def bench_large() -> None:
    torch.set_num_threads(1)
    print(f"\n{'connect_four':<20}{'games/s':>12}{'decisions/s':>14}{'ratio':>8}")
    game = load_game("connect_four")
    net = Net(game, hidden=[128, 128], device="cpu")
    ways: dict[str, Callable[[], DecisionBatch]] = {
        "referee": lambda: by_referee(game, net),
        "batched, rules": lambda: in_batches(game, net, ByRules),
        "batched, kernel": lambda: in_batches(game, net, find("kernels", game.name)),
    }
    decisions = {way: len(play()) for way, play in ways.items()}
    rounds = [{way: seconds(play) for way, play in ways.items()} for _ in range(ROUNDS)]
    for way in ways:
        took = median(times[way] for times in rounds)
        ratio = median(times["referee"] / times[way] for times in rounds)
        print(f"{way:<20}{LARGE / took:>12,.0f}{decisions[way] / took:>14,.0f}{ratio:>7.1f}×", flush=True)


if __name__ == "__main__":
    bench_tables()
    bench_large()
