"""The offline objective of Self-Play Critic (SPC: Chen et al., 2025): from answers that are recorded and paid.

The reference is the model as it begins, and stays that. With r the length-normalised ratio of an answer under what
learns and under the reference (token_losses.py), a step goes down

    mean over answers of −min(r A, clip(r, 1 − ε, 1 + ε) A)  +  w · mean over examples of −(mean log π of their tokens)

over equally many answers and supervised examples, where A is what the answer's match paid, in units of the game's
scale. Of more examples than answers some are drawn, and fewer come up again. Both means are those of a whole step,
whatever part of it is computed together, so examples weigh w and nothing else.

There is no divergence in it. What bounds the drift is that r, once out of the band, is pushed no farther. That takes an
optimiser without momentum, which is not as published: in a few hundred steps of Adam as it is usual, at a rate at which
a small model learns, a single answer has left the band for a ratio of 15 (without momentum for one of 1.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from arena.batch import Pair
from arena.causal import answers as answers_said
from arena.errors import ConfigError
from arena.seeds import generator
from arena.trainers.distinct_turns import in_groups
from arena.trainers.optimiser import Adam
from arena.trainers.token_losses import length_normalised_surrogate, mean_of_turns

_WARMUP = 10
"""Steps in which the rate rises, as published; of few steps a tenth."""

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class Sight(NamedTuple):
    """How far answers are from the reference, each as it was met."""

    raised: float
    """Mean ratio of those that were paid more than 0; 1 where there are none."""
    lowered: float
    """… and of those that were paid less."""
    clipped: float
    """Share of answers that move nothing: they have left the band on the side to which they are pushed."""
    examples: float
    """Mean negative log-likelihood of the examples, in nats per token; 0 where there are none."""


def improve(
    model: Any,
    answers: Sequence[Pair],
    advantage: Floats,
    examples: Sequence[Pair] = (),
    *,
    epochs: int = 3,
    rate: float = 2e-6,
    clip: float = 0.2,
    example_weight: float = 0.15,
    step_answers: int = 64,
    batch_tokens: int = 4096,
    seed: int = 0,
    tell: Callable[[int, int, Sight], None] = lambda done, steps, sight: None,
) -> list[Sight]:
    """Let a causal language model (of transformers, or a PEFT adapter on one) learn from N answers.

    Returns what was seen in each epoch and, last, afterwards. `advantage` (N,) is what each was paid, in units of the
    game's scale. A step is over `step_answers` answers and as many examples, in an order that every epoch draws anew,
    computed in parts of at most `batch_tokens` tokens, padding included. Adam without momentum, at a rate that rises
    over ten steps and falls linearly to 0, on those weights that require a gradient; the norm of a gradient is bounded
    by 1. `tell` is given how many steps are done, of how many, and what the last one has seen. Raises ConfigError where
    there is nothing to learn, and where that leaves no finite numbers.
    """
    if epochs < 1 or not answers or not all(len(prompt) and len(answer) for prompt, answer in [*answers, *examples]):
        raise ConfigError("answers that are learned from take an epoch, and prompts and answers that are not empty")
    model.eval()  # a ratio compares weights, and not what dropout has drawn
    objective = _Objective(model, answers, advantage, examples, clip, example_weight, batch_tokens)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    steps = epochs * -(-len(answers) // step_answers)
    optimiser = Adam(weights, rate, steps, warmup=min(_WARMUP, steps // 10), momentum=0.0)
    sights = []
    for epoch in range(epochs):
        seen: list[_Part] = []
        for rows, items in _dealt(len(answers), len(examples), step_answers, generator(seed, "offline", epoch)):
            parts = []
            for loss, part in objective.parts(rows, items):
                if not loss.isfinite():
                    raise ConfigError(f"the loss has become no number: try less than rate = {rate:g}")
                optimiser.accumulate(loss)
                parts.append(part)
            optimiser.apply()
            seen += parts
            tell(optimiser.steps, steps, _sight(parts, clip))
        sights.append(_sight(seen, clip))
    with torch.no_grad():
        every = objective.parts(np.arange(len(answers)), np.arange(len(examples)))
        sights.append(_sight([part for _, part in every], clip))
    if not np.isfinite(sights[-1]).all():
        raise ConfigError(f"the weights have become no numbers: try less than rate = {rate:g}")
    return sights


def _dealt(answers: int, examples: int, size: int, rng: np.random.Generator) -> Iterator[tuple[Places, Places]]:
    """Yield the answers of each step of an epoch, and as many examples; of no examples none.

    Every example comes as often as any other, or once more.
    """
    rows = rng.permutation(answers)
    rounds = -(-answers // examples) if examples else 0
    items = np.concatenate([np.zeros(0, np.int64), *(rng.permutation(examples) for _ in range(rounds))])
    for begin in range(0, answers, size):
        end = min(begin + size, answers)
        yield rows[begin:end], items[begin:end]


class _Part(NamedTuple):
    """What a part of a step has seen: K distinct answers, and L distinct examples."""

    ratio: Floats
    """(K,)"""
    advantage: Floats
    """(K,)"""
    times: Floats
    """(K,) for how many answers each stands."""
    surprise: Floats
    """(L,) mean negative log-likelihood of the tokens, in nats."""
    shown: Floats
    """(L,) for how many examples each stands."""


class _Objective:
    """What is learned, what the reference says of it, and the loss in parts that fit into memory."""

    def __init__(
        self,
        model: Any,
        answers: Sequence[Pair],
        advantage: Floats,
        examples: Sequence[Pair],
        clip: float,
        example_weight: float,
        batch_tokens: int,
    ) -> None:
        self.model, self.clip, self.example_weight, self.batch_tokens = model, clip, example_weight, batch_tokens
        self.advantage = advantage
        self.pairs, kind = _distinct([*answers, *examples])
        self.answer, self.example = kind[: len(answers)], kind[len(answers) :]
        self.reference = np.zeros(len(self.pairs))
        known = np.unique(self.answer)
        with torch.no_grad():
            for group in self._groups(known):
                self.reference[known[group]] = self._means(known[group]).cpu().numpy()

    def parts(self, rows: Places, items: Places) -> Iterator[tuple[torch.Tensor, _Part]]:
        """Yield losses that add up to that of a step on these answers and examples, each with what it has seen.

        Equal answers that are paid with one sign are computed once: so far the loss is linear in the advantage.
        """
        none = np.zeros(0)
        sign = np.sign(self.advantage[rows]).astype(np.int64) + 1
        chosen, place, count = np.unique(3 * self.answer[rows] + sign, return_inverse=True, return_counts=True)
        kind, times = chosen // 3, count.astype(np.float64)
        advantage = np.bincount(place, self.advantage[rows]) / times
        for group in self._groups(kind):
            mean = self._means(kind[group])
            held, worth, weight = (
                torch.from_numpy(column[group]).to(mean) for column in (self.reference[kind], advantage, times)
            )
            each = length_normalised_surrogate(mean, held, worth, self.clip)
            ratio = (mean.detach() - held).exp().double().cpu().numpy()
            part = _Part(ratio, advantage[group], times[group], none, none)
            yield (weight * each).sum() / len(rows), part
        kind, count = np.unique(self.example[items], return_counts=True)
        for group in self._groups(kind):
            surprise = -self._means(kind[group])
            weight = torch.from_numpy(count[group]).to(surprise)
            part = _Part(none, none, none, surprise.detach().double().cpu().numpy(), count[group].astype(np.float64))
            yield self.example_weight * (weight * surprise).sum() / len(items), part

    def _groups(self, kind: Places) -> list[Places]:
        """Return the places of distinct pairs that are computed together."""
        lengths = [len(prompt) + len(answer) for prompt, answer in (self.pairs[k] for k in kind)]
        return in_groups(np.array(lengths, np.int64), self.batch_tokens)

    def _means(self, kind: Places) -> torch.Tensor:
        """Return (K,) the mean log-probability of the tokens of each answer."""
        batch = [self.pairs[k] for k in kind]
        said = answers_said(self.model, batch)
        logp = -torch.nn.functional.cross_entropy(said.logits, said.ids, reduction="none")
        lengths = torch.tensor([len(answer) for _, answer in batch], device=logp.device)
        turn = torch.repeat_interleave(torch.arange(len(batch), device=logp.device), lengths)
        return mean_of_turns(logp, turn, len(batch))


def _distinct(pairs: Sequence[Pair]) -> tuple[list[Pair], Places]:
    """Return the distinct ones, and which of them each is (N,): those of a small game are few."""
    place: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
    kind = [place.setdefault((tuple(prompt), tuple(answer)), len(place)) for prompt, answer in pairs]
    return list(place), np.array(kind, np.int64)


def _sight(parts: Sequence[_Part], clip: float) -> Sight:
    """Return what some parts have seen, per answer and per example."""
    ratio, advantage, times, surprise, shown = (np.concatenate(column) for column in zip(*parts, strict=True))
    up, down = advantage > 0, advantage < 0
    stuck = (up & (ratio > 1 + clip)) | (down & (ratio < 1 - clip))
    return Sight(
        _mean(ratio[up], times[up], 1.0),
        _mean(ratio[down], times[down], 1.0),
        _mean(stuck, times, 0.0),
        _mean(surprise, shown, 0.0),
    )


def _mean(values: NDArray[Any], times: Floats, of_none: float) -> float:
    return float(np.average(values, weights=times)) if len(times) else of_none
