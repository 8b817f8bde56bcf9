"""A small real language model, made on the spot: for tests, for trying things out, and wherever nothing can be fetched.

It is a Llama of one to three million parameters with random weights, with a byte-level BPE tokenizer learned from the
texts that it will read and a chat template in the manner of ChatML, saved as an ordinary Hugging Face folder that every
engine loads. `behaviour_cloning.py` teaches it to play.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arena.demonstrations import demonstrations
from arena.errors import ConfigError, PlayerError
from arena.folder import publish, refuse_existing
from arena.game import Game
from arena.match import Fixture, play_fixtures
from arena.registry import find, load_game, load_player
from arena.seeds import derive

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

PAD, START, END = "<|pad|>", "<|im_start|>", "<|im_end|>"

_MATCHES = 50
"""Matches of each game from which a tokenizer learns its words."""

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make(
    folder: str | Path,
    texts: Iterable[str],
    *,
    vocabulary: int = 512,
    width: int = 160,
    layers: int = 4,
    heads: int = 0,
    context: int = 2048,
    seed: int = 0,
) -> Path:
    """Write a model with random weights and a tokenizer learned from `texts`, and return its folder.

    `vocabulary` counts the three control tokens and the 256 bytes, `heads` are by default 32 wide, which all engines
    know, and `context` is how many tokens it can read. The defaults have 1.4 million parameters. The same texts and
    seed make the same files. Raises ConfigError as `heads_of` does.
    """
    folder = Path(folder)
    tokenizer = _tokenizer(texts, vocabulary, context)
    model = _model(tokenizer, width, layers, heads_of(width, heads), context, seed)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def heads_of(width: int, heads: int = 0) -> int:
    """Return how many heads share a width; of 0 one for every 32. Raises ConfigError where the shares are not even."""
    heads = heads or max(1, width // 32)
    if width % (2 * heads):
        share = "for its one head" if heads == 1 else f"for each of {heads} heads"
        nearest = max(width // (2 * heads), 1) * 2 * heads
        raise ConfigError(
            f"a width of {width} has no even number {share}: give a multiple of {2 * heads}, such as {nearest}, or "
            "another number of heads"
        )
    return heads


def run(folder: Path, games: Sequence[str], seed: int = 0, players: Sequence[str] = ("uniform",), **shape: int) -> int:
    """Make a model that knows the words of some games, from what players read there; return how many weights it has.

    The words are those of matches of each of `players` against itself, and `shape` is what `make` takes. Raises
    ConfigError if the folder exists, or where what it takes is not installed, and PlayerError for a game in which one
    of the players does not come to a decision.
    """
    refuse_existing(folder)
    if not games:
        raise ConfigError("a model needs words to begin with: name a game whose words it should know")
    if find_spec("transformers") is None:
        raise ConfigError("this needs the package transformers, which is missing: pip install 'selfplay-arena[llm]'")
    texts = [text for name in games for player in players for text in _said(load_game(name), seed, player)]
    publish(folder, lambda draft: make(draft, texts, seed=seed, **shape))
    return _count(folder)


def _said(game: Game[Any], seed: int, player: str) -> list[str]:
    """Return what is read and written where a player meets itself, each text once for every decision."""
    texts = find("lessons", "chat")
    names = (player,) * game.seats
    fixtures = [Fixture(f"words-{i}", "play", names, derive(seed, "words", i), "") for i in range(_MATCHES)]
    records = sorted(
        play_fixtures(game, fixtures, {player: load_player(player, game, player, seed)}), key=lambda r: r.key
    )
    said = [text for record in records for shown in demonstrations(record, game) for text in texts(*shown)]
    if not said:
        raise PlayerError(f"{player} does not come to a decision in {game.spec}: {records[0].reason}")
    return said


def _count(folder: Path) -> int:
    """Return how many weights a folder holds."""
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", "np") as file:
        return sum(prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118 - no mapping


def _tokenizer(texts: Iterable[str], vocabulary: int, context: int) -> PreTrainedTokenizerFast:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer: Any = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers' own signature is untyped
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[START],
        chat_template=TEMPLATE,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )


def _model(
    tokenizer: PreTrainedTokenizerFast, width: int, layers: int, heads: int, context: int, seed: int
) -> LlamaForCausalLM:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=3 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=context,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config)  # type: ignore[no-untyped-call]  # the same
    generator = torch.Generator().manual_seed(derive(seed, "tiny model"))
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:  # the scales of the norms stay at 1
                # The usual 0.02 is for widths near 1000. At a tenth of that, attention would be even and its values
                # small: the model would hardly hear what it is asked, and reinforcement learning could not change that.
                weight.normal_(0.0, weight.shape[1] ** -0.5, generator=generator)
    return model
