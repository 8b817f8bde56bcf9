"""Alarms: rules over the numbers of a run (`monitors.py`), each with one sentence about what it saw.

No rule trusts one update: it takes the median of a window, or the interval of its mean, and compares it with the run's
own beginning, or with the best that the run has been. The thresholds stand in `arena/config/monitoring.py`. What is
looked for has been seen in self-play of language models: replies that shrink to nothing while the gradient leaps and
then vanishes (Liu et al., 2025: SPIRAL, without a baseline per role), replies that echo (Wang et al., 2025: RAGEN),
play that turns illegal, or always the same.
"""

from __future__ import annotations

from collections.abc import Callable
from math import hypot, isfinite, pi, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from arena.config.monitoring import AlarmName, AlarmsConfig
from arena.interval import Interval
from arena.trainers.columns import Column, History, mean_of
from arena.trainers.monitors import ANCHOR


class Alarm(NamedTuple):
    """Something that is not as it should be."""

    name: AlarmName
    step: int
    """The update after which it was found."""
    since: int
    """The update at which it seems to have begun: what was saved before that is from better days."""
    sentence: str
    """What was seen, what is normal, and what usually helps."""
    severe: bool
    """Whether it is reason enough to roll back."""


def alarms(history: History, config: AlarmsConfig) -> list[Alarm]:
    """Return what holds after the last update of the history, in the order of `RULES`."""
    if not history:
        return []
    found = {name: rule(history, config) for name, rule in RULES.items()}
    return [
        Alarm(name, history[-1][0], what.since, what.sentence, name in config.severe)
        for name, what in found.items()
        if what is not None
    ]


def new_alarms(history: History, config: AlarmsConfig) -> list[Alarm]:
    """Return what holds after the last update and held after none of the `window` updates before it: told once."""
    before = [past for back in range(1, config.window + 1) if (past := history[:-back])]
    return [
        alarm for alarm in alarms(history, config) if all(RULES[alarm.name](past, config) is None for past in before)
    ]


class _Found(NamedTuple):
    since: int
    sentence: str


_Rule = Callable[[History, AlarmsConfig], _Found | None]


def _sentence(seen: str, normal: str, helps: str) -> str:
    """Return the one sentence of an alarm."""
    return f"{seen[0].upper()}{seen[1:]}, and normal is {normal}: what usually helps is {helps}."


def _not_finite(history: History, config: AlarmsConfig) -> _Found | None:
    """Find a number that is none: the one thing of which a single update is proof."""
    step, said = history[-1]
    lost = [name for name, value in said.items() if not isfinite(value)]
    if not lost:
        return None
    seen = f"after update {step} there is no finite number for {', '.join(lost)}"
    return _Found(
        step, _sentence(seen, "a finite one", "an earlier snapshot, with a lower learning rate or gradient clipping")
    )


# Against the run's own beginning: medians, as shares or multiples.


def _shrunk(name: str, least: str, words: str, helps: str) -> _Rule:
    """Return the rule that a number has fallen below the share `least` of what it was over the first updates."""

    def rule(history: History, config: AlarmsConfig) -> _Found | None:
        column, share = Column.of(history, name), float(getattr(config, least))
        usual, now = _start_and_now(column, config)
        if not (usual > 0 and now < share * usual):
            return None
        seen = f"{words} has fallen to {now:.3g} {column.words(config.window)}, from {usual:.3g} at the start"
        since = column.since(config.window, lambda median: median < sqrt(share) * usual)
        return _Found(since, _sentence(seen, f"{share * usual:.3g} or more", helps))

    return rule


def _grown(name: str, most: str, words: str, helps: str) -> _Rule:
    """Return the rule that a number has risen above `most` times what it was over the first updates."""

    def rule(history: History, config: AlarmsConfig) -> _Found | None:
        column, factor = Column.of(history, name), float(getattr(config, most))
        usual, now = _start_and_now(column, config)
        if not (usual > 0 and now > factor * usual):
            return None
        seen = f"{words} has risen to {now:.3g} {column.words(config.window)}, from {usual:.3g} at the start"
        since = column.since(config.window, lambda median: median > sqrt(factor) * usual)
        return _Found(since, _sentence(seen, f"{factor * usual:.3g} or less", helps))

    return rule


def _start_and_now(column: Column, config: AlarmsConfig) -> tuple[float, float]:
    """Return the medians of the first updates and of the last window; 0 and 0 while it is too early to compare."""
    if _is_early(column, config):
        return 0.0, 0.0
    return float(np.median(column.values[: config.start])), float(np.median(column.values[-config.window :]))


