"""Language models at the table: a question becomes a prompt, an engine answers it, and the reply becomes a move.

::

    chat(model="models/qwen")                                    a folder, through transformers
    chat(model="models/qwen", adapter="runs/kuhn/main-200", engine="vllm")
    chat(model="gpt-5-mini", engine="openai", thinking=True, max_tokens=4096)

Players of one model share its engine. What a model is told is decided in `prompt.py` and what its reply means in
`answer.py`. A failure of the infrastructure is no reply: it makes the match void, and nobody loses by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError, PlayerError
from arena.game import Choices, Text
from arena.player import Fault, Move, Request, Requests
from arena.players.answer import NOTATIONS, Notation, read, written
from arena.players.engines.choosing import log_law
from arena.players.engines.engine import Engine, Reply, Sampling, Tokenising
from arena.players.engines.kinds import maker
from arena.players.engines.shared import lease
from arena.players.lesson import lesson
from arena.players.prompt import HISTORIES, History, Style, conversation

_PATIENCE = 60.0
"""Seconds for which an engine is asked at a time; the deadlines are its own."""
_NO_REPLY = {"refused": Fault.CRASHED, "unavailable": Fault.UNAVAILABLE}


def chat(
    model: str,
    engine: str = "transformers",
    adapter: str | None = None,
    base_url: str | None = None,
    temperature: float = 1.0,
    top_p: float = 1.0,
    top_k: int = 0,
    max_tokens: int = 512,
    history: History = "state",
    thinking: bool = False,
    answer: Notation = "tag",
    show_legal: bool = True,
    constrained: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Chat:
    """Return a language model as a player.

    `model` is a folder, or a name that the engine knows, and `adapter` the folder of a LoRA adapter on top of it (on
    a server its name there). `engine` is "transformers", "vllm" or "openai" (any server that speaks its protocol, at
    `base_url`), and `options` are further parameters of the engine. A reply is drawn at `temperature` (0: the most
    likely token, always) from the `top_k` likeliest tokens (0: all) that make up `top_p`, and has at most
    `max_tokens` of them. How the model is asked is told by `history`, `thinking` and `show_legal`, and how it answers
    by `answer`: see `prompt.Style`. Chat templates are told about `thinking` too, so players that think and players
    that do not have an engine each. If `constrained`, nothing but legal moves can be answered: see `ConstrainedChat`.
    Where the law of its replies can be computed, the player states it: see `DirectChat`.

    Raises ConfigError for settings that cannot be, and where what the engine needs is not installed.
    """
    style, sampling = Style(history, answer, thinking, show_legal), Sampling(max_tokens, temperature, top_p, top_k)
    check_asking(style, sampling)
    if constrained:
        _check_constrained(style, sampling, engine)
    if base_url is not None and engine != "openai":
        raise ConfigError(f"base_url = {base_url!r} goes with engine = 'openai', not with {engine!r}")
    if adapter is not None and engine != "openai" and not (Path(adapter) / "adapter_config.json").is_file():
        raise ConfigError(f"adapter = {adapter!r} is no folder of a LoRA adapter: it has no adapter_config.json")
    make, arguments = maker(engine, model, thinking, {"base_url": base_url} if base_url else {}, options or {})
    held = lease(make, **arguments)
    kind = ConstrainedChat if constrained else DirectChat if _is_direct(style, sampling, engine) else Chat
    return kind(held.engine, style, sampling, adapter or "", held.end)


def check_asking(style: Style, sampling: Sampling) -> None:
    """Raise ConfigError for what is no way to ask, or no way to draw."""
    for name, given, known in [("history", style.history, HISTORIES), ("answer", style.notation, NOTATIONS)]:
        if given not in known:
            raise ConfigError(f"{name} = {given!r} is none of {', '.join(known)}")
    most, temperature, top_p, top_k, *_ = sampling
    limits = [
        ("temperature", temperature, 0 <= temperature < inf, "a number from 0"),
        ("top_p", top_p, 0 < top_p <= 1, "a number above 0, 1 at most"),
        ("top_k", top_k, type(top_k) is int and top_k >= 0, "a whole number from 0"),
        ("max_tokens", most, type(most) is int and most >= 1, "a whole number from 1"),
    ]
    for name, number, possible, wanted in limits:
        if not possible:
            raise ConfigError(f"{name} = {number!r} will not do: give {wanted}")


def _check_constrained(style: Style, sampling: Sampling, engine: str) -> None:
    """Raise ConfigError for what does not go with an answer that is held to the legal moves."""
    if style.thinking:
        raise ConfigError("constrained = True leaves no room for thinking = True: choose one of them")
    if sampling.top_p < 1 or sampling.top_k:
        raise ConfigError("constrained = True draws from all legal moves, so it goes without top_p and top_k")
    if engine == "openai":
        raise ConfigError("constrained = True needs an engine that can score answers, so not engine = 'openai'")


def _is_direct(style: Style, sampling: Sampling, engine: str) -> bool:
    """Return whether the law of a free reply can be computed: see `DirectChat`."""
    if engine == "openai":  # a server says neither how likely a given answer is nor the same thing twice
        return False
    plain = (sampling.temperature, sampling.top_p, sampling.top_k) == (1, 1, 0)
    return sampling.temperature == 0 or (plain and not style.thinking)


class Chat:
    """Asks an engine, and answers each question when its reply is there.

    `member` is the adapter that plays, or "" for the model as it is. `end` is called when the player is closed.
    """

    keeps_traces = True
    """The referee keeps what each move leaves for a trainer, and adds up what it has cost."""

    def __init__(
        self,
        engine: Engine,
        style: Style = Style(),  # noqa: B008 - a value
        sampling: Sampling = Sampling(),  # noqa: B008 - a value
        member: str = "",
        end: Callable[[], None] | None = None,
    ) -> None:
        self.name = "chat"
        self.engine, self.style, self.sampling, self.member = engine, style, sampling, member
        self._end = end
        self._asked: dict[int, Request] = {}

    @property
    def remembers(self) -> bool:
        """Whether its answers depend on how it worded its earlier ones."""
        return bool(self.style.history != "state")

    def act(self, batch: Requests) -> list[Move]:
        """Ask all questions at once, and wait for all replies."""
        tickets = [self._ask(request) for request in batch]
        replies: dict[int, Reply] = {}
        while waiting := set(tickets) - replies.keys():
            replies |= self.engine.collect(waiting, _PATIENCE)
        return [self._move(request, replies[ticket]) for request, ticket in zip(batch, tickets, strict=True)]

    def submit(self, batch: Requests) -> None:
        """Take questions and return at once."""
        for request in batch:
            self._asked[self._ask(request)] = request

    def collect(self, seconds: float) -> list[tuple[Request, Move]]:
        """Wait for about so many seconds; return the questions that are answered by then, as soon as there is one."""
        if not self._asked:
            return []
        replies = self.engine.collect(self._asked.keys(), seconds)
        asked = [(self._asked.pop(ticket), reply) for ticket, reply in replies.items()]
        return [(request, self._move(request, reply)) for request, reply in asked]

    def lesson(self, request: Request, action: str) -> tuple[Sequence[int], Sequence[int]]:
        """Return the ids of the question's prompt, and those of the answer that makes this move, its end included.

        Raises PlayerError for an engine that does not know the ids of its model, and as `players/lesson.py` says.
        """
        prompt, answer = self._tokenising().tokenise(*lesson(request, action, self.style))
        return prompt, answer

    def reply(self, request: Request, raw: str) -> tuple[Sequence[int], Sequence[int]]:
        """Return the ids of the question's prompt, and those of a reply in these very words, its end included.

        Raises PlayerError as `lesson` does, for words that spell control tokens, and for those of a player that thinks:
        what of its thoughts stood in the prompt, words do not tell.
        """
        if self.style.thinking and raw:
            raise PlayerError("the words of a player that thinks are not all its own: its replies need their ids")
        prompt, answer = self._tokenising().tokenise(conversation(request, self.style), raw)
        return prompt, answer

    def close(self) -> None:
        """Give up the engine, which ends with the last of its players; a server is asked no more for what it owes."""
        if callable(drop := getattr(self.engine, "drop", None)):
            drop(self._asked.keys())
        self._asked.clear()
        if self._end is not None:
            self._end()

    def _tokenising(self) -> Tokenising:
        if not isinstance(self.engine, Tokenising):
            raise PlayerError(
                "only a model that transformers loads can be taught: name its folder, without an engine "
                "(other engines play the folder that comes out)"
            )
        return self.engine

    def _ask(self, request: Request) -> int:
        sampling = self._sampling(request)._replace(seed=request.seed)
        ticket: int = self.engine.submit(conversation(request, self.style), sampling, self.member)
        return ticket

    def _sampling(self, request: Request) -> Sampling:
        """Return how the reply to a request is drawn."""
        return self.sampling

    def _scores(self, batch: Requests) -> list[list[NDArray[np.float32]]]:
        """Return how likely each legal move's plain answer is at each question: each token and the end, in nats."""
        asked = [
            (conversation(request, self.style), [written(action, self.style.notation) for action in _listed(request)])
            for request in batch
        ]
        scores: list[list[NDArray[np.float32]]] = self.engine.score(asked, self.member)
        return scores

    def _move(self, request: Request, reply: Reply) -> Move:
        raw = reply.text.encode("utf-8", "replace").decode()  # a server may send half of a surrogate pair
        trace = _trace(reply, self._sampling(request))
        if reply.stop in _NO_REPLY:
            return Move(None, raw, trace, _NO_REPLY[reply.stop])
        found = read(reply.text, reply.stop, request.legal, self.style.notation)
        return Move(None, raw, trace, found) if isinstance(found, Fault) else Move(found, raw, trace)


