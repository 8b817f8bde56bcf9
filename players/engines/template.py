"""A conversation becomes token ids by the model's own chat template, and no text in it becomes anything but text.

What separates the turns of a chat are control tokens, and most tokenizers find them in any string that spells them. So
every message is made harmless first: where it spells a control token, or words with which the template itself marks
turns ([INST], User:), a space is put into the spelling, whatever is hidden in it and however wide it is written. Then
the ids are held against those of the same turns with harmless contents: they must hold the same control tokens in the
same order. If they do not, messages are reduced to plain letters and punctuation, and if that fails too, the prompt is
refused. A message that spells nothing of the kind comes through as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from unicodedata import category, normalize

import numpy as np
from jinja2 import TemplateError
from numpy.typing import NDArray

from arena.errors import PlayerError
from arena.players.engines.engine import Message, Prompt

PLAIN = (
    "{% for message in messages %}{{ message.role | capitalize }}: {{ message.content }}\n\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
"""How a model without a chat template is asked, after its beginning token if it wants one."""

_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and a symbol that show nothing; marks that show nothing have a category of their own."""

_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Me"}
"""Categories of characters that can hide between others: a tokenizer's normaliser may take them out."""


class Template:
    """The chat template of one tokenizer (a `PreTrainedTokenizer`), and the tokens with which its answers end.

    `ends` are further tokens that end an answer, from the model's generation config; `options` are passed to the
    template, such as `enable_thinking`. Raises PlayerError for a template that cannot show a user's message, and
    where nothing ends an answer.
    """

    def __init__(self, tokenizer: Any, ends: Iterable[int] = (), **options: Any) -> None:
        self._tokenizer, self._options = tokenizer, options
        self._turns = {} if tokenizer.chat_template else {"chat_template": _plain(tokenizer)}
        self._control = _control_tokens(tokenizer)
        self._expected = lru_cache(maxsize=1024)(self._expect)
        question, answer = _harmless("user", 1), _harmless("assistant", 2)
        if self._between([question]) is None:
            raise PlayerError("the chat template does not show what a user says: give the model another one")
        self._takes_system = self._between([_harmless("system", 0), question]) is not None
        self.ends = self._ends([question, answer], ends)
        """The ids that end an answer; the first is the one that the template itself puts there."""
        self.thought = self._thought(question)
        """The ids with which the template begins an answer, if it opens a thought there and leaves it open."""
        texts = [
            *self._control.values(),
            *self._marks([_harmless("system", 0), question, answer, _harmless("user", 3)]),
        ]
        spelt = {_folded(text)[0].strip() for text in texts} - {""}
        longest_first = "|".join(map(re.escape, sorted(spelt, key=len, reverse=True)))
        self._spelling = re.compile(f"(?=({longest_first or '(?!)'}))")
        self._signs = {char for text in spelt for char in text if not char.isalnum() and not char.isspace()}

    def encode(self, prompt: Prompt) -> NDArray[np.int32]:
        """Return the ids of a conversation that ends where the answer begins, or goes on, if its beginning is given.

        System messages join the next user's where the template knows none. Raises PlayerError where the template
        refuses the order of the roles, and where it cannot be shown that no message became a control token.
        """
        for tame in (self._spaced, self._bare):
            messages = [Message(message.role, tame(message.content)) for message in self._fitted(prompt)]
            ids = self._tokenise(self._render(messages))
            if self._controls(ids) == self._expected(tuple((m.role, bool(m.content.strip())) for m in messages)):
                return np.array(ids, np.int32)
        raise PlayerError(
            "a message of this prompt would become control tokens of the model, whatever is taken out of it: "
            "its tokenizer has control tokens that are spelt like common words, so give it another one"
        )

    def text_ids(self, text: str) -> list[int]:
        """Return the ids of the beginning of an answer, or of all of it, without an end; without control tokens.

        Raises PlayerError for a text that spells one, since no answer can be that text.
        """
        ids = self._tokenise(text)
        if self._controls(ids):
            raise PlayerError(f"{text!r} spells a control token of the model, so it is no answer: write it otherwise")
        return ids

    def _fitted(self, prompt: Prompt) -> list[Message]:
        """Return the conversation in roles that the template knows."""
        messages: list[Message] = []
        carried = ""
        for role, content in prompt:
            if role == "system" and not self._takes_system:
                carried += f"{content}\n\n"
            else:
                messages.append(Message(role, carried + content))
                carried = ""
        return messages

    def _render(self, messages: Sequence[Message]) -> str:
        """Return a conversation as one text, up to where the answer goes on."""
        begun = messages[-1].content if messages and messages[-1].role == "assistant" else ""
        asked = messages[:-1] if messages and messages[-1].role == "assistant" else messages
        return self._apply(asked, answer=True) + begun

    def _apply(self, messages: Sequence[Message], *, answer: bool) -> str:
        try:
            text = self._tokenizer.apply_chat_template(
                [message._asdict() for message in messages],
                tokenize=False,
                add_generation_prompt=answer,
                **self._turns,
                **self._options,
            )
        except TemplateError as error:
            roles = ", ".join(message.role for message in messages) or "nobody"
            raise PlayerError(f"the model's chat template refuses a conversation of {roles}: {error}") from error
        return str(text)

    def _tokenise(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return ids

    def _controls(self, ids: Iterable[int]) -> list[int]:
        return [i for i in ids if i in self._control]

    def _expect(self, turns: tuple[tuple[Any, bool], ...]) -> list[int]:
        """Return the control tokens of such turns, each of them a role and whether anything is said in it."""
        messages = [_harmless(role, i) if said else Message(role, "") for i, (role, said) in enumerate(turns)]
        return self._controls(self._tokenise(self._render(messages)))

    # What the template itself says.

    def _between(self, messages: Sequence[Message], *, answer: bool = True) -> list[str] | None:
        """Return what the template says before, between and after harmless messages, or None if it leaves one out."""
        try:
            text = self._apply(messages, answer=answer)
        except PlayerError:
            return None
        said: list[str] = []
        for message in messages:
            before, found, text = text.partition(message.content)
            if not found:
                return None
            said.append(before)
        return [*said, text]

    def _ends(self, messages: Sequence[Message], further: Iterable[int]) -> tuple[int, ...]:
        between = self._between(messages, answer=False)
        own = self._controls(self._tokenise(between[-1]))[:1] if between and self._tokenizer.chat_template else []
        eos = self._tokenizer.eos_token_id
        ends = tuple(dict.fromkeys([*own, *([] if eos is None else [int(eos)]), *further]))
        if not ends:
            raise PlayerError("nothing says how an answer of this model ends: give its tokenizer an eos_token")
        return ends

    def _thought(self, question: Message) -> list[int]:
        begun = (self._between([question]) or [""])[-1]
        return self._tokenise(begun) if begun.rfind("<think>") > begun.rfind("</think>") else []

    def _marks(self, messages: Sequence[Message]) -> set[str]:
        """Return the words with which the template marks turns and that are no control tokens: [INST], ###, User:."""
        between = self._between(messages) or self._between(messages[1:]) or []
        control = "|".join(map(re.escape, sorted(self._control.values(), key=len, reverse=True)))
        marks: set[str] = set()
        for said in between:
            words = (re.sub(control, " ", said) if control else said).split()
            marks.update(word for word in words if re.search(r"[][<>{}|#]", word))
            marks.update(word for word in words[-1:] if re.fullmatch(r"\w+:", word))
        return marks

    # What is done to a message.

    def _spaced(self, text: str) -> str:
        """Return a message with a space in all that spells a control token or a mark of the template."""
        text = text.encode("utf-8", "replace").decode()  # half of a surrogate pair cannot be tokenised
        for _ in range(8):
            folded, origin = _folded(text)
            found = [(origin[m.start(1)], origin[m.end(1) - 1]) for m in self._spelling.finditer(folded)]
            if not found:
                return text
            chars = list(text)
            for first, last in found:
                if first == last:
                    chars[first] = "\ufffd"
                elif text[first].isalnum():  # "User :" rather than "U ser:"
                    chars[last] = f" {chars[last].lstrip()}"
                else:
                    chars[first] = f"{chars[first].rstrip()} "
            text = "".join(chars)
        return self._bare(text)

    def _bare(self, text: str) -> str:
        """Return a message without any sign that control tokens are made of, and without rare characters."""
        plain = normalize("NFKC", text.encode("utf-8", "replace").decode())
        return "".join([c if c.isascii() and (c.isalnum() or c.isspace() or self._plain(c)) else " " for c in plain])

    def _plain(self, char: str) -> bool:
        return char.isprintable() and char not in self._signs


def _harmless(role: Any, number: int) -> Message:
    """Return a message that spells nothing, and that can be found again."""
    return Message(role, f"harmless{number}words")


def _plain(tokenizer: Any) -> str:
    """Return the template of a model that has none."""
    begins = tokenizer.bos_token_id is not None and tokenizer("")["input_ids"][:1] == [tokenizer.bos_token_id]
    return "{{ bos_token }}" * begins + PLAIN


def _control_tokens(tokenizer: Any) -> dict[int, str]:
    """Return the spelling of every control token: the special ones, and added ones that look like marks.

    White space and words are added to vocabularies to save room, and are text. So is the token for what is unknown,
    unless it has another office, since any rare character may become it.
    """
    special = set(tokenizer.all_special_ids)
    offices = {tokenizer.bos_token_id, tokenizer.eos_token_id}
    tokens = {
        int(i): str(token) for i, token in zip(tokenizer.all_special_ids, tokenizer.all_special_tokens, strict=True)
    }
    for i, token in tokenizer.added_tokens_decoder.items():
        text = str(token.content)
        sign = any(not char.isalnum() and not char.isspace() and char not in "▁_" for char in text)
        if i in special or token.special or (sign and len(text) > 1):
            tokens[int(i)] = text
    if tokenizer.unk_token_id not in offices:
        tokens.pop(tokenizer.unk_token_id, None)
    return tokens


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """Return a text as the most forgiving reader sees it, and from which character each of its characters came."""
    if re.fullmatch(r"[\n -~]*", text):
        return text.replace("\n", " ").lower(), range(len(text))
    parts = [_fold(char) for char in text]
    return "".join(parts), [i for i, part in enumerate(parts) for _ in part]


@lru_cache(maxsize=8192)
def _fold(char: str) -> str:
    if char.isspace() or char == "▁":  # what SentencePiece writes for a space
        return " "
    if category(char) in _UNSEEN or char in _BLANK:
        return ""
    return "".join([c for c in normalize("NFKD", char) if category(c) not in _UNSEEN]).casefold()
