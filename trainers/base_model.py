"""The model that a run's language models begin with: a tiny new one or somebody's, taught by example before all else.

It lies in the run's folder and is published whole, so a run that was killed while it was taught teaches it again, from
the same seed.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from arena.config.league_file import BaseConfig
from arena.demonstrations import Demonstration, demonstrations
from arena.errors import ConfigError
from arena.game import Game
from arena.match import Fixture, play_fixtures
from arena.player import close
from arena.registry import load_player, parse, respelled
from arena.seeds import derive, generator
from arena.trainers import tiny_model
from arena.trainers.imitation import Cloned, Settings, Tell, gather, teach

NAME = "base"
"""What the model is called, in the specs of a run's players and in its folder."""
_ASKED = ("history", "thinking", "answer", "show_legal")
"""Parameters of a player that say how it is asked, which is how it is taught."""


def prepare(
    base: BaseConfig, games: Sequence[Game[Any]], spec: str, folder: Path, seed: int, tell: Tell
) -> Cloned | None:
    """Make and teach the model into `folder`, to be asked like the player `spec`; None if it is there already.

    Raises ConfigError for a shape that cannot be and for teachers that teach nothing, and as `imitation.teach` does.
    """
    if folder.exists():
        return None
    shape = {"width": base.width, "layers": base.layers, "heads": base.heads}
    if not base.model:
        tiny_model.heads_of(base.width, base.heads)
    fresh = folder.with_name(f"{folder.name}-untaught")
    shutil.rmtree(fresh, ignore_errors=True)
    settings = Settings(
        epochs=base.epochs, rate=base.learning_rate, batch_tokens=base.batch_tokens, seed=derive(seed, NAME)
    )
    played = examples(base, games, settings, tell)
    if not base.model:
        specs, speakers = [game.spec for game in games], base.teachers or ["uniform"]
        tiny_model.run(fresh, specs, settings.seed, speakers, **shape)
    asked = {key: value for key, value in parse(spec).parameters.items() if key in _ASKED}
    pupil = respelled("chat", {"model": base.model or str(fresh), **asked})
    origin = {"learned": base.teachers, "runs": base.runs}
    cloned = teach(pupil, played, origin, folder, settings, tell)
    shutil.rmtree(fresh, ignore_errors=True)
    return cloned


def examples(base: BaseConfig, games: Sequence[Game[Any]], settings: Settings, tell: Tell) -> list[Demonstration]:
    """Return what there is to learn, in an order that is drawn. Raises ConfigError where that is nothing."""
    shown: list[Demonstration] = []
    for game in games:
        for spec in base.teachers:
            shown += _taught(base, game, spec, settings, tell)
    if base.runs:
        shown += gather([Path(run) for run in base.runs], "", settings, tell)[0]
    if not shown:
        raise ConfigError("[base] has no teachers whose decisions could be learned, and no runs: name one of them")
    order = generator(settings.seed, "lessons").permutation(len(shown))
    return [shown[i] for i in order]


def _taught(base: BaseConfig, game: Game[Any], spec: str, settings: Settings, tell: Tell) -> list[Demonstration]:
    """Return what a teacher decides when it plays a game against itself."""
    teacher = load_player(spec, game, spec, derive(settings.seed, spec))
    fixtures = [
        Fixture(f"lesson-{i:06d}", "play", (spec,) * game.seats, derive(settings.seed, "lesson", spec, i), "")
        for i in range(base.matches)
    ]
    records = []
    for record in play_fixtures(game, fixtures, {spec: teacher}):
        records.append(record)
        tell("teachers play", len(records), base.matches, "matches", spec)
    close([teacher])
    records.sort(key=lambda record: record.key)
    return [decision for record in records for decision in demonstrations(record, game)]
