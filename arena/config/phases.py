"""When recorded games are learned from, and when self-play: a table of its own; it is read by trainers/phases.py."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from arena.config.algorithms import Fraction
from arena.config.fields import Count, Strict


class PhasesConfig(Strict):
    """Supervised learning and self-play in turn: `[training.phases]`. Without a word, self-play alone."""

    opening: Annotated[int, Field(ge=0)] = 0
    """Supervised updates before anything else."""
    after: Literal["self_play", "interleaved", "random"] = "self_play"
    """What follows: self-play alone; so many updates of the one and so many of the other; or a draw at every update."""
    self_play: Count = 20
    """interleaved: updates by self-play, which come first."""
    supervised: Count = 5
    """interleaved: supervised updates after them."""
    supervised_share: Fraction = 0.5
    """random: probability that an update is supervised."""
    in_turn: dict[str, Count] = {}
    """Role → updates: in self-play the roles learn in turn, each for so many updates, while the others stay as they
    are. Empty: all learn at once. A role's learning rate falls to 0 over its own updates."""
    frozen: Fraction = 0.0
    """Probability that in an update by self-play only one side learns, against opponents that stay as they are."""

    @model_validator(mode="after")
    def _check(self) -> PhasesConfig:
        if self.in_turn and self.after == "random":
            raise ValueError('in_turn counts updates of self-play, and after = "random" draws them: choose one of both')
        return self
