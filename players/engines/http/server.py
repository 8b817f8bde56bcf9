"""One try at an OpenAI-compatible server, under two clocks: silence, and all of it together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

import openai

from arena.players.engines.http.completion import Answer, Completion
from arena.players.engines.http.failures import ERRORS, SILENCE, Failed, explain
from arena.players.engines.http.key import Key

_DRAIN = 0.5
"""Seconds in which the rest of a stream may come after its last word, so that its connection serves again."""

_NO_LIST: tuple[type[Exception], ...] = (*ERRORS, TimeoutError, ValueError, TypeError, AttributeError)
"""A list of models may be garbled in any way, and the package does not look."""


class Server:
    """A connection pool to one server."""

    def __init__(self, base_url: str, key: Key, idle_seconds: float, total_seconds: float) -> None:
        self.idle_seconds, self.total_seconds, self._key = idle_seconds, total_seconds, key
        self._client = openai.AsyncOpenAI(
            api_key=key.reveal() or "none",  # what servers without keys are sent by custom
            base_url=base_url,
            timeout=openai.Timeout(idle_seconds, pool=None),  # per read, so it bounds the silence
            max_retries=0,  # patience is the engine's, which counts it
        )

    async def complete(self, body: Mapping[str, Any], deadline: float) -> Answer:
        """Return the answer to `body` if it is there by `deadline`, a time of the event loop. Raises Failed."""
        rest = {name: value for name, value in body.items() if name not in ("model", "messages")}
        create = self._client.chat.completions.with_streaming_response.create
        try:
            async with (
                asyncio.timeout_at(deadline),
                create(model=body["model"], messages=body["messages"], stream=True, extra_body=rest) as response,
            ):
                completion = Completion(self._key, "json" in response.headers.get("content-type", ""))
                await _read(response.iter_bytes(), completion)
        except TimeoutError:
            raise Failed(f"did not finish its answer within {self.total_seconds:g} s", again=False) from None
        except SILENCE:
            raise Failed(f"sent nothing for {self.idle_seconds:g} s") from None
        except ERRORS as error:
            failed = explain(error, self._key)
            if failed.status == 400 and "output limit was reached" in str(failed):
                return Answer("", "length")  # so OpenAI says that all tokens went into thinking
            raise failed from None
        return completion.end()

    async def models(self) -> list[str]:
        """Return the names of the models that it serves. Raises Failed."""
        try:
            async with asyncio.timeout(self.idle_seconds):
                return [model.id async for model in self._client.models.list() if isinstance(model.id, str)]
        except _NO_LIST as error:
            raise Failed(f"lists no models ({type(error).__name__})") from None

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()


async def _read(chunks: AsyncIterator[bytes], completion: Completion) -> None:
    async for chunk in chunks:
        completion.feed(chunk)
        if completion.done:
            break
    with suppress(TimeoutError, *ERRORS):  # the answer is there, whatever follows
        async with asyncio.timeout(_DRAIN):
            async for _ in chunks:
                pass
