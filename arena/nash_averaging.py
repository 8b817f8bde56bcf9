"""Nash averaging: how good entrants are against those who matter, however many copies of anybody there are.

The payoff matrix is itself a zero-sum game: two people each pick an entrant. Its symmetric equilibria are the
p ≥ 0 with Σp = 1 and A p ≤ 0; the one of greatest entropy is unique, and n = A p is every entrant's skill
(Balduzzi, Tuyls, Pérolat & Graepel, 2018). Copies of an entrant share its probability and change nobody's skill,
where Elo would move everybody. Entrants in the support all have skill 0, so p and n are read together.

The equilibrium is found in two steps. An interior-point method on the skew-symmetric self-dual problem (Goldman &
Tucker, 1956; Roos, Terlaky & Vial, 2005) ends at an equilibrium in which everybody has a share who has one in any
equilibrium. On the face that this names, the entropy is maximised by Newton's method with a logarithmic barrier.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.errors import RatingError
from arena.interval import Floats

_CENTRE = 1e-13
"""The duality measure at which the first step ends, for payoffs scaled to 1."""
_RANK = 1e-9
"""Singular values below this share of the greatest count as 0."""
_GAP = 1e-11
"""How far the entropy may stay below its maximum, in nats."""


class NashAverage(NamedTuple):
    """The equilibrium among n entrants and what each earns against it."""

    weight: Floats
    """(n,) the probability p of every entrant in the equilibrium of greatest entropy."""
    skill: Floats
    """(n,) payoff A p against that mixture, in the units of the matrix: 0 in the support, at most 0 elsewhere."""


def nash_average(payoffs: Floats) -> NashAverage:
    """Return the Nash average of payoffs (n, n) of the row against the column; the antisymmetric part counts.

    Mean payoffs are taken as they are: unlike the logits of win rates they stay finite when somebody never loses,
    and skills are then payoffs per match. Raises RatingError where two entrants never met (NaN).
    """
    A = _antisymmetric(payoffs)
    n = len(A)
    scale = float(np.abs(A).max(initial=0.0))
    if scale == 0:
        return NashAverage(np.full(n, 1 / n), np.zeros(n))
    inner, slack = _inner_equilibrium(A / scale)
    weight = np.zeros(n)
    support = inner > slack
    weight[support] = _spread(A / scale, inner, support)
    return NashAverage(weight, A @ weight)


def _antisymmetric(payoffs: Floats) -> Floats:
    if payoffs.ndim != 2 or payoffs.shape[0] != payoffs.shape[1] or not len(payoffs):
        raise RatingError(f"a payoff matrix has a row and a column per entrant, not shape {payoffs.shape}")
    A: Floats = (payoffs - payoffs.T) / 2
    unknown = int(np.isnan(A[~np.eye(len(A), dtype=bool)]).sum()) // 2
    if unknown:
        raise RatingError(
            f"{unknown} of the pairs of entrants never met, and Nash averaging needs a payoff for each: play them"
        )
    np.fill_diagonal(A, 0.0)
    return A


def _inner_equilibrium(A: Floats) -> tuple[Floats, Floats]:
    """Return p (n,) and −A p (n,) of an equilibrium where, for every entrant, exactly one of the two is above 0.

    With M = −A skew-symmetric, z = (p, θ) and slacks M̄z + q̄ the problem "least θ" starts at its own centre z = 1
    and has optimum 0; the central path leads to the strictly complementary solution.
    """
    n = len(A)
    r = 1 + A.sum(axis=1)
    M = np.zeros((n + 1, n + 1))
    M[:n, :n], M[:n, n], M[n, :n] = -A, r, -r
    q = np.append(np.zeros(n), n + 1.0)
    z = np.ones(n + 1)
    for _ in range(200):
        s = M @ z + q
        mu = float(z @ s) / (n + 1)
        if mu < _CENTRE:
            break
        # Predict, see how far that would lead, and aim at the centre accordingly (Mehrotra, 1992).
        system = M + np.diag(s / z)
        dz = np.linalg.solve(system, -s)
        ds = M @ dz
        length = _room(z, dz, s, ds)
        aim = mu * (1 - length) ** 3
        dz = np.linalg.solve(system, (aim - dz * ds) / z - s)
        z = z + 0.95 * _room(z, dz, s, M @ dz) * dz
        s = M @ z + q
    p = z[:n]
    return p / p.sum(), np.maximum(s[:n], 0.0) / p.sum()


def _room(z: Floats, dz: Floats, s: Floats, ds: Floats) -> float:
    """Return the greatest step in [0, 1] that keeps both positive."""
    ratio = np.concatenate([-dz / z, -ds / s]).max()
    return 1.0 if ratio <= 1 else 1.0 / float(ratio)


def _spread(A: Floats, inner: Floats, support: NDArray[np.bool_]) -> Floats:
    """Return the weights on the support with the greatest entropy, shape (supported,).

    The face is A_SS p = 0, Σp = 1 (equalities, so p = p0 + N w) and A_NS p ≤ 0 (inequalities, strict at p0).
    """
    p = inner[support]
    rows = np.vstack([A[np.ix_(support, support)], np.ones(len(p))])
    _, singular, turned = np.linalg.svd(rows)
    N = turned[int((singular > _RANK * singular[0]).sum()) :].T
    p = p + np.linalg.lstsq(rows, np.append(np.zeros(len(p)), 1.0) - rows @ p, rcond=None)[0]  # back onto the face
    if not N.shape[1]:
        return _normalised(p)
    B = A[np.ix_(~support, support)]
    weight = 1.0
    while True:
        p = _centred(p, N, B, weight)
        if len(B) / weight < _GAP or not len(B):
            return _normalised(p)
        weight *= 10


def _normalised(p: Floats) -> Floats:
    weights: Floats = p / p.sum()
    return weights


def _centred(p: Floats, N: Floats, B: Floats, weight: float) -> Floats:
    """Return the minimum of weight · Σ p ln p − Σ ln(−B p) over p + N w, from a strictly feasible p."""

    def value(p: Floats) -> float:
        slack = -B @ p
        if p.min() <= 0 or slack.min(initial=1.0) <= 0:
            return float("inf")
        return weight * float(p @ np.log(p)) - float(np.log(slack).sum())

    here = value(p)
    for _ in range(100):
        slack = -B @ p
        gradient = N.T @ (weight * (np.log(p) + 1) + B.T @ (1 / slack))
        barrier = (B / slack[:, None]) @ N
        hessian = (N.T * (weight / p)) @ N + barrier.T @ barrier
        step = N @ np.linalg.lstsq(hessian, -gradient, rcond=None)[0]  # next to a wall it is singular to rounding
        decrement = float(-(gradient @ (N.T @ step)))
        if decrement < 1e-12 * max(1.0, weight * _GAP):
            break
        size = 1.0
        while size > 1e-10 and value(p + size * step) > here - 0.25 * size * decrement:
            size /= 2
        if size <= 1e-10:  # rounding hides any further gain
            break
        p = p + size * step
        here = value(p)
    return p
