"""How soon nets that learn from sampled play come near Nash. Run it: python tests/benchmarks/bench_self_play.py

Each method plays against itself until the exact NashConv of the policy that it hands over is at most the game's
target, which is looked at whenever a tenth more time has gone by. What counts is the processor time of this process
from the first deal: torch has one thread, and the clock stands still while a policy is measured.

Ours is a league of one learner, as a configuration file describes it, with a setting per game; it has to enumerate
the game itself. Theirs are OpenSpiel's PyTorch algorithms with the settings of its examples, the same for both games.
Theirs are measured by our NashConv too, over a net's word on all information sets at once; that it equals
`pyspiel.nash_conv` is asserted.

NFSP, deep CFR and ESCHER hand over an average net, the others their last policy. Deep CFR trains that net once, at
the end, and ESCHER now and then: here that is done whenever one of them is looked at, and only the time of the last
such training counts, so each is stopped where it does best. PPO is left out: it learns from one seat only, and its
example has no opponent. OpenSpiel's deep CFR imports dm-tree, which it does not install: `pip install dm-tree`.

Finished runs are lines of the CSV and are not done again, so the whole can be run in pieces. A method that has used
up the limit counts as more than that. In pieces, for instance:

    python tests/benchmarks/bench_self_play.py --games leduc_poker --methods arena deep_cfr --seeds 0 --limit 600
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pyspiel
import torch
from bench_learning import append
from open_spiel.python import rl_environment
from open_spiel.python.pytorch import deep_cfr, escher, nfsp, policy_gradient

from arena.config import LeagueConfig
from arena.store import Store
from arena.trainers import watch as watch_of
from arena.trainers.circuit import Circuit
from arena.trainers.loop import SelfPlay
from arena.trainers.tracking import Tracking
from arena.tree import Tree, enumerate_open_spiel, enumeration, nash_conv

TARGETS = {"leduc_poker": 0.6, "liars_dice": 0.4}

OURS: dict[str, dict[str, Any]] = {
    "leduc_poker": {
        "algorithm": "mmd",
        "updates": 400,
        "matches": 8192,
        "learning_rate": 0.005,
        "mmd": {
            "epochs": 4,
            "magnet_weight": 0.5,
            "magnet_rate": 0.05,
            "entropy_weight": 0.05,
            "final_entropy_weight": 0.05,
        },
    },
    "liars_dice": {
        "algorithm": "mmd",
        "updates": 200,
        "matches": 2048,
        "learning_rate": 0.005,
        "mmd": {
            "epochs": 4,
            "magnet_weight": 0.7,
            "magnet_rate": 0.1,
            "entropy_weight": 0.05,
            "final_entropy_weight": 0.05,
        },
    },
}
"""[training] of our league, chosen on seeds from 100."""
NETS = {"leduc_poker": "net(hidden=[128, 128])", "liars_dice": "net(hidden=[64, 64])"}

NFSP = {
    "hidden_layers_sizes": [128],
    "replay_buffer_capacity": int(2e5),
    "reservoir_buffer_capacity": int(2e6),
    "min_buffer_size_to_learn": 1000,
    "anticipatory_param": 0.1,
    "batch_size": 128,
    "learn_every": 64,
    "rl_learning_rate": 0.01,
    "sl_learning_rate": 0.01,
    "optimizer_str": "sgd",
    "loss_str": "mse",
    "update_target_network_every": 19200,
    "discount_factor": 1.0,
    "epsilon_decay_duration": int(20e6),
    "epsilon_start": 0.06,
    "epsilon_end": 0.001,
}
"""examples/nfsp_leduc_pytorch.py"""
DEEP_CFR = {
    "policy_network_layers": (64,),
    "advantage_network_layers": (64,),
    "num_traversals": 375,
    "reinitialize_advantage_networks": True,
    "learning_rate": 1e-3,
    "batch_size_advantage": 256,
    "batch_size_strategy": 256,
    "memory_capacity": 100_000,
    "policy_network_train_steps": 2500,
    "advantage_network_train_steps": 375,
}
"""examples/deep_cfr_pytorch.py, as it runs"""
DEEP_CFR_RECOMMENDED = {
    **DEEP_CFR,
    "policy_network_layers": (64, 64, 64),
    "advantage_network_layers": (64, 64, 64),
    "num_traversals": 1500,
    "batch_size_advantage": 2048,
    "batch_size_strategy": 2048,
    "memory_capacity": int(1e6),
    "policy_network_train_steps": 5000,
    "advantage_network_train_steps": 750,
}
"""examples/deep_cfr_pytorch.py, as its comment recommends"""
POLICY_GRADIENT = {
    "hidden_layers_sizes": [32, 32],
    "batch_size": 16,
    "entropy_cost": 0.001,
    "critic_learning_rate": 0.01,
    "pi_learning_rate": 0.01,
    "num_critic_before_pi": 4,
}
"""pytorch/policy_gradient_pytorch_test.py, where it plays Leduc poker: its only example plays catch, alone"""

COLUMNS = ("game", "method", "seed", "reached", "cpu_seconds", "limit", "nash_conv", "progress")
Law = Callable[[int, torch.Tensor], torch.Tensor]
"""(seat, its information states (I, …)) → (I, A) weights of actions, before the illegal ones are taken out."""


class Over(Exception):  # noqa: N818  # no error: it ends a run
    """The target is reached, or the time is up."""


class Watch:
    """The CPU seconds of a method, which stand still while its policy is measured."""

    def __init__(self, target: float, limit: float) -> None:
        self.target, self.limit = target, limit
        self.spent, self.extra, self.found, self.progress = 0.0, 0.0, np.inf, 0
        self._begun = process_time()

    @property
    def due(self) -> bool:
        """Whether a tenth more time has been spent than at the last look."""
        return process_time() - self._begun >= self.spent / 10

    @property
    def seconds(self) -> float:
        """What a run that stopped at the last look would have taken."""
        return self.spent + self.extra

    def look(self, progress: int, measure: Callable[[], float], finish: Callable[[], object] = lambda: None) -> None:
        """Measure a method after so many matches or iterations; `finish` is what it does at its end only."""
        self.spent += process_time() - self._begun
        begun = process_time()
        finish()
        self.extra = process_time() - begun
        self.found, self.progress = min(self.found, measure()), progress
        if self.found <= self.target or self.seconds >= self.limit:
            raise Over
        self._begun = process_time()


def arena(name: str, seed: int, watch: Watch) -> None:
    """Run a league of one learner against itself."""
    training = OURS[name]
    config = LeagueConfig.model_validate(
        {
            "game": name,
            "seed": seed,
            "training": training,
            "learners": {"main": {"player": NETS[name]}},
            "schedule": {"checkpoint_every": training["updates"], "snapshot_every": training["updates"]},
        }
    )
    enumeration._TREES.clear()  # as in a new process
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:

        def tell(progress: Any) -> None:
            if progress.report and watch.due:
                tree, player = run.circuit.all[0].collect.tree, run.learners[0].player
                watch.look(progress.step * training["matches"], lambda: nash_conv(tree, tree.policy(player)))

        circuit = Circuit(store, config, [store])
        with Tracking.open(Path(folder), config.tracking, 0, {}) as tracking:
            run = SelfPlay(circuit, tell, watch_of.Watch(circuit, tracking))
            run.go()


def by_episodes(
    name: str, agents: Callable[..., list[Any]], law: Callable[[Any], Law], seed: int, watch: Watch
) -> None:
    """Let two of OpenSpiel's agents play each other, as its examples do."""
    environment = rl_environment.Environment(name, players=2)
    environment.seed(seed)
    size, actions = environment.observation_spec()["info_state"][0], environment.action_spec()["num_actions"]
    players = agents(size, actions)
    seeded(seed)
    measure, episode = measurer(name, law(players)), 0
    while True:
        episode += 1
        time = environment.reset()
        while not time.last():
            time = environment.step([players[time.observations["current_player"]].step(time).action])
        for player in players:
            player.step(time)
        if episode % 1000 == 0 and watch.due:
            watch.look(episode, measure)


