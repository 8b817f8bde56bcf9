"""One answer of the chat completions protocol, read as it comes: server-sent events, or one JSON object.

What a server may send, and what is made of it:

- Only the first of several answers counts (`index` 0): one was asked for. A second one under the same number, after
  the first has ended, makes the whole worthless.
- An answer that a content filter stopped, or that calls a tool, is the player's: a model and its filters are served as
  one, and a replay would meet them again. Of a filtered answer nothing counts, since its end is missing.
- A chain of thought that comes apart from the answer shows that the server is alive, and is not kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from arena.players.engines.http.failures import Failed, reported
from arena.players.engines.http.key import Key
from arena.players.engines.http.prices import Usage, usage_of

_LONGEST_LINE = 4_000_000
"""Bytes of one event."""
_LONGEST_TEXT = 2_000_000
"""Characters of one answer; far more than any model's, since an endless one must not fill the memory."""

_CUT_SHORT = {"length", "max_tokens", "model_length"}
_BROKEN = {"error", "abort", "insufficient_system_resource"}
"""Ends that servers give to answers that they could not finish."""


class Answer(NamedTuple):
    """A whole answer."""

    text: str
    stop: Literal["end", "length"]
    usage: Usage | None = None
    """None where the server does not say."""


class Completion:
    """One answer, as far as it has come. Every method raises Failed for what is no such answer."""

    def __init__(self, key: Key, whole: bool = False) -> None:
        """Read events, or with `whole` one JSON object: not every server streams, and errors come so too."""
        self._key, self._whole = key, whole
        self._rest = bytearray()
        self._text: list[str] = []
        self._length = 0
        self._finish = ""
        self.done = False
        """Whether the server has said that nothing more comes."""
        self._usage: Usage | None = None

    def feed(self, data: bytes) -> None:
        """Take the next bytes, however they are cut."""
        if self._whole or b"\n" not in data:
            self._rest += data
            if len(self._rest) > _LONGEST_LINE:
                raise Failed(f"sent {_LONGEST_LINE:,} bytes that are no event")
            return
        *lines, rest = (bytes(self._rest) + data).split(b"\n")
        self._rest = bytearray(rest)
        for line in lines:
            self._read(line)

    def end(self) -> Answer:
        """Return the whole, once no more bytes come."""
        if self._whole:
            self._take(self._json(bytes(self._rest)))
        elif self._rest:
            self._read(bytes(self._rest))  # a last line without its end
        if not self._finish:
            raise Failed("cut off its answer" if self._text else "sent no answer")
        if self._finish in _BROKEN:
            raise Failed(f"could not finish its answer ({self._finish})")
        if self._finish == "content_filter":
            return Answer("", "end", self._usage)
        # Half of a surrogate pair in each of two events makes one letter; one without its other half is no text.
        text = "".join(self._text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return Answer(self._key.hide(text), "length" if self._finish in _CUT_SHORT else "end", self._usage)

    def _read(self, line: bytes) -> None:
        if not line.startswith(b"data:"):
            return  # comments that keep the connection alive, names of events
        data = line[5:].strip()
        if data == b"[DONE]":
            self.done = True
        elif data:
            self._take(self._json(data))

    def _json(self, data: bytes) -> Any:
        try:
            return json.loads(data.decode())
        except UnicodeDecodeError:
            raise Failed("sent an answer that is not UTF-8") from None
        except (ValueError, RecursionError):
            raise Failed("sent an answer that is not JSON") from None

    def _take(self, event: Any) -> None:
        if not isinstance(event, dict):
            raise Failed("sent JSON that is no answer")
        if event.get("error"):
            raise reported(event["error"], self._key)
        if isinstance(event.get("usage"), dict):
            self._usage = usage_of(event["usage"])
        choices = event.get("choices") or []
        if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
            raise Failed("sent JSON that is no answer")
        for choice in choices:
            if choice.get("index") in (0, None):
                self._add(choice)

    def _add(self, choice: Mapping[str, Any]) -> None:
        part = choice.get("delta") or choice.get("message") or {}
        finish = choice.get("finish_reason") or ""
        if not isinstance(part, dict) or not isinstance(finish, str):
            raise Failed("sent JSON that is no answer")
        text = _text(part.get("content")) or _text(part.get("refusal"))
        if text and self._finish:
            raise Failed("went on after the end of its answer")
        self._length += len(text)
        if self._length > _LONGEST_TEXT:
            raise Failed(f"sent more than {_LONGEST_TEXT:,} characters")
        if text:
            self._text.append(text)
        self._finish = self._finish or finish


def _text(content: Any) -> str:
    """Return the text of a message's content: a string, or parts of which some are text (Mistral's way)."""
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
        content = "".join(text for text in texts if isinstance(text, str))
    if content is None:
        return ""
    if not isinstance(content, str):
        raise Failed("sent JSON that is no answer")
    return content