class DirectChat(Chat):
    """Answers freely, and can say how likely it is to make each legal move, and none.

    Drawn at temperature 1 from all tokens, the likelihood of a move is that of its plain answer (all tokens and the
    end, by `Engine.score`), as the only thing that is said. A legal move in other words (with a sentence before it,
    say), or in the same words made of other tokens, counts as none: where much is left, only replies that are drawn
    and read tell what it is. At temperature 0 the reply is always the same, so it is asked for once.
    """

    def law(self, batch: Requests) -> NDArray[np.float64]:
        """Return the probability of each action and, last, of a reply that is none, shape (B, A + 1)."""
        index = _columns(batch)
        law = np.zeros((len(batch), len(index) + 1))
        said = self._said(batch) if self.sampling.temperature == 0 else self._likelihoods(batch)
        for row, likelihood in zip(law, said, strict=True):
            for action, p in likelihood.items():
                row[index[action]] = p
            row[-1] = max(0.0, 1.0 - row.sum())
            row /= row.sum()  # rounding may lift what is legal above 1
        return law

    def _said(self, batch: Requests) -> list[dict[str, float]]:
        """Return the move that it always makes, with probability 1, or nothing where that is no legal move."""
        moves = self.act(batch)
        if failed := [move.raw for move in moves if move.fault in (Fault.UNAVAILABLE, Fault.CRASHED)]:
            raise PlayerError(f"{self.name} could not be asked: {failed[0]}")
        return [
            {move.action: 1.0} if move.action is not None and move.action in request.legal else {}
            for request, move in zip(batch, moves, strict=True)
        ]

    def _likelihoods(self, batch: Requests) -> list[dict[str, float]]:
        """Return how likely the plain answer of each legal move is, within the tokens that a reply may have."""
        most = self.sampling.max_tokens  # a reply that is cut off just before its end is complete all the same
        return [
            {
                action: float(np.exp(logp[:most].sum(dtype=np.float64)))
                for action, logp in zip(_listed(request), scores, strict=True)
                if len(logp) <= most + 1
            }
            for request, scores in zip(batch, self._scores(batch), strict=True)
        ]


