"""Who may sit where nobody competes: every such seat has a player, and no judge judges itself.

A judge prefers its own words (arena/judging.py), so one that is of one mind with an entrant (arena/kinship.py) is
refused, unless the configuration takes that upon itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from arena.errors import ConfigError
from arena.game import Game
from arena.judging import Judged
from arena.kinship import origins
from arena.registry import parse, respelled


def check_cast(game: Game[Any], cast: Mapping[str, str]) -> None:
    """Raise ConfigError where a seat of the cast is empty, or a player has no seat there; `cast` is role → spec."""
    needed = {role for side, role in zip(game.side_of, game.roles, strict=True) if side < 0}
    for role in sorted(needed - set(cast)):
        raise ConfigError(f"{game.name} has a cast seat {role!r}: name its player under [cast]")
    for role in sorted(set(cast) - needed):
        seats = f"its cast seats are {', '.join(sorted(needed))}" if needed else "it has none"
        raise ConfigError(f"{game.name} has no cast seat {role!r}: {seats}")


def check_judges(game: Game[Any], cast: Mapping[str, str], entrants: Mapping[str, str]) -> None:
    """Raise ConfigError for a judge that is of one mind with somebody whom it judges; specs by role and by name."""
    for role in game.judge_roles if isinstance(game, Judged) else ():
        for name, shared in kin(cast[role], entrants).items():
            raise ConfigError(
                f"cast.{role} would judge itself: it shares {shared} with {name!r}, and judges prefer their own words; "
                "name another judge, or set judges_itself = true"
            )


def in_run(spec: str, home: Path) -> str:
    """Return a player's spec, in which the model 'base' is that of the league in a folder."""
    if "base" not in spec or parse(spec).parameters.get("model") != "base":
        return spec
    return respelled(spec, {"model": str(home / "base")})


def kin(judge: str, entrants: Mapping[str, str]) -> dict[str, str]:
    """Return the entrants that are of one mind with a judge: name → what they share, in words. All are specs."""
    mine = origins(judge)
    shared = {name: sorted(mine & origins(spec)) for name, spec in entrants.items()}
    return {name: common[0] for name, common in shared.items() if common}
