"""Bradley–Terry with ties, seats and roles: the most likely strengths behind a set of games.

A game between player i in role a and player j in role b has the log-odds (natural logarithm, "logits")

    z = (θ_i + ρ_ia) − (θ_j + ρ_jb) + γ_ab        Σ_a ρ_ia = 0,  γ_ab = −γ_ba

and ends (Davidson, 1970) in a win, draw or loss with probability e^{z/2}/T, ν/T, e^{−z/2}/T, where
T = e^{z/2} + ν + e^{−z/2}. A draw moves θ as half a win and half a loss do. The log-likelihood is concave, so
Newton's method finds its only maximum in a handful of steps.

Priors are Gaussian with mean 0: a weak one on θ, γ and ln ν, which keeps undefeated players finite, and a
narrower one on ρ, because playing one role well is mostly playing well. Only sums of ρ over the two seats enter
z, so a shift of everybody's ρ could be booked as γ; `Design.centred` books it there: Σ_i ρ_ia = 0.

Shapes: n players, K roles, R pairs of roles, M games, P parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from arena.errors import RatingError
from arena.interval import Floats, Ints

WEAK, ROLE = 3.0, 0.5
"""Prior standard deviations in logits: of θ, γ and ln ν (about 520 Elo), and of ρ (about 87 Elo)."""


class Games(NamedTuple):
    """M games, arrays of shape (M,)."""

    first: Ints
    second: Ints
    first_role: Ints
    second_role: Ints
    outcome: Ints
    """1: the first won, 0: a draw, −1: the second won."""
    cluster: Ints
    """Games of one cluster have the same two players and are not independent: the matches of a pair."""


@dataclass(frozen=True)
class Design:
    """How parameters make log-odds. Their order: θ (n), each contrast of ρ (n), γ, ln ν where there are draws."""

    players: int
    role_pairs: tuple[tuple[int, int], ...]
    """(a, b) with a ≤ b; position = index r of the arrays of shape (R, n, n)."""
    factors: Floats
    """(K, 1 + contrasts): the strength in role a is factors[a] @ (θ, contrasts of ρ)."""

    @classmethod
    def of(cls, games: Games, players: int, roles: int, role_skill: bool) -> Design:
        """Return the design for `games`; ρ is left out where no player changes roles."""
        low, high = np.minimum(games.first_role, games.second_role), np.maximum(games.first_role, games.second_role)
        pairs = tuple(divmod(int(code), roles) for code in np.unique(low * roles + high))
        contrasts = _contrasts(roles) if role_skill else np.zeros((roles, 0))
        return cls(players, pairs, np.hstack([np.ones((roles, 1)), contrasts]))

    @property
    def seats(self) -> list[int]:
        """The role pairs r that have a γ: those of two different roles."""
        return [r for r, (a, b) in enumerate(self.role_pairs) if a != b]

    @property
    def skills(self) -> int:
        """The number of parameters that belong to players; γ comes after them."""
        return self.players * int(self.factors.shape[1])

    def strengths(self, beta: Floats) -> Floats:
        """Return θ_i + ρ_ia in logits, shape (K, n)."""
        return self.factors @ beta[: self.skills].reshape(-1, self.players)

    def log_odds(self, beta: Floats) -> Floats:
        """Return z for every role pair and two players, shape (R, n, n)."""
        s = self.strengths(beta)
        z = np.stack([s[a][:, None] - s[b] for a, b in self.role_pairs])
        z[self.seats] += beta[self.skills : self.skills + len(self.seats), None, None]
        return z

    def pull(self, slope: Floats) -> Floats:
        """Return Xᵀ slope, shape (P without ν,), for slopes by z of shape (R, n, n)."""
        by_role = np.zeros((len(self.factors), self.players))
        for (a, b), g in zip(self.role_pairs, slope, strict=True):
            by_role[a] += g.sum(axis=1)
            by_role[b] -= g.sum(axis=0)
        return np.concatenate([(self.factors.T @ by_role).ravel(), slope[self.seats].sum(axis=(1, 2))])

    def square(self, weight: Floats) -> Floats:
        """Return Xᵀ diag(weight) X, shape (P without ν,) twice, for weights of shape (R, n, n)."""
        n, m, everyone = self.players, self.skills, np.arange(self.players)
        matrix = np.zeros((m + len(self.seats),) * 2)
        blocks = np.zeros((m // n, n, m // n, n))
        for r, ((a, b), w) in enumerate(zip(self.role_pairs, weight, strict=True)):
            fa, fb, rows, columns = self.factors[a], self.factors[b], w.sum(axis=1), w.sum(axis=0)
            blocks -= np.einsum("k,l,ij->kilj", fa, fb, w) + np.einsum("k,l,ij->kjli", fb, fa, w)
            blocks[:, everyone, :, everyone] += np.multiply.outer(rows, np.outer(fa, fa))
            blocks[:, everyone, :, everyone] += np.multiply.outer(columns, np.outer(fb, fb))
            if a != b:
                at = m + self.seats.index(r)
                matrix[at, :m] = matrix[:m, at] = (np.outer(fa, rows) - np.outer(fb, columns)).ravel()
                matrix[at, at] = w.sum()
        matrix[:m, :m] = blocks.reshape(m, m)
        return matrix

    def centred(self, x: Floats) -> Floats:
        """Return parameters, or rows of a matrix that belong to parameters, with everybody's mean ρ moved into γ."""
        x = x.copy()
        contrasts = x[: self.skills].reshape(-1, self.players, *x.shape[1:])[1:]
        mean = contrasts.mean(axis=1)
        contrasts -= mean[:, None]
        for at, r in enumerate(self.seats, start=self.skills):
            a, b = self.role_pairs[r]
            x[at] += (self.factors[a, 1:] - self.factors[b, 1:]) @ mean
        return x


