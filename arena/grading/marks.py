"""All answers to one question: which of them are right, and whether the majority is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from os import cpu_count
from queue import LifoQueue
from threading import Event
from typing import NamedTuple

from arena.grading.grader import SECONDS, Grader, Verdict

_CHILDREN = 4
"""Processes that judge at the same time, where there are so many cores."""


class Sheet(NamedTuple):
    """What was answered to one question."""

    expected: str
    answers: tuple[str | None, ...]
    """Sample by sample; None where there was no answer, which is wrong and has no vote."""


class Marks(NamedTuple):
    """What one sheet is worth."""

    right: tuple[bool, ...]
    majority: bool
    """Whether the answer that most samples agree on is right; of equally many, the one that came first."""
    hung: int = 0
    """Comparisons that did not end in time."""
    crashed: int = 0
    """Comparisons that the child died of."""


Judge = Callable[[str, str], Verdict]


def mark(sheet: Sheet, judge: Judge) -> Marks:
    """Mark a sheet. Answers agree if both are right, or if each is judged right where the other is expected.

    So votes are counted by what answers mean, and not by how they are written (self-consistency: Wang et al., 2022).
    """
    verdicts: dict[tuple[str, str], Verdict] = {}

    def verdict(expected: str, answer: str) -> Verdict:
        if (expected, answer) not in verdicts:
            verdicts[expected, answer] = judge(expected, answer)
        return verdicts[expected, answer]

    def agree(one: str, other: str) -> bool:
        """Return whether two wrong answers are the same; what could not be judged once is not judged again."""
        if one == other or not {verdict(sheet.expected, answer) for answer in (one, other)} <= _JUDGED:
            return one == other
        return verdict(one, other) is verdict(other, one) is Verdict.RIGHT

    right = tuple(answer is not None and verdict(sheet.expected, answer) is Verdict.RIGHT for answer in sheet.answers)
    wrong = [(i, answer) for i, answer in enumerate(sheet.answers) if answer is not None and not right[i]]
    majority = any(right) and _outvotes(right, wrong, agree)
    failed = Counter(verdicts.values())
    return Marks(right, majority, failed[Verdict.HUNG], failed[Verdict.CRASHED])


_JUDGED = {Verdict.RIGHT, Verdict.WRONG}


def _outvotes(right: Sequence[bool], wrong: Sequence[tuple[int, str]], agree: Callable[[str, str], bool]) -> bool:
    """Return whether more samples are right than agree on any wrong answer, or as many of which one came first."""
    votes = sum(right)
    if votes > len(wrong):
        return True  # whoever agrees with whom
    camps: list[tuple[str, list[int]]] = []  # an answer, and the samples that gave it
    for i, answer in wrong:
        members = next((members for first, members in camps if agree(first, answer)), None)
        if members is None:
            camps.append((answer, [i]))
        else:
            members.append(i)
    begun = right.index(True)
    return all((votes, -begun) > (len(members), -members[0]) for _, members in camps)


def mark_all(
    sheets: Iterable[Sheet], seconds: float = SECONDS, make: Callable[[float], Grader] = Grader
) -> Generator[Marks, None, None]:
    """Yield the marks of every sheet, in their order; several children judge side by side.

    Closed early, it waits for no more than the comparisons that are under way.
    """
    free: LifoQueue[Grader] = LifoQueue()  # whoever is free and has a child already comes first
    children = min(_CHILDREN, cpu_count() or 1)
    with ExitStack() as stack:
        for _ in range(children):
            free.put(stack.enter_context(make(seconds)))

        def task(sheet: Sheet) -> Marks:
            grader = free.get()
            try:
                return mark(sheet, lambda *pair: Verdict.WRONG if stopped.is_set() else grader.judge(*pair))
            finally:
                free.put(grader)

        stopped = Event()
        threads = ThreadPoolExecutor(children)
        stack.callback(threads.shutdown, cancel_futures=True)
        stack.callback(stopped.set)  # this comes first, and nobody reads what is marked after it
        yield from threads.map(task, sheets)
