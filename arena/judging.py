"""How far judges can be trusted: what they said in games that they decide, asked twice about each match.

A judge is asked with either side shown first. Let a debate speak by d for the side that is kin to the judge, its own
words gain s with it, and whoever is shown first gain b, all in logits: it takes that side with probability σ(d + s + b)
where that is shown first and σ(d + s − b) where it is not (σ is the logistic function). Then

- the mean over both orders is ½(σ(d + s + b) + σ(d + s − b)): at d + s = 0 that is ½, whatever b is;
- b shows as verdicts that flip with the order;
- s cannot be told from d, but by comparison with another judge of the same debates who is kin to nobody: `self_bonus`.

Asking in both orders: Zheng et al. (2023), "Judging LLM-as-a-judge with MT-Bench and Chatbot Arena". Preference for
one's own words: Panickssery, Bowman and Feng (2024), "LLM evaluators recognize and favor their own generations".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import sqrt
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from arena.game import Game
from arena.interval import Floats, Interval, pair_means
from arena.record import Record, StopReason


@runtime_checkable
class Judged(Protocol):
    """A game of two sides that a cast of judges decides, each of whom is asked twice."""

    judge_roles: tuple[str, ...]
    """Of the judges, a role for each."""

    def preferences(self, s: Any) -> tuple[tuple[int, int], ...]:
        """Return for every judge whose side it took: with side 0 shown first, and with side 1 shown first."""

    def right_side(self, s: Any) -> int | None:
        """Return whose side is right; None where that is not known."""


class Judgement(NamedTuple):
    """What one judge said of one match."""

    match: str
    pair: str
    judge: str
    """Its name, as are those of the sides."""
    sides: tuple[str, str]
    said: tuple[int, int]
    """Whose side it took: with side 0 shown first, and with side 1 shown first."""
    right: int | None
    """The side that is right, where that is known."""

    def share(self, side: int) -> float:
        """Return in what share of the two orders it took a side: 0, ½ or 1."""
        return sum(one == side for one in self.said) / 2

    @property
    def flipped(self) -> bool:
        """Whether it took another side when the order was swapped."""
        return self.said[0] != self.said[1]


class Trust(NamedTuple):
    """How one judge has judged. Shares, with 95% intervals in which the matches of a pair count once."""

    judge: str
    matches: int
    flips: Interval
    """Of matches in which it said something else in the other order."""
    first: Interval
    """Of verdicts for whoever was shown first; ½ has no bias of position."""
    right: Interval | None
    """Of verdicts for the right side; None where no right side is known."""
    survived_right: Interval | None
    """The same of verdicts that survived the swap; None where there are none."""
    own: Interval | None
    """Of verdicts for the side that is kin to it, where one is; ½ is no preference if the sides are equally good."""
    self_bonus: Mapping[str, Interval]
    """Another judge, who is kin to neither side → what its own words gain with this judge, in logits."""


def judgements(records: Iterable[Record], game: Game[Any]) -> list[Judgement]:
    """Return what judges said in rated matches that were played to the end; none in a game without judges."""
    found: list[Judgement] = []
    if not isinstance(game, Judged):
        return found
    seats = [game.roles.index(role) for role in game.judge_roles]
    sides = game.side_of.index(0), game.side_of.index(1)
    for record in records:
        if record.kind not in ("rating", "tournament") or record.stop is not StopReason.FINISHED:
            continue
        *_, (s, _) = record.replay(game)
        entrants = record.entrants[sides[0]], record.entrants[sides[1]]
        for seat, said in zip(seats, game.preferences(s), strict=True):
            judge = record.entrants[seat]
            found.append(Judgement(record.key, record.pair, judge, entrants, said, game.right_side(s)))
    return found


def trust(judged: Collection[Judgement], kin: Mapping[str, Collection[str]] | None = None) -> list[Trust]:
    """Return how every judge has judged; `kin` is judge → the entrants that are of one mind with it."""
    kin = kin or {}
    found = []
    for judge in dict.fromkeys(one.judge for one in judged):
        mine = [one for one in judged if one.judge == judge]
        known = [one for one in mine if one.right is not None]
        own = {one.match: side for one in mine if (side := _own(one, kin)) is not None}
        related = [one for one in mine if one.match in own]
        found.append(
            Trust(
                judge,
                len(mine),
                _share(mine, [float(one.flipped) for one in mine]),
                _share(mine, [((one.said[0] == 0) + (one.said[1] == 1)) / 2 for one in mine]),
                _share(known, [one.share(one.right or 0) for one in known]) if known else None,
                _survived(known),
                _share(related, [one.share(own[one.match]) for one in related]) if related else None,
                _bonuses(judge, judged, own, kin),
            )
        )
    return found


def self_bonus(alone: Floats) -> Interval:
    """Return what a judge's own words gain with it, in logits, from how it and another judge disagree.

    `alone` holds how often only the judge took its own side, and how often only the other took that side, shape (G, 2):
    with that side shown first and second, each for debates in which it is right and in which it is wrong where that is
    known. If both judges hear the same in a debate, the odds of the two counts are exp(s ± (b − b′)) in either order,
    where b and b′ are their biases of position, whatever the debates are like (the conditional likelihood of Rasch,
    1960), and the mean of the logarithms is s. If one of them hears better which side is right, that cancels between
    debates in which the own side is right and wrong: exactly at s = 0. Halves are added to the counts (Haldane, 1956).
    """
    counts = alone + 0.5
    value = float(np.log(counts[:, 0] / counts[:, 1]).mean())
    return Interval.around(value, 1.96 * sqrt(float((1 / counts).sum())) / len(counts))


def _own(one: Judgement, kin: Mapping[str, Collection[str]]) -> int | None:
    """Return the side that is kin to the judge; None where neither is, or both are."""
    related = [side for side, name in enumerate(one.sides) if name in kin.get(one.judge, ())]
    return related[0] if len(related) == 1 else None


def _share(of: Collection[Judgement], value: Iterable[float]) -> Interval:
    pairs = {pair: i for i, pair in enumerate(dict.fromkeys(one.pair or one.match for one in of))}
    pair = np.array([pairs[one.pair or one.match] for one in of])
    all_alike = np.zeros(len(pair), np.int64)
    return pair_means(np.array(list(value)), pair, all_alike, all_alike, 1, 1.0).interval(0).within(0.0, 1.0)


def _survived(known: Collection[Judgement]) -> Interval | None:
    kept = [one for one in known if not one.flipped]
    return _share(kept, [one.share(one.right or 0) for one in kept]) if kept else None


def _bonuses(
    judge: str, judged: Collection[Judgement], own: Mapping[str, int], kin: Mapping[str, Collection[str]]
) -> dict[str, Interval]:
    """Return how the judge differs from each other one in the matches in which one side is kin to it alone."""
    by_match = {one.match: one for one in judged if one.judge == judge and one.match in own}
    known = all(one.right is not None for one in by_match.values())
    alone: dict[str, Floats] = {}
    for other in judged:
        one = by_match.get(other.match)
        if one is None or other.judge == judge or any(name in kin.get(other.judge, ()) for name in other.sides):
            continue
        counts = alone.setdefault(other.judge, np.zeros((2, 2 if known else 1, 2)))
        side = own[one.match]
        for shown_first, (mine, theirs) in enumerate(zip(one.said, other.said, strict=True)):
            if mine != theirs:
                counts[int(shown_first != side), int(known and one.right != side), int(theirs == side)] += 1
    return {name: self_bonus(counts.reshape(-1, 2)) for name, counts in sorted(alone.items())}