class Likelihood(NamedTuple):
    """The log-likelihood with its priors at one point."""

    value: float
    gradient: Floats
    """(P,)"""
    hessian: Floats
    """(P, P), its sign turned: positive definite."""
    expected: Floats
    """(R, n, n) P(win) − P(loss)."""
    draw: Floats
    """(R, n, n) P(draw)."""


class Maximum(NamedTuple):
    """Where the likelihood with its priors is greatest."""

    beta: Floats
    """(P,) parameters as `Design` orders them."""
    at: Likelihood
    precision: Floats
    """(P,) of the priors."""
    iterations: int


def maximise(design: Design, games: Floats, score: Floats, draws: float) -> Maximum:
    """Return the maximum for `games` played and `score` = wins − losses of the row player, both (R, n, n).

    `draws` is their number in all; these three are all that the likelihood depends on. Without draws ν is 0.
    """
    ties = draws > 0
    slots = design.skills + len(design.seats) + ties
    precision = np.full(slots, WEAK**-2)
    precision[design.players : design.skills] = ROLE**-2
    beta = np.zeros(slots)
    if ties:
        beta[-1] = np.log(draws + 1) - np.log((games.sum() - draws) / 2 + 1)
    here = _likelihood(design, beta, games, score, draws, precision)
    for iteration in range(1, 100):
        step = np.linalg.solve(here.hessian, here.gradient)
        # Rounding hides any gain of the value below this; the step is then far under a thousandth of an Elo.
        if here.gradient @ step < 1e-16 * (1 + abs(here.value)):
            return Maximum(beta + step, here, precision, iteration)
        last = here.value
        here = _likelihood(design, beta + step, games, score, draws, precision)
        while here.value < last - 1e-12 * abs(last):
            step /= 2
            here = _likelihood(design, beta + step, games, score, draws, precision)
        beta = beta + step
    raise RatingError("the ratings did not converge in 100 steps; the results hold values that are not finite")


class Fit(NamedTuple):
    """A maximum with two covariances, in logits, `Design.centred`."""

    design: Design
    beta: Floats
    """(P,)"""
    sandwich: Floats
    """(P, P) from how clusters scatter: right also where the model is not."""
    model: Floats
    """(P, P) inverse Hessian: right where the model is."""
    ties: float
    """ν: two equal players draw with probability ν/(2 + ν)."""


def fit(games: Games, players: int, roles: int, role_skill: bool) -> Fit:
    """Return the most likely strengths for `games`, with covariances.

    The sandwich is H⁻¹ B H⁻¹, where B sums g gᵀ over clusters with score g, times G/(G − p) for G clusters and p
    effective parameters, plus the priors' own scatter: a prior is a statement about where parameters lie.
    """
    design = Design.of(games, players, roles, role_skill)
    games = _lower_role_first(games)
    r = _role_pair(games, design, roles)
    best = maximise(design, *_totals(games, design, r, np.ones(len(r))))

    model = np.asarray(np.linalg.inv(best.at.hessian), np.float64)
    clusters = int(games.cluster.max()) + 1
    effective = len(best.beta) - float(best.precision @ np.diag(model))
    scatter = _scatter(design, best, games, r) * (clusters / max(clusters - effective, 1.0))
    np.einsum("ii->i", scatter)[:] += best.precision
    sandwich: Floats = model @ scatter @ model
    return Fit(
        design,
        design.centred(best.beta),
        design.centred(design.centred(sandwich).T),
        design.centred(design.centred(model).T),
        float(np.exp(best.beta[-1])) if (games.outcome == 0).any() else 0.0,
    )


def refit(games: Games, players: int, roles: int, role_skill: bool, weights: Iterable[Floats]) -> Iterator[Floats]:
    """Yield θ in logits, shape (players,), for every set of weights of the games, each of shape (M,)."""
    design = Design.of(games, players, roles, role_skill)
    games = _lower_role_first(games)
    r = _role_pair(games, design, roles)
    for weight in weights:
        yield maximise(design, *_totals(games, design, r, weight)).beta[:players]