def play_nfsp(name: str, seed: int, watch: Watch) -> None:
    def agents(size: int, actions: int) -> list[Any]:
        return [nfsp.NFSP(seat, size, actions, seed=seed, **NFSP) for seat in (0, 1)]

    by_episodes(name, agents, lambda players: softmax_of([one._avg_network for one in players]), seed, watch)


def play_policy_gradient(loss: str, name: str, seed: int, watch: Watch) -> None:
    def agents(size: int, actions: int) -> list[Any]:
        seeded(seed)
        return [
            policy_gradient.PolicyGradient(seat, size, actions, loss_str=loss, **POLICY_GRADIENT) for seat in (0, 1)
        ]

    by_episodes(name, agents, lambda players: softmax_of([one.policy_logits_network for one in players]), seed, watch)


def play_deep_cfr(settings: dict[str, Any], name: str, seed: int, watch: Watch) -> None:
    """Do what `DeepCFRSolver.solve` does, and train its policy net whenever it is looked at."""
    solver = deep_cfr.DeepCFRSolver(pyspiel.load_game(name), seed=seed, **settings)

    def finish() -> None:
        solver._reinitialize_policy_network()
        solver._learn_strategy_network()

    measure = measurer(name, lambda _, states: solver._policy_network(states))
    while True:
        for seat in (0, 1):
            for _ in range(settings["num_traversals"]):
                solver._traverse_game_tree(solver._root_node, seat)
            solver._reinitialize_advantage_network(seat)
            solver._learn_advantage_network(seat)
        solver._iteration += 1
        if watch.due:
            watch.look(solver._iteration - 1, measure, finish)


