"""A small real language model, made on the spot: for tests, for trying things out, and wherever nothing can be fetched.

It is a Llama of one to three million parameters with random weights, with a byte-level BPE tokenizer learned from the
texts that it will read and a chat template in the manner of ChatML, saved as an ordinary Hugging Face folder that every
engine loads. `behaviour_cloning.py` teaches it to play.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arena.seeds import derive

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

PAD, START, END = "<|pad|>", "<|im_start|>", "<|im_end|>"

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make(
    folder: str | Path,
    texts: Iterable[str],
    *,
    vocabulary: int = 512,
    width: int = 128,
    layers: int = 6,
    heads: int = 4,
    context: int = 2048,
    seed: int = 0,
) -> Path:
    """Write a model with random weights and a tokenizer learned from `texts`, and return its folder.

    `vocabulary` counts the three control tokens and the 256 bytes; `context` is how many tokens it can read. The
    defaults have 1.3 million parameters, in attention heads 32 wide, which all engines know. The same texts and seed
    make the same files.
    """
    folder = Path(folder)
    tokenizer = _tokenizer(texts, vocabulary, context)
    model = _model(tokenizer, width, layers, heads, context, seed)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


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
                weight.normal_(0.0, 0.02, generator=generator)
    return model
