"""Numbers that show how a language model fares while it trains, from the matches of one update and from rated ones.

All are plain floats by name. Those that only the update itself knows go beside them under these names, and
`alarms.py` reads them: `entropy` (nats), `kl` (nats), `gradient_norm` (before it is clipped), `ratio_mean`,
`ratio_most`, `ratio_beyond` and `ratio_gap` (`token_losses.Ratios`), and `baseline_seat_S`, what the baseline of a seat
expected, as a share of the greatest payoff.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from math import log
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.config.algorithms import Baseline
from arena.game import Game
from arena.interval import pair_means
from arena.payoff import normalised
from arena.player import Fault
from arena.record import Record, Result, StopReason, Turn
from arena.rollout import role_index
from arena.scores import Scores
from arena.trainers.advantage import Key, RoleBaselines

INVALID = (Fault.UNPARSABLE.value, Fault.EMPTY.value, "illegal")
"""The faults of replies that hold no move that may be played; see `Turn.fault`."""

_GRAM = 4
"""Tokens that are compared at a time, as usual for repetition (Welleck et al., 2020)."""
_CIRCLES = 0.5
"""A reply goes round in circles if so many of its n-grams have stood in it before."""
_LONG = 16
"""Tokens from which on a reply says more than a move, so that nobody says the same by chance."""
_OFTEN = 10
"""Replies per prompt from which on they tell whether they depend on it."""

ANCHOR = ("anchor_win_rate", "anchor_low", "anchor_high")
"""The names under which an interval of the win rate against anchors is kept, in the order of its parts."""

_Trace = Mapping[str, NDArray[Any]]


class _Reply(NamedTuple):
    """An answer of the learner, and what it left for its trainer."""

    turn: Turn
    trace: _Trace


def measure(records: Iterable[Record], names: Collection[str], scale: float) -> dict[str, float]:
    """Return what the matches of one update say of the learner, whose players are called `names`.

    Of its replies: how many (`replies`), `length_mean`, `length_median` and `length_max` in tokens, the shares
    `unparsable`, `empty`, `illegal` and their sum `invalid`, `truncated` (cut at the length limit, whether or not a
    move could be read), `distinct` (different replies over replies), `repetition` (those of which over half of the
    4-grams have stood in them before), and `echo`: of replies from 16 tokens, those that are word for word one to
    another prompt. Where prompts come up ten times each or more, as in small games, `prompt_information`: how much a
    reply tells of its prompt, in nats. Near 0 the model does not read what it is asked, however lively its replies
    are, which entropy does not show (RAGEN-2, arXiv 2604.06268).

    Of its matches: how many (`matches`), the shares `draws`, `stalled` (they reached the limit of turns) and
    `forfeits`; and by seat that it held, `win_rate_seat_S` with draws as halves and `payoff_seat_S`, divided by
    `scale`, the greatest payoff of the game. Matches that were abandoned say nothing. What there is no reply or match
    for is left out, and so is what needs token ids where an engine does not tell them.
    """
    played = [record for record in records if record.stop.rated and not set(names).isdisjoint(record.entrants)]
    replies = [reply for record in played for reply in _replies(record, names)]
    return {**_of_replies(replies), **_of_matches(played), **_of_seats(played, names, scale)}


def _replies(record: Record, names: Collection[str]) -> Iterator[_Reply]:
    for number, turn in enumerate(record.turns):
        said = not turn.silent or number in record.traces  # silence is what the referee played for a seat that failed
        if turn.seat >= 0 and record.entrants[turn.seat] in names and said:
            yield _Reply(turn, record.traces.get(number, {}))


def _of_replies(replies: Sequence[_Reply]) -> dict[str, float]:
    if not replies:
        return {}
    faults = Counter(turn.fault for turn, _ in replies)
    said = [str(turn.raw or turn.action or "") for turn, _ in replies]
    shares = {fault: faults[fault] / len(replies) for fault in INVALID}
    return {
        "replies": float(len(replies)),
        **_lengths([trace for _, trace in replies]),
        **shares,
        "invalid": sum(shares.values()),
        "truncated": sum(map(_is_cut, replies)) / len(replies),
        "distinct": len(set(said)) / len(replies),
        **_repetitions([trace for _, trace in replies if "ids" in trace]),
    }


def _lengths(traces: Iterable[_Trace]) -> dict[str, float]:
    lengths = [int(trace["completion_tokens"]) for trace in traces if "completion_tokens" in trace]
    if not lengths:
        return {}
    return {
        "length_mean": float(np.mean(lengths)),
        "length_median": float(np.median(lengths)),
        "length_max": float(max(lengths)),
    }


def _is_cut(reply: _Reply) -> bool:
    """Return whether a reply ran into its length limit: its trace knows, and its fault only if it named no move."""
    return bool(reply.trace.get("cut", reply.turn.fault == Fault.TRUNCATED))


def _repetitions(traces: Sequence[_Trace]) -> dict[str, float]:
    """Return how many replies repeat themselves, and how many long ones repeat what another prompt was told."""
    if not traces:
        return {}
    found = {"repetition": sum(repeated_share(trace["ids"]) > _CIRCLES for trace in traces) / len(traces)}
    prompts: dict[bytes, set[bytes]] = defaultdict(set)
    long = [(trace["ids"].tobytes(), trace["prompt_ids"].tobytes()) for trace in traces if len(trace["ids"]) >= _LONG]
    for reply, prompt in long:
        prompts[reply].add(prompt)
    if long:
        found["echo"] = sum(len(prompts[reply]) > 1 for reply, _ in long) / len(long)
    said = [(trace["prompt_ids"].tobytes(), trace["ids"].tobytes()) for trace in traces]
    if len(said) >= _OFTEN * len({prompt for prompt, _ in said}):
        found["prompt_information"] = information(said)
    return found


def information(pairs: Sequence[tuple[Hashable, Hashable]]) -> float:
    """Return the mutual information of the two parts of N pairs, in nats; near 0 where they are independent.

    The estimate from counts is too high by (C − A − B + 1) / 2N, if there are A different first parts, B second ones
    and C pairs (Miller, 1955), so that is subtracted.
    """
    both, first, second = Counter(pairs), Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    n = len(pairs)
    plain = sum(count / n * log(count * n / (first[a] * second[b])) for (a, b), count in both.items())
    return plain - (len(both) - len(first) - len(second) + 1) / (2 * n)


def repeated_share(ids: NDArray[Any], n: int = _GRAM) -> float:
    """Return the share of a reply's n-grams that have stood in it before (rep-n of Welleck et al., 2020); 0 of none."""
    if len(ids) < n:
        return 0.0
    grams = np.lib.stride_tricks.sliding_window_view(ids, n)
    return 1.0 - len({gram.tobytes() for gram in grams}) / len(grams)


