"""A chat player that learns: a LoRA adapter on a model, or all of its weights.

::

    language_model(model="models/qwen", rank=32, engine="vllm")     an adapter, played by vLLM
    language_model(model="models/tiny")                             all weights, through transformers

What is saved is an ordinary Hugging Face folder, which plays as `chat(…)` in the same style from then on. With
transformers the module that learns is the one that plays; vLLM is handed every version in a folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from arena import checkpoint
from arena.errors import ConfigError
from arena.player import TokenEvaluation
from arena.players.answer import Notation
from arena.players.chat import DirectChat, check_asking
from arena.players.engines.engine import Renewable, Sampling
from arena.players.engines.kinds import maker
from arena.players.engines.module import Module
from arena.players.engines.shared import lease
from arena.players.prompt import History, Style
from arena.players.weights import Weights, elsewhere

if TYPE_CHECKING:
    import torch

    from arena.batch import TokenBatch

_learners = count()
_TOKENIZER = ("tokenizer*", "special_tokens_map.json", "vocab*", "merges.txt", "chat_template*", "generation_config*")
"""What a folder of weights needs beside them, to be played."""


def language_model(
    model: str,
    rank: int = 0,
    engine: str = "transformers",
    max_tokens: int = 512,
    history: History = "state",
    thinking: bool = False,
    answer: Notation = "tag",
    show_legal: bool = True,
    checkpointing: bool = False,
    value: bool = False,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> LanguageModel:
    """Return a language model that plays and learns.

    What learns is a LoRA adapter of `rank` on top of `model` (Hu et al., 2022), or with rank 0 all of the model.
    `checkpointing` computes activations again where gradients need them, for less memory. With `value`
    it also predicts what a match will pay, which its trainer may use and nobody who plays. `seed` is that of the
    adapter's first weights. All else is as for the player `chat`, with which it plays once it is saved; replies are
    drawn at temperature 1 from all tokens. Raises ConfigError for settings that cannot be.
    """
    style, sampling = Style(history, answer, thinking, show_legal), Sampling(max_tokens)
    check_asking(style, sampling)
    if type(rank) is not int or rank < 0:
        raise ConfigError(f"rank = {rank!r} is none of an adapter: give a whole number, 0 to let all weights learn")
    if engine not in ("transformers", "vllm"):
        raise ConfigError(f"a learner cannot play through engine = {engine!r}: it takes 'transformers' or 'vllm'")
    if engine == "vllm":
        room = {"rank": max(8, 1 << (rank - 1).bit_length())} if rank else {"adapters": 0}
        options = {**room, **(options or {})}
    return LanguageModel(model, rank, engine, style, sampling, options or {}, checkpointing, value, seed)


class LanguageModel(DirectChat):
    """A chat player whose weights learn; `version` counts the updates that they have seen."""

    def __init__(
        self,
        model: str,
        rank: int,
        kind: str,
        style: Style,
        sampling: Sampling,
        options: Mapping[str, Any],
        checkpointing: bool,
        value: bool,
        seed: int,
    ) -> None:
        make, arguments = maker(kind, model, style.thinking, {}, options)
        shared = kind == "transformers"  # with the engine
        if rank:
            held = lease(make, **arguments)
            engine, end = cast(Any, held.engine), held.end
        else:  # small steps are lost in less precision; and what changes is nobody else's model
            engine = cast(Any, make(**({"dtype": "float32"} if shared else {}), **arguments))
            end = engine.close
        module = engine.module if shared else Module(model, dtype=None if rank else "float32")
        member = module.begin(rank, seed) if rank else ""
        super().__init__(engine, style, sampling, f"learner {next(_learners)}" if rank and not shared else member, end)
        self.name = "language_model"
        self.model, self.kind, self.options, self.rank, self.version = model, kind, dict(options), rank, 0
        self.max_tokens = sampling.max_tokens
        self.weights, self.predicts = Weights(module, member, checkpointing, value), value
        dtype = str(module.dtype).removeprefix("torch.")
        self._replica = partial(elsewhere, model, module.device.type, dtype, rank, checkpointing, value)
        self._folder = None if shared else TemporaryDirectory(prefix="arena-weights-")
        if not shared:
            self.sync()

    def parameters(self) -> list[torch.nn.Parameter]:
        """Return the weights that learn."""
        weights: list[torch.nn.Parameter] = self.weights.parameters()
        return weights

    def evaluate(self, batch: TokenBatch) -> TokenEvaluation:
        """Return log-probabilities of all sampled tokens of the batch, and what is predicted; see `TokenPolicy`."""
        said: TokenEvaluation = self.weights.evaluate(batch)
        return said

    def frozen(self) -> Weights:
        """Return a copy of the weights as they are now, to be compared with."""
        return self.weights.frozen()

    def replica(self) -> Callable[[int], Weights]:
        """Return what makes weights of the same shape in another process; see `TrainableTokens`."""
        return self._replica

    def sync(self) -> None:
        """Let the weights as they are now play under this version; vLLM gets them in a folder."""
        engine = cast(Renewable, self.engine)
        if self._folder is None:
            engine.renew(self.member, self.version)
            return
        folder = Path(self._folder.name) / str(self.version)
        self._write(folder)
        engine.renew(self.member, self.version, folder)
        shutil.rmtree(folder)

    def rest(self) -> None:
        """Let the engine give up its memory until `sync`, where it can."""
        if callable(rest := getattr(self.engine, "rest", None)):
            rest()

    def save(self, folder: Path) -> None:
        """Write a Hugging Face folder that says how it is asked, and that any game may ask it."""
        asked = {
            "engine": self.kind,
            "max_tokens": self.max_tokens,
            "history": self.style.history,
            "thinking": self.style.thinking,
            "answer": self.style.notation,
            "show_legal": self.style.show_legal,
            "options": self.options,
        }
        spec = f"chat({', '.join(f'{key}={value!r}' for key, value in asked.items())})"
        checkpoint.write(folder, checkpoint.Manifest(spec, self.name, self.version, "", "", []), self._write)

    def load(self, folder: Path) -> None:
        """Go on with the weights of a folder that `save` has written."""
        self.version = checkpoint.read(folder).version
        self.weights.read(folder)
        self.sync()

    def close(self) -> None:
        """Give up the engine, and what was learned beyond what was saved."""
        if self.rank:
            self.weights.forget()
        if self._folder is not None:
            self._folder.cleanup()
        super().close()

    def _write(self, draft: Path) -> None:
        self.weights.write(draft)
        source = Path(self.model)
        if not self.rank and source.is_dir():
            for file in (path for pattern in _TOKENIZER for path in source.glob(pattern)):
                shutil.copyfile(file, draft / file.name)
