"""Any game of OpenSpiel (Lanctot et al., 2019; Apache-2.0) as a game of ours."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from arena.errors import ConfigError


def load_pyspiel() -> Any:
    """Return the module pyspiel. Raises ConfigError with what to install."""
    try:
        return import_module("pyspiel")
    except ModuleNotFoundError:
        raise ConfigError("OpenSpiel is not installed: pip install 'selfplay-arena[openspiel]'") from None
