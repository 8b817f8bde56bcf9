"""What a chat player knows of an engine: prompts go in, replies come out when they are ready, and texts are scored.

An engine serves many players at once. A prompt is a conversation; how it becomes token ids is the engine's business,
since a chat template belongs to a model. The one thing that every engine guarantees is that no text in a message can
become anything but text (players/engines/template.py): control tokens come from the template alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


class Message(NamedTuple):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


Prompt = tuple[Message, ...]
"""A conversation whose next message is asked for: the last one is the user's, or the beginning of the answer."""


class Sampling(NamedTuple):
    """How a reply is drawn. It is recorded with every reply that training may use."""

    max_tokens: int = 256
    temperature: float = 1.0
    """0: the most likely token, always."""
    top_p: float = 1.0
    top_k: int = 0
    """0: all tokens."""
    seed: int = 0
    """From the request, so that the same question is answered alike, as far as the engine can."""
    choices: tuple[str, ...] = ()
    """If given, the reply is one of these texts (and the end), whatever `max_tokens`, `top_p` and `top_k` say.

    The law is the model's, given that its reply is among them: proportional to how likely each is as the whole reply
    (`Engine.score`), to the power of 1 / temperature. Masking tokens one by one is another law, and would not do.
    """


class Reply(NamedTuple):
    """One reply."""

    text: str
    """Without control tokens."""
    stop: Literal["end", "length", "refused", "unavailable"]
    """The model ended; it ran into `max_tokens`; or there is no reply, and `text` says why.

    That is because this prompt is refused, now and later, or because the infrastructure fails, for the time being.
    """
    prompt_ids: NDArray[np.int32] = np.zeros(0, np.int32)
    """The ids that the model was given, where the engine knows them."""
    ids: NDArray[np.int32] = np.zeros(0, np.int32)
    """The ids that were sampled, the end token included, where the engine knows them."""
    logp: NDArray[np.float32] = np.zeros(0, np.float32)
    """Of each sampled id, in nats, under the law it was drawn from (after temperature, top-p and top-k)."""
    version: int = 0
    """Of the weights it was drawn from."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dollars: float = 0.0


Texts = tuple[Prompt, Sequence[str]]
"""A prompt, and texts that may be answers to it."""


class Engine(Protocol):
    """Whatever answers prompts, for several players at once.

    `member` says whose weights answer: the folder of an adapter, or "" for the model as it is. An engine whose replies
    cost something has `drop(tickets)` too, for replies that nobody waits for any more.
    """

    def submit(self, prompt: Prompt, sampling: Sampling, member: str = "") -> int:
        """Take a prompt and return its ticket at once."""

    def collect(self, tickets: Collection[int], seconds: float) -> dict[int, Reply]:
        """Go on answering, or wait, for about so many seconds at most; return the replies to these tickets.

        Returns as soon as one of them is ready. Replies to other tickets, of players that share the engine, are kept
        until somebody asks for them.
        """

    def score(self, asked: Sequence[Texts], member: str = "") -> list[list[NDArray[np.float32]]]:
        """Return for each prompt how likely each of its texts is as the whole answer.

        That is the log-probability of each of the text's tokens and of the end, in nats, at temperature 1. Raises
        PlayerError where an engine cannot say.
        """

    def close(self) -> None:
        """Free what it holds."""


@runtime_checkable
class Renewable(Protocol):
    """An engine whose members can go on with other weights."""

    def renew(self, member: str, version: int, folder: Path | None = None) -> None:
        """Let a member answer with other weights from now on; replies tell their `version`.

        The weights are in a folder, as peft or transformers write it; without one they have changed where they are.
        """


@runtime_checkable
class Tokenising(Protocol):
    """An engine that tells how its model reads and writes: what can be taught to the model."""

    def tokenise(self, prompt: Prompt, answer: str) -> tuple[list[int], list[int]]:
        """Return the ids of a prompt, and those of a whole answer with its end."""