def _is_early(column: Column, config: AlarmsConfig) -> bool:
    """Return whether the last window would overlap with what it is to be compared with."""
    return len(column) < max(config.start, config.window) + config.window


_SPIKES = 3
"""So many leaps of the gradient in one window are no accident."""


def _gradient_spike(history: History, config: AlarmsConfig) -> _Found | None:
    """Find gradients that were much longer, several times, than those of the run before this window."""
    column = Column.of(history, "gradient_norm")
    if _is_early(column, config):
        return None
    usual, now = float(np.median(column.values[: -config.window])), column.values[-config.window :]
    leaps = np.flatnonzero(now > config.gradient_growth * usual)
    if len(leaps) < _SPIKES or usual == 0:
        return None
    limit = f"{config.gradient_growth * usual:.3g} or less"
    seen = f"the gradient norm leapt {len(leaps)} times, up to {now.max():.3g}, {column.words(config.window)}"
    helps = "a lower learning rate, gradient clipping, larger batches and a baseline per role"
    return _Found(column.steps[leaps[0] - config.window], _sentence(f"{seen}, from {usual:.3g}", limit, helps))


# Against a limit: means with their intervals.


def _above(name: str, limit: str, words: str, helps: str) -> _Rule:
    """Return the rule that a share is surely above its limit, and has been better, or does not get better for long."""

    def rule(history: History, config: AlarmsConfig) -> _Found | None:
        column, most = Column.of(history, name), float(getattr(config, limit))
        if _is_early(column, config):
            return None
        first, now = mean_of(column.values[: config.start]), mean_of(column.values[-config.window :])
        best = column.best_before(config.window)
        stuck = len(column) >= _PATIENCE * config.start and now.high >= first.value
        if not (now.low > most and (now.low > best.high or stuck)):
            return None
        seen = f"{now.value:.0%} of {words} {column.words(config.window)}, from {first.value:.0%} at the start"
        since = column.since(config.window, lambda median: median > (min(best.value, most) + most) / 2)
        return _Found(since, _sentence(seen, f"{most:.0%} or less", helps))

    return rule


_PATIENCE = 5
"""So many times the first updates may pass before a share that was bad from the beginning has to be better."""


def _stale_weights(history: History, config: AlarmsConfig) -> _Found | None:
    """Find an engine and a trainer that do not agree about the very tokens that the engine has drawn."""
    beyond, gap = (_high(history, f"ratio_{name}", getattr(config, f"ratio_{name}"), config) for name in _RATIOS)
    if beyond is None and gap is None:
        return None
    parts = [] if beyond is None else [f"{beyond[1].value:.1%} of tokens have a ratio beyond the cap"]
    parts += [] if gap is None else [f"log-probabilities differ by {gap[1].value:.2g} nats on average"]
    since = min(found[0] for found in (beyond, gap) if found is not None)
    return _Found(
        since,
        _sentence(
            f"engine and trainer disagree over updates {since} to {history[-1][0]}: {' and '.join(parts)}",
            f"at most {config.ratio_beyond:.1%} and {config.ratio_gap:g} nats",
            "to see that the engine plays the newest weights, samples at temperature 1 from all tokens, and computes "
            "in the same precision",
        ),
    )


_RATIOS = ("beyond", "gap")


def _high(history: History, name: str, most: float, config: AlarmsConfig) -> tuple[int, Interval] | None:
    """Return since when, and how far, a number is surely above what it may be at any time; None if it is not."""
    column = Column.of(history, name)
    if len(column) < config.window:
        return None
    now = mean_of(column.values[-config.window :])
    return (column.since(config.window, lambda median: median > most), now) if now.low > most else None


