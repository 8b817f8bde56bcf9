"""Files over several games: a ladder for each, and entrants (a league's anchors) that say which they play and as what.

::

    games = ["kuhn_poker", "tic_tac_toe"]

    [entrants]
    uniform = "uniform"                                       # plays them all
    search = {kuhn_poker = "ismcts", tic_tac_toe = "mcts"}    # another player in each
    net = {tic_tac_toe = "runs/board/checkpoints/main-400"}   # plays one of them
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from arena.errors import ConfigError


def per_game(values: Mapping[str, Any], source: str) -> dict[str, dict[str, Any]]:
    """Return label → the values of one game's tournament. Raises ConfigError; the rest is checked as for one game.

    A label is the game's spec as the name of a folder. A file of one game is its own only part, with the label "".
    """
    if "games" not in values:
        return {"": dict(values)}
    games, entrants = values["games"], values.get("entrants")
    if not (isinstance(games, list) and games and all(isinstance(game, str) for game in games)):
        raise ConfigError(f'{source}: games should be a list of games, such as games = ["kuhn_poker", "tic_tac_toe"]')
    if "game" in values:
        raise ConfigError(f"{source} has both game and games: leave one of them out")
    labels = [label(game) for game in games]
    if len(set(labels)) < len(labels):
        raise ConfigError(f"{source} names a game twice under games")
    if not isinstance(entrants, dict):
        raise ConfigError(f"{source}: the key 'entrants' is missing")
    _check_tables(entrants, games, source)
    common = {key: value for key, value in values.items() if key != "games"}
    return {label: _one_game(common, entrants, game) for label, game in zip(labels, games, strict=True)}


def label(game: str) -> str:
    """Return a game's spec as the name of a folder."""
    return re.sub(r"[^\w.-]+", "_", game).strip("_.")


def _check_tables(entrants: Mapping[str, Any], games: list[str], source: str) -> None:
    """Raise ConfigError where an entrant's table names a game that is not played."""
    for name, spec in entrants.items():
        for game in spec if isinstance(spec, dict) else ():
            if game not in games:
                near = get_close_matches(game, games, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"games = {games}"
                raise ConfigError(f"{source}: entrants.{name} names the game {game!r}, which is not played; {hint}")


def _one_game(common: Mapping[str, Any], entrants: Mapping[str, Any], game: str) -> dict[str, Any]:
    """Return the values for one game: its entrants, and of what is said of entrants what concerns them."""
    here = {
        name: spec[game] if isinstance(spec, dict) else spec
        for name, spec in entrants.items()
        if not isinstance(spec, dict) or game in spec
    }
    part = {**common, "game": game, "entrants": here}
    if (anchor := part.get("anchor")) in entrants and anchor not in here:
        del part["anchor"]  # the first entrant takes over
    if isinstance(newcomers := part.get("newcomers"), list):
        part["newcomers"] = [name for name in newcomers if name in here or name not in entrants]
    if isinstance(seeding := part.get("seeding"), dict):
        part["seeding"] = {name: value for name, value in seeding.items() if name in here or name not in entrants}
    return part
