r"""From a reply to a move: the last structured answer is final, and nothing is ever guessed from prose.

A model thinks, and then answers in one of three notations, since other people's checkpoints were trained in each::

    tag         <answer>bet</answer>
    boxed       \boxed{bet}
    brackets    [bet]

Parsers that pick a legal word out of prose have played whole matches that no model wanted; here a reply either states
a move in the notation that was asked for, or it is a fault that says why not. A move that is stated but not legal is
handed on as it is: the referee judges it, tells the player, and counts it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from arena.game import Choices, Text
from arena.player import Fault, is_unicode

Notation = Literal["tag", "boxed", "brackets"]
"""How a player writes its answers."""


class _Marks(NamedTuple):
    """What stands before and after an answer, and how it is found in a reply."""

    before: str
    after: str
    opening: re.Pattern[str]
    end: Callable[[str], int]
    """Where in a text, whose beginning is the answer, the answer ends; −1 if it does not."""


def _end_of_tag(text: str) -> int:
    found = re.search("</answer>", text, re.IGNORECASE | re.ASCII)
    return found.start() if found else -1


def _end_of_box(text: str) -> int:
    depth = 1
    for i, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if depth == 0:
            return i
    return -1


_MARKS: dict[Notation, _Marks] = {
    "tag": _Marks("<answer>", "</answer>", re.compile("<answer>", re.IGNORECASE | re.ASCII), _end_of_tag),
    "boxed": _Marks("\\boxed{", "}", re.compile(r"\\boxed\{"), _end_of_box),
    "brackets": _Marks("[", "]", re.compile(r"\["), lambda text: text.find("]")),
}
NOTATIONS: tuple[str, ...] = tuple(_MARKS)
"""The names of all notations."""

_LATEX_TEXT = re.compile(r"\\(?:text|texttt|textbf|mathrm|mathbf)\{([^{}]*)\}")
r"""How models that learned mathematics write words: \boxed{\text{bet}}."""


def written(action: str, notation: Notation) -> str:
    """Return an answer as a player writes it."""
    marks = _MARKS[notation]
    return f"{marks.before}{action}{marks.after}"


def without_thinking(reply: str) -> str:
    """Return what is said outside <think>…</think>.

    Thinking that does not end is cut off too, and so is what stands before an end without a beginning: some chat
    templates open it in the prompt.
    """
    said: list[str] = []
    thinks = False
    for part in re.split("(</?think>)", reply):
        if part == "<think>":
            thinks = True
        elif part == "</think>":
            if not thinks:
                said.clear()
            thinks = False
        elif not thinks:
            said.append(part)
    return "".join(said)


def read(reply: str, stop: str, legal: Sequence[str] | Text, notation: Notation) -> str | Fault:
    """Return the move that a reply states, or what is wrong with it.

    Of several answers the last counts; one that was begun after it and never ended makes the reply unreadable, since
    the model was about to say something else. White space around an answer means nothing, and of talk that ends in a
    move none around the last line. If a move is not legal as it stands, and exactly one legal move differs from it in
    upper and lower case alone, it is that move.

    A fault is EMPTY if nothing was said or the answer is blank, TRUNCATED if the reply ran into its length limit
    (`stop` is "length") before the end of its answer, and UNPARSABLE otherwise.
    """
    said = without_thinking(reply)
    answer = _last(said, _MARKS[notation])
    if answer is None:
        if stop == "length":
            return Fault.TRUNCATED
        return Fault.UNPARSABLE if said.strip() else Fault.EMPTY
    if not is_unicode(answer):
        return Fault.UNPARSABLE
    answer = answer.strip()
    if notation == "boxed" and (text := _LATEX_TEXT.fullmatch(answer)):
        answer = text[1].strip()
    if not answer:
        return Fault.EMPTY
    if isinstance(legal, Text) and legal.moves:
        words, line, move = answer.rpartition("\n")
        return f"{words}{line}{_as_spelled(move.strip(), legal.moves)}"
    return answer if isinstance(legal, Text | Choices) else _as_spelled(answer, legal)


def _as_spelled(move: str, legal: Sequence[str]) -> str:
    """Return the one legal move that differs in upper and lower case alone, if there is just one; else the move."""
    alike = [action for action in legal if action.lower() == move.lower()]
    return alike[0] if len(alike) == 1 and move not in legal else move


def _last(said: str, marks: _Marks) -> str | None:
    """Return what stands between the marks that were opened last, or None where none are, or they do not end."""
    begin = max((found.end() for found in marks.opening.finditer(said)), default=-1)
    if begin < 0:
        return None
    end = marks.end(said[begin:])
    return said[begin : begin + end] if end >= 0 else None
