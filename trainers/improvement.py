"""A language model improves from what recorded players were paid: from runs to a folder that a chat player plays.

A round of Self-Play Critic (SPC: Chen et al., 2025): matches are played and kept, and the model learns from all answers
in one role at once, by `offline_clipped.py`. Rounds are pooled as published: each begins from the model of round 0 and
learns from the matches of all rounds so far, so nothing counts twice. How a folder came about is written beside its
weights.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from arena.batch import Pair
from arena.errors import ConfigError, reason
from arena.folder import refuse_existing
from arena.registry import respelled
from arena.runs import runs_in
from arena.trainers import pupil
from arena.trainers.recorded_answers import Answers, answers_of

if TYPE_CHECKING:
    from arena.trainers.offline_clipped import Sight

_, PROVENANCE = pupil.ORIGINS

TOO_LONG = "longer than the model can read"

Tell = Callable[[str, int, int | None, str, str], None]
"""What goes on, how much of it is done, of how much in all if that is known, what is counted, and a note."""


class Settings(NamedTuple):
    """How it learns."""

    adapter: bool = False
    """Whether to leave the model as it is, and teach a LoRA adapter on all its linear layers."""
    epochs: int = 3
    rate: float = 0.0
    """Of Adam; 0: 2e-5 for an adapter, else 1e-3 for models of less than ten million weights and 2e-6 for larger."""
    clip: float = 0.2
    example_weight: float = 0.15
    step_answers: int = 64
    batch_tokens: int = 4096
    rank: int = 16
    """Of the adapter."""
    seed: int = 0


class Improved(NamedTuple):
    """What was learned."""

    player: str
    """The spec of the player that plays it."""
    answers: int
    """What it learned from."""
    payoff: float
    """Their mean, in units of the game's scale."""
    refused: int
    """How many of them were no moves."""
    examples: int
    """Supervised ones that there were; of none the supervised term is 0."""
    left_out: Mapping[str, int]
    """Why answers or examples were not learned from, and of how many that is true."""
    epochs: list[Sight]
    after: Sight
    """What was seen once all was learned."""


def run(
    spec: str, runs: Sequence[Path], to: Path, role: str, who: str, examples: Sequence[Path], tell: Tell, **how: Any
) -> Improved:
    """Let the model of the chat player `spec` learn from what `who` (all players if "") answered in `role` (all roles
    if "") in `runs`. Its supervised examples are the moves of everybody in that role in the runs of `examples`.

    `how` are `Settings`, and the result is written to the folder `to`. Raises ConfigError for what cannot be taught
    and for runs that the model has learned from already, UnknownName where there is nothing to learn from, and
    StoreError where there is no run.
    """
    settings = Settings(**how)
    refuse_existing(to)
    model = pupil.folder_of(spec, settings.adapter)
    _check(settings)
    before = _learned(Path(model))
    _check_new(model, before, runs)
    found = answers_of(spec, runs, role, who, lambda matches: tell("read", matches, None, "matches", ""))
    shown = None
    if examples:
        shown = answers_of(spec, examples, role, "", lambda matches: tell("examples", matches, None, "matches", ""))
    origin = {
        "player": spec,
        "role": role or "all roles",
        "learned": who or "all players",
        "runs": found.runs,
        "examples": shown.runs if shown else [],
        "before": before,
    }
    return _learn(spec, model, found, shown, to, origin, settings, tell)


def _check(settings: Settings) -> None:
    """Raise ConfigError for numbers with which nothing is learned."""
    step, tokens = settings.step_answers, settings.batch_tokens
    pupil.check_numbers(settings.rate, epochs=settings.epochs, step_answers=step, batch_tokens=tokens)
    if not 0 < settings.clip < 1:
        raise ConfigError(f"clip = {settings.clip:g} leaves no band around 1: give a number above 0 and below 1")
    if not 0 <= settings.example_weight < inf:
        raise ConfigError(f"example_weight = {settings.example_weight:g} is no weight: give a number from 0")


