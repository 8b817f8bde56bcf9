r"""Another player's words as data: a block in a view in which nobody can speak for anybody else.

A game with free talk puts every text that somebody else wrote through `quote`, and shows nothing else of it::

    seller| I take two wood for one gold.
    seller| Deal?

Whoever reads a line knows whose it is by how it begins, and no character of it can end the line, hide in it, or
make up a control token of a chat template, an answer tag or the end of the block. Every engine promises once more,
of token ids, that no text becomes a control token; what is promised here is what people and models read.
"""

from __future__ import annotations

from functools import lru_cache
from unicodedata import category, normalize

from arena.errors import GameError

_LOOKS = {"<": "‹", ">": "›", "[": "(", "]": ")", "\\": "/"}
r"""What tags are made of (<|im_start|>, </answer>, [INST], \boxed{…}), and what is shown instead."""

_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
"""Letters, marks and symbols that show nothing: a joiner, fillers, selectors and the empty braille cell."""

_VARIATIONS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
"""Marks that show nothing and choose between looks of the character before them; text can be hidden in them."""


def quote(speaker: str, words: str, most: int = 2000) -> str:
    """Return what `speaker` said as lines that all begin with "speaker| ", `most` characters in all at most.

    Every line break of Unicode begins a new line; blank lines at either end go. Invisible characters (controls,
    zero-width, writing direction, tags) go too, unknown and private ones become �, and <, >, [, ] and backslash become
    ‹, ›, (, ) and /, however wide they are written. What is too long ends with "…". A quoted quote keeps its prefixes
    behind the new one. Raises GameError for a speaker that is no name of one line, or longer than `most` allows.
    """
    prefix = f"{speaker}|"
    if not speaker.strip() or not speaker.isprintable() or "|" in speaker or _harmless(speaker) != speaker:
        raise GameError(f"{speaker!r} cannot be shown as a speaker: give a name of one line, without brackets or |")
    if most < len(prefix) + 3:
        raise GameError(f"most = {most} leaves no room for what {speaker!r} says: give more")
    said = "\n".join([_harmless(line).rstrip() for line in words.splitlines()]).strip("\n")
    block = "\n".join([f"{prefix} {line}".rstrip() for line in said.split("\n")])
    if len(block) <= most:
        return block
    *whole, cut = block[: most - 1].split("\n")
    if len(cut) <= len(prefix):  # half a name would be somebody else's
        return "\n".join(whole) + "…"
    return "\n".join([*whole, cut]) + "…"


def _harmless(line: str) -> str:
    return "".join(map(_shown, line))


@lru_cache(maxsize=4096)
def _shown(char: str) -> str:
    """Return what one character is shown as: itself, a look-alike, a space, � or nothing."""
    if char.isascii() and char.isprintable():
        return _LOOKS.get(char, char)
    kind = category(char)
    if kind == "Zs" or char == "\t":
        return " "
    if kind in ("Cc", "Cf", "Zl", "Zp") or char in _BLANK or any(ord(char) in block for block in _VARIATIONS):
        return ""
    if kind in ("Cn", "Co", "Cs"):
        return "�"
    # A tokenizer may fold ＜ (wide) and ≮ (< with a stroke) into what they are made of.
    folded = normalize("NFKD", char)
    return "".join([_LOOKS.get(c, c) for c in folded]) if _LOOKS.keys() & set(folded) else char
