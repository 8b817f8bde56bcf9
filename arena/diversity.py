"""How different the members of a population are, taken together: the volume that their behaviour spans.

A mean distance is high as soon as there are two far camps, however alike the members of a camp. The determinant of
the kernel matrix of their behaviour is 0 as soon as two are alike, and grows only where all differ (DvD;
Parker-Holder, Pacchiano, Choromanski & Roberts, 2020). Behaviour is what the members would do in the same situations:
K members, D numbers each.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from arena.errors import RatingError
from arena.interval import Floats

LENGTH = 0.5
"""The distance ℓ at which two policies begin to count as different; the farthest two are √2 apart."""


def policy_behaviour(policies: Sequence[Floats], probes: NDArray[np.int64] | None = None) -> Floats:
    """Return the behaviour (K, D) of policies (I, A) at the information sets `probes`, by default at all of them.

    The squared distance of two rows is the mean over the probes of that of two distributions, so at most 2.
    """
    chosen = np.stack([policy if probes is None else policy[probes] for policy in policies])
    behaviour: Floats = chosen.reshape(len(chosen), -1) / np.sqrt(chosen.shape[1])
    return behaviour


def determinant_diversity(behaviour: Floats, length: float = LENGTH) -> float:
    """Return det K in [0, 1]: 0 where two members behave alike, near 1 where everyone is far from everyone."""
    return float(np.clip(np.linalg.det(kernel_matrix(behaviour, length)), 0.0, 1.0))


def effective_size(behaviour: Floats, length: float = LENGTH) -> float:
    """Return how many members that have nothing in common would be as diverse, between 1 and K.

    The exponential of the entropy of the eigenvalues of K / K (the Vendi score; Friedman & Dieng, 2023). Unlike the
    determinant it goes on counting where two are alike.
    """
    values = np.linalg.eigvalsh(kernel_matrix(behaviour, length)) / len(behaviour)
    present = values[values > 1e-12]
    return float(np.exp(-(present * np.log(present)).sum()))


def kernel_matrix(behaviour: Floats, length: float = LENGTH) -> Floats:
    """Return (K, K) exp(−d² / 2ℓ²), 1 on the diagonal."""
    kernel: Floats = np.exp(-(distances(behaviour) ** 2) / (2 * length**2))
    return kernel


def mean_distance(behaviour: Floats) -> float:
    """Return the mean distance between two members; 0 for one alone."""
    k = len(behaviour)
    return float(distances(behaviour).sum()) / max(k * (k - 1), 1)


def distances(behaviour: Floats) -> Floats:
    """Return (K, K) Euclidean distances between members. Raises RatingError where there is none."""
    if behaviour.ndim != 2 or not len(behaviour):
        raise RatingError(f"behaviour has a row per member and a column per measurement, not shape {behaviour.shape}")
    between: Floats = np.linalg.norm(behaviour[:, None] - behaviour, axis=2)
    return between
