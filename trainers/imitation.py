"""A language model learns to play by example: from the matches in runs to a folder that a chat player plays.

Every recorded decision becomes a lesson, in the words in which the chat player itself is asked and answers, and
`behaviour_cloning.py` teaches the lessons. Some decisions are held back, to ask the model afterwards. The folder that
comes out is an ordinary one of Hugging Face, a model or with `adapter` a LoRA adapter (Hu et al., 2021); how it came
about is written beside the weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from arena.demonstrations import Demonstration, demonstrations
from arena.errors import ConfigError, UnknownName
from arena.folder import refuse_existing
from arena.player import Move, Request, Requests, close
from arena.registry import load_player, parse, respelled
from arena.runs import opened
from arena.seeds import derive, generator
from arena.trainers import pupil

PROVENANCE, _ = pupil.ORIGINS

_ASKED = 200
"""Questions that the model is asked at the end."""

Tell = Callable[[str, int, int | None, str, str], None]
"""What goes on, how much of it is done, of how much in all if that is known, what is counted, and a note."""


class Settings(NamedTuple):
    """How it learns."""

    adapter: bool = False
    """Whether to leave the model as it is, and teach a LoRA adapter on all its linear layers."""
    decisions: int = 20_000
    """The most to learn from; of more, a sample is drawn."""
    epochs: int = 1
    rate: float = 0.0
    """Of AdamW; 0: 2e-4 for an adapter, else 5e-3 for models of less than ten million weights and 1e-5 for larger."""
    batch_tokens: int = 1024
    rank: int = 16
    """Of the adapter."""
    won: bool = False
    """Whether to learn only what was decided on seats that were paid more than 0 (rejection fine-tuning)."""
    seed: int = 0


class Cloned(NamedTuple):
    """What was learned."""

    player: str
    """The spec of the player that plays it."""
    decisions: int
    """What it learned from."""
    losses: list[float]
    """Of every step, in nats per token."""
    legal: float
    """The share of its replies to questions that had been held back which made a legal move."""
    asked: int
    """How many replies that were."""

    @property
    def before(self) -> float:
        """The loss of the first step."""
        return self.losses[0]

    @property
    def after(self) -> float:
        """The mean loss of the last tenth of all steps."""
        return float(np.mean(self.losses[-max(1, len(self.losses) // 10) :]))


def run(spec: str, runs: Sequence[Path], to: Path, who: str, tell: Tell, **how: Any) -> Cloned:
    """Teach the model of the chat player `spec` the decisions of `who` (all players if "") in `runs`.

    `how` are `Settings`, and the result is written to the folder `to`. Raises ConfigError for what cannot be taught,
    UnknownName where nobody of that name has decided anything, and StoreError where there is no run.
    """
    settings = Settings(**how)
    refuse_existing(to)
    _model_of(spec, settings)
    played, origins = gather(runs, who, settings, tell)
    return teach(spec, played, {"learned": who or "all players", "runs": origins}, to, settings, tell)


def teach(
    spec: str, played: Sequence[Demonstration], origin: Mapping[str, Any], to: Path, settings: Settings, tell: Tell
) -> Cloned:
    """Teach the model of the chat player `spec` what was `played`, in that order; `origin` says where that was.

    Raises as `run` does.
    """
    refuse_existing(to)
    model = _model_of(spec, settings)
    with pupil.reader(spec, played[0].request.game) as reader:
        lessons = _lessons(reader, played, tell)
    held = min(_ASKED, max(len(played) // 10, min(len(played) - 1, 1)))
    about = {"player": spec, **origin, "decisions": len(lessons) - held}
    losses = _teach(model, lessons[held:], to, about, settings, tell)
    cloned = respelled(spec, {"adapter" if settings.adapter else "model": str(to)})
    longest = max(len(answer) for _, answer in lessons)
    legal = _legal(cloned, played[:held] or played, 2 * longest, settings.seed, tell)
    return Cloned(cloned, len(lessons) - held, losses, legal, _ASKED)


def _model_of(spec: str, settings: Settings) -> str:
    """Return the folder of the model that a spec names. Raises ConfigError for what cannot be taught."""
    model = pupil.folder_of(spec, settings.adapter)
    pupil.check_numbers(settings.rate, decisions=settings.decisions, epochs=settings.epochs)
    return model


# What there is to learn.


def gather(
    runs: Sequence[Path], who: str, settings: Settings, tell: Tell
) -> tuple[list[Demonstration], list[dict[str, Any]]]:
    """Return decisions in an order that is drawn, and the runs that they come from, as they are written down.

    Of more decisions than are wanted it is a fair sample: reservoir sampling (Vitter, 1985, algorithm R).
    """
    rng = generator(settings.seed, "imitation")
    kept: list[Demonstration] = []
    origins: list[dict[str, Any]] = []
    names: Counter[str] = Counter()
    seen = 0
    for store, game in opened(runs):
        before, matches = seen, 0
        for record in store.records():
            names.update(record.entrants)
            for shown in demonstrations(record, game, who, won=settings.won):
                place = len(kept) if len(kept) < settings.decisions else int(rng.integers(seen + 1))
                kept[place : place + 1] = [shown] if place < settings.decisions else []
                seen += 1
            matches += 1
            tell("read", matches, None, "matches", "")
        origins.append({"run": str(store.folder), "game": game.spec, "matches": matches, "decisions": seen - before})
    if not kept:
        where = ", ".join(map(str, runs))
        if who and who not in names:
            known = ", ".join(sorted(names)[:10]) or "nobody"
            raise UnknownName(f"nobody called {who!r} plays in {where}; there are {known}")
        whose = f"{' of ' + repr(who) if who else ''}{' in a match that it won' if settings.won else ''}"
        raise UnknownName(f"{where} shows no decision{whose}: play some matches first")
    return [kept[i] for i in rng.permutation(len(kept))], origins


def _lessons(reader: Any, played: Sequence[Demonstration], tell: Tell) -> list[tuple[Any, Any]]:
    """Return the ids of every prompt and answer."""
    lessons = []
    for done, (request, action) in enumerate(played, 1):
        lessons.append(reader.lesson(request, action))
        tell("lessons", done, len(played), "decisions", "")
    return lessons


def _check_length(model: str, weights: Any, lessons: Sequence[tuple[Any, Any]]) -> None:
    room = pupil.most_tokens(weights)
    longest = max(len(prompt) + len(answer) for prompt, answer in lessons)
    if longest > room:
        raise ConfigError(
            f"a decision takes {longest:,} tokens, but {model} reads {room:,} at most: teach a larger one"
        )


# How it is taught.


def _rate(weights: Any, settings: Settings) -> float:
    if settings.adapter:
        return 2e-4
    return 5e-3 if pupil.is_small(weights) else 1e-5


def _teach(
    model: str,
    lessons: Sequence[tuple[Any, Any]],
    to: Path,
    about: Mapping[str, Any],
    settings: Settings,
    tell: Tell,
) -> list[float]:
    """Teach the lessons and publish what came of it; return the losses. Raises ConfigError if nothing did."""
    from arena.trainers.behaviour_cloning import clone

    weights, tokenizer = pupil.load(model, settings.adapter, settings.rank, settings.seed)
    _check_length(model, weights, lessons)
    chosen = settings._replace(rate=settings.rate or _rate(weights, settings))
    losses: list[float] = clone(
        weights,
        lessons,
        epochs=chosen.epochs,
        rate=chosen.rate,
        batch_tokens=chosen.batch_tokens,
        seed=chosen.seed,
        tell=lambda done, steps, loss: tell("learn", done, steps, "steps", f"loss {loss:.3f}"),
    )
    if not isfinite(losses[-1]):
        raise ConfigError(
            f"the loss has become no number, and nothing is written: try less than rate = {chosen.rate:g}"
        )

    told = {**about, "settings": chosen._asdict(), "losses": losses}
    pupil.keep(to, weights, tokenizer, PROVENANCE, told, None if chosen.adapter else Path(model))
    return losses


# What came of it.


def _legal(spec: str, played: Sequence[Demonstration], longest: int, seed: int, tell: Tell) -> float:
    """Return which share of replies makes a legal move; a reply that is far longer than an answer makes none."""
    most = min(longest, int(parse(spec).parameters.get("max_tokens", longest)))
    player = load_player(respelled(spec, {"max_tokens": most}), played[0].request.game)
    requests = [played[i % len(played)].request.reseeded(derive(seed, "asked", i)) for i in range(_ASKED)]
    tell("ask", 0, _ASKED, "questions", "")
    moves = player.act(Requests(requests))
    tell("ask", _ASKED, _ASKED, "questions", "")
    close([player])
    return float(np.mean([_is_legal(*pair) for pair in zip(requests, moves, strict=True)]))


def _is_legal(request: Request, move: Move) -> bool:
    return move.fault is None and move.action is not None and move.action in request.legal
