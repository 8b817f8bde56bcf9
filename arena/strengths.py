"""From games to Elo: anchors, the interval of every difference, and what roles and seats are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arena.bradley_terry import Fit, Games, fit
from arena.errors import RatingError
from arena.interval import Floats, Interval, Ints
from arena.scores import Scores, dense, meetings, reachable

ELO = 400 / np.log(10)
"""Elo per logit: 400 Elo are odds of ten to one."""
ANCHOR_ELO = 1000.0

_NORMAL = 1.96
"""The two-sided 95% quantile. Student's t on top of the covariance's own correction covers 97–98% (simulated)."""
_MODEL_PAIRS = 4
"""The model's own variance counts as much as the scatter of this many pairs (moderated, as in Smyth, 2004).

Ten pairs may split one to one ten times; taken alone, their scatter of 0 would claim certainty.
"""


@dataclass(frozen=True, eq=False)
class Strengths:
    """The fitted strengths of m entrants, those whom games link to an anchor."""

    names: tuple[str, ...]
    games: Games
    """Among the m entrants."""
    fit: Fit
    anchors: Mapping[str, int]
    """Ladder → position of its anchor. The key is a role where each has a ladder of its own, otherwise ""."""
    ladder: tuple[str, ...]
    """(m,) on which ladder each stands."""
    elo: Floats
    """(m,); NaN on a ladder without an anchor."""
    half_width: Floats
    """(m, m) of the 95% intervals of the differences, in Elo."""
    above: NDArray[np.bool_]
    """(m, m) whether a chain of wins and draws leads from the one down to the other."""
    pairs: Ints
    """(m,) clusters that each took part in."""

    @property
    def linked(self) -> NDArray[np.bool_]:
        """(m, m) whether wins and draws lead from one to the other and back, so that the likelihood has a maximum."""
        return self.above & self.above.T

    def by_role(self, member: int, roles: Sequence[str]) -> dict[str, Interval]:
        """Return the Elo in each of `roles` (the scores's, in order), measured from the anchor's overall strength."""
        design, origin = self.fit.design, self.anchors[self.ladder[member]]
        own = [*range(member, design.skills, design.players)]
        linked = bool(self.linked[member, origin])
        return {
            role: self._sum([*own, origin], [*factors, -1.0], ANCHOR_ELO, int(self.pairs[member]), linked)
            for factors, role in zip(design.factors, roles, strict=True)
        }

    def advantage(self, roles: Sequence[str]) -> dict[tuple[str, str], Interval]:
        """Return what the former of two roles is worth in Elo, between equals or between the anchors of the roles."""
        design, intervals = self.fit.design, {}
        low = np.minimum(self.games.first_role, self.games.second_role)
        high = np.maximum(self.games.first_role, self.games.second_role)
        for at, r in enumerate(design.seats, start=design.skills):
            a, b = design.role_pairs[r]
            positions, weights = [at], [1.0]
            if "" not in self.anchors:
                if roles[a] not in self.anchors or roles[b] not in self.anchors:
                    continue
                positions += [self.anchors[roles[a]], self.anchors[roles[b]]]
                weights += [1.0, -1.0]
            here = (low == a) & (high == b)
            outcome = np.where(self.games.first_role == a, 1, -1)[here] * self.games.outcome[here]
            pairs = int(np.count_nonzero(np.bincount(self.games.cluster[here])))
            linked = bool(outcome.min() <= 0 <= outcome.max())
            intervals[roles[a], roles[b]] = self._sum(positions, weights, 0.0, pairs, linked)
        return intervals

    def _sum(self, positions: list[int], weights: list[float], origin: float, pairs: int, linked: bool) -> Interval:
        """Return origin + Σ weight · parameter in Elo."""
        x, at = np.array(weights), np.ix_(positions, positions)
        sandwich, model = x @ self.fit.sandwich[at] @ x, x @ self.fit.model[at] @ x
        half_width = _half_width(sandwich, model, np.array(pairs), np.array(linked))
        return Interval.around(origin + ELO * float(x @ self.fit.beta[positions]), float(half_width))


def strengths(scores: Scores, games: Games, wanted: Sequence[str], role_skill: bool) -> Strengths | None:
    """Return the strengths of all whom `games` (numbered as in `scores`) link to the anchors.

    None where no wanted anchor has a game. Raises RatingError where two anchors are wanted on one ladder.
    """
    ladder = _ladders(scores)
    anchors, members = _anchors(scores, games, wanted, ladder)
    if not anchors:
        return None
    n = len(members)
    games = _renumbered(games, members)
    best = fit(games, n, len(scores.roles), role_skill)

    theta = best.beta[:n]
    names, ladder = tuple(scores.names[i] for i in members), tuple(ladder[i] for i in members)
    origin = {key: int(np.searchsorted(members, anchor)) for key, anchor in anchors.items()}
    zero = np.array([theta[origin[key]] if key in origin else np.nan for key in ladder])

    beats = np.zeros((n, n), np.bool_)
    beats[games.first[games.outcome >= 0], games.second[games.outcome >= 0]] = True
    beats[games.second[games.outcome <= 0], games.first[games.outcome <= 0]] = True
    above = reachable(beats)
    one_game = np.zeros(int(games.cluster.max()) + 1, np.int64)
    one_game[games.cluster] = np.arange(len(games.cluster))
    pairs = np.bincount(np.concatenate([games.first[one_game], games.second[one_game]]), minlength=n)
    half_width = _half_width(
        _of_differences(best.sandwich[:n, :n]), _of_differences(best.model[:n, :n]),
        np.minimum.outer(pairs, pairs), above & above.T,
    )  # fmt: skip
    elo = ANCHOR_ELO + ELO * (theta - zero)
    return Strengths(names, games, best, origin, ladder, elo, half_width, above, pairs)


def _half_width(sandwich: Floats, model: Floats, pairs: Ints, linked: NDArray[np.bool_]) -> Floats:
    """Return the half-width in Elo of 95% intervals from both variances in logits, any shape.

    `pairs` is how many the less tested of the two has played. Without a link there and back the scatter says
    nothing, for surprises are what it is made of: the larger variance stands.
    """
    moderated = (pairs * sandwich + _MODEL_PAIRS * model) / (pairs + _MODEL_PAIRS)
    variance = np.maximum(np.where(linked, moderated, np.maximum(sandwich, model)), 0.0)
    half_width: Floats = ELO * _NORMAL * np.sqrt(variance)
    return half_width


def _of_differences(covariance: Floats) -> Floats:
    """Return the variance of x_i − x_j, shape (m, m)."""
    variance = np.diag(covariance)
    differences: Floats = variance[:, None] + variance - 2 * covariance
    np.fill_diagonal(differences, 0.0)
    return differences


def _ladders(scores: Scores) -> tuple[str, ...]:
    """Return the ladder of every entrant: its role if all keep to one role, otherwise ""."""
    if not scores.disjoint:
        return ("",) * len(scores.names)
    return tuple(scores.roles[role] for role in scores.plays.argmax(axis=1))


def _anchors(scores: Scores, games: Games, wanted: Sequence[str], ladder: Sequence[str]) -> tuple[dict[str, int], Ints]:
    """Return ladder → anchor, and all whom games link to the first anchor; both empty if it has no game."""
    n = len(scores.names)
    named: dict[str, int] = {}
    for name in wanted:
        at = scores.names.index(name)
        if ladder[at] in named:
            other = scores.names[named[ladder[at]]]
            raise RatingError(f"{other} and {name} stand on one ladder, which has one anchor: name one of them")
        named[ladder[at]] = at
    met = meetings(games.first, games.second, n)
    began = np.full(n, np.iinfo(np.int64).max)
    np.minimum.at(began, scores.first, scores.step)
    np.minimum.at(began, scores.second, scores.step)
    by_age = np.lexsort((np.arange(n), began))  # names are sorted, so numbers are alphabetical
    roots = [at for at in (named.values() if named else by_age) if met[at].any()]
    if not roots:
        return {}, np.zeros(0, np.int64)
    members = np.flatnonzero(reachable(met)[roots[0]])
    anchors: dict[str, int] = {}
    for at in [*named.values(), *by_age]:
        if at in members and named.get(ladder[at], at) == at:
            anchors.setdefault(ladder[at], int(at))
    return anchors, members


def _renumbered(games: Games, members: Ints) -> Games:
    """Return the games among `members`, who are closed under having met, numbered by position in `members`."""
    position = np.full(max(games.first.max(), games.second.max(), members.max()) + 1, -1)
    position[members] = np.arange(len(members))
    inside = position[games.first] >= 0
    return Games(
        position[games.first[inside]],
        position[games.second[inside]],
        games.first_role[inside],
        games.second_role[inside],
        games.outcome[inside],
        dense(games.cluster[inside]),
    )
