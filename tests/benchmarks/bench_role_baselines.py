"""What a baseline for each role is worth, in gradient noise and in updates. Run it:

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_role_baselines.py [--plot FILE]

The game is matching pennies in which the column player pays the row player a bonus in every match, whoever wins: 0, 1,
2 and 4 times the standard deviation of a match's return. A tiny language model, made and taught legal random play on
the spot, plays through the referee and learns by `TokenPolicyGradient`, as it does in a league.

Noise: weights stay as they are, many small batches are played, and the variance of the gradient over them, summed over
all weights, is compared between one baseline for each role, one for both and none. All three see the same batches,
without matches in which an answer was no move: those are rare and cost the whole stake, which is a noise of another
kind. Where the answers of a batch are independent (one side of each match, against uniform play) theory says that
the ratio is 1 + bonus² / variance, but for what a baseline that follows its last matches adds to the variance with
'role': (1 − decay) / (1 + decay), 2.6%. Against itself the two answers of a match share its return, and the noise of a
shared baseline in one seat cancels a part of that in the other: all of it at a bonus of 1, to a model that answers both
seats alike, where theory says (1 − bonus)². In Kuhn poker, where a seat is worth 1/18, there is nothing to gain.

Curves: against a player that loses to heads in either seat, the model learns from small batches, without a bonus and
with the greatest; printed is the exact probability of heads, mean of both seats, after some updates, over seeds.
Nothing holds the policy back (kl_weight = 0), so a step may lift the share of answers that are no move for an update,
which the least of a column then shows. `--plot FILE` draws those with the greatest bonus.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from transformers.utils import logging

import arena
from arena.batch import TokenBatch
from arena.config.algorithms import TokenPolicyGradientConfig
from arena.config.league_file import BaseConfig
from arena.game import Game
from arena.games.matrix import Matrix
from arena.match import Fixture, Patience, play_fixtures
from arena.player import Move, Player, Requests
from arena.players.language_model import LanguageModel, language_model
from arena.seeds import derive
from arena.token_rollout import from_records
from arena.trainers import base_model
from arena.trainers.distinct_turns import distinct_turns
from arena.trainers.token_policy_gradient import TokenPolicyGradient
from arena.tree import enumerate_game

BONUSES = (0.0, 1.0, 2.0, 4.0)
"""In standard deviations of a return without it, which is 1 under uniform play."""
BASELINES = ("role", "shared", "none")
ASKED = {"answer": "brackets", "max_tokens": 8}
SPEC = "language_model(model='base', answer='brackets', max_tokens=8)"
NOISE_MATCHES, CURVE_MATCHES = 16, 8
"""Matches per batch."""
WARM = 20
"""Batches before those that count, for the baselines."""
RATE = 1e-3
PRINTED = (0, 10, 20, 30, 40, 60)
"""Updates of which the table tells."""
ITSELF = "itself"


class Noise(NamedTuple):
    """How noisy gradients were."""

    variance: dict[str, NDArray[np.float64]]
    """By baseline, (B,) squared distances of B batches' gradients from their mean, summed over all weights."""
    returns: float
    """The variance of what a seat got, about its mean."""


def pennies(bonus: float) -> Game[Any]:
    """Return matching pennies with a bonus for row, which column pays."""
    return Matrix([[1 + bonus, bonus - 1], [bonus - 1, 1 + bonus]], ["heads", "tails"])


def taught(game: Game[Any], folder: Path) -> Path:
    """Make a model that knows how to answer, and nothing else."""
    base = BaseConfig(width=64, layers=2, matches=100, epochs=12)
    base_model.prepare(base, [game], SPEC, folder, 1, lambda *_: None)
    return folder


def played(game: Game[Any], learner: LanguageModel, opponent: Player | None, matches: int, seed: int) -> TokenBatch:
    """Play a batch on both sides in turns against an opponent, or without one on both at once."""
    casts = [("it", "other"), ("other", "it")] if opponent else [("it", "it")]
    players = {"it": learner, **({"other": opponent} if opponent else {})}
    fixtures = [
        Fixture(f"{i:06d}", "train", casts[i % len(casts)], derive(seed, "match", i), "") for i in range(matches)
    ]
    records = play_fixtures(game, fixtures, players, patience=Patience(retries=0))
    ordered = sorted(records, key=lambda record: record.key)
    return from_records(game, ordered, {"it"}, "shared", learner.version, game.roles)


def all_legal(batch: TokenBatch) -> TokenBatch:
    """Return what was said in matches in which every answer of the learner was a move."""
    return batch.where(~np.isin(batch.match, batch.match[~batch.legal]))


