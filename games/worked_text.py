"""A problem and the steps of its solution as players read them, and the answer that a step states."""

from __future__ import annotations

import re
from collections.abc import Sequence

from arena.grading.exact import same
from arena.question_file import boxed
from arena.quoting import quote

_STATED = re.compile(
    r"(?:(?:^|[.!?:;,]\s)\W*(?:(?:and|then|so|thus|hence|therefore),?\s+)*(?:the\s+)?(?:(?:final|right|correct)\s+)?"
    r"answer\s*(?:is\b\s*:?|[:=])|^\s*####)(.*)",
    re.ASCII | re.IGNORECASE,
)
"""At the beginning of a sentence: whoever writes "I check whether the answer is positive" states none."""
_EMPHASIS = " *_"
"""What Markdown puts around an answer."""
QUESTION_CHARS = 20_000
"""Characters of a question that are shown."""


def posed(question: str) -> list[str]:
    """Return the lines of a problem's question."""
    return ["Problem:", quote("problem", question, QUESTION_CHARS)]


def so_far(question: str, steps: Sequence[str]) -> list[str]:
    """Return the lines of a problem and of the first steps of its solution."""
    lines = [numbered(place, step) for place, step in enumerate(steps)]
    return [*posed(question), "", "The solution so far:", *(lines or ["(nothing yet)"])]


def numbered(place: int, step: str) -> str:
    """Return a step, whoever wrote it, under its number; places count from 0 and numbers from 1."""
    return quote(f"step {place + 1}", step)


def stated_answer(step: str) -> str | None:
    r"""Return the answer that a step states, or None: "The answer is 5.", "Answer: x = 5", "#### 5" or \boxed{5}.

    Of "x = 5" it is what stands behind the last sign of equality.
    """
    found = _STATED.search(step)
    answer = boxed(found[1] if found else step)
    if answer is None:
        answer = found[1] if found else None
    if answer is None:
        return None
    answer = answer.rpartition("=")[2].strip(_EMPHASIS).removesuffix(".").strip(_EMPHASIS)
    return answer or None


def comes_to(rest: str, answer: str) -> bool:
    """Return whether the last line of the rest of a solution states an answer, or is one, alone or behind a colon."""
    lines = [line for line in rest.splitlines() if line.strip()]
    if not lines:
        return False
    stated = stated_answer(lines[-1])
    return same(stated or lines[-1].rpartition(":")[2] or lines[-1], answer)