# What it has learned from already.


def _learned(model: Path) -> list[str]:
    """Return the runs from which a model has learned in earlier rounds; none where it is that of round 0."""
    file = model / PROVENANCE
    if not file.is_file():
        return []
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return [*told["before"], *(run["run"] for run in told["runs"])]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ConfigError(f"{file} cannot be read: {reason(error)}; copy the folder again") from error


def _check_new(model: str, learned: Sequence[str], runs: Sequence[Path]) -> None:
    """Raise ConfigError for a run that a model has learned from: its matches would count twice."""
    known = {Path(run).resolve() for run in learned}
    for folder in (part for run in runs for part in runs_in(run)):
        if folder.resolve() in known:
            raise ConfigError(
                f"{model} has learned from {folder} already: to pool rounds, begin from the model of round 0 and name "
                "the runs of all of them; to go on from this one, name new runs alone"
            )
    given = [folder.resolve() for run in runs for folder in runs_in(run)]
    if twice := [folder for folder in given if given.count(folder) > 1]:
        raise ConfigError(f"{twice[0]} is named twice, and its matches would count twice: name it once")


# How it learns.


def _learn(
    spec: str,
    model: str,
    found: Answers,
    shown: Answers | None,
    to: Path,
    origin: Mapping[str, Any],
    settings: Settings,
    tell: Tell,
) -> Improved:
    """Learn, publish what came of it and say what was seen. Raises ConfigError where nothing came of it."""
    from arena.trainers.offline_clipped import improve

    weights, tokenizer = pupil.load(model, settings.adapter, settings.rank, settings.seed)
    chosen = settings._replace(rate=settings.rate or _rate(weights, settings))
    most = pupil.most_tokens(weights)
    kept = _readable(found.pairs, most)
    if not kept:
        raise ConfigError(f"{model} reads {most:,} tokens at most, and every answer is longer: teach a larger one")
    moves = [pair for pair, played in zip(shown.pairs, shown.played, strict=True) if played] if shown else []
    examples = [moves[i] for i in _readable(moves, most)]
    left_out = Counter(found.left_out) + Counter(shown.left_out if shown else {})
    if long := len(found.pairs) + len(moves) - len(kept) - len(examples):
        left_out[TOO_LONG] = long
    *epochs, after = improve(
        weights,
        [found.pairs[i] for i in kept],
        found.payoff[kept],
        examples,
        epochs=chosen.epochs,
        rate=chosen.rate,
        clip=chosen.clip,
        example_weight=chosen.example_weight,
        step_answers=chosen.step_answers,
        batch_tokens=chosen.batch_tokens,
        seed=chosen.seed,
        tell=lambda done, steps, sight: tell("learn", done, steps, "steps", f"{sight.clipped:.0%} clipped"),
    )
    improved = Improved(
        respelled(spec, {"adapter" if chosen.adapter else "model": str(to)}),
        len(kept),
        float(found.payoff[kept].mean()),
        int((~found.played[kept]).sum()),
        len(examples),
        left_out,
        epochs,
        after,
    )
    told = {name: value for name, value in improved._asdict().items() if name != "player"}
    told |= {"epochs": [sight._asdict() for sight in epochs], "after": after._asdict()}
    told = {**origin, **told, "settings": chosen._asdict()}
    pupil.keep(to, weights, tokenizer, PROVENANCE, told, None if chosen.adapter else Path(model))
    return improved


def _readable(pairs: Sequence[Pair], most: int) -> list[int]:
    """Return the places of those that a model can read whole: to cut one would take its problem away."""
    return [i for i, (prompt, answer) in enumerate(pairs) if len(prompt) + len(answer) <= most]


def _rate(weights: Any, settings: Settings) -> float:
    if settings.adapter:
        return 2e-5
    return 1e-3 if pupil.is_small(weights) else 2e-6
