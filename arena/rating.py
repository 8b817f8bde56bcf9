"""How strong entrants are: a pure function of the results, the same in whatever order they were played.

Games scored by `outcome` are rated by who won each match. Games scored by `payoff` (poker) first show what a
player earns per match; Elo then comes from blocks of pairs, won by net payoff, as heads-up matches are: by single
hands, whoever wins small pots often would stand above whoever wins money.

Elo has an anchor at 1000, and every interval is that of the difference to the anchor. Entrants who change roles
get one number, and one per role. Where every entrant keeps to a role of its own (attackers and defenders), there
is a ladder per role, each with an anchor, and no comparison across: only the sum of an attacker's strength and
a defender's weakness can be observed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from arena.blocks import block_games, longest_series, match_games
from arena.bradley_terry import Games
from arena.errors import RatingError
from arena.game import Game
from arena.interval import Interval, Ints, pair_means
from arena.ladder import Ladder, Point, Row, Standing
from arena.payoff import matrix_of
from arena.record import Result
from arena.scores import Scores, meetings, reachable
from arena.strengths import Strengths, strengths

__all__ = ["MAX_CRASH_RATE", "Ladder", "Point", "Row", "Standing", "history", "rate", "refuse_unratable"]

MAX_CRASH_RATE = 0.03
"""An entrant that crashes in a greater share of its matches is withdrawn, so that crashing never pays."""


def rate(
    results: Sequence[Result],
    game: Game[Any],
    anchor: str | Iterable[str] | None = None,
    block_pairs: int = 50,
    crashes: Mapping[str, tuple[int, int]] | None = None,
) -> Ladder:
    """Return the ladder of all entrants in `results`.

    `anchor` stands at 1000, on a ladder per role several names, one of each. Without one it is the entrant who
    was there first (least step, then alphabetically), which later results do not change; name a well-tested
    one for narrow intervals. A block has `block_pairs` pairs in the order of step and name; a pair that lacks
    its return match waits outside, and so do pairs that do not fill a block. `crashes` is name → (matches in
    which it crashed, matches it took part in).

    Raises RatingError where nothing was played, or where groups of entrants never met.
    """
    if block_pairs < 1:
        raise RatingError(f"a block needs at least one pair, not {block_pairs}")
    scores = Scores.of(results, game)
    withdrawn = _withdrawn(crashes or {})
    if withdrawn:
        scores = scores.among({name for name in scores.names if name not in withdrawn})
        if not scores.names:
            raise RatingError(f"no results are left without those withdrawn: {'; '.join(withdrawn.values())}")
    _refuse_pools(scores)
    wanted = [anchor] if isinstance(anchor, str) else list(anchor or ())
    wanted = [name for name in wanted if name not in withdrawn]
    for name in wanted:
        if name not in scores.names:
            raise RatingError(f"the anchor {name!r} has no results here; entrants with results: {_some(scores.names)}")
    return _ladder(scores, game, wanted, block_pairs, withdrawn)


def history(
    results: Sequence[Result],
    game: Game[Any],
    anchor: str | Iterable[str] | None = None,
    block_pairs: int = 50,
    crashes: Mapping[str, tuple[int, int]] | None = None,
) -> list[Point]:
    """Return every entrant's Elo after every training step: the ladder of all results up to that step.

    Ordered by step, then as on the ladder. The anchors are those of the last ladder; at an early step an
    entrant that is not yet linked to its anchor by matches is left out. Arguments and errors as of `rate`.
    """
    last = rate(results, game, anchor, block_pairs, crashes)
    anchors = list(last.anchors.values())
    scores = Scores.of(results, game)
    scores = scores.among({row.name for row in last.rows if row.standing is not Standing.WITHDRAWN})
    points = []
    for step in np.unique(scores.step):
        played = scores.where(scores.step <= step)
        present = [played.names.index(name) for name in anchors if name in played.names]
        if not present:
            continue
        linked = reachable(meetings(played.first, played.second, len(played.names)))[present].any(axis=0)
        played = played.among({played.names[i] for i in np.flatnonzero(linked)})
        ladder = _ladder(played, game, [name for name in anchors if name in played.names], block_pairs, {})
        points += [
            Point(int(step), row.name, row.elo, row.low, row.high)
            for row in ladder.rows
            if row.elo is not None and row.low is not None and row.high is not None
        ]
    return points


def refuse_unratable(game: Game[Any]) -> None:
    """Raise RatingError for a game whose matches cannot be rated: it needs two sides that are opposed."""
    if game.entrants != 2:
        raise RatingError(f"{game.name} is played by {game.entrants} sides, and ratings need two: use arena play")
    if not game.opposed:
        raise RatingError(f"{game.name} is no zero-sum game, so what one side wins says little: use arena play")


def _withdrawn(crashes: Mapping[str, tuple[int, int]]) -> dict[str, str]:
    """Return name → why it is withdrawn."""
    return {
        name: f"{name} is withdrawn: it crashed in {bad} of its {scheduled} matches, more than {MAX_CRASH_RATE:.0%}"
        for name, (bad, scheduled) in sorted(crashes.items())
        if bad > MAX_CRASH_RATE * scheduled
    }


def _refuse_pools(scores: Scores) -> None:
    """Raise RatingError where the entrants fall into groups that never met."""
    linked = reachable(meetings(scores.first, scores.second, len(scores.names)))
    pools = sorted({tuple(np.flatnonzero(row)) for row in linked})
    if len(pools) > 1:
        groups = " | ".join(_some([scores.names[i] for i in pool]) for pool in pools)
        raise RatingError(f"{len(pools)} groups never met, so no scale holds them all: {groups}; play matches between")


def _some(names: Sequence[str]) -> str:
    """Return the names for a sentence, the first ten of many."""
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _ladder(
    scores: Scores, game: Game[Any], wanted: Sequence[str], block_pairs: int, withdrawn: Mapping[str, str]
) -> Ladder:
    by_payoff = game.scoring == "payoff"
    games = block_games(scores, block_pairs, game.scale) if by_payoff else match_games(scores)
    found = strengths(scores, games, wanted, role_skill=not (by_payoff or scores.disjoint))
    rows = _unrated_rows(scores, game.scale)
    if found:
        rows = [_with_elo(row, found, f"blocks of {block_pairs} pairs" if by_payoff else "matches") for row in rows]
    if by_payoff:
        rows = _with_blocks(rows, scores, games, game.scale, block_pairs)
        advantage = _payoff_advantage(scores, game.scale)
    else:
        assert found is not None  # every match is a game, and everyone met
        rows = [_with_elo_by_role(row, found, scores) for row in rows]
        advantage = found.advantage(scores.roles)
    rows += [Row(name, Standing.WITHDRAWN, note=note) for name, note in withdrawn.items()]
    return Ladder(
        tuple(sorted(rows, key=lambda row: (row.elo is None, row.role, -(row.elo or 0.0), row.name))),
        {ladder: found.names[i] for ladder, i in found.anchors.items()} if found else {},
        advantage,
        found.fit.ties if found else 0.0,
        matrix_of(scores, game.scale),
        {name: i for i, name in enumerate(found.names)} if found else {},
        found.half_width if found else np.zeros((0, 0)),
    )


def _unrated_rows(scores: Scores, scale: float) -> list[Row]:
    """Return a row per entrant with everything but Elo."""
    n = len(scores.names)
    sign = np.sign(scores.payoff)
    wins, draws, losses = (_each(scores.first[sign == s], scores.second[sign == -s], n) for s in (1, 0, -1))
    who, opponent, _, payoff, pair = scores.seen()
    means = pair_means(payoff, pair, who * n + opponent, who, n, 2 * scale)
    return [
        Row(
            name,
            Standing.UNRATED,
            scores.roles_of(name)[0] if scores.disjoint else "",
            matches=int(wins[i] + draws[i] + losses[i]),
            wins=int(wins[i]),
            draws=int(draws[i]),
            losses=int(losses[i]),
            mean_payoff=means.interval(i) if means.matches[i] else None,
        )
        for i, name in enumerate(scores.names)
    ]


def _with_blocks(rows: list[Row], scores: Scores, blocks: Games, scale: float, block_pairs: int) -> list[Row]:
    """Return the rows with their blocks, the payoff in every role, and why there is no Elo where there is none."""
    n, k = len(scores.names), len(scores.roles)
    who, opponent, role, payoff, pair = scores.seen()
    group = who * k + role
    means = pair_means(payoff, pair * k + role, group * n + opponent, group, n * k, 2 * scale)
    played = _each(blocks.first, blocks.second, n)
    longest = longest_series(scores)
    return [
        replace(
            row,
            blocks=int(played[i]),
            by_role={
                role: means.interval(i * k + r) for r, role in enumerate(scores.roles) if means.matches[i * k + r]
            },
            note=row.note if row.elo is not None else _missing_blocks(int(played[i]), int(longest[i]), block_pairs),
        )
        for i, row in enumerate(rows)
    ]


def _missing_blocks(played: int, longest: int, block_pairs: int) -> str:
    if played:
        return "no blocks link it to the anchor: play more pairs, lower block_pairs or name another anchor"
    return (
        f"it has played {longest} complete pairs against one opponent and a block needs {block_pairs}: "
        "play more pairs or lower block_pairs"
    )


def _with_elo(row: Row, found: Strengths, what: str) -> Row:
    """Return the row with its Elo, if games link it to the anchor of its ladder."""
    if row.name not in found.names or row.role not in found.anchors:
        return row
    i, anchor = found.names.index(row.name), found.anchors[row.role]
    elo = Interval.around(found.elo[i], found.half_width[i, anchor])
    row = replace(row, standing=Standing.RATED, elo=elo.value, low=elo.low, high=elo.high, note="")
    if found.linked[i, anchor]:
        return row
    return replace(row, standing=Standing.PROVISIONAL, note=_one_sided(found, i, anchor, what))


def _one_sided(found: Strengths, i: int, anchor: int, what: str) -> str:
    """Return why nobody can say how far entrant `i` stands from the anchor; `what` is what Elo counts."""
    name = found.names[anchor]
    if found.above[i, anchor]:
        return f"won {what} put it above {name}, but none was given away, so by how much is a guess"
    if found.above[anchor, i]:
        return f"lost {what} put it below {name}, but none was won yet, so by how much is a guess"
    return f"neither won nor drawn {what} connect it with {name}, so where it stands is a guess"


def _with_elo_by_role(row: Row, found: Strengths, scores: Scores) -> Row:
    """Return the row with the Elo in every role that it has played."""
    if row.elo is None or row.low is None or row.high is None:
        return row
    if row.role:
        return replace(row, by_role={row.role: Interval(row.elo, row.low, row.high)})
    played = scores.roles_of(row.name)
    by_role = found.by_role(found.names.index(row.name), scores.roles)
    row = replace(row, by_role={role: by_role[role] for role in played})
    if len(played) == len(scores.roles) or row.standing is Standing.PROVISIONAL:
        return row
    note = f"it has only played {' and '.join(played)}: its strength elsewhere is a guess"
    return replace(row, standing=Standing.PROVISIONAL, note=note)


def _payoff_advantage(scores: Scores, scale: float) -> dict[tuple[str, str], Interval]:
    """Return (role, role) → what the former earns per match against the latter, over complete pairs.

    Empty in a general-sum game, where payoffs in two roles have no common zero.
    """
    if not scores.opposed:
        return {}
    n, k = len(scores.names), len(scores.roles)
    keep = scores.complete() & (scores.first_role != scores.second_role)
    first, second = scores.first_role[keep], scores.second_role[keep]
    group = np.minimum(first, second) * k + np.maximum(first, second)
    low, high = np.minimum(scores.first, scores.second)[keep], np.maximum(scores.first, scores.second)[keep]
    payoff = np.where(first < second, 1, -1) * scores.payoff[keep]
    means = pair_means(payoff, scores.pair[keep], (group * n + low) * n + high, group, k * k, 2 * scale)
    met = np.flatnonzero(means.matches).tolist()
    return {(scores.roles[g // k], scores.roles[g % k]): means.interval(g) for g in met}


def _each(first: Ints, second: Ints, n: int) -> Ints:
    """Return how often each of n entrants is on either side."""
    return np.bincount(first, minlength=n) + np.bincount(second, minlength=n)
