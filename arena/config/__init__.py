"""TOML files into checked values: unknown keys are errors that name the nearest key.

Every field has its meaning and unit beside it; `arena train FILE --set training.updates=500` overrides one.
"""

from arena.config.fields import wrong_name
from arena.config.league_file import LeagueConfig, LearnerConfig, OpponentConfig, RatingConfig, TrainingConfig
from arena.config.reading import check, load, load_tournaments
from arena.config.tournament_file import PatienceConfig, TournamentConfig

__all__ = [
    "LeagueConfig",
    "LearnerConfig",
    "OpponentConfig",
    "PatienceConfig",
    "RatingConfig",
    "TournamentConfig",
    "TrainingConfig",
    "check",
    "load",
    "load_tournaments",
    "wrong_name",
]