class Loser:
    """Shows tails as row and heads as column, and so loses to heads in either seat."""

    name = "loser"

    def act(self, batch: Requests) -> list[Move]:
        """Answer by the seat."""
        return [Move("tails" if request.seat == 0 else "heads") for request in batch]


class Kept:
    """In place of an optimiser: it keeps the gradient, and moves nothing."""

    def __init__(self, weights: Iterable[torch.nn.Parameter]) -> None:
        self._weights = list(weights)
        self.gradient: NDArray[np.float64] = np.zeros(0)

    def accumulate(self, loss: torch.Tensor) -> None:
        """Add the gradient of a part of the loss."""
        loss.backward()

    def apply(self) -> float:
        """Keep what was accumulated, and return its norm."""
        parts = [weight.grad.flatten() for weight in self._weights if weight.grad is not None]
        self.gradient = torch.cat(parts).double().numpy()
        for weight in self._weights:
            weight.grad = None
        return float(np.linalg.norm(self.gradient))


def frozen_trainer(learner: LanguageModel, game: Game[Any], baseline: str) -> TokenPolicyGradient:
    """Return a trainer that moves no weights."""
    options = TokenPolicyGradientConfig(baseline=baseline)
    trainer = TokenPolicyGradient(learner, game.scale, options, learning_rate=RATE, updates=1)
    trainer.optimiser = Kept(learner.parameters())
    return trainer


def directions(learner: LanguageModel, game: Game[Any], batch: TokenBatch, rows: Iterable[int]) -> NDArray[np.float64]:
    """Return (K, weights) the trainer's gradient of each of these answers alone, at an advantage of 1."""
    trainer, found = frozen_trainer(learner, game, "none"), []
    for row in rows:
        one = batch.where(np.array([row]))
        trainer.update(replace(one, payoff=np.full(1, game.scale)))
        found.append(trainer.optimiser.gradient)
    return np.array(found)


def noise(game: Game[Any], folder: Path, opponent: str, batches: int) -> Noise:
    """Return what many batches show at the same weights.

    The loss is linear in the advantages, so the gradient of a batch is a sum of those of its distinct answers; that the
    trainer finds the same for a whole batch is asserted.
    """
    learner = language_model(str(folder), **ASKED)
    other = None if opponent == ITSELF else arena.load_player(opponent, game)
    batch = all_legal(played(game, learner, other, (WARM + batches) * NOISE_MATCHES, 1))
    kinds = distinct_turns(batch, np.zeros(len(batch)), by_sign=False)
    each = directions(learner, game, batch, kinds.rows)
    part_of = batch.match // NOISE_MATCHES
    parts = [np.flatnonzero(part_of == n) for n in range(WARM + batches)]
    variance = {}
    for baseline in BASELINES:
        trainer = frozen_trainer(learner, game, baseline)
        weights = np.zeros((len(parts), len(each)))
        for weight, rows in zip(weights, parts, strict=True):
            advantage = trainer.advantages(batch.where(rows), np.zeros(len(rows)))
            weight += np.bincount(kinds.kind[rows], advantage, len(each)) / len(rows)
        trainer.baselines.restore(())
        trainer.update(batch.where(parts[0]))
        np.testing.assert_allclose(trainer.optimiser.gradient, weights[0] @ each, atol=1e-5)
        variance[baseline] = spread(weights[WARM:], each)
    learner.close()
    return Noise(variance, variance_of_returns(batch))


