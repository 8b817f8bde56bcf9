"""Why a try gave no reply, in one sentence, and whether another may: from a status, a broken line or a clock.

Another try may help against what passes (no connection, 408, 409, 429, 5xx, a cut or garbled answer, silence), and
none against what the user must mend (400, 401, 402, 403, 404, 422).
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

import openai

from arena.errors import reason
from arena.players.engines.http.key import Key

_PASSING = {408, 409, 425, 429}
"""Statuses below 500 that may be another the next time."""
_SHOWN = 200
"""Characters of a server's own words that are repeated."""

# The openai package rests on httpx up to version 2 and on httpx2 from version 3. It does not wrap what goes wrong
# while an answer is read, so the errors are taken from whichever it uses.
_transport = sys.modules[openai.Timeout.__init__.__module__.partition(".")[0]]
ERRORS: tuple[type[Exception], ...] = (openai.APIError, _transport.HTTPError, _transport.StreamError, OSError)
"""All that the transport raises."""
SILENCE: tuple[type[Exception], ...] = (openai.APITimeoutError, _transport.TimeoutException)
"""Those that mean: nothing came for too long."""


class Failed(Exception):  # noqa: N818 - it becomes a reply, not an error
    """One try gave no reply; the text says why."""

    def __init__(self, text: str, again: bool = True, status: int = 0, wait: float | None = None) -> None:
        super().__init__(text)
        self.again = again
        """Whether another try may help."""
        self.status = status
        """What the server answered with, 0 if it did not."""
        self.wait = wait
        """Seconds after which the server wants to be asked again."""


def explain(error: Exception, key: Key) -> Failed:
    """Return what an error of the transport, or an answer with a bad status, means."""
    if isinstance(error, openai.APIStatusError):
        said = words_of(error.body, key) or error.response.reason_phrase
        return _refusal(error.status_code, said, error.body, key, _retry_after(error.response.headers))
    if isinstance(error, openai.APIConnectionError):
        deepest: Exception = error
        while isinstance(inner := deepest.__cause__ or deepest.__context__, Exception):
            deepest = inner
        said = clean(reason(deepest), key) if deepest is not error else ""
        return Failed(f"cannot be reached ({said or 'no connection'})")
    return Failed(f"broke off its answer ({clean(str(error), key) or type(error).__name__})")


def reported(error: Any, key: Key) -> Failed:
    """Return what an error means that came in the place of an answer, after a good status."""
    code = error.get("code") if isinstance(error, Mapping) else None
    status = int(str(code)) if re.fullmatch("[45][0-9][0-9]", str(code)) else 500
    return _refusal(status, words_of(error, key), error, key, None)


def _refusal(status: int, said: str, body: Any, key: Key, wait: float | None) -> Failed:
    again = status >= 500 or status in _PASSING
    text = f"answers {status}{': ' + said if said else ''}"
    if status == 401:
        mend = f"the key in {key.variable} is not accepted" if key else f"put its key into {key.variable}"
        text += f"; {mend}"
    if status == 429 and isinstance(body, Mapping) and body.get("code") == "insufficient_quota":
        again = False  # no patience fills an account
    return Failed(text, again, status, wait)


def words_of(body: Any, key: Key) -> str:
    """Return the server's own words in the body of an error."""
    while isinstance(body, Mapping):
        body = body.get("message") or body.get("error") or body.get("detail") or ""
    return clean(body, key) if isinstance(body, str) and not body.lstrip().startswith("<") else ""


def clean(text: str, key: Key) -> str:
    """Return foreign words fit for one line of ours: without the key, control characters and the end of a novel."""
    line: str = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    line = key.hide(line).rstrip(". ")  # now that nothing invisible can part the key
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of Retry-After, which come as a number or as a date (RFC 9110, 10.2.3)."""
    said = headers.get("retry-after", "")
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(said).timestamp() - time()
        except (ValueError, OverflowError):
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
