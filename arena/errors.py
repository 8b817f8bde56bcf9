"""Every error that arena raises on purpose.

::

    ArenaError
    ├── ConfigError          (ValueError)       a TOML file or an option says something impossible
    ├── UnknownName          (LookupError)      nothing is registered under that name
    ├── GameError            (ValueError)       a game broke its contract
    │   ├── IllegalAction                       a move that the rules do not allow
    │   └── TooLarge                            the game does not fit the exact tables
    ├── HiddenState          (PermissionError)  a player asked for a state that it may not see
    ├── PlayerError          (RuntimeError)     a player broke its contract
    │   └── StoppedError                        a player has gone, and the run stops where it is
    ├── CheckpointError      (ValueError)       a folder is no checkpoint, or is damaged
    ├── ReplayError          (ValueError)       a record does not replay to its own result
    ├── StoreError           (OSError)          a run's file cannot be read or written
    │   └── RunLocked                           another process is writing this run
    └── RatingError          (ValueError)       the results cannot be put on one scale

Each also inherits the standard error that it replaces, so `except ValueError` keeps working. A message
says what was got, what was wanted and what to do; the command line prints it without a traceback.
"""


class ArenaError(Exception):
    """The root: anything a user can mend."""


class ConfigError(ArenaError, ValueError):
    """A configuration file or an option says something impossible."""


class UnknownName(ArenaError, LookupError):  # noqa: N818 - reads better where it is raised and caught
    """Nothing is registered under the name that was given."""


class GameError(ArenaError, ValueError):
    """A game broke its contract; the message says on which moves."""


class IllegalAction(GameError):  # noqa: N818 - a fact of the game, shown to players, before it is an error
    """A move that the rules do not allow. The message is a sentence that the player may be shown."""


class TooLarge(GameError):  # noqa: N818 - says the finding
    """The game has more states than the exact tables may hold."""


class HiddenState(ArenaError, PermissionError):  # noqa: N818 - says the finding
    """A player asked for the state of a game with hidden information."""


class PlayerError(ArenaError, RuntimeError):
    """A player broke its contract, for example by answering three requests with two moves."""


class StoppedError(PlayerError):
    """A player has gone for good, such as a person who closed the terminal. The run stops, and loses nothing."""


class CheckpointError(ArenaError, ValueError):
    """A folder is no checkpoint, is for another game, or is damaged."""


class ReplayError(ArenaError, ValueError):
    """A record does not replay to its own result."""


class StoreError(ArenaError, OSError):
    """A run's file cannot be read or written."""


class RunLocked(StoreError):  # noqa: N818 - says the finding
    """Another process is writing this run."""


class RatingError(ArenaError, ValueError):
    """The results cannot be put on one scale."""


def reason(error: Exception) -> str:
    """Return what an error says, for a sentence of our own: of a system's error the words without its number."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return said[:1].lower() + said[1:]