def play_escher(name: str, seed: int, watch: Watch) -> None:
    """Do what `escher.train` does, without its matches against random play."""
    game = pyspiel.load_game(name)
    agent, config = escher.Agent(game, escher.Config()), escher.TrainConfig(game)
    seeded(seed)
    measure = measurer(name, softmax_of([agent.avg_policy_net] * 2))
    while True:
        escher._train_regret(config, agent)
        if watch.due:
            watch.look(agent.t, measure, partial(escher._train_avg_policy, agent))
        agent.t += 1


def seeded(seed: int) -> None:
    """Seed what OpenSpiel's algorithms draw from."""
    np.random.seed(seed)  # noqa: NPY002  # what they draw from
    torch.manual_seed(seed)


def softmax_of(nets: list[Any]) -> Law:
    """Return the law of nets, one per seat, that give logits."""
    return lambda seat, states: torch.softmax(nets[seat](states), dim=1)


def measurer(name: str, law: Law) -> Callable[[], float]:
    """Return what finds the exact NashConv of a law in OpenSpiel's game."""
    tree = open_spiel_tree(name)
    states = torch.from_numpy(tree.requests.tensor().reshape(len(tree.mask), -1))

    def measure() -> float:
        with torch.no_grad():
            both = np.stack([law(seat, states).double().numpy() for seat in (0, 1)])
        weights = np.where(tree.mask, both[tree.seat, np.arange(len(tree.seat))], 0.0)
        return nash_conv(tree, weights / weights.sum(axis=1, keepdims=True))

    return measure


_TREES: dict[str, Tree] = {}


def open_spiel_tree(name: str) -> Tree:
    """Return OpenSpiel's game as arrays; that NashConv there is OpenSpiel's is asserted the first time."""
    if name not in _TREES:
        tree = _TREES[name] = enumerate_open_spiel(name)
        weights = np.random.default_rng(0).random(tree.mask.shape) * tree.mask
        policy = weights / weights.sum(axis=1, keepdims=True)
        rows = zip(tree.views, policy, tree.mask, strict=True)
        table = {view: [(int(a), float(row[a])) for a in np.flatnonzero(mask)] for view, row, mask in rows}
        theirs = pyspiel.nash_conv(pyspiel.load_game(name), pyspiel.TabularPolicy(table))
        assert np.isclose(nash_conv(tree, policy), theirs, rtol=0, atol=1e-9)
    return _TREES[name]


