"""Policy gradient on the tokens of a language model, with role-conditioned advantages (SPIRAL, Liu et al., 2025).

An answer's advantage is its match's payoff minus the baseline of its role, the same for every token that was sampled,
and for nothing else. With r = π / π_old of a token and w the weight that corrects for the engine that sampled it, a
step goes down the sum over all sampled tokens of

    −w · min(r A, clip(r, 1 − ε, 1 + ε') A) + α · KL(π ‖ reference) + α' · KL(reference ‖ π) − β · entropy

over the number of answers times the most tokens that one may have. The divergences are those of the next token, in
the places that were reached. What regularisation to a reference does for nets in games with hidden information
(Perolat et al., 2022; Sokota et al., 2023) it does here too: without it play falls to one move.

As in StarPO-S (Wang et al., 2025) a policy may predict payoffs, before each answer, and filters may choose what is
learned. Then the advantages are those of gae.py over each seat's turns, and c · (V − target)² of every answer joins the
sum, with target = A + V_old. What is left out counts as answers that move nothing: it stays in the number of answers,
unless an update learns from a fixed number of turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from arena.batch import TokenBatch
from arena.config.algorithms import TokenPolicyGradientConfig
from arena.errors import ConfigError
from arena.player import TrainableTokens
from arena.seeds import generator
from arena.trainers import filters, gae, memory
from arena.trainers.advantage import RoleBaselines, among_others
from arena.trainers.data_parallel import Work
from arena.trainers.distinct_turns import distinct_turns, within_budget
from arena.trainers.optimiser import Adam
from arena.trainers.token_objective import Imitate, Improve, Lesson, Part, Say, Step, report, turn_of_tokens
from arena.trainers.trainer import ALONE, NOTHING, Lessons, Penalty, Report, no_penalty


class TokenPolicyGradient:
    """A language model with its optimiser, its reference and its baselines. `scale` divides payoffs.

    Raises ConfigError where payoffs are to be predicted by a policy without a value head.
    """

    shares = ALONE

    def __init__(
        self,
        policy: TrainableTokens,
        scale: float,
        options: TokenPolicyGradientConfig,
        *,
        learning_rate: float,
        updates: int,
        seed: int = 0,
    ) -> None:
        if options.value_weight and not policy.predicts:
            raise ConfigError(
                f"training.token_policy_gradient.value_weight = {options.value_weight:g} is for a learner that "
                "predicts payoffs: let it be a language_model(…, value=True), or leave value_weight at 0"
            )
        self.policy, self.scale, self.options, self.seed = policy, scale, options, seed
        self._updates = updates
        steps = updates * options.epochs * options.minibatches
        self.optimiser = Adam(policy.parameters(), learning_rate, steps, warmup=options.warmup)
        self.baselines = RoleBaselines(options.baseline_decay)
        wanted = options.kl_weight or options.reverse_kl_weight
        self.reference = policy.frozen() if wanted else None
        self.work = Work(policy, self.reference, self.optimiser, options.processes)

    def update(self, batch: TokenBatch | Lessons, penalty: Penalty = no_penalty) -> Report:
        """Take `epochs` · `minibatches` steps on matches that the policy has just played, and let it play on.

        From lessons, one step of behaviour cloning.
        """
        if isinstance(batch, Lessons):
            return self._imitate(batch.batch)
        if not len(batch):
            return NOTHING
        begun, options = perf_counter(), self.options
        self.policy.rest()
        lesson, (kept, *_) = self._lesson(batch)
        steps = []
        whole = len(kept) if options.filters is not None and options.filters.turns else len(batch)
        for rows in self._parts(len(kept)):
            turns = len(rows) * whole / len(kept)
            steps.append(self._step(lesson.where(kept[rows]), turns, penalty))
        self.policy.version += 1
        if self.reference is not None and options.reference_rate:
            memory.blend(self.reference, self.policy, options.reference_rate)
            self.work.reference_moved()
        learned = perf_counter()
        self.policy.sync()
        others = {"update_seconds": learned - begun, "sync_seconds": perf_counter() - learned}
        others |= _advantage_by_game(batch, lesson.advantage)
        if options.filters is not None:
            others["kept"] = len(kept) / len(batch)
        if options.value_weight:
            others["value_error"] = float(np.square(lesson.target - lesson.value).mean())
        return report(steps, float(batch.payoff.mean() / self.scale), others, options.cap)

    def wanting(self, batch: TokenBatch) -> int:
        """Return how many further matches to play, so that there is as much worth learning from as was asked for."""
        if self.options.filters is None or not self.options.filters.turns or not len(batch):
            return 0
        before = self.baselines.state()
        _, filled = self._lesson(batch, steps=False)
        self.baselines.restore(before)
        return filled.matches

    def _imitate(self, batch: TokenBatch) -> Report:
        """Take one step towards the answers of others: up their mean log-likelihood per token."""
        kinds = distinct_turns(batch, np.zeros(len(batch)), by_sign=False)
        once = batch.where(kinds.rows)
        groups = within_budget(once, self.options.batch_tokens)
        imitate = Imitate(int(batch.loss_mask.sum()))
        total = sum(self.work.each(imitate, [(once.where(place), kinds.times[place]) for place in groups]))
        norm = self.optimiser.apply()
        self.policy.version += 1
        self.policy.sync()
        return Report(0.0, 0.0, 0.0, {"imitation_loss": total, "gradient_norm": norm})

    def advantages(self, batch: TokenBatch, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (N,) advantages in units of the scale: from what was predicted (N,), or else from baselines.

        Baselines are read once, and then updated from the batch.
        """
        options, advantage = self.options, batch.payoff / self.scale
        if options.value_weight:
            reward = gae.at_the_end(batch, advantage)
            advantage = gae.advantages(batch, value, reward, options.trace_decay)
        elif options.baseline == "shared":
            nobody = np.zeros_like(batch.role)
            advantage = self.baselines.advantages(replace(batch, role=nobody, side=nobody), self.scale)
        elif options.baseline == "role":
            advantage = self.baselines.advantages(batch, self.scale)
        elif options.baseline == "match":
            advantage = self.baselines.advantages(batch, self.scale)
            several = among_others(batch, self.scale)
            advantage = np.where(np.isnan(several), advantage, several)
        return advantage

    def prices(self, batch: TokenBatch) -> NDArray[np.float64]:
        """Return (N,) what each answer costs by itself, whatever its match has paid, in units of the scale."""
        price = np.where(batch.legal, 0.0, self.options.invalid_penalty)
        if self.options.filters is not None:
            longest = self.policy.max_tokens
            length = np.bincount(turn_of_tokens(batch), minlength=len(batch))
            length[batch.cut] = longest  # also where a prompt has left less room
            price = price - filters.overlong_price(length, longest, self.options.filters)
        return price

    def save(self, folder: Path) -> None:
        """Write what training needs beyond the policy: optimiser, baselines and the reference."""
        tensors = self.optimiser.state()
        if self.reference is not None:
            tensors |= memory.weights("reference", self.reference)
        memory.save(folder, tensors, {"baselines": self.baselines.state(), "steps": self.optimiser.steps})

    def load(self, folder: Path) -> None:
        """Continue exactly where `save` was called; the policy itself is loaded by its own `load`."""
        tensors, numbers = memory.load(folder)
        if self.reference is not None:
            memory.restore_weights("reference", self.reference, tensors)
            self.work.reference_moved()
        self.baselines.restore(numbers["baselines"])
        self.optimiser.restore(tensors, numbers["steps"])

    def kl_weight(self) -> float:
        """Return the price of KL(policy ‖ reference) at this update."""
        begin, end = self.options.kl_weight, self.options.final_kl_weight
        if end is None:
            return begin
        return begin * float((end / begin) ** (self.policy.version / self._updates))

    def _lesson(self, batch: TokenBatch, steps: bool = True) -> tuple[Lesson, filters.Filled]:
        """Return what there is to learn of all turns, and which of them are learned from; `steps` follow from it."""
        options, old, value = self.options, None, np.zeros(len(batch))
        several = steps and options.epochs * options.minibatches > 1
        if several or options.value_weight:
            logp, value = self._before(batch)
            old = replace(batch, behaviour_logp=logp) if several else None
        chosen, drawn, filled = options.filters, batch.payoff == 0, filters.Filled(np.arange(len(batch)), 0, 0)
        paid = batch
        if chosen is not None:
            paid = replace(batch, payoff=filters.worth_of_draws(batch.payoff, drawn, self.scale, chosen))
        advantage = self.advantages(paid, value)
        lesson = Lesson(batch, old, advantage - self.prices(batch), value, advantage + value)
        if chosen is not None:
            start = batch.match if batch.start is None else batch.start
            columns = {"start": start, "drawn": drawn, "truncated": batch.cut}
            keep = filters.kept(chosen, paid.payoff, batch.match, batch.seat, **columns)
            size = chosen.turns or len(batch)
            filled = filters.fill(lesson.advantage, keep, batch.match, size, chosen.least_advantage)
        return lesson, filled

    def _step(self, lesson: Lesson, turns: float, penalty: Penalty) -> Step:
        """Take one step on all turns of a lesson, over so many `turns`; return what was seen."""
        kinds = distinct_turns(lesson.batch, lesson.advantage, by_sign=lesson.old is not None)
        once = lesson.where(kinds.rows)._replace(advantage=kinds.advantage, target=kinds.mean(lesson.target))
        improve = Improve(self.options, self.kl_weight(), turns, self.policy.max_tokens)
        groups = within_budget(once.batch, self.options.batch_tokens)
        sights = self.work.each(improve, [Part(once.where(place), kinds.times[place]) for place in groups])
        if isinstance(more := penalty(), torch.Tensor):
            self.optimiser.accumulate(more)
        return Step(self.optimiser.apply(), sights)

    def _before(self, batch: TokenBatch) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Return what the policy says before the first step.

        (T,) log-probabilities of all sampled tokens, 0 elsewhere, and (N,) predicted payoffs, 0 without a value head.
        """
        kinds = distinct_turns(batch, np.zeros(len(batch)), by_sign=False)
        once = batch.where(kinds.rows)
        groups = within_budget(once, self.options.batch_tokens)
        said: dict[int, NDArray[np.float32]] = {}
        value = np.zeros(len(once))
        answers = self.work.each(Say(), [once.where(place) for place in groups])
        for place, (told, predicted) in zip(groups, answers, strict=True):
            said |= dict(zip(place.tolist(), told, strict=True))
            value[place] = predicted
        logp = np.zeros(len(batch.ids), np.float32)
        logp[batch.loss_mask] = np.concatenate([said[k] for k in kinds.kind.tolist()])
        return logp, value[kinds.kind]

    def _parts(self, turns: int) -> Iterator[NDArray[np.int64]]:
        """Yield the turns of every step: each epoch deals them out anew. Of no turns there are no steps."""
        if not turns:
            return
        rng = generator(self.seed, "minibatches", self.policy.version)
        for _ in range(self.options.epochs):
            if self.options.minibatches == 1:
                yield np.arange(turns)
            else:
                yield from np.array_split(rng.permutation(turns), min(self.options.minibatches, turns))


def _advantage_by_game(batch: TokenBatch, advantage: NDArray[np.float64]) -> dict[str, float]:
    """Return game/advantage, the mean size of the advantages (N,) in each game of a batch of several."""
    if batch.played is None:
        return {}
    turns = np.bincount(batch.played, minlength=len(batch.games))
    sizes = np.bincount(batch.played, np.abs(advantage), minlength=len(batch.games))
    return {f"{game}/advantage": float(sizes[i] / turns[i]) for i, game in enumerate(batch.games) if turns[i]}
