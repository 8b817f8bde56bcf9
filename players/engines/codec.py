"""Between words and token ids, for the engines that compute in this program: prompts go in, drawn tokens come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoConfig, AutoTokenizer, GenerationConfig

from arena.errors import ConfigError, reason
from arena.players.engines.engine import Prompt, Reply
from arena.players.engines.template import Template

_KNOWN = 4096
"""Conversations whose ids are remembered: the views of a small game come up again and again."""


class Codec:
    """The tokenizer and the chat template of one model, a folder or a name that the local cache of Hugging Face knows.

    `options` are what the template is told besides the conversation. Raises ConfigError for a model whose tokenizer
    cannot be loaded, and for an adapter.
    """

    def __init__(self, model: str, options: Mapping[str, Any] | None = None) -> None:
        if (Path(model) / "adapter_config.json").is_file():
            raise ConfigError(f"model = {model!r} is an adapter: give the model that it belongs to, and it as adapter")
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(model, trust_remote_code=False)
            ends = _generation(model).eos_token_id
        except (OSError, ValueError, AttributeError, ImportError) as error:
            raise ConfigError(f"the model {model!r} cannot be loaded: {reason(error)}") from error
        further = [] if ends is None else [ends] if isinstance(ends, int) else list(ends)
        self._template = Template(self._tokenizer, further, **(options or {}))
        self.ends = self._template.ends
        """The ids that end an answer; the first is the template's own."""
        self._read = lru_cache(maxsize=_KNOWN)(self._encoded)

    def prompt(self, prompt: Prompt) -> list[int]:
        """Return the ids of a conversation, up to where the answer begins or goes on."""
        return list(self._read(prompt))

    def _encoded(self, prompt: Prompt) -> tuple[int, ...]:
        return tuple(self._template.encode(prompt).tolist())

    def answer(self, text: str) -> list[int]:
        """Return the ids of a whole answer, its end included."""
        return [*self._template.text_ids(text), self.ends[0]]

    def reply(self, prompt: Sequence[int], ids: Sequence[int], logp: Sequence[float], text: str | None = None) -> Reply:
        """Return the reply that drawn ids are, with their log-probabilities; `text` if it is known what they say.

        Where the template opens a thought, the text begins with it as if the model had opened it, so that one which
        is cut off is not taken for an answer.
        """
        ended = bool(ids) and ids[-1] in self.ends
        if text is None:
            said = ids[:-1] if ended else ids
            text = self._tokenizer.decode(said, skip_special_tokens=True, clean_up_tokenization_spaces=False)
            opening = self._template.thought
            if opening and list(prompt[-len(opening) :]) == opening:
                text = f"<think>\n{text}"
        return Reply(
            text,
            "end" if ended else "length",
            np.array(prompt, np.int32),
            np.array(ids, np.int32),
            np.array(logp, np.float32),
            prompt_tokens=len(prompt),
            completion_tokens=len(ids),
        )


def _generation(model: str) -> GenerationConfig:
    """Return how a model wants to be drawn from, which says what ends an answer; all models have a config of that."""
    try:
        return GenerationConfig.from_pretrained(model)
    except OSError:  # it has none of its own
        return GenerationConfig.from_model_config(AutoConfig.from_pretrained(model, trust_remote_code=False))