def spread(weights: NDArray[np.float64], each: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (B,) the squared distance of B gradients, sums of `each` with `weights` (B, K), from their mean."""
    away = weights - weights.mean(axis=0)
    return np.einsum("bk,kl,bl->b", away, each @ each.T, away)


def variance_of_returns(batch: TokenBatch) -> float:
    """Return the variance of payoffs about the mean of their seat."""
    return float(np.mean([batch.payoff[batch.seat == seat].var() for seat in np.unique(batch.seat)]))


def noise_row(what: str, bonus: float, found: Noise) -> str:
    """Return a line of the table: ratios with their 95% intervals over batches, and what theory says."""
    shown = "".join(f"{ratio(found.variance[other], found.variance['role']):>27}" for other in ("shared", "none"))
    against_itself = (1 - bonus / found.returns**0.5) ** 2
    theory = against_itself if what == f"pennies against {ITSELF}" else 1 + bonus**2 / found.returns
    return f"{what:<32}{bonus:>7.3f}{theory:>9.3f}{shown}"


def ratio(one: NDArray[np.float64], other: NDArray[np.float64]) -> str:
    """Return the ratio of two means, and where 95% of those lie that are drawn from the same batches again."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(one), size=(2000, len(one)))
    low, high = np.quantile(one[drawn].mean(axis=1) / other[drawn].mean(axis=1), [0.025, 0.975])
    return f"{one.mean() / other.mean():.3f} ({low:.3f} to {high:.3f})"


def best_move(game: Game[Any], learner: LanguageModel) -> float:
    """Return the probability of heads, mean of both seats."""
    law = learner.law(Requests(list(enumerate_game(game).requests)))
    return float(law[:, game.actions.index("heads")].mean())


def curve(game: Game[Any], folder: Path, baseline: str, seed: int, updates: int) -> Iterator[float]:
    """Yield the probability of the best move before the first update, and after each."""
    learner = language_model(str(folder), **ASKED)
    options = TokenPolicyGradientConfig(baseline=baseline, warmup=5)
    trainer = TokenPolicyGradient(learner, game.scale, options, learning_rate=RATE, updates=updates, seed=seed)
    yield best_move(game, learner)
    for update in range(updates):
        trainer.update(played(game, learner, Loser(), CURVE_MATCHES, derive(seed, "curve", update)))
        yield best_move(game, learner)
    learner.close()


def curves(folder: Path, bonus: float, seeds: int, updates: int) -> dict[str, NDArray[np.float64]]:
    """Return (seeds, updates + 1) for each baseline, and print them."""
    game, found = pennies(bonus), {}
    shown = [update for update in PRINTED if update <= updates]
    print(f"\nProbability of the best move with a bonus of {bonus:g}, mean (and least) of {seeds} seeds, after updates")
    print(f"{'baseline':<12}" + "".join(f"{update:>15}" for update in shown) + f"{'mean of all':>15}")
    for baseline in ("role", "shared"):
        found[baseline] = rows = np.array([list(curve(game, folder, baseline, s, updates)) for s in range(seeds)])
        cells = [f"{rows[:, u].mean():.3f} ({rows[:, u].min():.3f})" for u in shown]
        print(f"{baseline:<12}" + "".join(f"{cell:>15}" for cell in cells) + f"{rows.mean():>15.3f}", flush=True)
    return found


def draw(found: dict[str, NDArray[np.float64]], bonus: float, file: Path) -> None:
    """Draw the curves: the mean of all seeds, and each of them thin."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    axes = figure.subplots()
    for baseline, rows in found.items():
        (line,) = axes.plot(rows.mean(axis=0), label=f"baseline = {baseline!r}", linewidth=2)
        axes.plot(rows.T, color=line.get_color(), linewidth=0.6, alpha=0.5)
    title = f"Matching pennies, bonus of {bonus:g} standard deviations for row"
    axes.set(xlabel="update", ylabel="probability of the best move", title=title, ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(file, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=400, help="whose gradients are compared")
    parser.add_argument("--seeds", type=int, default=5, help="of the curves; 0: none are made")
    parser.add_argument("--updates", type=int, default=60, help="of the curves")
    parser.add_argument("--plot", type=Path, help="a PNG or SVG file for the curves")
    given = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    begun = process_time()
    print(
        f"Variance of the gradient over batches of {NOISE_MATCHES} matches at the same weights, over that with 'role'"
    )
    print(f"{'game':<32}{'bonus':>7}{'theory':>9}{'shared / role':>27}{'none / role':>27}")
    with tempfile.TemporaryDirectory() as place:
        folders = {bonus: taught(pennies(bonus), Path(place) / f"pennies-{bonus:g}") for bonus in BONUSES}
        for opponent in ("uniform", ITSELF):
            for bonus, folder in folders.items():
                found = noise(pennies(bonus), folder, opponent, given.batches)
                print(noise_row(f"pennies against {opponent}", bonus, found), flush=True)
        kuhn = arena.load_game("kuhn_poker")
        found = noise(kuhn, taught(kuhn, Path(place) / "kuhn"), ITSELF, given.batches)
        print(noise_row("kuhn_poker against itself", -1 / 18, found), flush=True)
        if given.seeds:
            learned = {bonus: curves(folders[bonus], bonus, given.seeds, given.updates) for bonus in (0.0, BONUSES[-1])}
            if given.plot:
                draw(learned[BONUSES[-1]], BONUSES[-1], given.plot)
    print(f"\n{process_time() - begun:.0f} s of processor time")


if __name__ == "__main__":
    main()
