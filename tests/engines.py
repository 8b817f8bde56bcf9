"""Engines for tests: one that answers by a function, and a small language model whose law is known exactly."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from arena.errors import PlayerError
from arena.players.engines.engine import Engine, Message, Prompt, Reply, Sampling, Texts
from arena.seeds import derive, generator, uniform


class Scripted:
    """Answers by `say(prompt, sampling, member)`: a text, or a whole reply. Newest first, `at_once` a call."""

    def __init__(self, say: Callable[[Prompt, Sampling, str], str | Reply], at_once: int = 3) -> None:
        self.say, self.at_once = say, at_once
        self.closed = False
        self.asked: list[tuple[Prompt, Sampling, str]] = []
        self._open: set[int] = set()

    def submit(self, prompt: Prompt, sampling: Sampling, member: str = "") -> int:
        self.asked.append((prompt, sampling, member))
        self._open.add(len(self.asked) - 1)
        return len(self.asked) - 1

    def collect(self, tickets: Collection[int], seconds: float) -> dict[int, Reply]:
        now = sorted(self._open & set(tickets), reverse=True)[: self.at_once]
        self._open -= set(now)
        return {ticket: self._reply(*self.asked[ticket]) for ticket in now}

    def score(self, asked: Sequence[Texts], member: str = "") -> list[list[NDArray[np.float32]]]:
        raise PlayerError("a script has no probabilities")

    def close(self) -> None:
        self.closed = True

    def _reply(self, prompt: Prompt, sampling: Sampling, member: str) -> Reply:
        said = self.say(prompt, sampling, member)
        return said if isinstance(said, Reply) else Reply(said, "end")


END = 0
"""The end token of `Letters`; all other ids are code points."""


class Letters(Scripted):
    """A model with a token for each ASCII character, and a law for the next one that nobody can guess.

    The law follows from the prompt, the member and the characters so far, by their hash.
    """

    def __init__(self, sharpness: float = 1.0, at_once: int = 3) -> None:
        super().__init__(self._draw, at_once)
        self.sharpness = sharpness
        self._known: dict[tuple[Prompt, str, tuple[int, ...]], NDArray[np.float64]] = {}

    def next_logp(self, prompt: Prompt, member: str, ids: Sequence[int]) -> NDArray[np.float64]:
        """Return the log-probability of each id, shape (128,)."""
        place = prompt, member, tuple(ids)
        if place not in self._known:
            logits = generator(derive(0, repr(place))).normal(size=128) * self.sharpness
            self._known[place] = logits - np.logaddexp.reduce(logits)
        return self._known[place]

    def score(self, asked: Sequence[Texts], member: str = "") -> list[list[NDArray[np.float32]]]:
        return [[self._score(prompt, text, member) for text in texts] for prompt, texts in asked]

    def _score(self, prompt: Prompt, text: str, member: str) -> NDArray[np.float32]:
        ids = [*map(ord, text), END]
        logp = [self.next_logp(prompt, member, ids[:i])[token] for i, token in enumerate(ids)]
        return np.array(logp, np.float32)

    def _draw(self, prompt: Prompt, sampling: Sampling, member: str) -> Reply:
        if sampling.choices:
            return self._choose(prompt, sampling, member)
        ids: list[int] = []
        logp: list[float] = []
        while len(ids) < sampling.max_tokens and ids[-1:] != [END]:
            law = self.next_logp(prompt, member, ids) / (sampling.temperature or 1e-9)
            law -= np.logaddexp.reduce(law)
            token = int((np.cumsum(np.exp(law)) <= uniform(derive(sampling.seed, len(ids)))).sum())
            ids.append(token)
            logp.append(law[token])
        return self._said(prompt, ids, logp)

    def _choose(self, prompt: Prompt, sampling: Sampling, member: str) -> Reply:
        """Draw a choice by its whole likelihood; the law of each token follows from that of the choices."""
        totals = np.array([self._score(prompt, text, member).sum() for text in sampling.choices], np.float64)
        law = np.exp((totals - totals.max()) / (sampling.temperature or 1e-9))
        law /= law.sum()
        chosen = sampling.choices[int((np.cumsum(law) <= uniform(sampling.seed)).sum())]
        whole = [[*map(ord, text), END] for text in sampling.choices]
        ids = [*map(ord, chosen), END]
        mass = [law[[other[:i] == ids[:i] for other in whole]].sum() for i in range(len(ids) + 1)]
        return self._said(prompt, ids, np.log(np.divide(mass[1:], mass[:-1])).tolist())

    def _said(self, prompt: Prompt, ids: list[int], logp: list[float]) -> Reply:
        text = "".join(map(chr, ids)).removesuffix(chr(END))
        before = np.frombuffer("".join(message.content for message in prompt).encode(), np.uint8)
        return Reply(
            text,
            "end" if ids[-1] == END else "length",
            before.astype(np.int32),
            np.array(ids, np.int32),
            np.array(logp, np.float32),
            version=7,
            prompt_tokens=len(before),
            completion_tokens=len(ids),
        )


def answers(engine: Engine, asked: Sequence[tuple[Any, ...]]) -> list[Reply]:
    """Ask all at once; return the replies in order."""
    tickets = [engine.submit(*one) for one in asked]
    replies: dict[int, Reply] = {}
    while waiting := set(tickets) - replies.keys():
        replies |= engine.collect(waiting, 10)
    return [replies[ticket] for ticket in tickets]


def keeps_replies_to_other_tickets(engine: Engine) -> None:
    """Assert that an engine keeps what is ready until it is asked for, and hands it out once."""
    prompt = (Message("user", "bet or pass?"),)
    one, two = engine.submit(prompt, Sampling(1)), engine.submit(prompt, Sampling(8, seed=3))
    assert list(engine.collect([two], 10)) == [two]
    assert list(engine.collect([one], 0)) == [one]
    with pytest.raises(PlayerError, match=f"no open ticket {one}"):
        engine.collect([one], 0)
    assert engine.collect([], 10) == {}
