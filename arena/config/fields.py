"""What every table of a configuration file has in common: strictness, and names that results can hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**64)]


class Strict(BaseModel):
    """A table whose unknown keys are errors, and in which true, "7" and 2.0 are no whole numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def cast_names(cast: Iterable[str]) -> dict[str, str]:
    """Return role → the name under which the player of a cast seat sits there."""
    return {role: f"cast:{role}" for role in cast}


def check_labels(names: Iterable[str]) -> None:
    """Raise ValueError for a name that a table, a picture or a key could not hold."""
    for name in names:
        if wrong := wrong_name(name):
            raise ValueError(wrong)


def wrong_name(name: str) -> str:
    """Return why a table, a picture or a key could not hold a player's name; empty for a good one."""
    if name.isprintable() and "|" not in name and name == name.strip() and 0 < len(name) <= 100:
        return ""
    shown = name if len(name) <= 100 else name[:100] + "…"
    return f"the name {shown!r} will not do: take 1 to 100 printable characters, no | and no blank at either end"
