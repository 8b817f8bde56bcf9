"""Diversity via determinants (DvD; Parker-Holder et al., 2020): a population learns to behave differently.

Beside its own loss every member has

    −λ · log det((1 − ε) K + ε I),   K_ij = exp(−d_ij² / 2ℓ²),

where d is the distance of arena/diversity.py between what two members would do in the same situations: at views that
the members have just come to, so that nobody is different only where nobody goes. A determinant is 0 as soon as two
are alike, and pushes each away from what the others span; where all are far apart it stops pushing. ε keeps the
logarithm and its slope finite where two are the same.

Each member goes down its own row of K, the others being held as they were at the start of the step. The paper weighs
reward and diversity by 1 − λ and λ and lets a bandit choose λ; here the loss keeps its weight, as it does beside the
price of entropy, and λ stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import sqrt

import numpy as np
import torch
from numpy.typing import NDArray

from arena.batch import DecisionBatch
from arena.diversity import LENGTH
from arena.errors import ConfigError
from arena.player import Trainable
from arena.trainers.reservoir import decisions
from arena.trainers.trainer import Penalty, Walked, no_penalty

PROBES = 256
"""Views at which members are compared, as many of each member's."""
SHRINKAGE = 0.01
"""ε: where M members are all alike, the determinant is about M ε^(M − 1)."""


def penalties(
    policies: Sequence[Trainable], batches: Sequence[DecisionBatch | Walked], weight: float, rng: np.random.Generator
) -> list[Penalty]:
    """Return the further term of each policy's loss, given what each has just played; `weight` is λ.

    Raises ConfigError for a policy that does not state the whole action distribution.
    """
    probes = drawn_probes(batches, rng)
    if probes is None:
        return [no_penalty] * len(policies)
    with torch.no_grad():
        now = torch.stack([behaviour(policy, probes) for policy in policies])
    others = [torch.cat([now[:i], now[i + 1 :]]) for i in range(len(policies))]
    return [partial(_penalty, *member, probes, weight) for member in zip(policies, others, strict=True)]


def _penalty(policy: Trainable, others: torch.Tensor, probes: DecisionBatch, weight: float) -> torch.Tensor:
    """Return −λ log det for the policy as it is now."""
    return -weight * log_determinant(torch.cat([behaviour(policy, probes)[None], others]))


def log_determinant(behaviour: torch.Tensor) -> torch.Tensor:
    """Return log det((1 − ε) K + ε I) of behaviour (M, D): 0 where all are far apart, and finite where all are alike.

    Differentiable also where two are alike, since it does without the root that a distance has.
    """
    squared = (behaviour[:, None] - behaviour).square().sum(dim=2)
    kernel = (-squared / (2 * LENGTH**2)).exp()
    unit = torch.eye(len(kernel), dtype=kernel.dtype)
    return torch.logdet((1 - SHRINKAGE) * kernel + SHRINKAGE * unit)


def behaviour(policy: Trainable, probes: DecisionBatch) -> torch.Tensor:
    """Return (D,) what a policy would do at the probes, in float64, scaled as by `arena.diversity.policy_behaviour`."""
    log_policy = policy.evaluate(probes).log_policy
    if log_policy is None:
        raise ConfigError(
            f"{policy.name} does not state the distribution of its actions, which population.diversity compares: "
            "set it to 0, or train a net"
        )
    flat: torch.Tensor = log_policy.double().exp().cpu().flatten()
    return flat / sqrt(len(probes))


def drawn_probes(batches: Sequence[DecisionBatch | Walked], rng: np.random.Generator) -> DecisionBatch | None:
    """Return about `PROBES` views, as many that each member has come to, in proportion to how often; None: nobody did.

    A role may not have come to move in a handful of matches.
    """
    observations, masks = [], []
    came = [batch for batch in batches if _times(batch).any()]
    for batch in came:
        times, views = _times(batch), batch.strategies if isinstance(batch, Walked) else batch
        rows = rng.choice(len(times), size=max(PROBES // len(came), 1), p=times / times.sum())
        observations.append(views.observation[rows])
        masks.append(views.mask[rows])
    if not came:
        return None
    mask = np.concatenate(masks)
    probes: DecisionBatch = decisions(np.concatenate(observations), mask, mask.argmax(axis=1))
    return probes


def _times(batch: DecisionBatch | Walked) -> NDArray[np.float64]:
    """Return (I,) how often each view of a batch was come to."""
    times: NDArray[np.float64] = (
        batch.strategies.times
        if isinstance(batch, Walked)
        else np.bincount(batch.information_set, minlength=len(batch.mask)).astype(np.float64)
    )
    return times
