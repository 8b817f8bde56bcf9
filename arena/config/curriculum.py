"""Which game a run over several games plays next: the table [curriculum]. What it does is in arena/curriculum.py."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from arena.config.algorithms import Positive
from arena.config.fields import Strict, Weight

Part = Annotated[float, Field(gt=0, le=1)]


class SECConfig(Strict):
    """Self-evolving curriculum, a bandit over games: `[curriculum.sec]`."""

    rate: Part = 0.5
    """α: how far a game's value goes toward what its matches have just been worth."""
    temperature: Positive = 0.4
    """τ of the softmax over values. Published: 1.0 for Countdown, 0.4 for mathematics, 0.2 for puzzles of two kinds."""


class ProgressConfig(Strict):
    """Change of score against frozen anchors: `[curriculum.progress]`."""

    window: Annotated[int, Field(ge=3)] = 8
    """How many of a game's latest scores say how fast it changes."""
    exploration: Part = 0.2
    """Share of all play that the games have equal parts of, whatever their progress, so that none starves."""


class CurriculumConfig(Strict):
    """How play is shared out among games: `[curriculum]`."""

    method: Literal["progress", "sec", "fixed"] = "progress"
    """The method; the parameters of the others are not read."""
    weights: dict[str, Weight] = {}
    """fixed: relative weights of games by name; a game that is not named weighs 1."""
    sec: SECConfig = SECConfig()
    progress: ProgressConfig = ProgressConfig()

    @model_validator(mode="after")
    def _check(self) -> CurriculumConfig:
        if self.weights and self.method != "fixed":
            raise ValueError(
                f'weights are for the method "fixed", and the method is "{self.method}": drop one of the two'
            )
        return self
