"""The key to a server: read from the environment, and never written anywhere."""

from __future__ import annotations

import os
import re

from arena.errors import ConfigError

_SECRET = 8
"""Characters from which on a key is one: "none" or "EMPTY", as local servers take them, are words like any other."""


class Key:
    """The value of one environment variable; empty where nothing is set and nothing was asked for."""

    def __init__(self, variable: str = "") -> None:
        """Read OPENAI_API_KEY, or the variable that is named. Raises ConfigError; its words never hold a key."""
        if variable and not re.fullmatch("[A-Z_][A-Z0-9_]*", variable):
            # What was given may be the key itself, so it is not repeated.
            raise ConfigError(
                "key_variable is the name of an environment variable, in capitals, such as OPENROUTER_API_KEY; "
                "the key itself belongs into the environment only"
            )
        self.variable = variable or "OPENAI_API_KEY"
        self._value = os.environ.get(self.variable, "").strip()
        if variable and not self._value:
            raise ConfigError(f"the environment variable {variable} is not set: put the key of the server there")
        if not all("!" <= letter <= "~" for letter in self._value):
            raise ConfigError(
                f"the environment variable {self.variable} holds no key: it has spaces or strange letters"
            )

    def __repr__(self) -> str:
        return f"Key({self.variable!r})"

    def __bool__(self) -> bool:
        return bool(self._value)

    def reveal(self) -> str:
        """Return the key itself, for the one client that sends it."""
        return self._value

    def hide(self, text: str) -> str:
        """Return the text without the key: a server may repeat it, in an error or in an answer."""
        return text.replace(self._value, "***") if len(self._value) >= _SECRET else text