METHODS: dict[str, Callable[[str, int, Watch], None]] = {
    "arena": arena,
    "nfsp": play_nfsp,
    "deep_cfr": partial(play_deep_cfr, DEEP_CFR),
    "deep_cfr_recommended": partial(play_deep_cfr, DEEP_CFR_RECOMMENDED),
    "escher": play_escher,
    **{loss: partial(play_policy_gradient, loss) for loss in ("a2c", "rpg", "qpg")},
}


def measure(game: str, method: str, seed: int, limit: float) -> dict[str, Any]:
    """Train until the target is reached, and return a line of the CSV."""
    watch = Watch(TARGETS[game], limit)
    with contextlib.suppress(Over):
        METHODS[method](game, seed, watch)
    return {
        "game": game,
        "method": method,
        "seed": seed,
        "reached": int(watch.found <= watch.target),
        "cpu_seconds": round(watch.seconds, 2),
        "limit": limit,
        "nash_conv": round(watch.found, 4),
        "progress": watch.progress,
    }


def finished(file: Path) -> dict[tuple[str, str, int], dict[str, Any]]:
    """Return (game, method, seed) → its latest line."""
    if not file.exists():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        found = [{**line, "seed": int(line["seed"])} for line in csv.DictReader(lines)]
    return {(line["game"], line["method"], line["seed"]): line for line in found}


def middle(lines: list[dict[str, Any]]) -> tuple[float, bool]:
    """Return the median over seeds (of two, the lesser) of the CPU seconds, and whether it is only a lower bound."""
    return sorted((float(line["cpu_seconds"]), line["reached"] == "0") for line in lines)[(len(lines) - 1) // 2]


def table(lines: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line per game and method, and how much longer the best of the others takes than ours.

    One that was stopped early may have been the best, so its limit counts as its time: then the ratio is a bound.
    """
    head = f"{'':<2}{'method':<22}{'CPU s':>9}{'range':>18}{'reached':>9}{'NashConv':>10}{'limit':>7}"
    yield head
    for game in dict.fromkeys(line["game"] for line in lines):
        yield f"{game} to NashConv {TARGETS[game]}"
        here = [line for line in lines if line["game"] == game]
        times = {}
        for method in [method for method in METHODS if any(line["method"] == method for line in here)]:
            mine = [line for line in here if line["method"] == method]
            times[method] = seconds, missed = middle(mine)
            each = [float(line["cpu_seconds"]) for line in mine]
            reached = f"{sum(int(line['reached']) for line in mine)} of {len(mine)}"
            nearest = min(float(line["nash_conv"]) for line in mine)
            limit = max(float(line["limit"]) for line in mine)
            spread = f"{min(each):.1f} to {max(each):.1f}"
            yield (
                f"{'':<2}{method:<22}{('>' if missed else '') + f'{seconds:.1f}':>9}{spread:>18}"
                f"{reached:>9}{nearest:>10.3f}{limit:>7.0f}"
            )
        ours, failed = times.pop("arena", (0.0, True))
        if times and not failed:
            best, bound = min(times.values())
            yield f"  the best of the others takes {'more than ' if bound else ''}{best / ours:.1f}× as long"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", nargs="+", default=list(TARGETS), choices=TARGETS, metavar="GAME")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS, metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--limit", type=float, default=3600.0, help="CPU seconds after which a method has missed")
    parser.add_argument("--csv", type=Path, default=Path("runs/self_play.csv"), help="finished runs, one a line")
    given = parser.parse_args()
    os.environ["ARENA_CACHE"] = ""  # our tree is made in the measured time
    given.csv.parent.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])  # imports half of torch, on either side
    for game in given.games:
        open_spiel_tree(game)
        for seed in given.seeds:
            for method in given.methods:
                line = finished(given.csv).get((game, method, seed))
                if line and (line["reached"] == "1" or float(line["limit"]) >= given.limit):
                    continue
                line = measure(game, method, seed, given.limit)
                append(given.csv, COLUMNS, line)
                found = f"{line['nash_conv']:.3f} after {line['cpu_seconds']:.1f} CPU s ({line['progress']:,})"
                print(f"{game}  {method}  seed {seed}: {found}", flush=True)
    print("\n".join(table(list(finished(given.csv).values()))))


if __name__ == "__main__":
    main()
