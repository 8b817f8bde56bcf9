"""arena: where game-playing minds compete and improve.

The rooms of the house::

    games/ ──Request──▶ players/ ──Move──▶ arena.match ──Record──▶ arena.rating ──▶ arena.league ──▶ trainers/

Start with `arena.play`, `arena.tournament`, `arena.pit` and `arena.train`; the command line only calls them.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

# In a checkout the rooms lie beside this folder; in a wheel they lie inside it. Looking in both places makes
# a bare clone, an editable install and a wheel mean the same modules.
_root = Path(__file__).resolve().parent.parent
if (_root / "games" / "__init__.py").is_file() and (_root / "pyproject.toml").is_file():
    __path__.append(str(_root))

if TYPE_CHECKING:
    from arena.api import benchmark, exploit, pit, play, tournament, train
    from arena.batch import DecisionBatch, TokenBatch
    from arena.errors import ArenaError, GameError, IllegalAction
    from arena.game import CHANCE, OVER, Choices, Game, Text, Uniform
    from arena.player import Evaluation, Fault, Move, Player, Request, Requests, Trainable
    from arena.record import Record, StopReason, Turn
    from arena.registry import load_game, load_player

__version__ = "0.1.0"

# Names are imported when first used, so that `import arena` and `arena --help` stay quick.
_HOME = {
    **dict.fromkeys(["benchmark", "exploit", "pit", "play", "tournament", "train"], "arena.api"),
    **dict.fromkeys(["DecisionBatch", "TokenBatch"], "arena.batch"),
    **dict.fromkeys(["ArenaError", "GameError", "IllegalAction"], "arena.errors"),
    **dict.fromkeys(["CHANCE", "OVER", "Choices", "Game", "Text", "Uniform"], "arena.game"),
    **dict.fromkeys(["Evaluation", "Fault", "Move", "Player", "Request", "Requests", "Trainable"], "arena.player"),
    **dict.fromkeys(["Record", "StopReason", "Turn"], "arena.record"),
    **dict.fromkeys(["load_game", "load_player"], "arena.registry"),
}

__all__ = [
    "CHANCE",
    "OVER",
    "ArenaError",
    "Choices",
    "DecisionBatch",
    "Evaluation",
    "Fault",
    "Game",
    "GameError",
    "IllegalAction",
    "Move",
    "Player",
    "Record",
    "Request",
    "Requests",
    "StopReason",
    "Text",
    "TokenBatch",
    "Trainable",
    "Turn",
    "Uniform",
    "benchmark",
    "exploit",
    "load_game",
    "load_player",
    "pit",
    "play",
    "tournament",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'arena' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