class ConstrainedChat(Chat):
    """Answers with legal moves alone, and can say how likely it is to make each.

    Its law is the model's own, given that the answer is legal: the probability of a move is proportional to that of
    its whole answer (all tokens and the end, by `Engine.score`) to the power of one over the temperature. That is
    not the law of masking illegal tokens one at a time, which commits itself to the beginning of an answer before it
    has seen how unlikely the rest is. Where it may talk, it moves in silence; where moves cannot be listed (free text,
    huge sets), it answers freely.
    """

    def policy(self, batch: Requests) -> NDArray[np.float64]:
        """Return the probability of each action, shape (B, A); the law of `act`."""
        index = _columns(batch)
        policy = np.zeros((len(batch), len(index)))
        for row, request, scores in zip(policy, batch, self._scores(batch), strict=True):
            logp = [score.sum(dtype=np.float64) for score in scores]
            row[[index[action] for action in _listed(request)]] = np.exp(log_law(logp, self.sampling.temperature))
        return policy

    def _sampling(self, request: Request) -> Sampling:
        return self.sampling._replace(choices=tuple(written(a, self.style.notation) for a in _listed(request)))


def _columns(batch: Requests) -> dict[str, int]:
    """Return the column of each action. Raises PlayerError where legal moves cannot be listed."""
    if not batch.game.actions or not all(map(_listed, batch)):
        raise PlayerError(f"{batch.game.name} has moves that cannot be listed, so they have no probabilities")
    return {action: i for i, action in enumerate(batch.game.actions)}


def _listed(request: Request) -> Sequence[str]:
    """Return the legal moves if they can be listed, and otherwise none; where it may talk, those made in silence."""
    legal = request.legal.moves if isinstance(request.legal, Text) else request.legal
    return () if isinstance(legal, Choices) else legal


def _trace(reply: Reply, sampling: Sampling) -> dict[str, NDArray[Any]]:
    """Return what a reply has cost, and what a trainer needs where the engine knows the ids: how each was drawn."""
    numbers: dict[str, Any] = {
        "dollars": reply.dollars,
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
    }
    if len(reply.ids):
        numbers |= {"prompt_ids": reply.prompt_ids, "ids": reply.ids, "logp": reply.logp, "version": reply.version}
        numbers |= {name: getattr(sampling, name) for name in ("temperature", "top_p", "top_k", "max_tokens")}
        numbers |= {"constrained": bool(sampling.choices), "cut": reply.stop == "length"}
    return {name: np.asarray(number) for name, number in numbers.items()}
