"""Language models for tests: one that was made and taught on the spot, once for all tests, and tokenizers of others."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast
from transformers.utils import logging

import arena
from arena.demonstrations import Demonstration, demonstrations
from arena.player import Request
from arena.players.engines.engine import Message, Prompt
from arena.players.engines.template import Template
from arena.trainers.behaviour_cloning import clone
from arena.trainers.tiny_model import make

logging.disable_progress_bar()

Asked = Callable[[Request], Prompt]
Answered = Callable[[str], str]


def question(request: Request) -> Prompt:
    """Ask for a move in few words."""
    return Message("system", "Answer with one legal move."), Message("user", f"{request.text}\n{request.legal}")


def tagged(action: str) -> str:
    return f"<answer>{action}</answer>"


def decisions(game_name: str, matches: int, seed: int = 0) -> list[Demonstration]:
    """Return all questions and answers of matches that are played by chance."""
    game = arena.load_game(game_name)
    records = arena.play(game, ["uniform"] * game.seats, matches, seed)
    return [shown for record in records for shown in demonstrations(record, game)]


def taught(
    folder: Path,
    played: Sequence[Demonstration],
    asked: Asked = question,
    answered: Answered = tagged,
    *,
    epochs: int = 2,
    **size: Any,
) -> Path:
    """Make a model in a folder and teach it to answer as it was played."""
    prompts = [asked(request) for request, _ in played]
    make(folder, [m.content for prompt in prompts for m in prompt] + [answered(action) for _, action in played], **size)
    template = Template(AutoTokenizer.from_pretrained(folder))
    model = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True)
    pairs = [
        (template.encode(prompt).tolist(), [*template.text_ids(answered(action)), template.ends[0]])
        for prompt, (_, action) in zip(prompts, played, strict=True)
    ]
    clone(model, pairs, epochs=epochs, rate=5e-3, batch_tokens=512)
    model.save_pretrained(folder)
    return folder


@cache
def tiny_folder(asked: Asked = question, answered: Answered = tagged) -> Path:
    """Return the folder of a small model that plays Kuhn poker, nearly always legally, when it is asked like this."""
    folder = Path(tempfile.mkdtemp(prefix="arena-tiny-"))
    atexit.register(shutil.rmtree, folder)
    return taught(folder, decisions("kuhn_poker", 450), asked, answered, width=64, layers=2, heads=2)


@cache
def unigram_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer like those of Llama 2: pieces of SentencePiece, <s> and [INST], everything folded by NFKC."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer: Any = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<unk>", "<s>", "</s>"]
    texts = ["You are dealt a king. <</SYS>> [INST] Your move: bet or check? [/INST] I bet. 0123456789 \n"]
    trainer = trainers.UnigramTrainer(vocab_size=200, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(texts * 20, trainer)
    template = (
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}[INST] <<SYS>>\n{{ m.content }}\n<</SYS>>"
        "[/INST]{% elif m.role == 'user' %}[INST] {{ m.content | trim }} [/INST]"
        "{% else %} {{ m.content | trim }} {{ eos_token }}{% endif %}{% endfor %}"
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        chat_template=template,
    )
