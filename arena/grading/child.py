r"""The program that judges answers, in a process of its own: `python -m arena.grading.child exact|math-verify SECONDS`.

It reads lines of JSON, each an expected answer and a given one, and answers each with true or false. math-verify
(Hugging Face) reads LaTeX and plain terms and compares them with SymPy, which may never end, may need any amount of
memory, and cannot be interrupted from inside: so its own timeouts are off, and whoever asks kills this process
(`grader.py`). If nobody is left to do that, an alarm ends it: it would calculate for ever otherwise.
"""

from __future__ import annotations

import json
import logging
import re
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from arena.grading.exact import same

_MEMORY = 4 << 30
"""Bytes that it may ask for; a tower of powers would take all there are."""
_READ = 500
"""Characters from the end of an answer, in which its result must stand: to read thousands takes many seconds."""
_MARKED = ("\\boxed", "$", "\\(", "\\[")
"""What tells math-verify where in a text the answer is."""
_WORDS = re.compile(r"(?=.*[^\W\d_]{3})[^\W\d_][^\W\d_ '\-]*([ '\-]+[^\W\d_ '\-]+)*", re.DOTALL)
"""Words alone. As terms they would be products of their letters, and "silent" would equal "listen"."""

Judge = Callable[[str, str], bool]


def main(grader: str, seconds: str) -> None:
    """Judge until the questions end."""
    said, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no verdict
    with suppress(ValueError, OSError):  # a system that has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    judge = same if grader == "exact" else math_verify()
    for line in sys.stdin:
        expected, answer = json.loads(line)
        signal.alarm(int(seconds))
        right = judge(expected, answer)
        signal.alarm(0)
        said.write(f"{json.dumps(right)}\n")
        said.flush()


def math_verify() -> Judge:
    """Return a judge that asks math-verify wherever the exact rules see no equality."""
    from math_verify import parse, verify

    logging.disable()  # it warns at every start that its timeouts are off

    def read(answer: str) -> list[Any]:
        if not any(mark in answer for mark in _MARKED):
            boxed: list[Any] = parse(f"\\boxed{{{answer}}}", parsing_timeout=None)
            if any(not isinstance(found, str) for found in boxed):
                return boxed
        found: list[Any] = parse(answer, parsing_timeout=None)
        return found

    def judge(expected: str, answer: str) -> bool:
        if same(expected, answer):
            return True
        if _WORDS.fullmatch(expected):
            return False
        return bool(verify(read(expected), read(answer[-_READ:]), timeout_seconds=None))

    return judge


if __name__ == "__main__":
    main(*sys.argv[1:])