def _seat(history: History, config: AlarmsConfig) -> _Found | None:
    """Find a seat that earns what its baseline does not expect, and other seats do not: credit for where one sits."""
    window = history[-config.window :]
    seats = [name.rpartition("_")[2] for name in history[-1][1] if name.startswith("payoff_seat_")]
    told = [said for _, said in window if all(f"payoff_seat_{seat}" in said for seat in seats)]
    if len(seats) < 2 or len(told) < config.window:
        return None
    beyond = np.array(
        [[said[f"payoff_seat_{s}"] - said.get(f"baseline_seat_{s}", 0.0) for s in seats] for said in told]
    )
    excess = [mean_of(column) for column in (beyond - beyond.mean(axis=1, keepdims=True)).T]
    most = int(np.argmax([interval.low for interval in excess]))
    if not excess[most].low > config.seat_gap:
        return None
    won = np.mean([said.get(f"win_rate_seat_{seats[most]}", np.nan) for said in told])
    return _Found(
        window[0][0],
        _sentence(
            f"seat {seats[most]} wins {won:.0%} of its matches over updates {window[0][0]} to {window[-1][0]} and "
            f"earns {excess[most].value:.2f} of the greatest payoff more than its baseline explains",
            f"{config.seat_gap:g} or less",
            "a baseline per role, and matches in which every player takes every seat equally often",
        ),
    )


def _anchors(history: History, config: AlarmsConfig) -> _Found | None:
    """Find a snapshot that is surely weaker, against players that never change, than one before it."""
    rated = [(step, Interval(*(said[name] for name in ANCHOR))) for step, said in history if ANCHOR[0] in said]
    if len(rated) < 2:
        return None
    *earlier, (step, now) = rated
    z = _quantile(len(earlier), config.error_rate)
    better = [
        (then, before)
        for then, before in earlier
        if before.value - now.value > z * hypot(_standard_error(before), _standard_error(now))
    ]
    if not better:
        return None
    then, before = better[-1]
    seen = (
        f"the win rate against the anchors has fallen to {now.value:.0%} ({now.low:.0%} to {now.high:.0%}) at update "
        f"{step}, from {before.value:.0%} ({before.low:.0%} to {before.high:.0%}) at update {then}"
    )
    helps = "more past snapshots and anchors among the opponents, a KL to a reference and a lower learning rate"
    return _Found(then + 1, _sentence(seen, "to fall by no more than chance explains", helps))


def _quantile(comparisons: int, error_rate: float) -> float:
    """Return the normal quantile that keeps the error of all comparisons of a run, however many, below the rate.

    The m-th snapshot after the first is compared with m others, and has 6 / (π m)² of the rate to spend on that.
    """
    return NormalDist().inv_cdf(1 - error_rate * 6 / (pi * comparisons) ** 2 / comparisons)


def _standard_error(interval: Interval) -> float:
    """Return that of a 95% interval, by its longer side: the other may be cut off at 0 or 1."""
    return max(interval.value - interval.low, interval.high - interval.value) / NormalDist().inv_cdf(0.975)


_SHORTER = "a baseline per role, a loss divided by a constant length, a lower learning rate and a KL to a reference"
_LONGER = "a loss divided by a constant length, a penalty for overlong replies and a lower limit of tokens"
_READABLE = "to teach the legal moves first (arena clone), a forfeit that costs more, and a KL to that model"
_LIVELIER = "a KL to a slowly moving reference, more entropy, larger batches and opponents from the past"
_VARIED = "an earlier snapshot, more entropy, and to learn from starts whose results vary"

RULES: dict[AlarmName, _Rule] = {
    "not_finite": _not_finite,
    "length_collapse": _shrunk("length_mean", "length_shrink", "the mean length of replies in tokens", _SHORTER),
    "length_explosion": _grown("length_mean", "length_growth", "the mean length of replies in tokens", _LONGER),
    "entropy_collapse": _shrunk("entropy", "entropy_shrink", "the entropy of the policy in nats", _LIVELIER),
    "gradient_spike": _gradient_spike,
    "gradient_vanished": _shrunk(
        "gradient_norm",
        "gradient_shrink",
        "the gradient norm",
        "opponents and starts whose results vary, since equal payoffs teach nothing, and more entropy",
    ),
    "stale_weights": _stale_weights,
    "invalid": _above("invalid", "invalid", "replies are unreadable, empty or illegal", _READABLE),
    "truncated": _above("truncated", "truncated", "replies run into their length limit", _LONGER),
    "draws": _above(
        "draws",
        "draws",
        "matches are drawn",
        "nothing if good play draws this game, and otherwise a payoff for draws, other starts or other opponents",
    ),
    "stalled": _above(
        "stalled",
        "stalled",
        "matches run into the limit of turns",
        "a payoff that makes waiting cost, or a longer limit",
    ),
    "seat": _seat,
    "anchors": _anchors,
    "repetition": _above("repetition", "repetition", "replies go round in circles", _VARIED),
    "echo": _above("echo", "echo", "long replies are word for word those to another prompt", _VARIED),
}
"""What is looked for, by name."""
