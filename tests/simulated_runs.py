"""What runs tell, made up: healthy ones with the noise and the drift that training has, and collapses as they were."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from arena.seeds import generator
from arena.trainers.columns import History

Run = list[tuple[int, dict[str, float]]]
Change = Callable[[int, dict[str, float], np.random.Generator], None]
"""Make something of a healthy update (step, what it tells, generator)."""

REPLIES, MATCHES, RATED = 256, 64, 400
"""Replies and matches of an update; rating matches against anchors of a snapshot, of which there is one in 20."""


def simulated(seed: int, updates: int, change: Change | None = None) -> Run:
    """Return a healthy run, update by update changed by `change`."""
    rng = generator(seed, "simulated run")
    style = _style(rng)
    run = []
    for step in range(1, updates + 1):
        said = _healthy(step / updates, style, rng)
        if step % 20 == 0:
            said["strength"] = style["strength"] + 0.25 * step / updates
        if change is not None:
            change(step, said, rng)
        if "strength" in said:
            said |= _rated(said.pop("strength"), rng)
        run.append((step, said))
    return run


def _style(rng: np.random.Generator) -> dict[str, float]:
    """Return what differs between healthy runs: where numbers start, where they end, and how much they jump about."""
    return {
        "length": np.exp(rng.uniform(np.log(3), np.log(800))),
        "longer": np.exp(rng.uniform(np.log(0.5), np.log(2.5))),
        "entropy": rng.uniform(0.3, 1.5),
        "entropy_end": np.exp(rng.uniform(np.log(0.25), np.log(1.2))),
        "gradient": np.exp(rng.uniform(np.log(0.05), np.log(2))),
        "gradient_end": np.exp(rng.uniform(np.log(0.15), np.log(2))),
        "heavy": rng.uniform(0.2, 0.7),
        "invalid": rng.uniform(0, 0.4),
        "truncated": rng.uniform(0, 0.05),
        "draws": rng.uniform(0, 0.3),
        "draws_end": rng.uniform(0, 0.8),
        "seat": rng.uniform(-0.4, 0.4),
        "seat_end": rng.uniform(-0.9, 0.9),
        "gap": rng.uniform(0, 0.04),
        "strength": rng.uniform(0.3, 0.7),
    }


def _healthy(t: float, style: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    """Return what an update tells after the share t of its run: shares vary more than their replies alone would."""
    length = style["length"] * style["longer"] ** t * np.exp(rng.normal(0, 0.15))
    draws = style["draws"] + t * (style["draws_end"] - style["draws"])
    bonus = style["seat"] + t * (style["seat_end"] - style["seat"])
    told = {
        "length_mean": length,
        "entropy": style["entropy"] * style["entropy_end"] ** t * np.exp(rng.normal(0, 0.1)),
        "gradient_norm": style["gradient"] * style["gradient_end"] ** t * np.exp(rng.normal(0, style["heavy"])),
        "ratio_gap": style["gap"] * np.exp(rng.normal(0, 0.2)),
        "ratio_beyond": rng.binomial(2000, min(1.0, style["gap"] / 4)) / 2000,
        "invalid": _share(style["invalid"] * np.exp(-5 * t), REPLIES, rng),
        "truncated": _share(style["truncated"], REPLIES, rng),
        "draws": _share(draws, MATCHES, rng),
        "stalled": _share(0.02, MATCHES, rng),
        "repetition": _share(0.03, REPLIES, rng),
    }
    if length > 30:
        told["echo"] = _share(0.05, REPLIES, rng)
    earned = bonus + rng.normal(0, np.sqrt(max(1 - draws - bonus**2, 0.0) / MATCHES))
    noise = rng.normal(0, 0.16, size=2)  # of an exponential mean with decay .95
    for seat, sign in enumerate((1, -1)):
        told[f"payoff_seat_{seat}"] = sign * earned
        told[f"win_rate_seat_{seat}"] = (1 + sign * earned) / 2
        told[f"baseline_seat_{seat}"] = sign * bonus + noise[seat]
    return {name: float(value) for name, value in told.items()}


def _share(rate: float, count: int, rng: np.random.Generator) -> float:
    """Return the share of `count` that are so, where the rate itself varies from update to update."""
    varied = rng.beta(50 * rate + 1e-9, 50 * (1 - rate) + 1e-9)
    return rng.binomial(count, varied) / count


def _rated(strength: float, rng: np.random.Generator) -> dict[str, float]:
    won = rng.binomial(RATED, min(1.0, max(0.0, strength))) / RATED
    half = 1.96 * np.sqrt(won * (1 - won) / RATED) if 0 < won < 1 else 3 / RATED
    return {"anchor_win_rate": won, "anchor_low": max(0.0, won - half), "anchor_high": min(1.0, won + half)}


def thinking_collapse(step: int, said: dict[str, float], rng: np.random.Generator) -> None:
    """SPIRAL without role baselines: replies go to nothing within 200 updates; the gradient leaps, then vanishes."""
    left = max(0.0, 1 - step / 200)
    said["length_mean"] *= left
    said["gradient_norm"] = 0.1 * np.exp(rng.normal(0, 0.3))
    if 120 <= step < 160:
        said["gradient_norm"] *= 40 if rng.random() < 0.5 else 2
    elif step >= 160:
        said["gradient_norm"] *= 1e-3


def illegal_collapse(step: int, said: dict[str, float], rng: np.random.Generator) -> None:
    """Tic-tac-toe of tinker-cookbook: from update 80 to 110 play turns illegal, and every match is forfeit."""
    bad = min(1.0, max(0.0, (step - 80) / 30))
    said["invalid"] = _share(0.02 + 0.97 * bad, REPLIES, rng)
    if "strength" in said:
        said["strength"] *= 1 - bad


def always_the_same(step: int, said: dict[str, float], rng: np.random.Generator) -> None:
    """Kuhn poker by plain policy gradient: within 100 updates it always bets, and the entropy is 0."""
    said["entropy"] = 0.65 * np.exp(-step / 15) * np.exp(rng.normal(0, 0.1))


def one_baseline(step: int, said: dict[str, float], rng: np.random.Generator) -> None:
    """One baseline for both seats of a game in which a seat comes to win nearly always."""
    bonus = min(0.95, step / 100)
    for seat, sign in enumerate((1, -1)):
        said[f"payoff_seat_{seat}"] = float(np.clip(sign * bonus + rng.normal(0, 0.04), -1, 1))
        said[f"win_rate_seat_{seat}"] = (1 + said[f"payoff_seat_{seat}"]) / 2
        said[f"baseline_seat_{seat}"] = rng.normal(0, 0.16)


def stale_engine(step: int, said: dict[str, float], rng: np.random.Generator) -> None:
    """From update 60 on the engine plays the weights of update 60."""
    behind = max(0, step - 60)
    said["ratio_gap"] += 0.02 * behind * np.exp(rng.normal(0, 0.1))
    said["ratio_beyond"] = min(1.0, said["ratio_beyond"] + 0.01 * behind)


def echo_trap(step: int, said: dict[str, float], rng: np.random.Generator) -> None:
    """From update 100 on replies repeat themselves, and each other."""
    trapped = min(0.95, max(0.0, (step - 100) / 50))
    said["repetition"] = _share(max(0.03, trapped), REPLIES, rng)
    said["echo"] = _share(max(0.05, trapped), REPLIES, rng)


def weaker(step: int, said: dict[str, float], rng: np.random.Generator) -> None:
    """From update 100 on the learner forgets how to beat the anchors, and nothing else shows it."""
    if "strength" in said:
        said["strength"] = 0.75 if step <= 100 else 0.75 - 0.2 * (step - 100) / 60


def first_alarm(run: History, found: Callable[[History], list[str]], name: str) -> int | None:
    """Return the update after which the alarm `name` is raised first, None if never."""
    return next((run[i][0] for i in range(len(run)) if name in found(run[: i + 1])), None)