def _of_matches(played: Sequence[Record]) -> dict[str, float]:
    if not played:
        return {}
    return {
        "matches": float(len(played)),
        "draws": sum(len(set(_paid(record))) == 1 for record in played) / len(played),
        "stalled": sum(record.stop is StopReason.TRUNCATED for record in played) / len(played),
        "forfeits": sum(record.stop is StopReason.FORFEIT for record in played) / len(played),
    }


def _of_seats(played: Sequence[Record], names: Collection[str], scale: float) -> dict[str, float]:
    won: dict[int, list[float]] = defaultdict(list)
    payoff: dict[int, list[float]] = defaultdict(list)
    for record in played:
        for seat, (name, earned) in enumerate(zip(record.entrants, record.returns, strict=True)):
            if name in names and earned is not None:
                won[seat].append(_won(earned, _paid(record)))
                payoff[seat].append(earned / scale)
    rates = {f"win_rate_seat_{seat}": float(np.mean(each)) for seat, each in sorted(won.items())}
    return rates | {f"payoff_seat_{seat}": float(np.mean(each)) for seat, each in sorted(payoff.items())}


def _paid(record: Record) -> list[float]:
    """Return what the seats that played were paid."""
    return [earned for earned in record.returns if earned is not None]


def _won(earned: float, paid: Sequence[float]) -> float:
    """Return 1 for the most that a seat was paid, ½ where all were paid that, else 0."""
    return 0.5 if min(paid) == max(paid) else float(earned == max(paid))


def expected(game: Game[Any], baselines: RoleBaselines, kind: Baseline) -> dict[str, float]:
    """Return `baseline_seat_S` of every seat that plays, as a share of the greatest payoff.

    Ask before the update learns from the matches, since that is what it compares them with.
    """
    keys = [Key(game.name, side, int(role)) for side, role in zip(game.side_of, role_index(game), strict=True)]
    keys = keys if kind in ("role", "match") else [Key(game.name, 0, 0)] * len(keys)
    return {
        f"baseline_seat_{seat}": 0.0 if kind == "none" else baselines.read(key)
        for seat, key in enumerate(keys)
        if game.side_of[seat] >= 0
    }


def against_anchors(
    results: Sequence[Result], game: Game[Any], snapshots: Collection[str], anchors: Collection[str]
) -> dict[str, dict[str, float]]:
    """Return what each snapshot won against the anchors that never change, from the rated matches of a run.

    By snapshot: `anchor_win_rate`, which is ½ + payoff / (2 · greatest payoff) and so has draws as halves, and the ends
    `anchor_low` and `anchor_high` of its 95% interval, whose independent observations are pairs. An anchor counts by
    the matches it played, and its strength widens no interval. Snapshots that have met no anchor are left out.
    """
    mine, fixed = set(snapshots), set(anchors)
    met = [r for r in results if (r.first in mine and r.second in fixed) or (r.first in fixed and r.second in mine)]
    if not met:
        return {}
    scores = Scores.of(met, game)
    who, opponent, _, payoff, pair = scores.seen()
    is_mine = np.array([name in mine for name in scores.names])
    rows = is_mine[who]
    n = len(scores.names)
    means = pair_means(
        normalised(payoff[rows], game.scale), pair[rows], who[rows] * n + opponent[rows], who[rows], n, 1.0
    )
    return {
        name: dict(zip(ANCHOR, means.interval(i).within(0.0, 1.0), strict=True))
        for i, name in enumerate(scores.names)
        if is_mine[i] and means.matches[i]
    }
