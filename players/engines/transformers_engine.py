"""Language models through transformers, on a CPU or one GPU, with any number of LoRA adapters on top of the model.

Prompts are answered in one running batch for each member (`running.py`): the model as it is, and each adapter. Members
are never computed together, so none can answer with another's weights.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.errors import ConfigError, PlayerError
from arena.players.engines.choosing import choose
from arena.players.engines.codec import Codec
from arena.players.engines.engine import Prompt, Reply, Sampling, Texts
from arena.players.engines.likelihood import scores
from arena.players.engines.module import Module
from arena.players.engines.running import Row, Running
from arena.seeds import nth, uniform


@dataclass(eq=False)
class _Choice:
    """A reply that is one of several texts."""

    row: Row
    answers: list[list[int]]


@dataclass
class _Member:
    """What the weights of one member are answering."""

    running: Running
    version: int = 0
    """Of its weights, where they change."""
    choices: list[_Choice] = field(default_factory=list)


class TransformersEngine:
    """Answers prompts with one model, a folder or a name that the local cache of Hugging Face knows.

    `device` is "cpu" or "cuda" (by default a GPU if there is one), `dtype` the precision (by default float32 on a CPU
    and bfloat16 on a GPU), `slots` how many replies each member is making at a time, and `template` what the chat
    template is told besides the conversation, such as {"enable_thinking": False}. Raises ConfigError for a model that
    cannot be loaded, or whose memory is more than keys and values. Not for several threads at a time.
    """

    def __init__(
        self,
        model: str,
        device: str | None = None,
        dtype: str | None = None,
        slots: int = 256,
        template: Mapping[str, Any] | None = None,
    ) -> None:
        if slots < 1:
            raise ConfigError(f"slots = {slots} leaves no room for a reply: give at least 1")
        self._slots = slots
        self._codec = Codec(model, template)
        self._module: Module | None = Module(model, device, dtype)
        self._context = self._module.context
        self._members = {"": _Member(Running(slots, self._codec.ends))}
        self._done: dict[int, Reply] = {}
        self._open: set[int] = set()
        self._tickets = 0

    def submit(self, prompt: Prompt, sampling: Sampling, member: str = "") -> int:
        """Take a prompt. One that fills all that the model can read is answered with nothing, by its length."""
        if sampling.choices and (sampling.top_p < 1 or sampling.top_k):
            raise PlayerError("choices are drawn by the model's whole law, so they go without top_p and top_k")
        joined = self._member(member)
        ids = self._codec.prompt(prompt)
        answers = [self._codec.answer(text) for text in sampling.choices]
        most = min(sampling.max_tokens, self._context - len(ids))
        ticket = self._tickets
        self._tickets += 1
        self._open.add(ticket)
        row = Row(ticket, ids, sampling, most, joined.version)
        if most < 1 or len(ids) + max(map(len, answers), default=0) > self._context:
            self._finish(row)
        elif answers:
            joined.choices.append(_Choice(row, answers))
        else:
            joined.running.add(row)
        return ticket

    def collect(self, tickets: Collection[int], seconds: float) -> dict[int, Reply]:
        """Go on answering until one of these tickets has its reply, or the time is up; see `Engine`."""
        strange = set(tickets) - self._open
        if strange:
            raise PlayerError(f"there is no open ticket {min(strange)}: each is collected once")
        end = monotonic() + seconds
        while self._done.keys().isdisjoint(tickets) and tickets:
            self._advance()
            if monotonic() >= end:
                break
        ready = {ticket: self._done.pop(ticket) for ticket in tickets if ticket in self._done}
        self._open -= ready.keys()
        return ready

    def score(self, asked: Sequence[Texts], member: str = "") -> list[list[NDArray[np.float32]]]:
        """Return the log-probability of each token of each text and of the end; see `Engine`."""
        self._member(member)
        pairs = [(self._codec.prompt(prompt), [self._codec.answer(text) for text in texts]) for prompt, texts in asked]
        longest = max((len(prompt) + max(map(len, answers), default=0) for prompt, answers in pairs), default=0)
        if longest > self._context:
            raise PlayerError(f"a prompt and an answer of {longest} tokens exceed the model's {self._context}")
        with self.module.using(member) as model:
            found = scores(model, pairs, self._slots)
        return [[logp.astype(np.float32) for logp in several] for several in found]

    def tokenise(self, prompt: Prompt, answer: str) -> tuple[list[int], list[int]]:
        """Return the ids of a prompt, and those of a whole answer with its end; see `Tokenising`."""
        return self._codec.prompt(prompt), self._codec.answer(answer)

    @property
    def module(self) -> Module:
        """The model, whose members a trainer may change between replies."""
        if self._module is None:
            raise PlayerError("this engine is closed: make another one")
        return self._module

    def renew(self, member: str, version: int, folder: Path | None = None) -> None:
        """Say which version of its weights a member plays from now on; see `Renewable`.

        Raises PlayerError while it is answering.
        """
        if folder is not None:
            self.module.read(member, folder)
        known = self._member(member)
        if known.running or known.choices:
            raise PlayerError(f"{member or 'the model as it is'!r} is answering: its weights cannot change meanwhile")
        known.version = version

    def close(self) -> None:
        """Let go of the model and of all that is not answered."""
        self._members.clear()
        self._done.clear()
        self._open.clear()
        self._module = None

    def _advance(self) -> None:
        """Give every reply in the making its next token, and answer what is to be chosen."""
        for name, member in self._members.items():
            if not member.running and not member.choices:
                continue
            with self.module.using(name) as model:
                for row in member.running.step(model):
                    self._finish(row)
                self._choose(model, member)

    def _choose(self, model: Any, member: _Member) -> None:
        """Answer all of a member's choices."""
        found = scores(model, [(choice.row.prompt, choice.answers) for choice in member.choices], self._slots)
        for choice, logp in zip(member.choices, found, strict=True):
            how = choice.row.sampling
            number = uniform(nth(how.seed, 0))
            which, each = choose(choice.answers, [row.sum() for row in logp], how.temperature, number)
            choice.row.ids, choice.row.logp = choice.answers[which], each.tolist()
            self._finish(choice.row, how.choices[which])
        member.choices = []

    def _finish(self, row: Row, text: str | None = None) -> None:
        self._done[row.ticket] = self._codec.reply(row.prompt, row.ids, row.logp, text)._replace(version=row.version)

    # Members.

    def _member(self, name: str) -> _Member:
        """Return a member, whose adapter is loaded when it is first asked for."""
        if self._module is None:
            raise PlayerError("this engine is closed: make another one")
        if name not in self._members:
            self._module.load(name)
            self._members[name] = _Member(Running(self._slots, self._codec.ends))
        return self._members[name]
