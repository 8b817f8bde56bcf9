"""Language models behind any server that speaks OpenAI's chat completions: OpenAI, OpenRouter, vllm serve, llama.cpp.

Requests run on a thread of their own. The first prompt for a model is preceded by a tiny one that shows whether the
server can be reached, takes the key and knows the model; if not, `collect` raises one sentence before any match is
played. Later failures become replies that are `unavailable`, so they void a match and never lose it: no connection,
429, 5xx, silence, a cut or garbled answer, each after several tries, and what the user must mend (401, 402, 403, 404)
at once. A prompt that no further try could help (400, 413, 422) is `refused`.

What a server does not say stays unknown: the ids of the tokens, their log-probabilities, the version of the weights.
A server that fills in missing parameters by itself (vllm serve takes top_k and min_p from the model's folder, unless it
is started with --generation-config vllm) draws by another law than the one that is recorded.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from difflib import get_close_matches
from threading import Condition, Lock
from time import monotonic
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from arena.errors import ConfigError, PlayerError, StoppedError
from arena.players.engines.engine import Message, Prompt, Reply, Sampling, Texts
from arena.players.engines.http.background import Background
from arena.players.engines.http.completion import Answer
from arena.players.engines.http.failures import Failed, clean
from arena.players.engines.http.key import Key
from arena.players.engines.http.limiter import Limiter
from arena.players.engines.http.patience import Patience
from arena.players.engines.http.prices import Bill, Usage
from arena.players.engines.http.server import Server

_T = TypeVar("_T")

_PROBE = (Message("user", "Say yes."),)
_PROBE_TOKENS = 16
_CLOSING = 0.9
"""Seconds that closing may take."""
_REFUSALS = (400, 413, 422)
"""Statuses that are about this one prompt, such as one that is too long: not about the server, key or account."""
_OURS = ("model", "messages", "stream", "n")
"""Fields of a request that nobody else sets: without them no answer could be read."""


class OpenAIEngine:
    """Asks `model` at `base_url`.

    - The key is read from the environment: OPENAI_API_KEY, or the variable named by `key_variable`.
    - At most `concurrency` requests are under way; a 429 halves that, ten answers give one back.
    - `idle_seconds` bounds the silence of a server, `total_seconds` a prompt with all its `tries`, from when it is
      first sent. `wait_seconds` is the wait before the second try, doubled for each further one.
    - Prices are dollars per million tokens, for servers that do not report a cost. Once `dollars` has reached
      `most_dollars`, no request begins: prompts that wait are unavailable, a new one raises StoppedError. What is under
      way then is still paid for; so is, uncounted, what a server bills for an answer that it never finished.
    - `extra` holds more fields of each request, such as {"reasoning_effort": "low"}; None leaves a field out, for
      servers that refuse one ({"seed": None}).

    As `member` it takes the name under which the server has the adapter (`vllm serve --lora-modules NAME=FOLDER`).
    Raises ConfigError for impossible options.
    """

    def __init__(
        self,
        model: str,
        base_url: str = "https://api.openai.com/v1",
        key_variable: str = "",
        concurrency: int = 16,
        idle_seconds: float = 180.0,
        total_seconds: float = 1800.0,
        tries: int = 5,
        wait_seconds: float = 1.0,
        prompt_price: float | None = None,
        completion_price: float | None = None,
        most_dollars: float | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        _check_url(base_url)
        counts = {"concurrency": concurrency, "tries": tries}
        seconds = {"idle_seconds": idle_seconds, "total_seconds": total_seconds, "wait_seconds": wait_seconds}
        for name, number in counts.items():
            if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= 1000:
                raise ConfigError(f"{name} = {number!r} will not do: give a whole number from 1 to 1000")
        for name, length in seconds.items():
            if not isinstance(length, int | float) or isinstance(length, bool) or not 0 < length < math.inf:
                raise ConfigError(f"{name} = {length!r} will not do: give seconds, above 0")
        if not isinstance(model, str) or not model:
            raise ConfigError(
                f'model = {model!r} names none: give the name that the server has for it, such as "gpt-5"'
            )
        self.model, self.base_url = model, base_url.rstrip("/")
        self.tries, self.wait_seconds = tries, wait_seconds
        self.idle_seconds, self.total_seconds = idle_seconds, total_seconds
        self.extra = _fields(extra or {})
        self.bill = Bill(prompt_price, completion_price, most_dollars)
        self.limiter = Limiter(concurrency)
        self._key = Key(key_variable)
        self._limit_field = "max_tokens"
        self._checks: dict[str, asyncio.Task[str]] = {}
        self._tickets = itertools.count(1)
        self._open: dict[int, Future[Reply]] = {}
        self._ready: dict[int, Any] = {}  # replies, and errors for `collect` to raise
        self._news = Condition(Lock())
        self._closed = False
        self._background: Background | None = None
        self._server: Server
        self._patience: Patience

    @property
    def dollars(self) -> float:
        """What all replies have cost so far, as far as it is known."""
        total: float = self.bill.dollars
        return total

    def check(self) -> None:
        """Ask for a tiny answer, unless that was done. Raises StoppedError with one sentence if none comes."""
        try:
            wrong = self._start(self._checked, self.model).result()
        except CancelledError:
            wrong = ""
            self._refuse_closed()
        if wrong:
            raise StoppedError(wrong)

    def submit(self, prompt: Prompt, sampling: Sampling, member: str = "") -> int:
        """Take a prompt and return its ticket at once.

        Raises PlayerError for what no server of this kind can do, and StoppedError once the dollars are spent.
        """
        if sampling.choices:
            raise PlayerError(
                f"{self._name(member)} is asked over HTTP, where a reply cannot be held to a list of texts: "
                "let it answer freely, or play the model through vLLM or transformers"
            )
        if not prompt or prompt[-1].role != "user":
            raise PlayerError(
                f"{self._name(member)} is asked over HTTP, where an answer cannot be begun for it: "
                "end the prompt with the user's message"
            )
        if self.bill.used_up:
            raise StoppedError(f"{self.base_url} {self.bill.sentence()}")
        work = self._start(self._answer, prompt, sampling, member or self.model)
        ticket = next(self._tickets)
        with self._news:
            self._open[ticket] = work
        work.add_done_callback(lambda done: self._arrived(ticket, done))
        return ticket

    def collect(self, tickets: Collection[int], seconds: float) -> dict[int, Reply]:
        """Wait for about so many seconds at most, and return the replies to these tickets as soon as there is one.

        Raises StoppedError if the preflight call failed, and PlayerError for a ticket that is not open.
        """
        deadline = monotonic() + seconds
        wanted = set(tickets)
        with self._news:
            self._refuse_closed()
            if strange := [ticket for ticket in wanted if ticket not in self._open and ticket not in self._ready]:
                raise PlayerError(f"there is no open ticket {strange[0]}: each is collected once")
            while wanted and not any(ticket in self._ready for ticket in wanted):
                left = deadline - monotonic()
                if left <= 0:
                    return {}
                self._news.wait(left)
                self._refuse_closed()
            for ticket in wanted:
                if isinstance(failed := self._ready.get(ticket), BaseException):
                    del self._ready[ticket]
                    raise failed
            return {ticket: self._ready.pop(ticket) for ticket in wanted if ticket in self._ready}

    def score(self, asked: Sequence[Texts], member: str = "") -> NoReturn:
        """Raise PlayerError: the chat completions protocol does not score given texts."""
        raise PlayerError(
            f"{self._name(member)} is asked over HTTP, where given answers cannot be scored: "
            "play the model through vLLM or transformers for that"
        )

    def drop(self, tickets: Collection[int]) -> None:
        """Ask no more for the replies to these tickets: nobody waits for them, and nobody should pay for them."""
        with self._news:
            under_way = [self._open.pop(ticket) for ticket in tickets if ticket in self._open]
            for ticket in tickets:
                self._ready.pop(ticket, None)
        for work in under_way:
            work.cancel()

    def close(self) -> None:
        """Drop what is under way and close all connections, within a second."""
        with self._news:
            self._closed = True
            self._open.clear()
            self._ready.clear()
            self._news.notify_all()
            background, self._background = self._background, None
        if background is not None:
            background.close(_CLOSING)

    # On the caller's thread.

    def _start(self, work: Callable[..., Coroutine[Any, Any, _T]], *arguments: Any) -> Future[_T]:
        """Begin something in the background, which the first call sets up."""
        with self._news:
            self._refuse_closed()
            if self._background is None:
                self._server = Server(self.base_url, self._key, self.idle_seconds, self.total_seconds)
                self._patience = Patience(self._server, self.limiter, self.bill, self.tries, self.wait_seconds)
                self._background = Background(f"requests to {self.model}", self._server.close)
            future: Future[_T] = self._background.start(work(*arguments))
            return future

    def _refuse_closed(self) -> None:
        if self._closed:
            raise PlayerError(f"the engine of {self.model} is closed: nothing can be asked of it any more")

    def _name(self, member: str) -> str:
        return member or self.model

    # On the thread in the background.

    def _arrived(self, ticket: int, done: Future[Reply]) -> None:
        if done.cancelled():
            return  # the engine closes, and nobody waits
        with self._news:
            if ticket in self._open:
                del self._open[ticket]
                self._ready[ticket] = done.exception() or done.result()
                self._news.notify_all()

    async def _answer(self, prompt: Prompt, sampling: Sampling, model: str) -> Reply:
        if wrong := await self._checked(model):
            raise StoppedError(wrong)
        try:
            answer = await self._ask(prompt, sampling, model)
        except Failed as failed:
            return Reply(self._sentence(failed), "refused" if failed.status in _REFUSALS else "unavailable")
        usage = answer.usage or Usage()
        return Reply(
            answer.text,
            answer.stop,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            dollars=self.bill.cost(answer.usage) or 0.0,
        )

    async def _ask(self, prompt: Prompt, sampling: Sampling, model: str) -> Answer:
        return await self._patience.ask(self._body(prompt, sampling, model), sampling.seed)

    def _body(self, prompt: Prompt, sampling: Sampling, model: str) -> dict[str, Any]:
        body = {
            "model": model,
            "messages": [{"role": message.role, "content": message.content} for message in prompt],
            "stream_options": {"include_usage": True},
            self._limit_field: sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k or None,  # no field of OpenAI's, whose servers refuse it
            "seed": sampling.seed & 0x7FFFFFFF,  # some servers hold it in 32 bits
            **self.extra,
        }
        return {name: value for name, value in body.items() if value is not None}

    async def _checked(self, model: str) -> str:
        """Return what is wrong with this model, "" if nothing is; asked once, and again only after a failure."""
        if (check := self._checks.get(model)) is None:
            check = self._checks[model] = asyncio.create_task(self._check(model))
        wrong = await asyncio.shield(check)  # a prompt that is dropped leaves it to the others
        if wrong and self._checks.get(model) is check:
            del self._checks[model]
        return wrong

    async def _check(self, model: str) -> str:
        try:
            answer = await self._probe(model)
        except Failed as failed:
            return await self._mistake(failed, model)
        if self.bill.most is not None and self.bill.cost(answer.usage) is None:
            return (
                f"{self.base_url} does not report what {model!r} costs, so most_dollars cannot be kept: "
                "give prompt_price and completion_price, in dollars per million tokens"
            )
        return ""

    async def _probe(self, model: str) -> Answer:
        sampling = Sampling(max_tokens=_PROBE_TOKENS)
        try:
            return await self._ask(_PROBE, sampling, model)
        except Failed as failed:
            if failed.status != 400 or "max_completion_tokens" not in str(failed):
                raise
        self._limit_field = "max_completion_tokens"  # OpenAI's newer models want it, and not every server knows it
        return await self._ask(_PROBE, sampling, model)

    async def _mistake(self, failed: Failed, model: str) -> str:
        """Return a sentence for a probe that failed; where the model may be misnamed, with the names that are near."""
        if failed.status not in (400, 404, 422):
            hint = "" if failed.status else "; is the server running, and is base_url right?"
            return self._sentence(failed) + hint
        try:
            known = [clean(name, self._key) for name in await self._server.models()]
        except Failed:
            if failed.status == 404:
                return f"{self._sentence(failed)}; is base_url right? It mostly ends in /v1"
            known = [model]
        if model in known:
            return f"{self._sentence(failed)}; extra={{'seed': None}} leaves a field out that a server refuses"
        near = get_close_matches(model, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"it has {', '.join(known[:5]) or 'none'}"
        return f"{self.base_url} has no model {model!r}; {hint}"

    def _sentence(self, failed: Failed) -> str:
        return f"{self.base_url} {failed}"


def _check_url(base_url: str) -> None:
    """Raise ConfigError for what is no address, without repeating it: it may hold a password."""
    try:
        parts = urlsplit(base_url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        secret = bool(parts.username or parts.password or parts.query)
    except ValueError:
        good = secret = False
    if not good:
        raise ConfigError('base_url is no address: write for example "http://localhost:8000/v1"')
    if secret:
        raise ConfigError(
            "base_url holds a password or a query, which would be written down: keys belong into the environment"
        )


def _fields(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return further fields of a request. Raises ConfigError for what no request can hold."""
    if not isinstance(extra, Mapping) or not all(isinstance(name, str) for name in extra):
        raise ConfigError("extra is no table of fields: write for example {'reasoning_effort': 'low'}")
    if taken := [name for name in _OURS if name in extra]:
        raise ConfigError(f"extra may not set {taken[0]!r}, which is this engine's business")
    try:
        json.dumps(extra, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"extra holds what JSON cannot: {error}") from None
    return dict(extra)
