"""Language models through transformers, on a CPU or one GPU, with any number of LoRA adapters on top of the model.

Prompts are answered in one running batch for each member (`running.py`): the model as it is, and each adapter. Members
are never computed together, so none can answer with another's weights. Weights are read from safetensors alone, and no
code that comes with a model is run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM

from arena.errors import ConfigError, PlayerError, reason
from arena.players.engines.choosing import choose
from arena.players.engines.codec import Codec
from arena.players.engines.engine import Prompt, Reply, Sampling
from arena.players.engines.likelihood import scores
from arena.players.engines.running import Row, Running
from arena.seeds import nth, uniform

_ATTENTION = {"full_attention", "sliding_attention"}
"""Kinds of layers whose whole memory is keys and values."""


@dataclass(eq=False)
class _Choice:
    """A reply that is one of several texts."""

    row: Row
    answers: list[list[int]]


@dataclass
class _Member:
    """Whose weights answer, and what they are answering."""

    adapter: str
    running: Running
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
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        dtype = dtype or ("bfloat16" if device.startswith("cuda") else "float32")
        self._codec = Codec(model, template)
        self._model = _loaded(model, dtype).to(device).eval()
        text = self._model.config.get_text_config()
        self._context = int(getattr(text, "max_position_embeddings", None) or 1 << 30)
        self._members = {"": _Member("", Running(slots, self._codec.ends))}
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
        row = Row(ticket, ids, sampling, most)
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

    def score(self, prompt: Prompt, texts: Sequence[str], member: str = "") -> list[NDArray[np.float32]]:
        """Return the log-probability of each token of each text and of the end; see `Engine`."""
        adapter = self._member(member).adapter
        ids = self._codec.prompt(prompt)
        answers = [self._codec.answer(text) for text in texts]
        longest = len(ids) + max(map(len, answers), default=0)
        if longest > self._context:
            raise PlayerError(f"a prompt and an answer of {longest} tokens exceed the model's {self._context}")
        found: list[NDArray[np.float64]] = []
        with self._weights(adapter) as model:
            for i in range(0, len(answers), self._slots):
                found += scores(model, [ids], [answers[i : i + self._slots]])[0]
        return [logp.astype(np.float32) for logp in found]

    def tokenise(self, prompt: Prompt, answer: str) -> tuple[list[int], list[int]]:
        """Return the ids of a prompt, and those of a whole answer with its end; see `Tokenising`."""
        return self._codec.prompt(prompt), self._codec.answer(answer)

    def close(self) -> None:
        """Let go of the model and of all that is not answered."""
        self._members.clear()
        self._done.clear()
        self._open.clear()
        self._model = None

    def _advance(self) -> None:
        """Give every reply in the making its next token, and answer what is to be chosen."""
        for member in self._members.values():
            if not member.running and not member.choices:
                continue
            with self._weights(member.adapter) as model:
                for row in member.running.step(model):
                    self._finish(row)
                self._choose(model, member)

    def _choose(self, model: Any, member: _Member) -> None:
        """Answer as many of a member's choices at a time as there are slots for their texts."""
        while member.choices:
            count, texts = 0, 0
            for choice in member.choices:
                texts += len(choice.answers)
                if count and texts > self._slots:
                    break
                count += 1
            batch = member.choices[:count]
            found = scores(model, [c.row.prompt for c in batch], [c.answers for c in batch])
            member.choices = member.choices[count:]
            for choice, logp in zip(batch, found, strict=True):
                how = choice.row.sampling
                number = uniform(nth(how.seed, 0))
                which, each = choose(choice.answers, [row.sum() for row in logp], how.temperature, number)
                choice.row.ids, choice.row.logp = choice.answers[which], each.tolist()
                self._finish(choice.row, how.choices[which])

    def _finish(self, row: Row, text: str | None = None) -> None:
        self._done[row.ticket] = self._codec.reply(row.prompt, row.ids, row.logp, text)

    # Members.

    def _member(self, folder: str) -> _Member:
        """Return a member, whose adapter is loaded when it is first asked for."""
        if self._model is None:
            raise PlayerError("this engine is closed: make another one")
        if folder not in self._members:
            name = f"member{len(self._members)}"
            self._model = _with_adapter(self._model, folder, name).eval()
            self._members[folder] = _Member(name, Running(self._slots, self._codec.ends))
        return self._members[folder]

    @contextmanager
    def _weights(self, adapter: str) -> Iterator[Any]:
        """Give the model with an adapter's weights, or with none."""
        adapted = len(self._members) > 1
        if adapter:
            self._model.set_adapter(adapter)
        with self._model.disable_adapter() if adapted and not adapter else nullcontext():
            yield self._model


def _loaded(model: str, dtype: str) -> Any:
    """Return the model. Raises ConfigError, with the reason, where it cannot be loaded."""
    try:
        loaded = AutoModelForCausalLM.from_pretrained(
            model, dtype=getattr(torch, dtype), trust_remote_code=False, use_safetensors=True
        )
    except (OSError, ValueError, AttributeError, ImportError) as error:
        raise ConfigError(f"the model {model!r} cannot be loaded: {reason(error)}") from error
    strange = set(getattr(loaded.config.get_text_config(), "layer_types", None) or []) - _ATTENTION
    if strange:
        raise ConfigError(
            f"the model {model!r} has layers of {', '.join(sorted(strange))}, which remember more than keys and "
            "values: let vLLM play it (engine = 'vllm')"
        )
    return loaded


def _with_adapter(model: Any, folder: str, name: str) -> Any:
    """Return a model that holds the adapter of a folder too. Raises ConfigError where it is none, or is pickled."""
    from peft import PeftModel

    for file in ("adapter_config.json", "adapter_model.safetensors"):
        if not (Path(folder) / file).is_file():
            raise ConfigError(f"{folder!r} is no adapter that can be loaded: it has no {file}")
    try:
        if isinstance(model, PeftModel):
            model.load_adapter(folder, adapter_name=name)
            return model
        return PeftModel.from_pretrained(model, folder, adapter_name=name)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ConfigError(f"the adapter {folder!r} does not fit the model: {reason(error)}") from error