def _role_pair(games: Games, design: Design, roles: int) -> Ints:
    """Return the role pair r of every game, the lower role first."""
    codes = np.array([a * roles + b for a, b in design.role_pairs])
    return np.searchsorted(codes, games.first_role * roles + games.second_role)


def _totals(games: Games, design: Design, r: Ints, weight: Floats) -> tuple[Floats, Floats, float]:
    """Return what `maximise` reads of games that count `weight` each."""
    n, pairs = design.players, len(design.role_pairs)
    cell = (r * n + games.first) * n + games.second
    shape, size = (pairs, n, n), pairs * n**2
    played: Floats = np.bincount(cell, weight, size).astype(np.float64).reshape(shape)
    score: Floats = np.bincount(cell, games.outcome * weight, size).astype(np.float64).reshape(shape)
    return played, score, float(weight[games.outcome == 0].sum())


def _likelihood(
    design: Design, beta: Floats, games: Floats, score: Floats, draws: float, precision: Floats
) -> Likelihood:
    z = design.log_odds(beta)
    ties = len(beta) > design.skills + len(design.seats)
    nu = np.exp(beta[-1]) if ties else 0.0
    small = np.exp(-np.abs(z))  # everything is divided by e^{|z|/2}, so that nothing overflows
    tie = nu * np.sqrt(small)
    total = 1 + small + tie
    expected, draw = np.sign(z) * (1 - small) / total, tie / total
    value = float((score * z - games * np.abs(z)).sum() / 2 - (games * np.log(total)).sum())
    gradient = design.pull((score - games * expected) / 2)
    hessian = design.square(games * (1 - draw - expected**2) / 4)
    if ties:
        value += draws * beta[-1]
        gradient = np.append(gradient, draws - (games * draw).sum())
        edge = -design.pull(games * draw * expected / 2)
        hessian = np.block([[hessian, edge[:, None]], [edge, (games * draw * (1 - draw)).sum()]])
    value -= float(precision @ beta**2) / 2
    np.einsum("ii->i", hessian)[:] += precision
    return Likelihood(value, gradient - precision * beta, hessian, expected, draw)


def _scatter(design: Design, best: Maximum, games: Games, r: Ints) -> Floats:
    """Return Σ g gᵀ over clusters, shape (P, P), where g is the cluster's gradient of the log-likelihood."""
    n, depth, clusters = design.players, design.factors.shape[1], int(games.cluster.max()) + 1
    slope = (games.outcome - best.at.expected[r, games.first, games.second]) / 2
    # Both players of a cluster collect their share of its gradient: rows 2c (lower number) and 2c + 1.
    backward = games.first > games.second
    row, other = 2 * games.cluster + backward, 2 * games.cluster + ~backward
    player = np.zeros(2 * clusters, np.int64)
    player[row], player[other] = games.first, games.second
    share = np.stack([
        np.bincount(row, slope * design.factors[games.first_role, k], 2 * clusters)
        - np.bincount(other, slope * design.factors[games.second_role, k], 2 * clusters)
        for k in range(depth)
    ])  # fmt: skip
    common = [np.bincount(games.cluster, slope * (r == seat), clusters) for seat in design.seats]
    if len(best.beta) > design.skills + len(design.seats):
        tie_slope = (games.outcome == 0) - best.at.draw[r, games.first, games.second]
        common.append(np.bincount(games.cluster, tie_slope, clusters))

    matrix = np.zeros((len(best.beta),) * 2)
    blocks = np.zeros((depth, n, depth, n))
    for side in (0, 1):
        for facing in (0, 1):
            where = player[side::2] * n + player[facing::2]
            for k in range(depth):
                for m in range(depth):
                    product = share[k, side::2] * share[m, facing::2]
                    blocks[k, :, m, :] += np.bincount(where, product, n * n).reshape(n, n)
    matrix[: design.skills, : design.skills] = blocks.reshape(design.skills, design.skills)
    for at, g in enumerate(common, start=design.skills):
        edge = np.concatenate([np.bincount(player, share[k] * np.repeat(g, 2), n) for k in range(depth)])
        matrix[at, : design.skills] = matrix[: design.skills, at] = edge
        matrix[at, design.skills :] = [g @ h for h in common]
    return matrix


def _lower_role_first(games: Games) -> Games:
    """Return the same games told from the side of the lower role, so that a role pair has one γ."""
    turned = games.first_role > games.second_role
    return Games(
        np.where(turned, games.second, games.first),
        np.where(turned, games.first, games.second),
        np.where(turned, games.second_role, games.first_role),
        np.where(turned, games.first_role, games.second_role),
        np.where(turned, -games.outcome, games.outcome),
        games.cluster,
    )


def _contrasts(roles: int) -> Floats:
    """Return columns that add up to 0 over roles and are symmetric among them, shape (roles, roles − 1).

    Scaled so that a unit Gaussian on the columns gives every ρ unit variance.
    """
    basis = np.linalg.svd(np.eye(roles) - 1 / roles)[0][:, : roles - 1]
    scaled: Floats = basis * np.sqrt(roles / max(roles - 1, 1))
    return scaled
